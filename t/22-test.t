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
    like($said, qr/^printed\n.*half.*^in g$/ms, 'what tests print is passed on');
    like($said, qr/a passes.*b hangs.*c leaves.*d dies.*e raises.*f_spec.*g passes/s, 'in the order of the files');
}

# --- what it leaves behind ---

{
    clear();
    spec(a => 'it("leaves one", function() os.execute "sleep 60 & echo $! >one" end)');
    spec(b => 'it("leaves another", function() os.execute "sleep 60 >/dev/null & echo $! >two" end)');
    spec(c => 'it("has one and hangs", function() os.execute "sleep 60 & echo $! >three" while true do end end)');
    my $began = time;
    my ($said, $status) = run('--timeout', 0.3);
    cmp_ok(time - $began, '<', 30, 'a process that a test leaves behind is not waited for');
    like($said, qr{^ok 1 - leaves one\n.*^ok 2 - leaves another\n}ms, 'though it holds the output open') or diag $said;
    like($said, qr/^not ok 3 - has one and hangs$/m, 'and what fails is said');
    my %pid = map { my $name = $_; open(my $file, '<', $name) or die "$name: $!"; ($name, <$file> + 0) } qw(one two three);
    unlike(scalar `ps -o stat= -p $pid{three}`, qr/^[^Z]/, 'what is stopped is stopped with all that it has started');
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
    like($said, qr/^ok 1 - passes\nnot ok 2 - passes\n.*ended with status 99/ms, 'and said');
}

# --- only what failed ---

{
    clear();
    spec(a => 'it("good", function() end)');
    spec(b => 'it("bad", function() error "x" end) it("fine", function() end)');
    run();
    my ($said, $status) = run('--only-failed');
    like($said, qr/bad/, 'what failed is run again');
    unlike($said, qr/good|fine/, 'and nothing else');
    spec(b => 'it("bad", function() end) it("fine", function() end)');
    ($said, $status) = run('--only-failed');
    is($status, 0, 'until it passes');
    ($said, $status) = run('--only-failed');
    like($said, qr/no failure is remembered.*good.*bad.*fine/s, 'then everything is run');
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
    ($said, $status) = run('--shuffle', 5);
    my ($again) = run('--shuffle', 5);
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
    unlike($said, qr/second|third/, 'runs nothing after it');
    for ('--no-such', '--jobs 0', '--jobs', '--timeout x') {
        ($said, $status) = run($_);
        is($status, 2, "$_ is wrong use");
        like($said, qr/^usage: neap test/m, 'and usage is shown');
    }
    rename 'spec', 'test' or die $!;
    ($said) = run();
    like($said, qr/third/, 'test/ is looked at where there is no spec/');
    rename 'test', 'spec' or die $!;
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

done_testing;
