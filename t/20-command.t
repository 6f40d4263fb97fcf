# The command: its options, what it prints and where, how it ends.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $valgrind = $neap =~ m{/valgrind$};
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;

sub script {
    my ($name, $code) = @_;
    open(my $file, '>', $name) or die $!;
    print $file $code;
    close $file;
    return $name;
}

# Standard output, standard error, exit status (or signal as 128 + n) of a shell command.
sub run {
    my ($command) = @_;
    my $out = `timeout 60 sh -c '$command' 2>err`;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    open(my $file, '<', 'err') or die $!;
    local $/;
    return ($out, scalar(<$file>) // '', $status);
}

subtest 'a script' => sub {
    script('args.lua', 'print(arg[0], arg[1], arg[2], #arg, ...)');
    is((run("$neap args.lua a \"b c\""))[0], "args.lua\ta\tb c\t2\ta\tb c\n", 'gets its arguments');
    is((run("$neap args.lua -e --version"))[0], "args.lua\t-e\t--version\t2\t-e\t--version\n", 'also those like options');
    is((run("$neap -- args.lua x"))[0], "args.lua\tx\tnil\t1\tx\n", '-- ends options');
    script('shebang.lua', "#!$neap\nprint 'ran'\n");
    chmod 0755, 'shebang.lua';
    is((run('./shebang.lua'))[0], "ran\n", 'may begin with #!');
    is((run("echo \"print(7)\" | $neap -"))[0], "7\n", 'comes from standard input as -');
    is((run("$neap empty.lua"))[2], 1, 'that is not there: 1');
    script('empty.lua', '');
    is_deeply([run("$neap empty.lua")], ['', '', 0], 'may be empty');
    mkdir 'sub';
    script('sub/main.lua', 'print(require("near"))');
    script('sub/near.lua', 'return "near"');
    is((run("$neap sub/main.lua"))[0], "near\n", 'finds modules beside it');
    script('test', 'print "a script"');
    is((run("$neap ./test"))[0], "a script\n", 'may be called test');
    unlike((run("$neap test sub"))[0], qr/a script/, 'which neap test does not run');
};

subtest 'options' => sub {
    is((run("$neap -e \"print(1 + 1)\""))[0], "2\n", '-e runs code');
    is((run("$neap -e \"x = 1\" -e \"print(x)\""))[0], "1\n", 'more than once');
    is((run("$neap -e \"print(inspect({1}))\""))[0], "{ 1 }\n", 'with modules under their last names');
    is((run("$neap -e \"print(..., arg[1], arg[2])\" -- -x b"))[0], "-x\t-x\tb\n", 'what comes behind is its arguments');
    is((run("$neap -l neap.errors -e \"print(errors.is(1))\""))[0], "false\n", '-l requires');
    my ($out, $err, $status) = run("$neap --wrong");
    is($status, 2, 'a wrong one: 2');
    is(scalar(my @lines = split /\n/, $err), 1, 'in one line');
    like($err, qr/--wrong/, 'that names it');
    is((run("$neap -e"))[2], 2, 'a missing value: 2');
    is((run("$neap --allow \"fs.read .\" empty.lua"))[2], 2, '--allow without --sandbox: 2');
    like($err, qr/neap --help/, 'and says where to look') for (run("$neap --nonsense"))[1];
    like((run("$neap --sandbx"))[1], qr/did you mean .--sandbox./, 'or what it may be');
    is_deeply([run("echo \"print(7)\" | $neap")], ["7\n", '', 0], 'nothing: the program comes from standard input');
    is((run("$neap --watch"))[2], 2, '--watch without a script: 2');
    is((run("$neap --watch-path . empty.lua"))[2], 2, '--watch-path without --watch: 2');
    is((run("$neap --watched empty.lua 3>&-"))[2], 2, '--watched by hand: 2');
    is((run("$neap --sandbox -i </dev/null"))[2], 2, '-i in a sandbox: 2');
    ($out, $err, $status) = run("$neap --help");
    is($status, 0, '--help');
    like($out, qr/^usage: neap.*--sandbox/s, 'says what there is');
    like((run("$neap --version"))[0], qr/^neap \d+\.\d+\.\d+ \(LuaJIT .*libuv/, '--version');
};

subtest 'errors' => sub {
    my ($out, $err, $status) = run("$neap none.lua");
    is($status, 1, 'an unreadable script: 1');
    is(scalar(my @lines = split /\n/, $err), 1, 'in one line');
    like($err, qr/none\.lua/, 'that names it');
    is((run("$neap ."))[2], 1, 'a folder: 1');
    script('report.lua', '');
    like((run("$neap reprot.lua"))[1], qr/'reprot.lua' \(did you mean 'report.lua'\?\)/, 'one that is mistyped: what it may be');
    like((run("$neap ./report"))[1], qr/did you mean '.\/report.lua'/, 'without its end: the same');
    like((run("$neap tset"))[1], qr/did you mean 'neap test'/, 'a mistyped subcommand: the same');
    script('syntax.lua', "local = 1\n");
    like((run("$neap syntax.lua"))[1], qr/syntax\.lua:1:/, 'a syntax error says where');
    script('late.lua', <<'LUA');
local task = require "neap.task"
local function work()
  task.sleep(0.001)
  error "too late"
end
task.spawn(work)
print "before"
task.sleep(5)
print "never"
LUA
    ($out, $err, $status) = run("$neap late.lua");
    is($status, 1, 'a task that fails ends the program');
    is($out, "before\n", 'at once');
    like($err, qr/late\.lua:4: too late/, 'with message and line');
    like($err, qr/spawned at late\.lua:6/, 'and where the task was spawned');
    ($out, $err, $status) = run("$neap -e \"task.channel():receive()\"");
    is($status, 1, 'a deadlock: 1');
    like($err, qr/EDEADLOCK.*channel\.receive/s, 'said with where it waits');
    is((run("$neap -e \"return nil, errors.new(\\\"ENO\\\", \\\"no\\\")\""))[2], 1, 'nil and an error returned: 1');
    script('handled.lua', <<'LUA');
require("neap.host").on_error(function(err) print("handled", err.message) end)
require("neap.task").spawn(error, "oops", 0)
LUA
    is_deeply([run("$neap handled.lua")], ["handled\toops\n", '', 0], 'on_error takes them');
};

subtest 'output' => sub {
    script('order.lua', 'io.write("a") print("b") io.stdout:write("c\n") io.stdout:flush() io.stderr:write("d\n") print("e")');
    is((run("$neap order.lua"))[0], "ab\nc\ne\n", 'comes in order, whoever writes');
    my ($out, $err, $status) = run("$neap -e \"for i = 1, 1e6 do print(i) end\" | head -1");
    is_deeply([$out, $err], ["1\n", ''], 'into head ends quietly');
    ($out, $err, $status) = run("$neap -e \"print(1) require([[neap.task]]).sleep(0.01) print(2)\" >/dev/full");
    is($status, 1, 'to a full disk fails');
    like($err, qr/ENOSPC/, 'and says so');
    is((run("$neap -e \"print(1)\" >&- 2>&- <&-"))[2], 0, 'closed: nobody is hurt');
};

subtest 'the end' => sub {
    is((run("$neap -e \"os.exit(3)\""))[2], 3, 'os.exit gives the status');
    is((run("$neap -e \"os.exit(true)\""))[2], 0, 'true is 0');
    is((run("$neap -e \"os.exit(false)\""))[2], 1, 'false is 1');
    is((run("$neap -e \"pcall(os.exit, 4) print(1)\""))[0], '', 'pcall does not catch it');
    is_deeply([(run("$neap -e \"process.on_exit(function() os.exit(7) end)\""))[1, 2]], ['', 7],
        'in what is called at the exit, quietly');
    is((run("$neap -e \"coroutine.wrap(function() os.exit(5) end)() print(1)\""))[2], 5, 'in a coroutine');
    is((run("$neap -e \"task.sleep(0.001, function() os.exit(6) end) task.sleep(5)\""))[2], 6, 'in a callback');
    is((run("$neap -e \"print(1) os.exit(0)\""))[0], "1\n", 'what was printed is there');
    for my $code ('while true do end', 'task.sleep(60)') {
        local $SIG{INT} = 'DEFAULT'; # a shell that runs us in the background ignores it
        my $pid = fork // die;
        if (!$pid) { open(STDERR, '>', '/dev/null'); exec $neap, '-e', $code or die }
        select undef, undef, undef, 0.4;
        kill 'INT', $pid;
        my $ended = 0;
        for (1 .. 300) { last if $ended = waitpid($pid, 1); select undef, undef, undef, 0.1 }
        kill 'KILL', $pid unless $ended;
        ok($ended && (($? & 127) == 2 || $? >> 8 == 130), "Ctrl-C ends '$code'");
    }
};

subtest 'the descriptor limit' => sub {
    plan(skip_all => 'valgrind keeps descriptors for itself') if $valgrind;
    my $script = q{local uv = require "uv" print(io.popen("ulimit -n"):read("*n")) io.stdout:flush() os.execute("ulimit -n")
        uv.spawn("/bin/sh", { args = { "-c", "ulimit -n" }, stdio = { nil, 1, 2 } }, function() end)};
    open(my $file, '>', 'limit.lua') or die $!;
    print $file $script;
    close $file;
    is((run("ulimit -S -n 300; $neap limit.lua"))[0], "300\n300\n300\n", 'children have the one that we were given');
    open($file, '>', 'own.lua') or die $!;
    print $file q{print(io.open("/proc/self/limits"):read "*a")};
    close $file;
    like((run("ulimit -S -n 300; $neap own.lua"))[0], qr/Max open files\s+(\d+)\s+\1/, 'ours is the hard one')
        if -e '/proc/self/limits';
};

subtest "LuaJIT's profiler" => sub {
    plan(skip_all => 'valgrind has the signals') if $valgrind;
    script('profile.lua', <<'LUA');
local profile, task = require "jit.profile", require "neap.task"
local samples = 0
profile.start("i1", function(_, n) samples = samples + n end)
local function work()
  local till = os.clock() + 0.05
  while os.clock() < till do end
end
for _ = 1, 200 do
  task.spawn(work):wait()
  if samples >= 5 then break end
end
profile.stop()
print(samples >= 5)
LUA
    is((run("$neap profile.lua"))[0], "true\n", 'counts beside ours');
};

subtest 'a sandbox' => sub {
    script('secret', 'x');
    script('box.lua', 'print(select(2, require("neap.fs").read_file("secret")))');
    like((run("$neap --sandbox box.lua"))[0], qr/EPERMISSION/, 'reads no file');
    is((run("$neap --sandbox --allow \"fs.read .\" box.lua"))[0], "\n", 'but what is allowed');
    is((run("$neap --sandbox --allow nonsense box.lua"))[2], 2, 'a permission that is none is refused');
};

subtest 'neap test' => sub {
    mkdir 'specs';
    script('specs/good_spec.lua', 'require("neap.test").it("is good", function() end)');
    is((run("$neap test specs"))[2], 0, 'all good: 0');
    script('specs/bad_spec.lua', 'require("neap.test").it("is bad", function() error "bad" end)');
    my ($out, $err, $status) = run("$neap test specs");
    is($status, 1, 'one bad: 1');
    like($out, qr/^not ok \d+ - is bad/m, 'which is named');
    unlink 'specs/good_spec.lua', 'specs/bad_spec.lua';
    script('specs/broken_spec.lua', 'require("neap.test").it("breaks the runner", function() ipairs = nil end)');
    ($out, $err, $status) = run("$neap test specs");
    is($status, 1, 'a global that is gone: 1');
    like($out, qr/left unset: global ipairs/, 'which is said');
    script('specs/broken_spec.lua',
        'require("neap.test.leaks").failure = nil require("neap.test").it("x", function() end)');
    ($out, $err, $status) = run("$neap test specs");
    is($status, 1, 'the runner itself fails: 1');
    like($err, qr/^neap test: .*'failure'/, 'and says why');
    unlink 'specs/broken_spec.lua';
    return if $valgrind; # which cannot extend the stack for a signal that comes in epoll_wait below here
    for my $call ('os.exit(0)', 'os.exit()', 'require("neap.task").spawn(os.exit, 0) require("neap.task").sleep(1)') {
        script('specs/exit_spec.lua', <<"LUA");
local test = require "neap.test"
test.it("exits", function() $call end)
test.it("is never run", function() error "bad" end)
LUA
        ($out, $err, $status) = run("$neap test specs");
        is($status, 1, "$call in a test: 1");
        like($out, qr/^not ok 1 - exits\n.*os\.exit\(0?\) was called before/ms, 'said in the report');
        unlike($out, qr/never run|^not ok 2/m, 'where the file ends');
        ($out, $err, $status) = run("$neap test --in-process specs");
        is($status, 1, "also in one process");
        like($out, qr/^Bail out! os\.exit\(0?\) was called/m, 'which says that it ends');
        unlike($out, qr/never run|^1\.\./m, 'and ends');
    }
};

done_testing();
