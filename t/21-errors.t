# What a person sees when something fails: the message, their own lines, nothing of Neap's inside.
use strict;
use warnings;
use Test::More;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
my $lua  = abs_path('lua');
chdir $dir or die $!;

# Standard output, standard error and the exit status of a script.
sub run {
    my ($code, @arguments) = @_;
    open(my $file, '>', 'script.lua') or die $!;
    print $file $code;
    close $file;
    system("timeout 20 $neap @arguments script.lua >out 2>err </dev/null");
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return (slurp('out'), slurp('err'), $status);
}

sub slurp {
    open(my $file, '<', shift) or die $!;
    local $/;
    return scalar(<$file>) // '';
}

sub fails_with {
    my ($name, $code, @expected) = @_;
    subtest $name => sub {
        my ($out, $err, $status) = run("local task = require 'neap.task'\n$code");
        is($status, 1, 'exit status 1');
        like($err, $_) for qr/^neap: /, @expected;
        unlike($err, qr{\bneap/\w+\.lua|\bin function '(?:park|finish|resume)'}, "nothing of Neap's inside")
          or diag($err);
        unlike($err, qr/stack traceback:\n*\z/, 'no empty traceback');
    };
}

subtest 'a traceback' => sub {
    fails_with('of an error in functions', "local function inner()\n  error('boom')\nend\nlocal function outer()\n  inner()\nend\nouter()",
        qr/^neap: script\.lua:3: boom\n +3 \|   error\('boom'\)\n +\|   \^\nstack traceback:\n/,
        qr/script\.lua:3: in function 'inner'\n\tscript\.lua:6: in function .*\n\tscript\.lua:8: in main chunk/);
    fails_with('of an error of the machine has its line', "local t\nprint(t.x)", qr/script\.lua:3: in main chunk/);
    fails_with('after a wait', "local function f()\n  task.sleep(0.001)\n  error('late')\nend\nf()",
        qr/script\.lua:4: late/, qr/script\.lua:4: in function 'f'\n\tscript\.lua:6: in main chunk/);
    fails_with('of a task says who started it', "task.spawn(function()\n  error('x')\nend)\ntask.sleep(1)",
        qr/script\.lua:3: in function <script\.lua:2>\n\tspawned at script\.lua:2/);
    fails_with('of a task of a task says who started both', "task.spawn(function()\n  task.spawn(function()\n    task.yield()\n    error('x')\n  end)\nend)\ntask.sleep(1)",
        qr/spawned at script\.lua:3\n\tby a task spawned at script\.lua:2\n*\z/);
    fails_with('of task.all says who called it', "task.all {\n  function() error('x') end }",
        qr/script\.lua:3: x/, qr/spawned at script\.lua:2/);
    fails_with('of a callback', "task.sleep(0.001, function()\n  error('in it')\nend)",
        qr/script\.lua:3: in it/, qr/script\.lua:3: in function <script\.lua:2>/);
    fails_with('of endless recursion is short', "local function f() return 1 + f() end\nf()",
        qr/stack overflow/, qr/\n\t\.\.\.\n/, qr/script\.lua:3: in main chunk\s*\z/);
};

subtest 'a message' => sub {
    fails_with('about an argument names the line that passed it', "\ntask.sleep('soon')",
        qr/^neap: script\.lua:3: bad argument #1 to 'sleep' \(number expected, got string\)/);
    fails_with('of a module of Neap\'s names the line that called it', "\n\ntask.all(5)",
        qr/^neap: script\.lua:4: attempt to get length of local/, qr/script\.lua:4: in main chunk/);
    fails_with('about a missing module says where it looked', "\nrequire 'no.such'",
        qr{^neap: script\.lua:3: module 'no\.such' not found:\n.*no file '\./no/such\.lua'}s, qr/in main chunk/);
    open(my $module, '>', 'broken.lua') or die $!;
    print $module "local x\nx = = 1\n";
    close $module;
    fails_with('about a broken module says which and where', "require 'broken'",
        qr{error loading module 'broken' from file '\./broken\.lua':\n\t\./broken\.lua:2:});
    fails_with('about a wait where nothing can wait names the line',
        "table.sort({ 2, 1 }, function(a, b)\n  task.sleep(0)\n  return a < b\nend)", qr/EWAIT: script\.lua:3: task\.sleep would wait/);
    fails_with("of a script's own kind of error is its text",
        "error(setmetatable({}, { __tostring = function() return 'my own' end }))", qr/^neap: my own$/m);
    fails_with('of an error with fields is one line', "assert(require('neap.fs').read_file('/none'))",
        qr{^neap: ENOENT: no such file or directory, open '/none'\n});
    fails_with('of a dropped error', "require('neap.fs').read_file('/none')", qr/^neap: ENOENT/, qr/script\.lua:2: in main/);
    fails_with('of nil and an error returned', "return require('neap.fs').read_file('/none')", qr/^neap: ENOENT/);
};

# The caret stands below `at`, a pattern, in line 2 of the script.
sub caret {
    my ($name, $line, $at) = @_;
    my ($out, $err) = run("\n$line");
    my ($shown, $below) = $err =~ /^ +2 \| (.*)\n +\| (\s*)\^$/m;
    is($shown, $line, "$name: its line") or diag($err);
    $line =~ /$at/ or die $at;
    is(length($below // ''), $-[0], "$name: its place") or diag($err);
}

subtest 'the source line' => sub {
    caret('a call', 'local t = {} print(1) undefined_function(t)', 'undefined_function');
    caret('a method', 'local s = "a" local t = s:no_method()', 'no_method');
    caret('an index', "local t\tprint((t.x))", 't\.x');
    caret('one of two names', 'local x = 1 local t = { x = x } x()', 'x\(\)');
    caret('an argument', "local sleep = 1; require('neap.task').sleep('soon')", "sleep\\('soon");
    caret('a module', "print(1) require 'no.such'", 'no\.such');
    caret('error', 'if true then error "here" end', 'error "');
    caret('assert', 'local x = assert(nil, "here")', 'assert');
    caret('arithmetic', "\tlocal x = 1 + nil", 'local');
    caret('syntax', 'local x = 1 then', 'then');
    caret('a sign that <eof> begins with', 'local x = < 3', '<');
    my ($out, $err) = run("local text = 'x\n");
    like($err, qr/^ +1 \| local text = 'x\n +\| /m, 'a string without end');
    ($out, $err) = run("error('\\27[31m')");
    unlike($err, qr/\| .*\e/, 'is shown without what a terminal would obey');
    ($out, $err) = run("loadstring('error(1, 2)', '\@/dev/zero')()");
    like($err, qr/ 1 \| loadstring/, 'is not looked for in what is no file');
    ($out, $err) = run("loadstring('\\n\\nf()', '\@script.lua')()");
    unlike($err, qr/ 3 \|/, 'nor where there is none');
    mkdir 'a' x 70;
    open(my $file, '>', 'a' x 70 . '/long.lua') or die $!;
    print $file "error 'in it'";
    close $file;
    system("timeout 20 $neap " . 'a' x 70 . '/long.lua 2>err');
    like(slurp('err'), qr/^ +1 \| error 'in it'$/m, 'is found below a long path');
    open($file, '>', 'secret') or die $!;
    print $file "the secret\n";
    close $file;
    ($out, $err) = run("loadstring('error(1, 0)', '\@secret')()", '--sandbox');
    unlike($err, qr/the secret/, 'of a file that a sandbox may not read is not shown');
    ($out, $err) = run("error 'own'", '--sandbox');
    like($err, qr/ 1 \| error 'own'/, "but the script's own is");
    unlike($err, qr/\e/, 'has no colours in a file');
};

subtest 'a script that cannot be read' => sub {
    for my $options ('', '-l neap.task ') {
        for my $path ('none.lua', '.') {
            system("timeout 20 $neap $options$path >out 2>err </dev/null");
            is($? >> 8, 1, "$options$path: exit status 1");
            like(slurp('err'), qr/\Aneap: E(?:NOENT|ISDIR): [^\n]+'\Q$path\E'\n\z/, 'one line that names it');
        }
    }
};

fails_with('a deadlock says where each waits, in coroutines too',
    "local channel = task.channel()\ntask.spawn(function()\n  coroutine.wrap(function()\n    channel:receive()\n  end)()\nend)\ntask.semaphore(1):with(function()\n  channel:receive()\nend)",
    qr/^neap: EDEADLOCK: 2 tasks wait and nothing can wake one\n/,
    qr/waits in channel\.receive\nstack traceback:\n\tscript\.lua:9: in function/,
    qr/script\.lua:5: in function <script\.lua:4>\n\tscript\.lua:6: in function <script\.lua:3>/);

subtest 'the library of a folder, NEAP_LUA' => sub {
    local $ENV{NEAP_LUA} = $lua;
    my ($out, $err, $status) = run('print(debug.getinfo(require("neap.net").listen).source)');
    is("$out$err$status", "\@$lua/neap/net.lua\n0", 'is that which runs');
    delete $ENV{NEAP_LUA};
    ($out, $err, $status) = run('local info = debug.getinfo(require("neap.net").listen) print(info.source, info.linedefined > 100)');
    is("$out$err$status", "\@neap/net.lua\ttrue\n0", 'else what is built in, which knows its names and lines');
};

subtest 'a finalizer that fails' => sub {
    my $drop = "local function drop() local p = newproxy(true) getmetatable(p).__gc = function()\n  error('at the end')\nend end\n";
    my ($out, $err, $status) = run("${drop}drop() collectgarbage() print 'goes on' require('neap.task').yield() print 'ends'");
    is("$out$status", "goes on\nends\n0", 'ends nothing');
    like($err, qr/\Aneap: script\.lua:2: at the end\n/, 'but is reported');
    ($out, $err, $status) = run("require('neap.host').on_error(function(err) print('got', err) end)\n${drop}drop() collectgarbage()");
    is("$out$err$status", "got\tscript.lua:3: at the end\n0", 'to on_error');
    ($out, $err, $status) = run("${drop}kept = drop()");
    is("$out$status", '0', 'at the end of the program');
    like($err, qr/\Aneap: script\.lua:2: at the end\n/, 'as well');
    ($out, $err, $status) = run("local ffi = require 'ffi' ffi.gc(ffi.new 'int[1]', function() error('of ffi', 0) end) collectgarbage() require('neap.task').yield()");
    like("$out$err$status", qr/\Aneap: of ffi\n.*0\z/s, 'that of ffi.gc too');
};

subtest "a connection's handler" => sub {
    my $server = <<'END';
local net, task = require "neap.net", require "neap.task"
local function inner()
  local x
  %s
end
local server = net.listen({ host = "127.0.0.1", port = 0 }, function(stream)
  task.yield()
  inner()
end)
net.connect("127.0.0.1", server.port):read()
server:close()
END
    my %raised = ('error("boom")' => 'script\.lua:4: boom', 'error { x = 1 }' => 'a table value was raised as an error',
        'x.y = 1' => q{script\.lua:4: attempt to index local 'x'}, 'task.sleep "x"' => q{script\.lua:4: bad argument #1 to 'sleep'});
    for my $code (sort keys %raised) {
        my ($out, $err, $status) = run(sprintf $server, $code);
        like($err, qr/\Aneap: $raised{$code}.*\n +4 \| .*\n +\| +\^\nstack traceback:\n/, "$code: its text");
        like($err, qr/\tscript\.lua:4: in function 'inner'\n\tscript\.lua:8: in function <script\.lua:6>/, 'its lines');
        unlike($err, qr{neap/|at 0x|xpcall|in a C function}, "nothing of Neap's inside") or diag($err);
        like($err, qr/\n\tspawned at script\.lua:6\n*\z/, 'and where its server was made');
        is($status, 0, 'and the program goes on');
    }
    my ($out, $err, $status) = run(<<'LUA');
local http, net = require "neap.http", require "neap.net"
local server
server = http.serve({ host = "127.0.0.1", port = 0 }, function()
  server:close()
  require("neap.task").sleep(0.001)
  error "boom"
end)
local stream = net.connect("127.0.0.1", server.port)
stream:write "GET / HTTP/1.0\r\n\r\n"
stream:read_all()
LUA
    like($err, qr/\Aneap: script\.lua:6: boom\n.*\n\tspawned at script\.lua:3\n*\z/s, "that of neap.http too") or diag($err);
};

subtest 'on_error' => sub {
    my $handler = "local host, task = require 'neap.host', require 'neap.task'\nhost.on_error(function(err) print('got', err) got = true end)\n";
    my ($out, $err, $status) = run("${handler}task.spawn(function() error('one', 0) end)\nwhile not got do task.sleep(0.001) end\nprint('goes on')");
    is("$out$err$status", "got\tone\ngoes on\n0", 'takes the error, and the program goes on');
    ($out, $err, $status) = run("${handler}task.sleep(0.001)\nerror('main', 0)");
    is("$out$err", "got\tmain\n", "the main script's too");
    ($out, $err, $status) = run("require('neap.host').on_error(function(err) error('worse: ' .. err, 0) end)\nrequire('neap.task').spawn(error, 'bad', 0)");
    like($err, qr/^neap: worse: bad/, 'an error of its own goes the ordinary way');
    is($status, 1, 'and ends the program');
    ($out, $err, $status) = run("${handler}local t = task.spawn(function() error('taken', 0) end)\nprint(pcall(t.wait, t))");
    is($out, "false\ttaken\n", 'sees no error that somebody waits for in the same turn');
};

subtest 'os.exit ends the program wherever it is called' => sub {
    my %places = (
        'in sort'            => 'table.sort({ 3, 2, 1 }, function() os.exit(4) end)',
        'in pcall in sort'   => 'table.sort({ 3, 2, 1 }, function() while true do pcall(os.exit, 4) end end)',
        'in gsub in pcall'   => 'pcall(string.gsub, "x", "x", function() os.exit(4) end)',
        'in a compiled loop' => 'for i = 1, 300 do ("x"):gsub("x", function() if i == 299 then os.exit(4) end end) end',
        'in a metamethod'    => 'print(setmetatable({}, { __index = function() os.exit(4) end }).x)',
        'in a group'         => 'task.group(function(group) group:spawn(os.exit, 4) task.sleep(5) end)',
        'in a callback'      => 'task.yield(function() os.exit(4) end) task.sleep(5)',
        'in a coroutine'     => 'coroutine.wrap(function() pcall(os.exit, 4) end)()',
        'in a module'        => 'package.preload.m = function() os.exit(4) end require "m"',
        'in __tostring'      => 'print(setmetatable({}, { __tostring = function() os.exit(4) end }))',
    );
    for my $place (sort keys %places) {
        my ($out, $err, $status) = run("local task = require 'neap.task'\nio.write('before ')\n$places{$place}\nprint('after')");
        is("$out$err$status", 'before 4', $place);
    }
};

subtest 'a reader that leaves ends it quietly' => sub {
    run('');
    my $code = 'for i = 1, 1e7 do print(i) end';
    my $out = `timeout 20 $neap -e '$code' 2>err | head -2`;
    is($out, "1\n2\n", 'the reader has its lines');
    is(slurp('err'), '', 'and nothing is said');
    $out = `(timeout 20 $neap -e 'print(("x"):rep(1e6)) task.sleep(0.05) print(2) task.sleep(60)' 2>&1; echo \$? >status) | true`;
    is(slurp('status'), "0\n", 'a server that prints ends too');
};

fails_with('an error whose only waiter is cancelled before it hears of it', <<'END', qr/lost\?/);
local waiter
local failing = task.spawn(function()
  task.sleep(0.005)
  task.defer(function() waiter:cancel() end)
  error("lost?")
end)
waiter = task.spawn(function() failing:wait() end)
task.sleep(0.05)
END

done_testing();
