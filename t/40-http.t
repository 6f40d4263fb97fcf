# neap.http.serve before clients that speak raw bytes: well, slowly, wrongly, with bad intent, or not at all.
use strict;
use warnings;
use Errno;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use Socket qw(SO_LINGER SO_RCVBUF SOL_SOCKET SHUT_WR pack_sockaddr_in inet_aton);
use Test::More;
use Time::HiRes qw(sleep time);

my $neap = $ENV{NEAP} // 'build/neap';
my $dir = tempdir(CLEANUP => 1);
my $host = "Host: test\r\n";

# -- the server under test: a script, its port on standard output, its reports on standard error --

open(my $script, '>', "$dir/server.lua") or die $!;
print $script <<'LUA';
local http, task = require "neap.http", require "neap.task"

local kept, left, stopped = nil, "nobody", task.channel(1)
local handled = 0

local routes = {
  ["/hello"] = function() return "Hello, World!" end,
  ["/json"] = function() return { answer = 42 } end,
  ["/nothing"] = function() end,
  ["/raise"] = function() error("a mistake of the handler") end,
  ["/fail"] = function() return nil, require("neap.errors").new("EWRONG", "it went wrong") end,
  ["/number"] = function() return 42 end,
  ["/handled"] = function() return tostring(handled) end,
  ["/left"] = function() return left end,
  ["/body"] = function(request) return assert(request:body()) end,
  ["/early"] = function() return "early" end,
  ["/pieces"] = function(_, response)
    for i = 1, 3 do response:write("piece " .. i .. "\n") end
  end,
  ["/promise"] = function(request, response)
    response.headers["content-length"] = 10
    response:write(request.query.give or "0123456789")
  end,
  ["/broken"] = function(_, response)
    response:write "begun"
    error("a mistake after the head has gone")
  end,
  ["/status"] = function(request, response)
    response.status = tonumber(request.query.code)
    return "a body"
  end,
  ["/close"] = function(_, response)
    response.headers.Connection = "close"
    return "bye"
  end,
  ["/sleep"] = function() task.sleep(0.3) return "slept" end,
  ["/wait"] = function()
    left = "waiting"
    local ok, err = task.sleep(20)
    left = ok and "nobody" or err.code
  end,
  ["/till_stopped"] = function()
    left = "till stopped"
    stopped:receive()
    return "stopped"
  end,
  ["/later"] = function(_, response)
    task.spawn(function() task.sleep(0.05) pcall(function() response:send "from another task" end) end)
    task.sleep(0.1)
  end,
  ["/callback"] = function(_, response)
    task.sleep(0.05, function() response:send "from an operation's callback" end)
  end,
  ["/large"] = function(request) return string.rep("x", tonumber(request.query.size)) end,
  ["/endless"] = function(_, response)
    left = "writing"
    local piece = string.rep("y", 10000)
    while true do
      local ok, err = response:write(piece)
      if not ok then left = err.code return end
    end
  end,
  ["/inject"] = function(request, response) response.headers["X-Name"] = request.query.name return "set" end,
  ["/again"] = function(request)
    left = "reading"
    pcall(request.body, request)
    task.shield(3, function() left = "again " .. select(2, request:body()).code end)
  end,
  ["/keep"] = function(request) kept = request return "kept" end,
  ["/kept"] = function() return select(2, pcall(function() return kept.path end)) end,
}

local function handle(request, response)
  handled = handled + 1
  local route = routes[request.path]
  if route then return route(request, response) end
end

local server = assert(http.serve({
  host = "127.0.0.1", port = 0, max_body = 1000, max_headers = 20, max_header_bytes = 2048, max_target = 512,
  header_timeout = 0.4, idle_timeout = 1.5, body_timeout = 0.4, write_timeout = 1,
}, handle))

-- One that is long idle but soon tired of a client that does not read, and one the other way round.
local patient = assert(http.serve({ host = "127.0.0.1", idle_timeout = 60, write_timeout = 1 }, handle))
local hasty = assert(http.serve({ host = "127.0.0.1", idle_timeout = 0.3, write_timeout = 20 }, handle))

routes["/stop"] = function()
  patient:close()
  hasty:close()
  server:close()
  stopped:send(true)
  return "stopping"
end
print(server.port, patient.port, hasty.port)
LUA
close $script;

my $pid = open(my $output, '-|') // die $!;
if (!$pid) {
    open(STDERR, '>', "$dir/reports") or die $!;
    exec $neap, "$dir/server.lua" or die $!;
}
my $ports = <$output> // do { system 'cat', "$dir/reports"; BAIL_OUT('the server does not start') };
my ($port, $patient, $hasty) = split ' ', $ports;

sub reports { local (@ARGV, $/) = "$dir/reports"; my $text = <>; return $text // '' }

# -- clients --

sub dial {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_[0] // $port) or die "connect: $!";
    $socket->autoflush(1);
    return $socket;
}

# One whose kernel takes little of what it does not read.
sub dial_narrow {
    my $socket = IO::Socket::INET->new(Proto => 'tcp');
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096;
    connect $socket, pack_sockaddr_in($_[0] // $port, inet_aton('127.0.0.1')) or die $!;
    return $socket;
}

# Everything that comes until the server closes, or until $enough matches, or for longer than any server may need.
sub hear {
    my ($socket, $enough) = @_;
    my ($text, $end, $select) = ('', time + 30, IO::Select->new($socket));
    while ((my $rest = $end - time) > 0) {
        last unless $select->can_read($rest);
        my $n = sysread $socket, $text, 65536, length $text;
        return wantarray ? ($text, 1) : $text unless $n;
        last if $enough && $text =~ $enough;
    }
    return wantarray ? ($text, 0) : $text;
}

# What a client that says all at once, and then no more but keeps listening, is told; whether the server closed.
sub talk {
    my ($bytes, $enough) = @_;
    my $socket = dial();
    local $SIG{PIPE} = 'IGNORE';
    print $socket $bytes;
    return hear($socket, $enough);
}

sub get { my ($path) = @_; return scalar talk("GET $path HTTP/1.1\r\n${host}Connection: close\r\n\r\n") }
sub body_of { my ($text) = @_; return $text =~ /\r\n\r\n(.*)\z/s ? $1 : undef }
sub alive { return body_of(get('/hello')) eq 'Hello, World!' }

# -- well-behaved --

subtest 'a response is complete' => sub {
    my $text = get('/hello');
    like $text, qr{\AHTTP/1\.1 200 OK\r\n}, 'status line';
    like $text, qr{\r\nContent-Type: text/plain; charset=utf-8\r\n}, 'type of a returned string';
    like $text, qr{\r\nDate: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n}, 'date';
    like $text, qr{\r\nContent-Length: 13\r\n}, 'length';
    is body_of($text), 'Hello, World!', 'body';
    like get('/json'), qr{Content-Type: application/json\r\n.*\r\n\r\n\{"answer":42\}\z}s, 'a table is JSON';
};

subtest 'a connection goes on' => sub {
    my $socket = dial();
    for my $i (1 .. 3) {
        print $socket "GET /hello HTTP/1.1\r\n$host\r\n";
        my ($text, $closed) = hear($socket, qr/World!/);
        is body_of($text), 'Hello, World!', "request $i";
        ok !$closed && $text !~ /Connection:/, 'and it stays open without a word';
    }
    my ($text, $closed) = talk("GET /close HTTP/1.1\r\n$host\r\n");
    ok $closed && $text =~ /\r\nConnection: close\r\n/, 'until the handler says close';
};

subtest 'pipelined requests are answered in order, in one piece' => sub {
    my $socket = dial();
    print $socket join '', map { "GET /promise?give=number-" . sprintf('%03d', $_) . " HTTP/1.1\r\n$host\r\n" } 1 .. 40;
    my $first = '';
    sysread $socket, $first, 1 << 20;
    is +(() = $first =~ m{HTTP/1\.1 200}g), 40, 'all in the first read';
    is join(',', $first =~ /number-(\d+)/g), join(',', map { sprintf '%03d', $_ } 1 .. 40), 'in order';
    my $text = talk("GET /sleep HTTP/1.1\r\n$host\r\nGET /hello HTTP/1.1\r\n$host\r\n", qr/World!/);
    like $text, qr/slept.*World!/s, 'the second waits for a slow first one';
    my $second = dial();
    print $second "GET /hello HTTP/1.1\r\n$host\r\nGET /wait HTTP/1.1\r\n$host\r\n";
    is body_of(scalar hear($second, qr/World!/)), 'Hello, World!', 'the first does not wait for a slow second one';
    ok wait_for('waiting'), 'which runs meanwhile';
    reset_by($second);
    ok wait_for('ECONNRESET'), 'and ends with its client';
    $text = talk("GET /hello HTTP/1.1\r\n$host\r\n" x 3000 . "GET /close HTTP/1.1\r\n$host\r\n", qr/bye/);
    is +(() = $text =~ /World!/g), 3000, 'three thousand at once';
};

subtest 'a request may come byte by byte' => sub {
    my $socket = dial($patient);
    for my $byte (split //, "POST /body HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n") {
        print $socket $byte;
        sleep 0.001;
    }
    is body_of(scalar hear($socket, qr/abcde/)), 'abcde', 'chunked body too';
};

subtest 'HTTP/1.0' => sub {
    my ($text, $closed) = talk("GET /hello HTTP/1.0\r\n\r\n");
    ok $closed && $text =~ /Connection: close\r\n/, 'ends by itself';
    ($text, $closed) = talk("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", qr/World!/);
    ok !$closed && $text =~ /Connection: keep-alive\r\n/, 'goes on when asked to';
    ($text, $closed) = talk("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ok $closed && $text !~ /chunked/i && body_of($text) eq "piece 1\npiece 2\npiece 3\n", 'pieces end with the connection';
};

subtest 'responses without a body' => sub {
    my $text = talk("HEAD /hello HTTP/1.1\r\n$host\r\nGET /nothing HTTP/1.1\r\n${host}Connection: close\r\n\r\n");
    like $text, qr{\AHTTP/1\.1 200 OK\r\n.*Content-Length: 13\r\n\r\nHTTP/1\.1 404 Not Found\r\n}s, 'HEAD: the head GET has';
    $text = talk("HEAD /pieces HTTP/1.1\r\n${host}Connection: close\r\n\r\n");
    is body_of($text), '', 'HEAD of pieces';
    for my $code (204, 304) {
        $text = get("/status?code=$code");
        ok $text =~ /\AHTTP\/1\.1 $code / && body_of($text) eq '' && $text !~ /Content-Length/, "status $code";
    }
};

subtest 'responses in pieces' => sub {
    my $text = get('/pieces');
    like $text, qr{\r\nTransfer-Encoding: chunked\r\n}, 'chunked';
    is body_of($text), "8\r\npiece 1\n\r\n8\r\npiece 2\n\r\n8\r\npiece 3\n\r\n0\r\n\r\n", 'each a chunk, and the last';
    $text = get('/promise');
    ok $text !~ /chunked/ && body_of($text) eq '0123456789', 'a length that was promised';
    my ($short, $closed) = talk("GET /promise?give=short HTTP/1.1\r\n$host\r\n");
    ok $closed && body_of($short) eq 'short', 'and not kept: the connection ends';
    like get('/promise?give=more-than-ten'), qr/\r\n\r\n\z/, 'no byte more than promised';
};

subtest 'large responses' => sub {
    for my $size (1, 16383, 16384, 100_000, 5_000_000) {
        is length(body_of(get("/large?size=$size"))), $size, "$size bytes";
    }
};

# -- handlers that fail, wait, or answer late --

subtest 'failures are answered and reported' => sub {
    like get('/nothing'), qr{\AHTTP/1\.1 404 Not Found\r\n}, 'nothing sent';
    for my $case (['/raise', 'a mistake of the handler'], ['/fail', 'it went wrong'], ['/number', 'returned a number'],
                  ['/inject?name=a%0d%0aX-Evil:%201', 'control character']) {
        my ($path, $report) = @$case;
        my $text = get($path);
        like $text, qr{\AHTTP/1\.1 500 Internal Server Error\r\n}, "$path: 500";
        unlike $text, qr/Evil|mistake|wrong/, 'without a word of the reason';
        like reports(), qr/\Q$report\E/, 'which is reported';
    }
    my ($text, $closed) = talk("GET /broken HTTP/1.1\r\n$host\r\n");
    ok $closed && $text =~ /begun/ && $text !~ /0\r\n\r\n\z/, 'after the head: the body stays incomplete';
    like reports(), qr/after the head has gone/, 'and it is reported';
    my $old = dial();
    print $old "GET /broken HTTP/1.0\r\n\r\n";
    my $n;
    while ($n = sysread $old, my $bytes, 65536) { }
    ok !defined $n && $!{ECONNRESET}, 'where the end of the connection is that of the body: a reset';
    ok alive(), 'the server goes on';
};

subtest 'a request lasts as long as what it started' => sub {
    is body_of(get('/later')), 'from another task', 'another task answers';
    is body_of(get('/callback')), "from an operation's callback", 'a callback answers after the handler has returned';
    get('/keep');
    like get('/kept'), qr/the request is over/, 'afterwards its objects raise';
};

# -- bodies --

sub post { my ($body, $head) = @_; return "POST /body HTTP/1.1\r\n$host" . ($head // 'Content-Length: ' . length($body) . "\r\n") . "\r\n$body" }

subtest 'bodies of requests' => sub {
    is body_of(scalar talk(post('abc'), qr/abc/)), 'abc', 'with a length';
    is body_of(scalar talk(post('x' x 1000), qr/x{1000}/)), 'x' x 1000, 'as large as allowed';
    my ($text, $closed) = talk(post('x' x 1001));
    ok $closed && $text =~ m{\AHTTP/1\.1 413 .*Connection: close}s, 'larger: 413';
    ($text, $closed) = talk(post('', "Transfer-Encoding: chunked\r\n") . "3e9\r\n" . 'x' x 1001 . "\r\n0\r\n\r\n");
    ok $closed && $text =~ m{\AHTTP/1\.1 413 }, 'chunked and larger: 413';
    ($text, $closed) = talk(post('', "Content-Length: 1000000000\r\n"));
    ok $closed && $text =~ m{\AHTTP/1\.1 413 }, 'announced larger: 413 at once';
    ($text, $closed) = talk(post('xx', "Transfer-Encoding: chunked\r\n"));
    ok $closed && $text =~ m{\AHTTP/1\.1 400 }, 'not chunked as it should be: 400';
    unlike reports(), qr/EPARSE|ELIMIT/, 'none of which is a report';
};

subtest 'Expect: 100-continue' => sub {
    my $socket = dial();
    print $socket post('', "Content-Length: 3\r\nExpect: 100-continue\r\n");
    is scalar(hear($socket, qr/\r\n\r\n/)), "HTTP/1.1 100 Continue\r\n\r\n", 'is answered when the body is asked for';
    print $socket 'abc';
    like scalar(hear($socket, qr/abc/)), qr{\AHTTP/1\.1 200 OK\r\n}, 'then the response';
    my ($text, $closed) = talk("POST /early HTTP/1.1\r\n${host}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    ok $closed && $text =~ m{\AHTTP/1\.1 200 .*early}s, 'nobody asks: the final answer, and the end';
    $text = talk(post('', "Content-Length: 2000\r\nExpect: 100-continue\r\n"));
    like $text, qr{\AHTTP/1\.1 413 }, 'too large: refused without asking for it';
    like talk(post('', "Content-Length: 3\r\nExpect: tea\r\n")), qr{\AHTTP/1\.1 417 }, 'another expectation: 417';
};

subtest 'a body that nobody reads' => sub {
    my $two = sub { my ($head, $body) = @_;
        "POST /early HTTP/1.1\r\n$host$head\r\n$body" . "GET /hello HTTP/1.1\r\n${host}Connection: close\r\n\r\n" };
    like talk($two->("Content-Length: 5000\r\n", 'GET /evil HTTP/1.1' . 'x' x 4982)), qr/early.*World!/s, 'is skipped';
    like talk($two->("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n")), qr/early.*World!/s, 'chunked too';
    my ($text, $closed) = talk("POST /early HTTP/1.1\r\n${host}Content-Length: 10000000\r\n\r\n" . 'x' x 300_000);
    ok $closed && $text =~ /Connection: close.*early/s, 'is too large to be skipped: the answer arrives, and the end';
    ($text, $closed) = talk("POST /early HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    ok $closed && $text =~ m{\AHTTP/1\.1 200 .*early\z}s, 'is no body: the answer stands, and is the last';
};

# -- slow, silent, half-closed, gone --

subtest 'slow and silent clients' => sub {
    my $begun = time;
    my ($text, $closed) = talk("GET /hello HTTP/1.1\r\nHo");
    ok $closed && $text =~ m{\AHTTP/1\.1 408 }, 'half a head: 408';
    ok time - $begun > 0.3, 'after header_timeout';
    my $socket = dial();
    local $SIG{PIPE} = 'IGNORE';
    for (1 .. 40) { print $socket 'x' or last; sleep 0.05; }
    like scalar(hear($socket)), qr{\A(?:HTTP/1\.1 408 .*)?\z}s, 'drop by drop: no better';
    ($text, $closed) = talk(post('ab', "Content-Length: 3\r\n"));
    ok $closed && $text =~ m{\AHTTP/1\.1 408 }, 'half a body: 408';
    ($text, $closed) = talk('');
    ok $closed && $text eq '', 'not a byte: closed without one';
    ($text, $closed) = talk("GET /hello HTTP/1.1\r\n$host\r\n");
    ok $closed && $text =~ /World!\z/, 'silent after a request: closed';
};

subtest 'a half-closed client gets its answer' => sub {
    my $socket = dial();
    print $socket "GET /sleep HTTP/1.1\r\n$host\r\nGET /hello HTTP/1.1\r\n$host\r\n";
    shutdown $socket, SHUT_WR;
    my ($text, $closed) = hear($socket);
    like $text, qr/slept.*World!/s, 'every one';
    ok $closed, 'and then the end';
    $socket = dial();
    print $socket "POST /body HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nab";
    shutdown $socket, SHUT_WR;
    like scalar(hear($socket)), qr{\AHTTP/1\.1 400 }, 'but 400 for half a body';
    $socket = dial();
    print $socket "POST /early HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nab";
    shutdown $socket, SHUT_WR;
    like scalar(hear($socket)), qr{early\z}, 'unless nobody asked for it';
};

sub reset_by { my ($socket) = @_; setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0); close $socket }

sub wait_for { my ($what, $times) = @_;
    for (1 .. $times // 500) { return 1 if body_of(get('/left')) eq $what; sleep 0.02 }
    return 0;
}

subtest 'a client that leaves cancels its handler' => sub {
    my $socket = dial();
    print $socket "GET /wait HTTP/1.1\r\n$host\r\n";
    ok wait_for('waiting'), 'it waits';
    reset_by($socket);
    ok wait_for('ECONNRESET'), 'and is woken with ECONNRESET';
    $socket = dial();
    print $socket "GET /endless HTTP/1.1\r\n$host\r\n";
    hear($socket, qr/yyy/);
    close $socket;
    ok wait_for('ECONNRESET'), 'one that writes finds out';
    $socket = dial($patient);
    print $socket "POST /again HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nhalf";
    ok wait_for('reading'), 'one that waits for the body';
    reset_by($socket);
    ok wait_for('again ECONNRESET'), 'is told as often as it asks';
    $socket = dial();
    $socket->blocking(0);
    syswrite $socket, "POST /wait HTTP/1.1\r\n${host}Content-Length: 1000000\r\n\r\n" . 'x' x 1_000_000;
    ok wait_for('waiting'), 'one that leaves more unread than we hold';
    reset_by($socket);
    ok wait_for('ECONNRESET'), 'is cancelled too';
    kill 'STOP', $pid;
    $socket = dial();
    print $socket "GET /wait HTTP/1.1\r\n$host\r\n";
    reset_by($socket);
    kill 'CONT', $pid;
    ok !wait_for('waiting', 10), 'one that has left before it was seen is not even begun with';
    unlike reports(), qr/ECONNRESET|ECANCELED/, 'nobody has made a mistake';
};

subtest 'a client that does not read' => sub {
    my $socket = dial_narrow();
    syswrite $socket, "GET /endless HTTP/1.1\r\n$host\r\n";
    ok wait_for('writing'), 'its handler writes, and waits';
    ok wait_for('ECONNRESET'), 'until write_timeout';
    my $flood = dial();
    $flood->blocking(0);
    local $SIG{PIPE} = 'IGNORE';
    my ($sent, $end) = (0, time + 2);
    while (time < $end) { $sent += syswrite($flood, "GET /large?size=60000 HTTP/1.1\r\n$host\r\n" x 100) // 0; sleep 0.001 }
    open(my $status, '<', "/proc/$pid/status") or plan skip_all => 'no /proc';
    my ($resident) = map { /VmRSS:\s+(\d+)/ } <$status>;
    cmp_ok $resident, '<', 100_000 * ($neap =~ /sanitize/ || ($ENV{NEAP_BUILD} // '') =~ /sanitize/ ? 5 : 1),
        'one that pipelines for ever costs the server little';
    ok alive(), 'and the others nothing';
};

# Whether the server lets go, sooner or later, of a client that never reads, but sends.
sub lets_go {
    my ($socket, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $socket->blocking(0);
    my $end = time + 15;
    while (time < $end) {
        return 1 if !defined syswrite($socket, $bytes) && !$!{EAGAIN};
        sleep 0.01;
    }
    return 0;
}

subtest 'a client that does not read is held to write_timeout in every phase' => sub {
    my $socket = dial_narrow($patient);
    syswrite $socket, "GET /endless HTTP/1.1\r\n$host\r\n";
    ok wait_for('writing') && wait_for('ECONNRESET'), 'while a handler writes, whatever timer was there before';
    $socket = dial_narrow($patient);
    syswrite $socket, "GET /large?size=20000000 HTTP/1.1\r\n$host\r\n";
    ok lets_go($socket, "\r\n"), 'when the answer is complete';
    for my $case (['x', 'drop by drop'], ['x' x 65536, 'as fast as it can']) {
        $socket = dial_narrow($patient);
        syswrite $socket, "GET /large?size=20000000 HTTP/1.1\r\n${host}Connection: close\r\n\r\n";
        ok lets_go($socket, $case->[0]), "when it is the last one, and the client sends, $case->[1]";
    }
    ok alive(), 'and the others are served';
};

# Reads $count answers with bodies of $size bytes, slowly, so that it takes more than a second and a half.
sub sip {
    my ($socket, $count, $size) = @_;
    my ($text, $all) = ('', $count * $size);
    while (length $text < $all) {
        sysread($socket, $text, int($count * $size / 200), length $text) or last;
        $all = $count * ($size + index($text, "\r\n\r\n") + 4);
        sleep 0.01;
    }
    return $text;
}

subtest 'a client that reads slowly gets all' => sub {
    my $socket = dial($patient);
    print $socket "GET /large?size=30000000 HTTP/1.1\r\n$host\r\n";
    is length(body_of(sip($socket, 1, 30_000_000))), 30_000_000, 'of one large answer';
    $socket = dial($hasty);
    print $socket "GET /large?size=200000 HTTP/1.1\r\n$host\r\n" x 80;
    is +(() = sip($socket, 80, 200_000) =~ m{HTTP/1\.1 200}g), 80, 'of many, while the next requests wait for it to read';
    $socket = dial_narrow();
    syswrite $socket, "GET /large?size=300000 HTTP/1.1\r\n${host}Connection: close\r\n\r\n";
    sleep 0.1;
    syswrite $socket, "GET /hello HTTP/1.1\r\n$host\r\n";
    sleep 0.1;
    is length(body_of(scalar hear($socket))), 300_000, 'of the last, when it has sent another request meanwhile';
};

# -- wrong, or hostile: each is answered and closed, and what follows it is never handled --

my %wrong = (
    'no version' => ["GET /hello\r\n$host\r\n", 400],
    'HTTP/2' => ["GET /hello HTTP/2.0\r\n$host\r\n", 505],
    'HTTP/2 preface' => ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    'TLS' => ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    'no Host' => ["GET /hello HTTP/1.1\r\n\r\n", 400],
    'two Hosts' => ["GET /hello HTTP/1.1\r\n$host$host\r\n", 400],
    'a bare LF' => ["GET /hello HTTP/1.1\n$host\n", 400],
    'space before the colon' => ["POST /body HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello", 400],
    'a folded line' => ["GET /hello HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n", 400],
    'NUL in a value' => ["GET /hello HTTP/1.1\r\n${host}X: a\0b\r\n\r\n", 400],
    'CR in a value' => ["GET /hello HTTP/1.1\r\n${host}X: a\rb\r\n\r\n", 400],
    'two lengths' => [post('hello', "Content-Length: 5\r\nContent-Length: 6\r\n"), 400],
    'a list of lengths' => [post('hello', "Content-Length: 5, 5\r\n"), 400],
    'a signed length' => [post('hello', "Content-Length: +5\r\n"), 400],
    'a hexadecimal length' => [post('hello', "Content-Length: 0x5\r\n"), 400],
    'a length of 2^64' => [post('hello', "Content-Length: 18446744073709551621\r\n"), 400],
    'length and chunked' => [post("0\r\n\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400],
    'chunked and length' => [post("0\r\n\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400],
    'chunked twice' => [post("0\r\n\r\n", "Transfer-Encoding: chunked, chunked\r\n"), 400],
    'chunked not last' => [post("0\r\n\r\n", "Transfer-Encoding: chunked, gzip\r\n"), 400],
    'another coding' => [post("0\r\n\r\n", "Transfer-Encoding: gzip, chunked\r\n"), 501],
    'a vertical tab in the coding' => [post("0\r\n\r\n", "Transfer-Encoding: \x0bchunked\r\n"), 400],
    'chunked in HTTP/1.0' => ["POST /body HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
    'a chunk size with 0x' => [post("0x3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), 400],
    'a chunk size with a sign' => [post("-3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), 400],
    'a chunk size too large' => [post("fffffffffffffffff\r\nabc\r\n", "Transfer-Encoding: chunked\r\n"), 400],
    'a chunk longer than its size' => [post("3\r\nabcd\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), 400],
    'a chunk line that ends with LF' => [post("3\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), 400],
    'a bad escape in the path' => ["GET /%zz HTTP/1.1\r\n$host\r\n", 400],
    'NUL in the path' => ["GET /hello%00 HTTP/1.1\r\n$host\r\n", 400],
    'a path without a slash' => ["GET hello HTTP/1.1\r\n$host\r\n", 400],
    'CONNECT' => ["CONNECT test:443 HTTP/1.1\r\n$host\r\n", 501],
    'a method too long' => ['X' x 40 . " /hello HTTP/1.1\r\n$host\r\n", 501],
    'a target too long' => ['GET /' . 'x' x 600 . " HTTP/1.1\r\n$host\r\n", 414],
    'a head too large' => ["GET /hello HTTP/1.1\r\n${host}X: " . 'x' x 3000 . "\r\n\r\n", 431],
    'a head without end' => ["GET /hello HTTP/1.1\r\n${host}" . 'X: y' x 200_000, 431],
    'too many fields' => ["GET /hello HTTP/1.1\r\n$host" . "X: y\r\n" x 30 . "\r\n", 431],
);

for my $name (sort keys %wrong) {
    my ($bytes, $status) = @{$wrong{$name}};
    my ($text, $closed) = talk($bytes . "GET /evil HTTP/1.1\r\n$host\r\n");
    my @statuses = $text =~ m{^HTTP/1\.1 (\d+)}mg;
    ok "@statuses" eq $status && $closed, "$name: $status, and the end" or diag "got @statuses, closed: $closed";
}

subtest 'a refusal comes after the answers before it' => sub {
    my ($text, $closed) = talk("GET /sleep HTTP/1.1\r\n$host\r\nGET /hello HTTP/1.1\r\nHost : a\r\n\r\n");
    like $text, qr{slept.*HTTP/1\.1 400 }s, 'in order';
    ok $closed, 'and it is the last';
};

subtest 'many at once' => sub {
    my @clients = map { dial() } 1 .. 300;
    print $_ "GET /sleep HTTP/1.1\r\n$host\r\n" for @clients;
    is scalar(grep { hear($_, qr/slept/) =~ /slept/ } @clients), 300, 'all are answered';
    reset_by($_) for @clients;
    @clients = map { dial() } 1 .. 300;
    print $_ "GET /wait HTTP/1.1\r\n$host\r\n" x 3 for @clients;
    reset_by($_) for @clients;
    ok alive(), 'all leave at once';
};

# -- the end --

subtest 'a server that closes' => sub {
    my ($idle, $busy) = (dial(), dial());
    print $busy "GET /till_stopped HTTP/1.1\r\n$host\r\nGET /hello HTTP/1.1\r\n$host\r\n";
    ok wait_for('till stopped'), 'while one request runs';
    print $idle "GET /hello HTTP/1.1\r\n$host\r\n";
    hear($idle, qr/World!/);
    like get('/stop'), qr/stopping/, 'answers what made it close';
    my ($text, $closed) = hear($idle);
    ok $closed && $text eq '', 'closes idle connections';
    ($text, $closed) = hear($busy);
    ok $closed && $text =~ /Connection: close.*stopped\z/s, 'answers what runs, and takes no more';
    ok !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port), 'accepts nobody';
    close $_ for $idle, $busy;
    my $begun = time;
    waitpid $pid, 0;
    is $?, 0, 'and with nothing left to do the script ends';
    cmp_ok time - $begun, '<', 15, 'soon: no handler waits for a client that has left';
    my $reports = reports();
    unlike $reports, qr/AddressSanitizer|runtime error|LeakSanitizer/, 'no sanitizer complains';
};

subtest 'a program that ends in the middle of an answer' => sub {
    open(my $file, '>', "$dir/exits.lua") or die $!;
    print $file <<'LUA';
local http, task = require "neap.http", require "neap.task"
local server = assert(http.serve({ host = "127.0.0.1" }, function(_, response)
  response:write "begun"
  task.sleep(0.1, function() os.exit(0) end)
  task.sleep(10)
end))
print(server.port)
LUA
    close $file;
    open(my $out, '-|', 'timeout', 60, $neap, "$dir/exits.lua") or die $!;
    my $socket = dial(0 + <$out>);
    print $socket "GET / HTTP/1.1\r\n$host\r\n";
    my ($text, $closed) = hear($socket);
    ok $closed && $text =~ /5\r\nbegun\r\n\z/, 'does not let it look complete';
    close $out;
    is $?, 0, 'and ends';
};

done_testing();
