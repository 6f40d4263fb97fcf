# `neap test`: what it selects, what it survives, and what it writes.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;
$ENV{XDG_STATE_HOME} = "$dir/state";
delete $ENV{HARNESS_ACTIVE};
mkdir 'spec' or die $!;

sub spec {
    my ($name, $text) = @_;
    open(my $file, '>', "spec/${name}_spec.lua") or die $!;
    print $file qq{local test = require "neap.test" local describe, it = test.describe, test.it\n$text};
    close $file or die $!;
}

sub clear { unlink glob 'spec/*' }

# Output and exit status.
sub run {
    my $said = `$neap test @_ 2>&1 </dev/null`;
    return ($said, $? >> 8);
}

# --- what it survives ---

spec(a => 'it("a passes", function() end)');
spec(b => 'it("b hangs", function() while true do end end) it("never", function() end)');
spec(c => 'it("c leaves", function() os.exit(0) end)');
spec(d => 'it("d dies", function() require("uv").kill(require("uv").os_getpid(), "sigkill") end)');
spec(e => 'it("e raises", function() error "oh" end)');
spec(f => 'this is no Lua');
spec(g => 'print "printed" io.write "half" it("g passes", function() print "in g" end)');
spec(h => 'it("h swallows", function() while true do pcall(require("neap.task").sleep, 1) end end)');
spec(i => 'it("i says ok", function() print "not ok 1 - a" print "last words" while true do end end)');
{
    my ($said, $status) = run('--timeout', 0.3);
    is($status, 1, 'a run with failures ends with 1');
    like($said, qr/^ok 1 - a passes$/m, 'what passes is said');
    like($said, qr/^not ok \d+ - b hangs$/m, 'a test that never waits is stopped');
    like($said, qr/process was stopped: nothing was heard for/, 'and why');
    like($said, qr/^not ok \d+ - c leaves$/m, 'one that ends the process failed');
    like($said, qr/^not ok \d+ - d dies\n.*?SIGKILL/ms, 'as one that is killed, with the signal');
    like($said, qr/^not ok \d+ - e raises\n.*?e_spec\.lua:2: oh/ms, 'as one that raises');
    like($said, qr/^not ok \d+ - spec\/f_spec\.lua$/m, 'and a file that is no Lua');
    like($said, qr/^ok \d+ - g passes$/m, 'the others go on');
    like($said, qr/^# printed\n.*half.*^# in g$/ms, 'what tests print is passed on, as comments');
    like($said, qr/^not ok \d+ - h swallows\n.*?nothing was heard for/ms, 'one that minds no cancellation is stopped');
    like($said, qr/^# not ok 1 - a\n# last words\nnot ok \d+ - i says ok$/m, 'what was printed before an end is there');
    like($said, qr/a passes.*b hangs.*c leaves.*d dies.*e raises.*f_spec.*g passes/s, 'in the order of the files');
}

# --- what it leaves behind ---

{
    clear();
    spec(a => 'it("leaves one", function() os.execute "sleep 60 & echo $! >one" end)');
    spec(b => 'it("leaves another", function() os.execute "sleep 60 >/dev/null & echo $! >two" end)');
    spec(c => 'it("has some and hangs", function() os.execute "sleep 60 & echo $! >three" '
        . 'local child = require("neap.process").spawn { "sleep", "60" } '
        . 'local file = io.open("four", "w") file:write(child.pid) file:close() while true do end end)');
    my $began = time;
    my ($said, $status) = run('--timeout', 0.3);
    cmp_ok(time - $began, '<', 30, 'a process that a test leaves behind is not waited for');
    like($said, qr{^ok 1 - leaves one\n.*^ok 2 - leaves another\n}ms, 'though it holds the output open') or diag $said;
    like($said, qr/^not ok 3 - has some and hangs$/m, 'and what fails is said');
    my %pid = map { open(my $file, '<', $_) or die "$_: $!"; ($_, <$file> + 0) } qw(one two three four);
    unlike(scalar `ps -o stat= -p $pid{$_}`, qr/^[^Z]/, 'what is stopped is stopped with all that it has started')
        for qw(three four);
    kill 'KILL', @pid{qw(one two)};
}

# --- what watches the processes ---

{
    clear();
    spec(a => 'it("passes", function() end)');
    open(my $file, '>', 'watcher') or die $!;
    print $file qq{#!/bin/sh\n"$neap" "\$@"\nexit 99\n};
    close $file;
    chmod 0755, 'watcher' or die $!;
    local $ENV{NEAP} = "$dir/watcher";
    my ($said, $status) = run();
    is($status, 1, 'a status that no test gave is a failure');
    like($said, qr{^ok 1 - passes\nnot ok 2 - spec/a_spec.lua\n.*ended with status 99}ms, 'and said');
}

# --- only what failed ---

{
    clear();
    spec(a => 'it("good", function() end)');
    spec(b => 'it("bad", function() error "x" end) it("fine", function() end)');
    run();
    my ($said, $status) = run('--only-failed');
    like($said, qr/bad/, 'what failed is run again');
    unlike($said, qr/ok \d+ - (?:good|fine)/, 'and nothing else');
    spec(b => 'it("bad", function() end) it("fine", function() end)');
    ($said, $status) = run('--only-failed');
    is($status, 0, 'until it passes');
    ok(!glob('state/neap/failed-tests/*'), 'nothing is left of it');
    ($said, $status) = run('--only-failed');
    like($said, qr/no failure is remembered.*good.*bad.*fine/s, 'then everything is run');
}

# What ran is remembered anew; what did not, as it was.
{
    clear();
    spec(a => 'it("one", function() error "x" end) it("two", function() error "x" end)');
    spec(b => 'it("three", function() error "x" end)');
    spec(c => 'it("four", function() end)');
    my $failed = sub { join ' ', (run('--only-failed', '--list', @_))[0] =~ /: (\w+)$/mg };
    run();
    run('spec/c_spec.lua');
    is($failed->(), 'one two three', 'the failures of files that did not run are remembered');
    spec(a => 'it("one", function() end) it("two", function() end)');
    run('--filter', 'one');
    is($failed->(), 'two three', 'those of tests that were filtered out');
    run('./spec/a_spec.lua:3');
    run('--only-failed', 'spec/b_spec.lua');
    is($failed->('spec/a_spec.lua'), 'two', 'those of other files');
    spec(a => 'it("two", function() while true do end end) it("five", function() error "x" end)');
    run('--in-process', 'spec/b_spec.lua', 'spec/c_spec.lua');
    run('--timeout', 0.3, 'spec/a_spec.lua');
    spec(a => 'it("two", function() end) it("five", function() end)');
    is($failed->(), 'two three', 'one that was stopped');
    spec(a => 'it("renamed", function() end)');
    spec(b => 'no Lua');
    run('--only-failed');
    spec(b => 'it("three", function() end) it("six", function() end)');
    is($failed->(), 'three six', 'a file that did not load is run whole, and what is gone is forgotten');
}

{
    local %ENV = %ENV;
    delete @ENV{qw(HOME XDG_STATE_HOME)};
    my ($said, $status) = run();
    is($status, 0, 'without a home nothing is remembered, and nothing fails for that') or diag($said);
}

# --- selecting ---

clear();
spec(a => <<'LUA');
describe("group", function()
  it("one", function() end)
  it("two", function() end)
end)
it("three", function() end)
LUA
for (
    ['--filter two', 'two'], ['spec/a_spec.lua:3', 'one'], ['spec/a_spec.lua:2', 'one two'], ['spec/a_spec.lua:6', 'three'],
    ['--in-process', 'one two three'],
) {
    my ($arguments, $names) = @$_;
    my ($said, $status) = run($arguments);
    is(join(' ', $said =~ /^ok \d+ - (?:group > )?(\w+)/mg), $names, $arguments);
    is($status, 0, 'which passes');
}
{
    my ($said, $status) = run('--list');
    is($said, "spec/a_spec.lua:3: group > one\nspec/a_spec.lua:4: group > two\nspec/a_spec.lua:6: three\n", '--list');
    ($said, $status) = run('--filter', 'nothing_like_this');
    is($status, 1, 'nothing that matches is a failure');
    like($said, qr/no test/, 'and said');
    ($said, $status) = run('--shuffle', 5);
    my ($again) = run('--shuffle=5');
    is($said, $again, 'the same seed gives the same order');
    like($said, qr/^# shuffled by --shuffle 5$/m, 'and it is said');
}

# --- options of a test ---

{
    clear();
    spec(a => <<'LUA');
it("is skipped", function() error "run" end, { skip = "no time" })
it("is to be done", function() error "not yet" end, { todo = "write it" })
it("is done", function() end, { todo = "write that" })
LUA
    my ($said, $status) = run();
    like($said, qr/^ok 1 - is skipped # SKIP no time$/m, 'skip');
    like($said, qr/^not ok 2 - is to be done # TODO write it$/m, 'todo');
    like($said, qr/^not ok 3 - is done\n.*it passes: write that is done/ms, 'a todo that passes fails');
    spec(a => 'it("this", function() end, { only = true }) it("not that", function() end)');
    ($said, $status) = run();
    like($said, qr/^ok 1 - this$/m, 'only');
    unlike($said, qr/not that/, 'is the only one');
    is($status, 1, 'and does not pass for all');
}

# --- stopping, wrong use, folders ---

{
    clear();
    spec(a => 'it("bad", function() error "x" end) it("second", function() end)');
    spec(b => 'it("third", function() end)');
    my ($said, $status) = run('--fail-fast', '--jobs', 1);
    like($said, qr/not ok 1 - bad/, '--fail-fast');
    unlike($said, qr/ok \d+ - (?:second|third)/, 'runs nothing after it');
    for ('--no-such', '--jobs 0', '--jobs', '--timeout x', '--jobs=', '--shuffle=x', '--tap=1') {
        ($said, $status) = run($_);
        is($status, 2, "$_ is wrong use");
        like($said, qr/^usage: neap test/m, 'and usage is shown');
    }
    rename 'spec', 'test' or die $!;
    ($said) = run();
    like($said, qr/third/, 'test/ is looked at where there is no spec/');
    rename 'test/b_spec.lua', 'test/b_test.lua' or die $!;
    ($said) = run('./test');
    like($said, qr{^# test/b_test.lua\nok \d+ - third$}m, 'and what is called b_test.lua');
    rename 'test', 'spec' or die $!;
}

# --- in one process ---

{
    clear();
    spec(a => 'it("one", function() end)');
    spec(b => 'it("two", function() error "x" end)');
    spec(c => 'it("three", function() end)');
    my ($said, $status) = run('--in-process', '--filter', 't');
    is($status, 1, 'a failure in one process');
    is(join(' ', $said =~ /^(?:not )?(ok \d+|1\.\.\d+)/mg), 'ok 1 ok 2 1..2', 'is numbered through, with one plan');
    is((run('--in-process', '--filter', 'three'))[1], 0, 'a file with nothing to run is no failure');
    run('--in-process', '--junit', 'here.xml');
    open(my $file, '<', 'here.xml') or die "no here.xml: $!";
    like(join('', <$file>), qr/<testsuite name="spec\/b_spec.lua" tests="1" failures="1"/, '--junit works there too');
    ($said) = run('--only-failed', '--list');
    is($said, "spec/b_spec.lua:2: two\n", 'and so does --only-failed');
}

# --- an interruption ---

sub interrupted {
    my ($signal) = @_;
    unlink 'waits';
    my $pid = open(my $pipe, '-|') // die $!;
    if (!$pid) {
        open(STDERR, '>&', \*STDOUT);
        open(STDIN, '<', '/dev/null');
        exec $neap, 'test', '--jobs', '1' or die $!;
    }
    for (1 .. 3000) { last if -s 'waits'; select undef, undef, undef, 0.02 }
    kill $signal, $pid;
    my $said = do { local $/; <$pipe> };
    close $pipe;
    my $status = $? >> 8;
    open(my $file, '<', 'waits') or die "waits: $!";
    my $child = <$file> + 0;
    for (1 .. 500) { last if `ps -o stat= -p $child` !~ /^[^Z]/; select undef, undef, undef, 0.02 }
    return ($said, $status, scalar `ps -o stat= -p $child`);
}

{
    clear();
    spec(a => <<'LUA');
local fs, process = require "neap.fs", require "neap.process"
it("is done", function() end)
it("waits", function()
  local child = process.spawn { "sleep", "1000" }
  fs.write_file("waits", tostring(child.pid))
  child:wait()
end, { timeout = 1000 })
LUA
    my %status = (INT => 130, TERM => 143);
    for my $signal (sort keys %status) {
        my ($said, $status, $left) = interrupted($signal);
        is($status, $status{$signal}, "SIG$signal: $status{$signal}");
        like($said, qr/^ok 1 - is done$/m, 'what was over is told');
        like($said, qr{^Bail out! interrupted, while this ran: spec/a_spec.lua: waits$}m, 'and what was not');
        unlike($left, qr/^[^Z]/, 'which is gone, with what it had started');
    }
}

# --- spies ---

{
    clear();
    spec(a => <<'LUA');
local subject = { double = function(n) return 2 * n end }
it("remembers calls", function()
  local spy = test.spy_on(subject, "double")
  test.equal(subject.double(4), 8)
  test.equal(spy:count(), 1)
  test.equal(spy.calls[1][1], 4)
  test.equal(spy:called_with(4), true)
  test.equal(spy:called_with(5), false)
end)
it("has what was there again, and replaces fields", function()
  test.equal(subject.double(1), 2)
  test.spy_on(subject, "double", function() return "stub" end)
  test.equal(subject.double(1), "stub")
  test.replace(subject, "new", 5)
  test.equal(subject.new, 5)
end)
it("forgets it after a failure too", function()
  test.equal(subject.double(3), 6)
  test.equal(subject.new, nil)
end)
LUA
    my ($said, $status) = run();
    is($status, 0, 'spies') or diag($said);
}

# --- JUnit ---

{
    clear();
    spec(a => qq{it("<&\\"> \\1 \\255", function() error("]]> <&\\0") end) it("ok", function() end)});
    my ($said, $status) = run('--junit', 'out.xml');
    is($status, 1, 'a failure');
    my $checked = `python3 -c "
import sys, xml.etree.ElementTree as e
root = e.parse('out.xml').getroot()
suite = root[0]
print(suite.get('tests'), suite.get('failures'), suite[0].get('name'), suite[0][0].tag, suite[1].get('name'))" 2>&1`;
    is($checked, "2 1 <&\"> \\x01 \\xff failure ok\n", 'valid XML whatever the messages contain');
}

# --- on a terminal ---

{
    clear();
    spec(a => <<'LUA');
it("fails", function()
  local sum = 1 + 1
  test.equal({ a = { sum } }, { a = { 3 } })
end)
it("fails deeper", function()
  local function check() error "below" end
  check()
end)
LUA
    local $ENV{NO_COLOR} = 1;
    my $said = `script -qec '$neap test' /dev/null </dev/null 2>&1` =~ s/\r//gr;
    like($said, qr/first at \.a\[1\]\n(?:.*\n){4} +> 4 \|   test\.equal.*\n +\|   \^{42}\n/,
        'the line that failed, underlined');
    unlike($said, qr/\^{42}\n.*stack traceback.*fails deeper/s, 'without a traceback that tells no more');
    like($said, qr/stack traceback:\n.*\n.*:7: .*\n.*:8: /, 'with one that does');
}

done_testing;
