# neap.http.serve before clients that speak raw bytes, and do it well; how handlers fail; how a server ends.
use strict;
use warnings;
use Errno;
use IO::Socket::INET;
use Socket qw(SHUT_WR);
use Test::More;
use Time::HiRes qw(sleep time);
use lib 't/lib';
use HTTPServer;

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

# -- bodies --

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
