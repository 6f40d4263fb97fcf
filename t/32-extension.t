# Extensions in C as a third party writes them: built by one compiler command, found by require.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $build = $ENV{NEAP_BUILD} // 'build';
my $neap  = $ENV{NEAP} // "$build/neap";
my $dir   = tempdir(CLEANUP => 1);
my $lua   = -d 'build/luajit/include' ? '-Ibuild/luajit/include' : `pkg-config --cflags luajit`;
chomp $lua;

sub compile {
    my ($source, $name, @flags) = @_;
    my $command = "cc -shared -fPIC -Wall -Wextra -Werror -Wno-override-init -Wno-unused-function @flags -Ihost/include $lua"
      . " -o $dir/$name.so t/c/extension/$source.c";
    is(system($command), 0, "$source.c compiles by one command");
}

sub write_script {
    my ($name, $code) = @_;
    open(my $file, '>', "$dir/$name") or die $!;
    print $file "package.cpath = '$dir/?.so;' .. package.cpath\n$code";
    return close $file;
}

# What a script prints, with its errors; its exit status in $?.
sub run {
    my ($code) = @_;
    write_script('script.lua', $code);
    return scalar `$neap $dir/script.lua 2>&1`;
}

sub gives {
    my ($name, $expected, $code) = @_;
    my $got = run($code);
    is($got, $expected, $name) and $? == 0 or diag("status $?: $got");
}

compile('probe', 'probe');
gives('functions, and state that is the runtime\'s', "1\t2\ttrue\n", <<'LUA');
local probe = require "probe"
print(probe.count(), probe.count(), probe.interface and require "probe" == probe)
LUA
gives('an operation waits in a task, however it is done', "4\tand more\n" x 4, <<'LUA');
local probe = require "probe"
for _, way in ipairs { "now", "timer", "pool", "thread" } do print(probe.double(2, way)) end
LUA
gives('or calls back, later', "returned\nnil\t4\tand more\nnil\t4\tand more\nnil\t4\tand more\nnil\t4\tand more\n", <<'LUA');
local probe, task = require "probe", require "neap.task"
local returned = false
for _, way in ipairs { "now", "timer", "pool", "thread" } do
  probe.double(2, way, function(...) assert(returned) print(...) end)
end
returned = true print "returned"
LUA
gives('its failure is nil, err or err', "nil\tEPARSE: no such number 'probe'\nEPARSE\nENOENT\tmotd\n", <<'LUA');
local probe = require "probe"
print(probe.double(2, "fail"))
probe.double(2, "fail", function(err) print(err.code) end)
require "neap.task".yield() require "neap.task".yield()
local _, err = probe.refuse "motd" print(err.code, err.path)
LUA
gives('it is cancelled, timed out, and where nothing can wait it says so', "ETIMEDOUT\nECANCELED\nEWAIT\tscript.lua:11\n", <<'LUA');
local probe, task = require "probe", require "neap.task"
local function slow() for i = 1, 100 do assert(probe.double(i, "timer")) end end
local _, err = task.timeout(0.005, slow) print(err.code)
local t = task.spawn(function()
  for _, way in ipairs { "pool", "thread" } do local v, err = probe.double(1, way) if err then print(err.code) end end
end)
task.yield() t:cancel()
task.sleep(0.02)
local ok, err = pcall(table.sort, { 1, 2 }, function()
  probe.double(1) return true end)
print(err.code, err.message:match "script.lua:%d+")
LUA
gives('what needs not wait 256 times in a row lets others have their turn', "true\n", <<'LUA');
local probe, task = require "probe", require "neap.task"
local others, at = false, nil
task.spawn(function() others = true end)
for i = 1, 600 do
  probe.double(i, "now")
  at = at or others and i
end
print(at == 257)
LUA
gives('what is flushed is once, when the drain ends', "0\n0\n0\n0\n1\n2\n", <<'LUA');
local probe, task = require "probe", require "neap.task"
for _ = 1, 3 do task.spawn(function() print(probe.flush()) task.yield() probe.flush() end) end
print(probe.flush()) task.sleep(0.001)
print(probe.flush()) task.sleep(0.001)
print(probe.flush())
LUA
gives('handles: methods, close, collection, another kind', "7\ttrue\tfalse\n0\nbad argument\n", <<'LUA');
local probe = require "probe"
local b = probe.box(7)
local value, closed, ok = b:get(), nil, nil
b:close() b:close() closed = b:is_closed() ok = pcall(b.get, b)
print(value, closed, ok)
for i = 1, 100 do probe.box(i) end collectgarbage() collectgarbage()
print(probe.handles())
print((select(2, pcall(b.get, io.stdout)):match "bad argument"))
LUA
gives('a function that the host has not registered has no environment', "false\ttrue\ntrue\tfalse\n", <<'LUA');
local probe = require "probe"
local ok, why = pcall(probe.stray())
print(ok, tostring(why):find("not registered", 1, true) ~= nil)
print(probe.same())
LUA

gives('a stream\'s transport is borrowed, taken with what was not read, and given back', "true\tnil\nand more\ttrue\ttrue\nback\n", <<'LUA');
local probe, net, task = require "probe", require "neap.net", require "neap.task"
local server, taken, written = net.listen { port = 0, host = "127.0.0.1" }, task.channel(1), task.channel(1)
local _, port = server:address()
task.spawn(function()
  local stream = server:accept()
  stream:write "first" taken:receive() stream:write "and more" written:send(true)
  print(stream:read()) stream:close() server:close()
end)
local stream = net.connect("127.0.0.1", port)
print(tonumber(probe.peer(stream)) == tonumber(port), probe.peer(io.stdout))
stream:read() taken:send(true) written:receive() task.sleep(0.01)
local unread, again = probe.retake(stream)
print(unread, stream:is_closed(), tonumber(probe.peer(again)) == tonumber(port))
again:write "back" again:close()
LUA
gives('a descriptor becomes a transport, and a stream', "hello\ttrue\nhi\n", <<'LUA');
local probe, net = require "probe", require "neap.net"
local a, b = probe.pair()
a:write "hello" b:write "hi" print(b:read(), probe.open_twice(a) < 0) print(a:read()) a:close() b:close()
LUA
is(scalar `$neap --sandbox --allow "native $dir/probe.so" --allow "net.connect 10.0.0.0/8:80" $dir/reaches.lua 2>&1`,
    "true\nneeds permission \"net.connect 10.0.0.1\"\nneeds permission \"net.connect 11.0.0.1\"\nEPERMISSION\n",
    'an address is asked about') if write_script('reaches.lua', <<'LUA');
local probe = require "probe"
print(probe.reaches("net.connect", "10.0.0.1", 80))
print(select(2, probe.reaches("net.connect", "10.0.0.1", 81)).message)
print(select(2, probe.reaches("net.connect", "11.0.0.1", 80)).message)
print(select(2, probe.reaches("net.listen", "10.0.0.1", 80)).code)
LUA

$ENV{PROBE_CLOSE} = 1;
gives('closing: handles first, then close with its state', "closed with 0 handles after 1 calls\n", <<'LUA');
local probe, task = require "probe", require "neap.task"
probe.count() kept = { probe.box(1), probe.box(2) }
for _, way in ipairs { "timer", "pool", "thread" } do task.spawn(probe.double, 1, way) end
task.spawn(os.exit, 0)
LUA
delete $ENV{PROBE_CLOSE};

my @wrong = (
    [1, 'another major version', qr/EVERSION.*wrong.*built for another interface.*\d+\.\d+.*\d+\.\d+/],
    [2, 'a newer minor version', qr/EVERSION.*wrong.*needs a newer Neap/],
    [3, 'a descriptor that is too small', qr/EVERSION.*wrong.*rebuild/],
    [4, 'one that fails to open', qr/EACCES/],
    [5, 'one of another name', qr/neither neap_extension_wrong nor luaopen_wrong/],
);
for (@wrong) {
    my ($case, $name, $why) = @$_;
    compile('wrong', 'wrong', "-DCASE=$case");
    my $got = run('local ok, err = pcall(require, "wrong") print(ok, err) print(package.loaded.wrong)');
    like($got, qr/^false\t.*nil$/s, "$name is refused");
    like($got, $why, 'with the reason');
}
compile('wrong', 'wrong', '-DCASE=6');
gives('one compiled for a longer descriptor of the same version loads', "table\n", 'print(type(require "wrong"))');
compile('wrong', 'wrong', '-DCASE=8');
gives('one that is an ordinary module too is opened as an extension', "table\nwrong is closed\n", 'print(type(require "wrong"))');
$ENV{PROBE_CLOSE} = 1;
gives('the newest is closed first', "wrong is closed\nclosed with 0 handles after 1 calls\n",
    'require "probe".count() require "wrong"');
delete $ENV{PROBE_CLOSE};
compile('wrong', 'wrong', '-DCASE=7');
gives('one that may be opened once is, once', "true\ttrue\n", 'print((pcall(require, "wrong")), require "wrong" == require "wrong")');

SKIP: {
    skip("$build/t/single is not built: make test-build", 1) unless -x "$build/t/single";
    my $tap = `$build/t/single $dir`;
    is($?, 0, 'by one runtime of the process, until that is closed') or diag($tap);
}

{
    chomp(my $libuv = `pkg-config --cflags --libs libuv`);
    compile('second', 'second', '-Wl,--no-as-needed', $libuv);
    like(`readelf -d $dir/second.so`, qr/NEEDED.*libuv/, 'a module brings the libuv of the system');
    gives('and gets the one that runs the loop', "true\n", <<'LUA');
local ffi = require "ffi"
ffi.cdef "int uv_run(void *loop, int mode)"
print(require "second".run() == tonumber(ffi.cast("intptr_t", ffi.C.uv_run)))
LUA
}

mkdir "$dir/plain";
compile('plain', 'plain/module');
gives('an ordinary module of Lua 5.1 loads', "42\ttrue\n", <<'LUA');
local plain = require "plain.module"
print(plain.answer(), package.loaded["plain.module"] == plain)
LUA
like(run('require "nowhere.at.all"'), qr/module 'nowhere\.at\.all' not found.*no file '\Q$dir\E/s, 'one that is not there is told with where it was looked for');

done_testing();
