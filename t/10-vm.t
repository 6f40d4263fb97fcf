# LuaJIT's inside: dropped results, and recursion through C on stacks of every size.
use strict;
use warnings;
use Test::More;

my $program = ($ENV{NEAP_BUILD} // 'build') . '/t/vm';

sub works {
    my ($name, @args) = @_;
    open(my $out, '-|', $program, @args) or die "$program: $!";
    my $said = join('', <$out>);
    close $out;
  SKIP: {
        skip("$name: not on a foreign LuaJIT", 1) if $? == 2 << 8;
        ok($? == 0, $name) or diag("status $?: $said");
    }
}

works('a call that drops its results is told from one that takes them', 'drops', 't/lua/drops.lua');
for my $kb (256, 512, 1024, 8192) {
    works("endless recursion through C is an error on $kb KB", 'stack', $kb, 't/lua/recursion.lua');
}
works('and on the main thread', 'stack', 0, 't/lua/recursion.lua');

done_testing();
