# Neap on a LuaJIT that is not ours, as a rock would have it: the host's objects without LuaJIT, built and
# linked against the distribution's. What needs our build's features is off there, and nothing else.
use strict;
use warnings;
use File::Temp qw(tempdir);
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
my @programs = qw(attach order drive depth);
my $output = do {
    open(my $out, '-|', @make, "$b/neap", map { "$b/t/$_" } @programs) or die $!;
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

# --- a program that has another LuaJIT than the library ---

my $dir = tempdir(CLEANUP => 1);

subtest 'libneap.so refuses a state of another LuaJIT' => sub {
    plan skip_all => 'it has none of its own' unless -x 'build/luajit/src/luajit';
    open(my $file, '>', "$dir/two.c") or die $!;
    print $file <<'C';
#include <lauxlib.h>
#include <lualib.h>
#include <neap/neap.h>
#include <stdio.h>
static void say(neap_runtime *rt, const neap_error *error)
{
    puts(rt ? "opened" : error->message);
    neap_close(rt, NULL, NULL);
}
int main(void)
{
    neap_error error;
    neap_options options = NEAP_OPTIONS_INIT;
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    say(neap_attach(L, NULL, &error), &error);
    say(neap_open(&options, &error), &error);
    lua_close(L);
    return 0;
}
C
    close $file;
    my $needs = "-Wl,--no-as-needed $libs";
    my $neap  = "\$(PKG_CONFIG_PATH=$build pkg-config --libs neap)";
    for my $case (["$needs $neap", qr/\A(?:EVERSION: .*another LuaJIT.*\n){2}\z/], ["$neap $needs", qr/\Aopened\nopened\n\z/]) {
        my ($linked, $says) = @$case;
        is(system("cc -o $dir/two $dir/two.c \$(PKG_CONFIG_PATH=$build pkg-config --cflags neap) $linked"), 0, $linked);
        like(scalar `LD_LIBRARY_PATH=$build $dir/two 2>&1`, $says, 'is refused where the other comes first, else it is not asked');
        is($?, 0, 'and nothing else happens');
    }
};

# --- the command, as it is where no LuaJIT of our own could be built ---

# What a script says, and its status.
sub says {
    my ($code) = @_;
    open(my $file, '>', "$dir/script.lua") or die $!;
    print $file $code;
    close $file;
    my $said = `timeout 60 $b/neap $dir/script.lua 2>&1`;
    return $said . ($? >> 8);
}

my $version = `$b/neap --version`;
like($version, qr/^neap .*LuaJIT/, 'the command runs');
my @features = ('dropped errors do not raise', 'limits on compiled code', 'pairs and # on lazy objects');
my @are = says(<<'LUA') =~ /^(true|false)$/mg;
local features = require("neap.host").features()
print(features.internals) print(features.checkhook) print(features.lua52compat)
LUA
is($are[0], 'false', 'its inside is not known');
is($version =~ /^off: \Q$features[$_]\E/m ? 'false' : 'true', $are[$_], "--version says whether that is off: $features[$_]")
    for 0 .. 2;
is(says('require("neap.fs").read_file "/none" print "goes on"'), "goes on\n0", 'settle passes through');
is(says('print(require("neap.task").spawn(function() return 7 end):wait())'), "7\n0", 'tasks run');
is(says('os.exit(3)'), '3', 'and end');
is(says('pcall(table.sort, { 1, 2, 3 }, function() os.exit(4) end) print "on"'), '4', 'wherever they are');

done_testing();
