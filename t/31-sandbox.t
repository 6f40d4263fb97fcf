# A restricted runtime: what an attacker would try is refused, and what is allowed works.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;
use lib 't/lib';
use Neap;

my $neap  = abs_path($ENV{NEAP} // 'build/neap');
my $build = abs_path($ENV{NEAP_BUILD} // 'build');
my $dir   = tempdir(CLEANUP => 1);

# --- In C: patterns beside LuaJIT's, attacks on children, interrupts ---

run_tap("$build/t/sandbox");

chdir $dir or die $!;

sub boxed {
    my ($code, @allow) = @_;
    open(my $file, '>', 'box.lua') or die $!;
    print $file $code;
    close $file;
    my $allow = join ' ', map { "--allow '$_'" } @allow;
    return scalar `timeout 60 $neap --sandbox $allow --allow 'fs.read $dir/box.lua' box.lua 2>&1 </dev/null`;
}

# --- What is not there, by every name it might be had by ---

my @gone = (
    'ffi', 'jit', 'newproxy', 'module', 'gcinfo', 'os.setlocale', 'package.loadlib', 'package.seeall',
    'package.loaded.ffi', 'package.preload.ffi', 'package.loaded.jit', 'package.loaded["jit.util"]',
    'package.preload["string.buffer"]', 'package.preload["thread.exdata"]', 'package.preload["table.new"]',
    'package.preload["jit.profile"]', 'string.dump', '("").dump', 'debug.getregistry', 'debug.getupvalue',
    'debug.setupvalue', 'debug.sethook', 'debug.setmetatable', 'debug.getmetatable', 'debug.getinfo',
    'debug.getlocal', 'package.loaded.debug.getlocal', '(2LL and package.loaded.ffi)', '(2i and package.loaded.ffi)',
    'getmetatable("").__index', 'getfenv(0).ffi', 'getfenv(print).ffi', 'getfenv(require).host',
    'getfenv(coroutine.wrap(print)).jit', 'require("cjson").encode_max_depth',
    'require("cjson").new().encode_sparse_array', 'require("cjson").new().new().decode_max_depth',
);
is(boxed("print($_)"), "nil\n", "there is no $_") for @gone;

# --- What is refused ---

my $needs_passwd = qr{needs permission "fs\.read /etc/passwd"};
my @refused = (
    'require "ffi"'                                  => qr/not found/,
    'local x = 1LL require "ffi"'                    => qr/not found/,
    'local x = load "return 1LL" () require "ffi"'   => qr/not found/,
    'require "jit"'                                  => qr/not found/,
    'require "jit.util"'                             => qr/not found/,
    'require "string.buffer"'                        => qr/not found/,
    'require "thread.exdata"'                        => qr/not found/,
    'require "uv"'                                   => qr/not found/,
    'require "neap.sandbox"'                         => qr/not found/,
    'require "neap.boot"'                            => qr/not found/,
    'require "neap.attached"'                        => qr/not found/,
    'collectgarbage "stop"'                          => qr/invalid option/,
    'collectgarbage "step"'                          => qr/invalid option/,
    'collectgarbage("setstepmul", 1)'                => qr/invalid option/,
    'collectgarbage("setpause", 1000000)'            => qr/invalid option/,
    'load(function() while true do end end)'         => qr/string expected/,
    'load(setmetatable({}, { __call = print }))'     => qr/string expected/,
    'assert(load("\27LJ\2"))'                        => qr/wrong mode/,
    'assert(load("\27LJ\2", "x", "b"))'              => qr/wrong mode/,
    'assert(loadstring("\27LJ\2"))'                  => qr/wrong mode/,
    'assert(loadfile "/etc/passwd")'                 => $needs_passwd,
    'dofile "/etc/passwd"'                           => $needs_passwd,
    'package.path = "/etc/?" require "passwd"'       => $needs_passwd,
    'assert(package.searchpath("passwd", "/etc/?"))' => $needs_passwd,
    'package.cpath = "/usr/lib/?.so" require "libc"' => qr/not found|permission/,
    'assert(io.open "/etc/passwd")'                  => $needs_passwd,
    'io.lines "/etc/passwd"'                         => $needs_passwd,
    'io.input "/etc/passwd"'                         => $needs_passwd,
    'io.output "/etc/passwd"'                        => qr{needs permission "fs\.write /etc/passwd"},
    'assert(io.open("box.lua", "w"))'                => qr{needs permission "fs\.write box\.lua"},
    'assert(io.open("box.lua", "r+"))'               => qr/needs permission/,
    'assert(io.open("new", "a"))'                    => qr{needs permission "fs\.write new"},
    'assert(io.open("box.lua", "zz"))'               => qr/invalid mode/,
    'assert(io.popen "id")'                          => qr/not in a restricted/,
    'assert(io.tmpfile())'                           => qr/not in a restricted/,
    'assert(os.tmpname())'                           => qr/not in a restricted/,
    'assert(os.getenv "HOME")'                       => qr/needs permission "env HOME"/,
    'assert(os.execute "id")'                        => qr{needs permission "run /bin/sh"},
    'assert(os.remove "box.lua")'                    => qr{needs permission "fs\.write box\.lua"},
    'assert(os.rename("box.lua", "x"))'              => qr/needs permission/,
    'io.stdout:close() io.stdout.write = print'      => qr/attempt to index/,
    'setmetatable(io.stdout, {})'                    => qr/bad argument|protected/,
    'getmetatable(io.stdout).__gc(io.stdout)'        => qr/attempt to call/,
    'setmetatable("", {})'                           => qr/bad argument/,
    'local _, e = pcall(require("neap.net").connect) getmetatable(e).__index = print' => qr/attempt to/,
    'local e = require("neap.errors").new("E", "m") setmetatable(e, {})'              => qr/protected/,
    'getmetatable(require("neap.task").spawn(print)).__gc()'                          => qr/attempt to/,
    'coroutine.yield()'                                                               => qr/outside a coroutine/,
    'assert(require("neap.fs").read_file("/etc/passwd"))'                             => qr/EPERMISSION.*fs\.read/,
    'assert(require("neap.fs").write_file("x", "y"))'                                 => qr/EPERMISSION.*fs\.write/,
    'assert(require("neap.net").connect("127.0.0.1", 1))'                             => qr/EPERMISSION/,
    'assert(require("neap.net").listen { port = 0 })'                                 => qr/EPERMISSION/,
    'require("neap.http").serve(0, print)'                                            => qr/EPERMISSION/,
    'assert(require("neap.fs").read_file("box.lua/../../../../etc/passwd"))'          => qr/EPERMISSION|ENOTDIR/,
    'local t = {} for i = 1, 60 do t = { t, t } end require("cjson").encode(t)'       => qr/ENOMEM|not enough/,
    'local t = { [1e9] = 1 } require("cjson").encode(t)'                              => qr/sparse/,
);
while (my ($code, $expected) = splice @refused, 0, 2) {
    like(boxed($code), $expected, "refused: $code");
}

# --- What works ---

is(boxed('print(type(os.time()), os.date("%Y", 0) ~= nil, type(os.clock()))'), "number\ttrue\tnumber\n", 'clocks');
is(boxed('print(collectgarbage "count" > 0)'), "true\n", 'garbage is counted');
is(boxed('print(load("return 1 + 1")(), loadstring("return ...")(3), load("return x", "n", "t", { x = 4 })())'),
    "2\t3\t4\n", 'text is compiled');
is(boxed('local t = require "neap.task" print(t.spawn(function() t.sleep(0.001) return 5 end):wait())'), "5\n", 'tasks');
is(boxed('print(require("cjson").encode({ 1, a = nil }), require("cjson.safe").decode("[2]")[1])'), "[1]\t2\n", 'JSON');
like(boxed('print(debug.traceback("here"))'), qr/^here\nstack traceback/, 'tracebacks');
is(boxed('local t = {} for i = 1, 12345 do t[i] = i end local s = table.concat(t, ", ") local n = 0
    for d in s:gmatch "%d+" do n = n + 1 assert(tonumber(d) == n) end
    print(n, #s, table.concat(t, "", 12340, 12345), #table.concat(t, "", 2, 12000))'),
    "12345\t75307\t123401234112342123431234412345\t48893\n", 'long tables are joined');
is(boxed('local t = { 1 } table.insert(t, 2) table.insert(t, 1, 0) table.insert(t, 9, 9) print(t[1], t[3], t[9])
    print(pcall(table.insert, t, 0, 1))'),
    "0\t2\t9\nfalse\tbad argument #2 to 'insert' (position out of bounds)\n", 'and values inserted');
is(boxed('local t = { 3, 1, 2 } table.sort(t) table.sort(t, function(a, b) return a > b end) print(t[1], t[3])'),
    "3\t1\n", 'sorting');
is(boxed('local t = require "neap.task" print((("ab"):gsub(".", function(c) t.sleep(0.001) return c .. c end)))'),
    "aabb\n", 'gsub\'s function may wait here');
is(boxed('io.write("a", 1) io.stdout:write("b\n") io.stderr:write("c\n")'), "a1b\nc\n", 'output in order');
is(boxed('print(pcall(string.find, "a", "["))'), "false\tmalformed pattern (missing ']')\n", 'a pattern\'s error');
like(boxed("\nlocal x = ('a'):find('%')"), qr/box\.lua:2: malformed pattern/, 'which names the line');

mkdir 'lib';
sub put { my ($path, $text) = @_; open(my $file, '>', $path) or die $!; print $file $text; close $file }
put('lib/near.lua', "#!shebang\nreturn 'near', ...");
put('lib/data', "one\n2.5 three\nfour");
POSIX::mkfifo('lib/fifo', 0600);
symlink '/etc/passwd', 'lib/out';
my @lib = ("fs.read $dir/lib", "fs.write $dir/lib");
is(boxed('package.path = "lib/?.lua" print(require "near")', @lib), "near\n", 'modules that may be read');
is(boxed('print(dofile "lib/near.lua")', @lib), "near\n", 'dofile');
is(boxed('local f = io.open "lib/data" print(f:read("*l", "*n", 1, "*L", "*a", "*l"))', @lib),
    "one\t2.5\t \tthree\n\tfour\tnil\n", 'reading');
put('lib/numbers', "12 -3.5e1x 0x1F 5kg");
is(boxed('local f = io.open "lib/numbers" print(f:read("*n", "*n", 1, "*n", "*n", "*a"))', @lib), "12\t-35\tx\t31\t5\tkg\n",
    'numbers');
put('lib/digits', '1' x 300);
is(boxed('print(io.open "lib/digits":read "*n")', @lib), "nil\n", 'which have an end');
put('lib/blanks', (' ' x 2_000_000) . '1');
is(boxed('print(io.open "lib/blanks":read "*n")', @lib), "nil\n", 'and blanks before them too');
is(boxed('for l in io.lines "lib/data" do io.write(l, ";") end', @lib), 'one;2.5 three;four;', 'lines');
is(boxed('local f = io.open("lib/new", "w+") f:write("abc", 1):seek("set", 1) print(f:read(2), f:seek "end", f:close())
    print(io.type(f), pcall(f.read, f)) print(os.rename("lib/new", "lib/newer"), os.remove "lib/newer", io.open "lib/newer")', @lib),
    "bc\t4\ttrue\nclosed file\tfalse\tattempt to use a closed file\ntrue\ttrue\tnil\tlib/newer: No such file or directory\t2\n",
    'writing, renaming, removing');
like(boxed('print(io.open "lib/out")', @lib), qr/needs permission/, 'a link that leads out');
like(boxed('local f = io.open "lib/fifo" print(f and f:read())', @lib), qr/nil/, 'a FIFO blocks nobody');
is(boxed('print(require("neap.fs").read_file "lib/near.lua" ~= nil)', @lib), "true\n", 'files through neap.fs');
is(boxed('print(os.getenv "NEAP_SANDBOX_TEST", os.execute())', 'env NEAP_*'), "nil\tfalse\n", 'variables');
is(boxed('print(os.execute "exit 3")', 'run /bin/sh'), "768\n", 'programs');
is(boxed('os.exit(0)'), '', 'an end');

# --- What was judged is what is used ---

mkdir $_ or die $! for qw(s s/x s/y s/y/z w w/pub);
symlink '../y/z', 's/x/link' or die $!;
system("cp $build/libneap.so s/y/lib.so") == 0 or die;
my $native = "native $dir/s/x/lib.so";
my $require = 'package.cpath = "s/x/link/../?.so" print(pcall(require, "lib"))';
like(boxed($require, $native), qr/no file/, 'a library is not loaded from where a link leads');
like(boxed('package.cpath = "s/y/?.so" print(pcall(require, "lib"))', $native), qr/needs permission "native/,
    'nor what was not granted');
system('cp s/y/lib.so s/x/lib.so') == 0 or die;
like(boxed($require, $native), qr/has neither/, 'but from where its path says');
rename 's/x', 's/moved' or die $!;
symlink 'moved', 's/x' or die $!;
like(boxed($require, $native), qr/has neither/, 'through links that were there when it was granted');

my $listen = 'local l, err = require("neap.net").listen { path = "%s" } print(err and err.code or l:address()) if l then l:close() end';
is(boxed(sprintf($listen, 'localhost'), 'net.listen localhost'), "EPERMISSION\n", 'the path of a socket is no host\'s name');
is(boxed(sprintf($listen, 's/moved/link/../b'), "net.listen $dir/s/moved/b"), "$dir/s/moved/b\n",
    'a socket is made where its path says');
is(boxed(sprintf($listen, 'localhost'), 'net.listen ./localhost'), "$dir/localhost\n", 'also a short one');
is(boxed('print(select(2, require("neap.net").connect { path = "localhost" }).code)', 'net.connect localhost'),
    "EPERMISSION\n", 'and for connecting');

put('w/secret', 'hidden');
like(boxed('print(os.rename("w/secret", "w/pub/x"))', "fs.read $dir/w/pub", "fs.write $dir/w"),
    qr{needs permission "fs\.read w/secret"}, 'what may not be read is not moved to where it may');

for my $code ('table.sort({ 3, 2, 1 }, function() pcall(os.exit, 7) print "on" end) print "and on"',
    'while true do xpcall(string.gsub, os.exit, "x", "x", function() os.exit(7) end) print "on" end',
    'load(function() os.exit(7) end) print "on"') {
    open(my $file, '>', 'exit.lua') or die $!;
    print $file $code;
    close $file;
    is(scalar `timeout 20 $neap exit.lua 2>&1`, '', "os.exit cannot be caught: $code");
    is($? >> 8, 7, 'and has its status');
}

done_testing();
