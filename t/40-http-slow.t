# neap.http.serve before clients that are slow, silent, half-closed, gone, or do not read.
use strict;
use warnings;
use Errno;
use IO::Socket::INET;
use Socket qw(SHUT_WR);
use Test::More;
use Time::HiRes qw(sleep time);
use lib 't/lib';
use HTTPServer;

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

done_testing();
