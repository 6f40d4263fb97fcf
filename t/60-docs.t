# Every ```lua block of docs/ runs, but those marked no-run (or shown from a file, which
# 61-examples.t runs).
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
my $ran  = 0;

for my $page (glob('docs/*.md')) {
    my ($line, $first, $code) = (0);
    open(my $file, '<', $page) or die "$page: $!";
    while (<$file>) {
        $line++;
        if (defined $code && /^```\s*$/) {
            open(my $script, '>', "$dir/block.lua") or die $!;
            print $script $code;
            close $script;
            my $said = `cd $dir && timeout 60 $neap block.lua 2>&1`;
            is($?, 0, "$page:$first runs") or diag($said);
            undef $code;
            $ran++;
        } elsif (defined $code) {
            $code .= $_;
        } elsif (/^```lua\s*$/) {
            ($first, $code) = ($line, '');
        }
    }
}
cmp_ok($ran, '>=', 8, "$ran blocks ran");
done_testing();
