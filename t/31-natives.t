# The C halves of modules, called with anything in a restricted runtime: whatever they answer, the process lives.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap   = abs_path($ENV{NEAP} // 'build/neap');
my $script = abs_path('t/lua/natives.lua');
my $dir    = tempdir(CLEANUP => 1);
chdir $dir or die $!;

my $first = $ENV{NEAP_SEED} // time;
for my $seed ($first .. $first + 3) {
    my @allow = map { qq{--allow "$_"} } "fs.read $script", 'fs.read .', 'fs.write .', 'net.listen', 'net.connect 127.0.0.1',
      'system', 'env', 'run true';
    my $said = `ulimit -t 60; timeout 120 $neap --sandbox @allow $script $seed 2>&1 </dev/null`;
    ok($? == 0 && $said =~ /^still here$/m, "seed $seed") or diag("status $?: ", substr($said, -3000));
}

done_testing;
