# neap.http.serve before clients that are wrong, or hostile.
use strict;
use warnings;
use Errno;
use IO::Socket::INET;
use Socket qw(SHUT_WR);
use Test::More;
use Time::HiRes qw(sleep time);
use lib 't/lib';
use HTTPServer;

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

done_testing();
