# neap.http.serve and RFC 9112, section by section, with the parts of RFC 9110 that frame messages: raw bytes, and what
# must be answered. A case is a section, what it says, bytes, and the statuses that come, or a pattern for the answer.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use HTTPServer;

my $close = "Connection: close\r\n";
my $next = "GET /hello HTTP/1.1\r\n$host$close\r\n";
my $chunked = "Transfer-Encoding: chunked\r\n";
sub line { my ($first, $lines) = @_; return "$first HTTP/1.1\r\n$host" . ($lines // '') . "\r\n" }

my @cases = (
    ['9112 2.2', 'an empty line before the request is let pass', "\r\n$next", '200'],
    ['9112 2.2', 'a bare CR is no end of a line', "GET /hello HTTP/1.1\rHost: test\r\n\r\n", '400'],
    ['9112 2.2', 'white space between request line and fields', "GET /hello HTTP/1.1\r\n $host\r\n", '400'],
    ['9112 2.3', 'the version in lower case', "GET /hello http/1.1\r\n$host\r\n", '400'],
    ['9112 2.3', 'a higher minor version is served as 1.1',
        "GET /hello HTTP/1.9\r\n$host$close\r\n", qr{\AHTTP/1\.1 200 }],
    ['9112 3', 'two spaces in the request line', "GET  /hello HTTP/1.1\r\n$host\r\n", '400'],
    ['9112 3.1', 'methods are case-sensitive tokens', line('get /hello', $close), '200'],
    ['9112 3.1', 'no method', line(' /hello'), '400'],
    ['9112 3.2', 'no Host', "GET /hello HTTP/1.1\r\n\r\n", '400'],
    ['9112 3.2', 'a Host that is none', "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", '400'],
    ['9112 3.2', 'an empty Host is one', "GET /hello HTTP/1.1\r\nHost:\r\n$close\r\n", '200'],
    ['9112 3.2', 'a fragment in the target', line('GET /hello#here'), '400'],
    ['9112 3.2.2', 'absolute form', line('GET http://other/hello', $close), '200'],
    ['9112 3.2.2', 'absolute form without a path', line('GET http://other', $close), '404'],
    ['9112 3.2.3', 'authority form is for CONNECT only', line('GET test:80'), '400'],
    ['9112 3.2.3', 'CONNECT needs a port', line('CONNECT test'), '400'],
    ['9112 3.2.3', 'CONNECT that is not taken opens nothing', line('CONNECT test:80') . $next, '404'],
    ['9112 3.2.4', 'asterisk form', line('OPTIONS *', $close), '404'],
    ['9112 3.2.4', 'asterisk form is for OPTIONS only', line('GET *'), '400'],
    ['9112 5', 'a field without a colon', line('GET /hello', "X\r\n"), '400'],
    ['9112 5.1', 'white space before the colon', line('GET /hello', "X : y\r\n"), '400'],
    ['9112 5.1', 'white space around a value is none of it',
        line('POST /body', "Content-Length:  \t3 \r\n$close") . 'abc', '200'],
    ['9112 5.2', 'a folded line', line('GET /hello', "X: a\r\n\tb\r\n"), '400'],
    ['9112 6', 'without length or coding there is no body', line('POST /early') . $next, '200 200'],
    ['9112 6.1', 'chunked is the last coding, and once',
        line('POST /body', "Transfer-Encoding: chunked, chunked\r\n"), '400'],
    ['9112 6.1', 'a coding not known', line('POST /body', "Transfer-Encoding: gzip, chunked\r\n"), '501'],
    ['9112 6.1', 'names of codings in any case',
        line('POST /body', "Transfer-Encoding: CHUNKED\r\n$close") . "0\r\n\r\n", '200'],
    ['9112 6.1', 'a coding in HTTP/1.0', "POST /body HTTP/1.0\r\n$host$chunked\r\n0\r\n\r\n", '400'],
    ['9112 6.1', 'coding and length', line('POST /body', "${chunked}Content-Length: 5\r\n") . "0\r\n\r\n", '400'],
    ['9112 6.2', 'a length of more digits than a number has',
        line('POST /body', 'Content-Length: ' . '1' x 40 . "\r\n"), '400'],
    ['9112 6.3', 'chunked is not last', line('POST /body', "Transfer-Encoding: chunked, x\r\n"), '400'],
    ['9112 6.3', 'lengths that differ',
        line('POST /body', "Content-Length: 3\r\nContent-Length: 4\r\n") . 'abcd', '400'],
    ['9112 6.3', 'HEAD has no body', line('HEAD /hello') . $next, qr/Length: 13\r\n\r\nHTTP.*\r\n\r\nHello, World!\z/s],
    ['9112 6.3', '204 has no body nor length',
        line('GET /status?code=204') . $next, qr/\A(?:(?!Length).)*\r\n\r\nHTTP/s],
    ['9112 6.3', '304 has no body', line('GET /status?code=304') . $next, qr/\r\n\r\nHTTP.*\r\n\r\nHello, World!\z/s],
    ['9112 7.1', 'sizes in either case',
        line('POST /body', "$chunked$close") . "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", '200'],
    ['9112 7.1', 'leading zeros', line('POST /body', "$chunked$close") . "003\r\nabc\r\n000\r\n\r\n", '200'],
    ['9112 7.1', 'a size of no digits', line('POST /body', $chunked) . "\r\nabc\r\n", '400'],
    ['9112 7.1', 'a size that overflows', line('POST /body', $chunked) . "10000000000000000\r\nabc\r\n", '400'],
    ['9112 7.1', 'a bare LF after a size', line('POST /body', $chunked) . "3\nabc\r\n0\r\n\r\n", '400'],
    ['9112 7.1.1', 'extensions are passed by',
        line('POST /body', "$chunked$close") . "3;a;b=c;d=\"\\\"e\"\r\nabc\r\n0;z\r\n\r\n", '200'],
    ['9112 7.1.1', 'but must be such', line('POST /body', $chunked) . "3;=\r\nabc\r\n0\r\n\r\n", '400'],
    ['9112 7.1.2', 'trailers are passed by',
        line('POST /body', $chunked) . "0\r\nX: y\r\nHost: evil\r\n\r\n$next", '200 200'],
    ['9112 7.1.2', 'but must be fields', line('POST /body', $chunked) . "0\r\nX y\r\n\r\n", '400'],
    ['9112 9.3', 'HTTP/1.1 goes on', line('GET /hello') . $next, '200 200'],
    ['9112 9.3', 'HTTP/1.0 ends', "GET /hello HTTP/1.0\r\n\r\n$next", '200'],
    ['9112 9.3', 'HTTP/1.0 goes on when it asks to',
        "GET /hello HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n$next", '200 200'],
    ['9112 9.3.2', 'pipelined requests, also behind a body',
        line('POST /body', "Content-Length: 3\r\n") . "abc$next", '200 200'],
    ['9112 9.6', 'after close nothing is served', line('GET /hello', $close) . $next, '200'],
    ['9112 9.6', 'close among other options', line('GET /hello', "Connection: x, close\r\n") . $next, '200'],
    ['9112 11.1', 'a response cannot be split by what a client says', line('GET /inject?name=a%0d%0ab', $close), '500'],
    ['9112 11.2', 'a body is no request',
        line('POST /body', "Content-Length: " . length($next) . "\r\n$close") . $next, '200'],
    ['9110 5.5', 'NUL in a value', line('GET /hello', "X: a\0b\r\n"), '400'],
    ['9110 7.8', 'an upgrade nobody takes is none',
        line('GET /hello', "Upgrade: x\r\nConnection: upgrade\r\n") . $next, '200 200'],
    ['9110 8.6', 'a length with a sign', line('POST /body', "Content-Length: +3\r\n") . 'abc', '400'],
    ['9110 8.6', 'a list of lengths', line('POST /body', "Content-Length: 3, 3\r\n") . 'abc', '400'],
    ['9110 10.1.1', '100 Continue when the body is read',
        line('POST /body', "Content-Length: 0\r\nExpect: 100-continue\r\n$close"), '200'],
    ['9110 10.1.1', 'another expectation', line('POST /body', "Expect: tea\r\n"), '417'],
    ['9110 10.1.1', 'in HTTP/1.0 it is ignored',
        "POST /body HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", '200'],
    ['9110 15.5.15', 'a target that is too long', line('GET /' . 'x' x 600), '414'],
);

for my $case (@cases) {
    my ($section, $says, $bytes, $expected) = @$case;
    my ($text, $closed) = talk($bytes);
    my $statuses = join ' ', $text =~ m{HTTP/1\.1 (\d\d\d) }g;
    my $right = ref $expected ? $text =~ $expected : $statuses eq $expected;
    ok $right && $closed, "RFC $section: $says" or diag "closed: $closed, answered: $text";
}
ok alive(), 'and the server goes on';

done_testing();
