# neap rocks: luarocks, for the project's own tree, with Neap for what it builds and for what it brings.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = abs_path(tempdir(CLEANUP => 1));
chdir $dir or die $!;
$ENV{HOME} = "$dir/home";
delete @ENV{qw(LUA_PATH LUA_CPATH LUA_INIT LUAROCKS_CONFIG XDG_CONFIG_HOME)};

sub put {
    my ($path, $text) = @_;
    make_path($path =~ s{/[^/]*$}{}r) if $path =~ m{/};
    open(my $file, '>', $path) or die "$path: $!";
    print $file $text;
    close $file or die $!;
}

# Output, errors included, and exit status.
sub run {
    my ($command) = @_;
    my $out = `timeout 120 sh -c '$command' 2>&1 </dev/null`;
    return ($out, $? & 127 ? 128 + ($? & 127) : $? >> 8);
}

# A rock with a module in Lua, one in C, and a program.
put('rock/hello-1.0-1.rockspec', <<'LUA');
package = "hello"
version = "1.0-1"
source = { url = "file://." }
build = {
  type = "builtin",
  modules = { hello = "hello.lua", ["hello.core"] = "core.c" },
  install = { bin = { "hi" } },
}
LUA
put('rock/hello.lua', 'return { to = function(name) return "hello, " .. name end }');
put('rock/core.c', <<'C');
#include <lauxlib.h>
#include <luajit.h>
static int answer(lua_State *L) { lua_pushinteger(L, LUAJIT_VERSION_NUM); return 1; }
static const luaL_Reg functions[] = {{"luajit", answer}, {NULL, NULL}};
int luaopen_hello_core(lua_State *L) { luaL_register(L, "hello.core", functions); return 1; }
C
put('rock/hi', <<'LUA');
#!/usr/bin/env lua
local task = require "neap.task"
task.sleep(0.001)
print(require "hello".to(arg[1]), select("#", ...), arg[0]:match "[^/]+$", require "hello.core".luajit() > 20000)
os.exit(#arg)
LUA

subtest 'neap rocks make' => sub {
    chdir 'rock' or die $!;
    my ($out, $status) = run("$neap rocks make");
    is($status, 0, 'builds a rock') or diag($out);
    ok(-f "lua_modules/$_", "into lua_modules: $_") for qw(share/lua/5.1/hello.lua lib/lua/5.1/hello/core.so bin/hi);
    chdir '..' or die $!;
    put('rock/main.lua', 'print(require "hello".to "you", type(require "hello.core".luajit()))');
    rename 'rock/hello.lua', 'rock/hello.source' or die $!;
    is((run("$neap rock/main.lua"))[0], "hello, you\tnumber\n", 'where the script beside it finds its modules, C too');
    ($out, $status) = run('rock/lua_modules/bin/hi ann b');
    is($out, "hello, ann\t2\thi\ttrue\n", 'its program runs in Neap, with its arguments');
    is($status, 2, 'and its status');
    rename 'rock/hello.source', 'rock/hello.lua' or die $!;
};

subtest 'neap rocks' => sub {
    chdir 'rock' or die $!;
    like((run("$neap rocks list"))[0], qr/^hello\s+1\.0-1 \(installed\)/m, "list: the project's rocks");
    like((run("$neap rocks show hello"))[0], qr/hello 1\.0-1/, 'show');
    my ($out, $status) = run("$neap rocks no-such-command");
    isnt($status, 0, "has luarocks' exit status");
    is((run("$neap rocks remove hello"))[1], 0, 'remove');
    ok(!-e 'lua_modules/share/lua/5.1/hello.lua', 'which is gone');
    is((run("$neap rocks --local make"))[1], 0, "--local: the user's tree");
    ok(-f "$dir/home/.luarocks/share/lua/5.1/hello.lua", 'has it');
    is((run("$dir/home/.luarocks/bin/hi you"))[0], "hello, you\t1\thi\ttrue\n", 'and its program');
    is((run("$neap rocks --tree=../other make"))[1], 0, '--tree: another one');
    ok(-f '../other/lib/lua/5.1/hello/core.so', 'has it');
    chdir '..' or die $!;
    mkdir 'empty';
    chdir 'empty' or die $!;
    run("$neap rocks list");
    ok(!-e 'lua_modules', 'who only looks makes nothing');
    chdir '..' or die $!;
    ($out, $status) = run("PATH=/none $neap rocks list");
    is_deeply([$out, $status], ["neap rocks: luarocks is not installed (apt-get, brew or dnf install luarocks)\n", 1],
        'without luarocks says so');
};

subtest 'an interpreter for rocks' => sub {
    my ($lua) = "$dir/rock/lua_modules/lib/neap/bin/lua5.1";
    is((run("$lua -e \"x = 1\" -e \"print(x, _VERSION)\""))[0], "1\tLua 5.1\n", 'runs code');
    put('script.lua', 'print(arg[0], arg[1], arg[2], #arg, arg[-1] ~= nil, ...) error("on purpose")');
    my ($out, $status) = run("$lua -e \"y = 2\" script.lua -e b");
    like($out, qr/^script\.lua\t-e\tb\t2\ttrue\t-e\tb\nneap: script\.lua:1: on purpose\n/, 'and scripts, with arguments');
    is($status, 1, 'whose errors are told');
    like((run("$lua none.lua"))[0], qr/none\.lua/, 'one that is not there is named');
    like((run("$lua -e \"x = = 1\""))[0], qr/-e:1:/, 'wrong code too');
};

done_testing();
