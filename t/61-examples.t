# Every program of examples/ is built as its own first comment says, run, and does what it says; and what the
# documentation shows of them is what they are.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IPC::Open2;
use Test::More;

my $neap  = abs_path($ENV{NEAP} // 'build/neap');
my $build = abs_path($ENV{NEAP_BUILD} // 'build');
my $top   = abs_path('.');
my $dir   = tempdir(CLEANUP => 1);
my $pc    = "PKG_CONFIG_PATH=$build";
my $strict = '-Wall -Wextra -Werror';
my %tried = map { $_ => 1 } 'examples/hello.lua';    # `make demo`: tested with the build

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or die "$path: $!";
    local $/;
    return <$file>;
}

# What a command writes, standard error included; it must end with $status, within two minutes.
sub output {
    my ($command, $status) = @_;
    my $text = `perl -e 'alarm 120; exec \@ARGV' sh -c '($command) 2>&1'`;
    is($? >> 8, $status // 0, $command =~ s/\Q$dir\E/DIR/gr) or diag($text);
    return $text;
}

# --- what the documentation shows ---

# [page, line, info string, text] of each fenced block.
sub blocks {
    my @found;
    for my $page (grep { -f } glob('*.md docs/*.md docs/*/*.md bindings/*.md')) {
        my ($line, $block) = (0);
        for (split /^/, slurp($page)) {
            $line++;
            if ($block && /^```\s*$/) { push @found, $block; undef $block }
            elsif ($block)            { $block->[3] .= $_ }
            elsif (/^```(.*)$/)       { $block = [$page, $line, $1, ''] }
        }
    }
    return @found;
}

my @blocks = blocks();
my $shown = 0;
for (@blocks) {
    my ($page, $line, $info, $text) = @$_;
    my ($file) = $info =~ /\bfile=(\S+)/ or next;
    ok(-f $file && slurp($file) eq $text, "$page:$line shows $file as it is");
    $shown++;
}
ok($shown >= 5, "$shown programs are shown");

# Every other block of C compiles in a function where what it names is there.
my $prelude = <<'C';
#include <errno.h>
#include <neap/extension.h>
#include <neap/neap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
extern neap_runtime *rt, *root; extern neap_options options; extern neap_error error; extern neap_remote *remote;
extern lua_State *L; extern int status, alive; extern const char *player; extern const luaL_Reg world[];
int world_tick(void); double world_time(void);
C

for (@blocks) {
    my ($page, $line, $info, $text) = @$_;
    next unless $info =~ /^c\b/ && $info !~ /file=|no-run/;
    open(my $c, '>', "$dir/block.c") or die $!;
    print $c $prelude, ($text =~ /^\w.*\)\n\{/m ? $text : "void block(void);\nvoid block(void)\n{\n$text}\n");
    close $c;
    output("$pc cc -fsyntax-only -Wall -Wno-unused $dir/block.c \$($pc pkg-config --cflags neap)");
    pass("$page:$line compiles");
}

# --- extensions: the compiler command that their comments give ---

sub build_extension {
    my ($name, $flags) = @_;
    my $source = "examples/$name/$name.c";
    my ($command) = slurp($source) =~ /^ \*\s+(cc .*)$/m;
    is($command, "cc -shared -fPIC $flags\$(pkg-config --cflags neap) $name.c -o $name.so", "$source says how to compile it");
    $tried{$_}++ for $source, "examples/$name/demo.lua";
    my $folder = "$dir/$name";
    mkdir $folder;
    output("cp examples/$name/* $folder && cd $folder && export $pc && ${\($command =~ s/^cc/cc $strict/r)}");
    return $folder;
}

subtest 'mycodec: functions, state, an operation' => sub {
    my $folder = build_extension('mycodec', '');
    my $text = output("cd $folder && $neap demo.lua");
    like(join('', sort split /^/, $text), qr/\A4e656170\n8 bytes of hex\nENOENT\tno such file\ncalled back\ttrue\nwaited for\t\d+\n\z/,
        'its demo runs');
    my ($sum) = $text =~ /waited for\t(\d+)/;
    my ($a, $b) = (1, 0);
    for (unpack 'C*', slurp("$folder/demo.lua")) { $a = ($a + $_) % 65521; $b = ($b + $a) % 65521 }
    is($sum, $b * 65536 + $a, 'the checksum is right');

    my $code = q{local c = require "mycodec" print(select(2, c.adler32("demo.lua")).code)};
    open(my $script, '>', "$folder/refused.lua") or die $!;
    print $script $code;
    close $script;
    is(output("cd $folder && $neap --sandbox --allow native refused.lua"), "EPERMISSION\n", 'a sandbox reads no file through it');
    like(output("cd $folder && $neap --sandbox refused.lua", 1), qr{needs permission "native \./mycodec\.so"},
        'nor loads it, unless allowed');

    for (['.minor = 99', 'needs a newer Neap'], ['.major = 7', 'rebuild it']) {
        my ($member, $why) = @$_;
        output("cd $folder && sed \"s/NEAP_EXTENSION(mycodec,/& $member,/\" mycodec.c >other.c && "
              . "cc -shared -fPIC \$($pc pkg-config --cflags neap) other.c -o mycodec.so");
        like(output("cd $folder && $neap -e \"require \\\"mycodec\\\"\"", 1), qr/EVERSION.*$why/, "$member: $why");
    }
};

subtest 'meter: a handle and a thread' => sub {
    my $folder = build_extension('meter', '-pthread ');
    like(output("cd $dir && $neap meter/demo.lua"), qr/\Aidle: \d+ %\nbusy: \d+ %\nETIMEDOUT\n\z/, 'its demo runs');
    open(my $script, '>', "$folder/more.lua") or die $!;
    print $script <<'LUA';
local meter, task = require "meter", require "neap.task"
local m, n = meter.open(0.01), meter.open(0.001)
local slow = meter.open(60)
task.spawn(function() print(select(2, slow:read()).code) end)
task.sleep(0)
print(select(2, slow:read()).code)                     -- EBUSY: another task reads it
slow:close()                                           -- ECANCELED, where that one waits
print(pcall(slow.read, slow))                          -- a mistake: it is closed
for _ = 1, 20 do assert(n:read()) end                  -- measurements come one after the other
m, n = nil, nil
collectgarbage() collectgarbage()                      -- the collector closes what nobody holds
local last = meter.open(0.001)                         -- and the end of the program what is still open
task.spawn(last.read, last)
task.yield()
os.exit(0)
LUA
    close $script;
    my $text = output("cd $folder && $neap more.lua");
    like($text, qr/\AEBUSY\nfalse\t.*the meter is closed.*\nECANCELED\n\z/, 'one read at a time; it closes in every state');
};

# --- programs that embed ---

sub build_program {
    my ($name) = @_;
    my $source = "examples/$name.c";
    my ($command) = slurp($source) =~ /^ \*\s+(cc .*)$/m;
    like($command, qr/^cc (?:-pthread )?examples\/$name\.c -o \w+ \$\(pkg-config --cflags --libs neap\)$/, "$source says how");
    $tried{$source}++;
    output("export $pc && ${\($command =~ s/^cc/cc $strict/r =~ s/-o (\w+)/-o $dir\/$1/r)}");
    my ($program) = $command =~ /-o (\w+)/;
    return "$dir/$program";
}

subtest 'embed: a match' => sub {
    my $program = build_program('embed');
    $tried{'examples/match.lua'}++;
    my $text = output("$program examples/match.lua");
    like($text, qr/^to ann: welcome to red\nto bob: welcome to blue\nto ann: go!\nto bob: go!\n/m, 'players are greeted');
    like($text, qr/^2\.5 s: red (?:75|87|100), blue (?:87|100)\n/m, 'ticks are heard of, hits counted');
    like($text, qr/^the match is over after 15[0-9] frames\n\z/m, 'the script ends it, on a busy machine a frame later');
    like(output("$program $dir/none.lua", 1), qr/ENOENT.*none\.lua/, 'a script that is not there is said');
};

subtest 'poll: in a foreign loop' => sub {
    my $program = build_program('poll');
    my $pid = open2(my $out, my $in, $program);
    print $in "one\n";
    is(scalar <$out>, "1 lines so far\n", 'it waits for its input');
    print $in "two\nthree\n";
    is(scalar <$out>, "3 lines so far\n", 'and for Neap');
    close $in;
    waitpid $pid, 0;
    is($?, 0, 'until the end of its input');
    like(output("sleep 1 | (time -p $program)"), qr/^user 0\.[0-3]/m, 'and sleeps when there is nothing to do');
};

subtest 'threads: results of others' => sub {
    my $text = output(build_program('threads'));
    is(join('', sort split /^/, $text), "7863 primes from 300002 to 400001\n8013 primes from 200002 to 300001\n"
          . "8392 primes from 100002 to 200001\n9592 primes from 2 to 100001\n", 'all arrive');
};

subtest 'children: limits and permissions' => sub {
    my $text = output(build_program('children'));
    like($text, qr/^own: tick\t$_$/m, "tick $_ comes, whatever others do") for 1 .. 3;
    like($text, qr/^greedy: ENOMEM/m, 'memory has a limit');
    like($text, qr/^endless:\tEPERMISSION.*fs\.read \/etc\/passwd/m, 'files need permission');
};

# --- servers ---

my @servers;
sub start {
    my ($what, @command) = @_;
    my $pid = open(my $out, '-|') // die $!;
    if (!$pid) {
        open(STDERR, '>', "$dir/errors-$what");
        exec @command or die $!;
    }
    push @servers, [$pid, $out];
    my $line = <$out> // '';
    my ($port) = $line =~ /(?:port |:)(\d+)\b/ or diag($line, slurp("$dir/errors-$what"));
    ok($port, "$what listens") or die;
    $tried{"examples/$what.lua"}++;
    return $port;
}
END { local $?; for (@servers) { kill 'TERM', $_->[0]; close $_->[1] } }

sub dial {
    my ($port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
    $socket->autoflush(1);
    return $socket;
}

# What comes until $pattern matches, the end, or a minute.
sub hear {
    my ($socket, $pattern) = @_;
    my $text = '';
    local $SIG{ALRM} = sub { die "waited in vain for $pattern: '$text'" };
    alarm 60;
    while ($text !~ $pattern) { sysread($socket, $text, 65536, length $text) or last }
    alarm 0;
    return $text;
}

sub http {
    my ($port, $method, $path, $body) = @_;
    my $socket = dial($port);
    print $socket "$method $path HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
      . (defined $body ? 'Content-Length: ' . length($body) . "\r\n" : '') . "\r\n" . ($body // '');
    my $text = hear($socket, qr/(?!)/);
    my ($status) = $text =~ m{^HTTP/1\.1 (\d+)};
    return ($status, $text =~ s/\A.*?\r\n\r\n//sr);
}

my $echo = start('echo', $neap, 'examples/echo.lua', 0);

subtest 'echo' => sub {
    my @sockets = map { dial($echo) } 1 .. 3;
    for my $i (0 .. 2) { my $s = $sockets[$i]; print $s "hello $i\n" }
    is(hear($sockets[$_], qr/\n/), "hello $_\n", "client $_ hears itself") for 2, 0, 1;
};

subtest 'relay' => sub {
    my $relay = start('relay', $neap, 'examples/relay.lua', 0, '127.0.0.1', $echo);
    my $socket = dial($relay);
    print $socket 'there and back';
    is(hear($socket, qr/back/), 'there and back', 'bytes go both ways');
    print $socket 'x' x 300000;
    shutdown $socket, 1;
    is(length hear($socket, qr/(?!)/), 300000, 'also many, and the end is passed on');
    like(output("$neap examples/relay.lua", 2), qr/^usage:/, 'without arguments it says how to call it');
};

subtest 'chat' => sub {
    my $port = start('chat', $neap, 'examples/chat.lua', 0);
    my $ann = dial($port);
    is(hear($ann, qr/\? /), 'Your name? ', 'it asks');
    print $ann "ann\n";
    my $bob = dial($port);
    is(hear($bob, qr/\? /), 'Your name? ', 'the next one too, after it has heard the first');
    print $bob "bob\r\n";
    is(hear($ann, qr/\n/), "bob has come\n", 'others are told who comes');
    print $bob "hel";
    print $bob "lo\n";
    is(hear($ann, qr/\n/), "bob: hello\n", 'hear what is said');
    close $bob;
    is(hear($ann, qr/\n/), "bob has left\n", 'and who leaves');
};

subtest 'scan' => sub {
    $tried{'examples/scan.lua'}++;
    my $first = $echo > 1024 ? $echo - 5 : $echo;
    like(output("$neap examples/scan.lua 127.0.0.1 $first " . ($echo + 5)), qr/^$echo$/m, 'an open port is found');
    like(output("$neap examples/scan.lua no-such-host.invalid 1 2", 1), qr/no-such-host\.invalid/, 'a host that is not there is said');
};

subtest 'notes' => sub {
    my $port = start('notes', $neap, 'examples/notes.lua', 0, "$dir/notes");
    is((http($port, 'GET', '/shopping'))[0], 404, 'none yet');
    is((http($port, 'PUT', '/shopping', 'milk'))[0], 204, 'one is stored');
    is_deeply([http($port, 'GET', '/shopping')], [200, 'milk'], 'and given back');
    is((http($port, 'GET', '/../passwd.txt'))[0], 404, 'from its folder only');
    is((http($port, 'PUT', '/big', 'x' x 1_100_000))[0], 413, 'too long a note is refused');
};

# --- README: its server, on a free port ---

subtest 'the first program of README' => sub {
    my ($block) = grep { $_->[0] eq 'README.md' && $_->[2] =~ /^lua\b/ } @blocks;
    plan skip_all => 'no README' unless $block;
    mkdir "$dir/readme";
    open(my $file, '>', "$dir/readme/server.lua") or die $!;
    print $file <<'LUA', $block->[3] =~ s/8080/0/r;
local http = require "neap.http"
local serve = http.serve
function http.serve(...)
  local server = serve(...)
  print("port " .. server.port)
  return server
end
LUA
    close $file;
    open($file, '>', "$dir/readme/motd") or die $!;
    print $file "be kind\n";
    close $file;
    my $port = start('readme', 'sh', '-c', "cd $dir/readme && exec $neap server.lua");
    is_deeply([http($port, 'GET', '/')], [200, "be kind\n"], 'serves');
};

# --- specs ---

for (grep { $_->[2] =~ /^lua no-run spec/ } @blocks) {
    my ($page, $line, undef, $text) = @$_;
    open(my $file, '>', "$dir/shown_spec.lua") or die $!;
    print $file $text;
    close $file;
    like(output("$neap test $dir/shown_spec.lua"), qr/^1\.\.[1-9]/m, "the spec of $page:$line passes");
}

# --- none is forgotten ---

my @programs = grep { m{\.(?:lua|c)$} } split /\n/, `find examples -type f`;
is(join(' ', grep { !$tried{$_} } sort @programs), '', 'every program of examples/ was run');

done_testing();
