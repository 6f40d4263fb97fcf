# Neap on a LuaJIT that is not ours, as a rock would have it: the host's objects without LuaJIT, built and
# linked against the distribution's. What needs our build's features is off there, and nothing else.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use Neap;

my $build = $ENV{NEAP_BUILD} // 'build';
plan skip_all => 'the system has no libluajit for programs' if system('pkg-config --exists luajit');
plan skip_all => 'no luajit command to make its bytecode' if system('command -v luajit >/dev/null');
plan skip_all => 'once is enough' if $build =~ m{/sanitize$};

delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKE_TERMOUT MAKE_TERMERR)};
chomp(my $cflags = `pkg-config --cflags luajit`);
chomp(my $libs   = `pkg-config --libs luajit`);
my $b    = 'build/stock';
my @make = ('make', '--no-print-directory', "B=$b", 'LUAJIT=luajit', 'LUA_INTERNAL=', 'LUA_OBJECT=',
    "LUA_CFLAGS=$cflags", "LUA_STATIC=$libs");
my @programs = qw(attach order);
my $output = do {
    open(my $out, '-|', @make, map { "$b/t/$_" } @programs) or die $!;
    local $/;
    <$out>;
};
ok(-x "$b/t/$_", "$_ is built on it") or BAIL_OUT($output) for @programs;
like(`ldd $b/t/attach`, qr/libluajit/, 'and takes the VM from the system');

for my $name (@programs) {
    subtest "$name on the system's LuaJIT" => sub {
        run_tap("$b/t/$name");
    };
}

done_testing();
