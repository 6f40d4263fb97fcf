# The server of t/lua/http_server.lua and clients that speak raw bytes to it: use lib 't/lib'; use HTTPServer;
# A client's functions take the port of another of its servers: $patient is long idle but soon tired of a client that
# does not read, $hasty is the other way round.
package HTTPServer;
use strict;
use warnings;
use Exporter 'import';
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use Socket qw(SO_LINGER SO_RCVBUF SOL_SOCKET pack_sockaddr_in inet_aton);
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw($neap $dir $host $pid $port $patient $hasty
    reports dial dial_narrow hear talk get body_of alive post reset_by wait_for);

our $neap = $ENV{NEAP} // 'build/neap';
our $dir = tempdir(CLEANUP => 1);
our $host = "Host: test\r\n";

our $output; # closing it would wait for the server
our $pid = open($output, '-|') // die $!;
if (!$pid) {
    open(STDERR, '>', "$dir/reports") or die $!;
    exec $neap, 't/lua/http_server.lua' or die $!;
}
my $ports = <$output> // do { system 'cat', "$dir/reports"; BAIL_OUT('the server does not start') };
our ($port, $patient, $hasty) = split ' ', $ports;

END { my $status = $?; kill 'KILL', $pid if $pid; $? = $status }

sub reports { local (@ARGV, $/) = "$dir/reports"; my $text = <>; return $text // '' }

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

# A request with a body; $head are the lines that frame it.
sub post {
    my ($body, $head) = @_;
    $head //= 'Content-Length: ' . length($body) . "\r\n";
    return "POST /body HTTP/1.1\r\n$host$head\r\n$body";
}

sub reset_by { my ($socket) = @_; setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0); close $socket }

sub wait_for { my ($what, $times) = @_;
    for (1 .. $times // 500) { return 1 if body_of(get('/left')) eq $what; sleep 0.02 }
    return 0;
}

1;
