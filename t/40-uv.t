# The module uv beside luv: the scripts of t/uv run on both, and print the same, line by line, but for what
# t/uv/differences.txt lists with its reason.
use strict;
use warnings;
use Cwd qw(abs_path getcwd);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $valgrind = $neap =~ m{/valgrind$};
my $wrapped  = $neap =~ m{/ways/};
my $here = getcwd();
my $dir  = tempdir(CLEANUP => 1);
my @luv  = ('luajit');
$ENV{LUA_PATH} = "$here/t/uv/lib/?.lua;;";

sub write_file {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or die "$path: $!";
    print $file $text;
    close $file;
    return $path;
}

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or return '';
    local $/;
    return scalar(<$file>) // '';
}

# A program in a folder of its own: its output and how it ended, as lines; what it said on standard error.
sub run {
    my ($side, @command) = @_;
    system('rm', '-rf', "$dir/$side");
    mkdir "$dir/$side" or die $!;
    my $words = join ' ', map { "'$_'" } @command;
    my $out = `cd $dir/$side && timeout 60 $words </dev/null 2>$dir/err.$side`;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    $out .= "\n" if $out =~ /[^\n]\z/;
    return ([split(/\n/, $out), "exit $status"], slurp("$dir/err.$side"));
}

# --- what luv has ---

# The minor version of a side's libuv.
sub libuv { `@_ -e 'print(require("luv").version_string())' 2>/dev/null` =~ /^1\.(\d+)/ ? $1 : undef }

SKIP: {
my $libuv = libuv(@luv);
skip 'lua-luv is not here', 1 if !defined $libuv;
skip 'lua-luv has another libuv', 1 if $libuv != libuv($neap);

# "function NAME" and "constant NAME" of a side, without those that begin with _.
my $names = write_file("$dir/names.lua", <<'LUA');
local uv = require "luv"
local list = {}
for name, value in pairs(uv) do
  if name:sub(1, 1) ~= "_" then list[#list + 1] = type(value) .. " " .. name end
end
for name, value in pairs(uv.constants) do list[#list + 1] = "constant " .. name .. " = " .. value end
table.sort(list)
print(table.concat(list, "\n"))
LUA
my %has = map { $_ => 1 } @{ (run('neap', $neap, $names))[0] };
my @luv_names = @{ (run('luv', @luv, $names))[0] };
my %luv_has = map { /^function (\w+)/ ? ($1 => 1) : () } @luv_names;
my @missing = grep { !$has{$_} } @luv_names;
is(join("\n", @missing), '', 'every function and constant of luv is there');
is(join(' ', @{ (run('luv', @luv, "$here/t/uv/matrix.lua", 'missing'))[0] }), 'exit 0',
    't/uv/lib/functions.lua knows arguments for every function of luv');

# --- differences ---

my @differences;
for (split /\n/, slurp('t/uv/differences.txt')) {
    next if /^(?:#|\s*$)/;
    my ($when, $minor, $pattern) = /^(?:(since|until) 1\.(\d+): )?(.*?)\s{2,}# .+$/
      or BAIL_OUT("differences.txt: no reason: $_");
    next if $when && ($when eq 'since' ? $libuv < $minor : $libuv > $minor);
    push @differences, { pattern => $pattern, match => qr/^$pattern$/, used => 0 };
}

cmp_ok(scalar @differences, '<=', 26, 'differences.txt is short');

# Lines that the two sides do not share, as "NAME: < of luv", "NAME: > of neap".
sub unlike_lines {
    my ($name, $luv, $neap) = @_;
    write_file("$dir/luv.txt",  join "\n", @$luv,  '');
    write_file("$dir/neap.txt", join "\n", @$neap, '');
    return map { "$name: $_" } grep { /^[<>] / } split /\n/, `diff $dir/luv.txt $dir/neap.txt`;
}

sub compare {
    my ($name, @script) = @_;
    my ($luv)        = run('luv', @luv, @script);
    my ($ours, $err) = run('neap', $neap, @script);
    my @all  = @$ours;
    my @both = grep { !/^neap only: / && ($name !~ /^matrix/ || !/^(\w+)\(/ || $luv_has{$1}) } @all;
    @$_ = grep { !/^os_environ/ } @$_ for $wrapped ? ($luv, \@both) : (); # wrappers add variables
    my @left;
    for my $line (unlike_lines($name, $luv, \@both)) {
        my @known = grep { $line =~ $_->{match} } @differences;
        $_->{used}++ for @known;
        push @left, $line if !@known;
    }
    is(join("\n", @left), '', "$name: " . @both . ' lines') or diag($err);
    unlike($err, qr/AddressSanitizer|runtime error:|LeakSanitizer/, "$name: nothing is wrong in C") or diag($err);
    return @all;
}

# --- every function, with arguments of every kind ---

my @groups = grep { !/^exit/ } @{ (run('luv', @luv, "$here/t/uv/matrix.lua"))[0] };
cmp_ok(scalar @groups, '>=', 20, 'groups of functions');
my %tried;
for my $group (@groups) {
    $tried{$_}++ for map { /^neap only: (.*?\))/ } compare("matrix $group", "$here/t/uv/matrix.lua", $group);
}
my @crashes = grep { /^(\w+)/ && $has{"function $1"} } map { /^([^#].*?): / } split /\n/, slurp('t/uv/crashes.txt');
is(join("\n", grep { !$tried{$_} } @crashes), '', 'neap survives all that crashes luv');

# --- what they do, and programs ---

for my $script (sort grep { !/matrix/ } glob 't/uv/*.lua t/uv/programs/*.lua') {
    compare($script =~ m{t/uv/(.*)\.lua$}, "$here/$script");
}
is(join("\n", map { $_->{pattern} } grep { !$_->{used} } @differences), '', 'each line of differences.txt is still true');
}

# --- what neap promises beside ---

sub script {
    my ($code) = @_;
    return run('neap', $neap, write_file("$dir/script.lua", $code));
}

subtest 'an error in a callback ends the program with its traceback' => sub {
    my ($out, $err) = script(<<'LUA');
local uv = require "uv"
local function culprit() error "a mistake" end
uv.new_timer():start(1, 0, function() culprit() end)
uv.new_timer():start(500, 0, function() print "too late" end)
LUA
    is_deeply($out, ['exit 1'], 'at once');
    like($err, qr/script\.lua:2: a mistake/, 'message and line');
    like($err, qr/script\.lua:3: in function/, 'traceback');
    ($out, $err) = script(qq{local uv = require "uv"\nuv.new_timer():start(0, 0, function() error "inside" end)\nuv.run()\nprint "no"\n});
    is_deeply($out, ['exit 1'], 'uv.run is left too');
    like($err, qr/script\.lua:2: inside/, 'with the same words');
};

subtest 'uv.run' => sub {
    my ($out) = script(<<'LUA');
local uv = require "uv"
print(uv == require "luv")
local t = uv.new_timer()
t:start(0, 0, function() print(pcall(uv.run)) end)
uv.run()
require("neap.task").spawn(function() print(pcall(uv.run, "nowait")) end)
t:start(1, 0, function() t:start(1, 0, function() print "run by neap" end) end)
LUA
    is_deeply($out, ['true', "false\tthe loop is running already", "false\tthe loop is running already", 'run by neap', 'exit 0'],
        'raises inside itself; without it Neap runs the loop');
};

subtest '10,000 handles opened and closed' => sub {
    my ($out, $err) = script(<<'LUA');
local uv = require "uv"
local function rss()
  for line in io.lines "/proc/self/status" do
    local kb = line:match "^VmRSS:%s+(%d+)"
    if kb then return tonumber(kb) end
  end
end
local function cycle(n)
  for _ = 1, n do
    uv.new_timer():close()
    uv.new_tcp():close(function() end)
  end
  uv.run()
  collectgarbage()
  collectgarbage()
end
for _ = 1, 3 do cycle(5000) end
local before = rss()
for _ = 1, 10 do cycle(5000) end
local n = 0
uv.walk(function() n = n + 1 end)
print(n, rss() - before)
LUA
    my ($left, $grown) = $out->[0] =~ /^(\d+)\t(-?\d+)$/;
    is($left, 0, 'none is left') or diag($err);
    SKIP: {
        skip 'it keeps what is freed', 1 if $valgrind || ($ENV{NEAP_BUILD} // '') =~ /san/;
        cmp_ok($grown, '<', 1024, 'RSS stays flat (KB)');
    }
};

subtest 'nothing is malloc\'ed a read' => sub {
    plan skip_all => 'malloc is not the C library\'s'
      if $^O ne 'linux' || $valgrind || ($ENV{NEAP_BUILD} // '') =~ /san/;
    my $c = write_file("$dir/count.c", <<'C');
#include <stddef.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
static unsigned long calls;
void *malloc(size_t n) { return calls++, __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return calls++, __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return calls++, __libc_realloc(p, n); }
unsigned long count_of_mallocs(void) { return calls; }
C
    is(system("cc -shared -fPIC -o $dir/count.so $c"), 0, 'a malloc that counts');
    local $ENV{LD_PRELOAD} = "$dir/count.so";
    my ($out, $err) = script(<<'LUA');
local uv, ffi = require "uv", require "ffi"
ffi.cdef "unsigned long count_of_mallocs(void);"
local fds = uv.socketpair()
local a, b, reads, before = uv.new_tcp(), uv.new_tcp(), 0, nil
a:open(fds[1])
b:open(fds[2])
b:read_start(function(_, data)
  reads = reads + 1
  if reads == 1000 then before = ffi.C.count_of_mallocs() end
  if reads < 11000 then return a:try_write(data) end
  print(before > 0, tonumber(ffi.C.count_of_mallocs() - before))
  a:close()
  b:close()
end)
a:try_write "data"
uv.run()
LUA
    is_deeply($out, ["true\t0", 'exit 0'], 'of 10,000') or diag($err);
};

subtest 'what luv programs do' => sub {
    my ($out) = script(<<'LUA');
local uv = require "luv"
local real, said = print, {}
print = function(...) said[#said + 1] = table.concat({ ... }, " ") end
uv.new_timer():start(0, 0, function() collectgarbage() print("replaced", "print") end)
uv.run()
real(said[1], arg[-1] and "arg[-1]", arg[0] and "arg[0]")
LUA
    is($out->[0], "replaced print\targ[-1]\targ[0]", 'print is replaced, collectgarbage called, arg[-1] there');
    write_file("$dir/parent.lua", <<'LUA');
local uv = require "luv"
if arg[1] == "child" then return print("a child of " .. arg[2]) end
local out = uv.new_pipe()
uv.spawn(arg[-1], { args = { arg[0], "child", uv.os_getpid() }, stdio = { nil, out, 2 } }, function(code, signal)
  print("ended", code, signal)
end)
out:read_start(function(_, data) if data then print((data:gsub("%d+\n", "me"))) else out:close() end end)
uv.run()
LUA
    is_deeply([sort @{ (run('neap', $neap, "$dir/parent.lua"))[0] }], ['a child of me', "ended\t0\t0", 'exit 0'],
        'it spawns arg[-1] with a script');
    is(`echo 'local uv = require "luv" uv.new_timer():start(1, 0, function() print "from stdin" end) uv.run()' | timeout 20 $neap -`,
        "from stdin\n", 'a program comes from standard input');
    is((`timeout 20 $neap --sandbox -e 'print(pcall(require, "uv"))' 2>&1` =~ /^(\w+)/)[0] // '', 'false', 'a restricted runtime has no uv');
};

# --- completeness ---

is(`scripts/uv-bound`, '', 'every function of uv.h is bound, or there is a reason');
is(`scripts/uv-docs --check 2>&1`, '', 'the reference and the types are what the sources say');

done_testing();
