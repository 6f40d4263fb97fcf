# The request parser beside Node's: the same made and mutated requests, accepted or refused, and what was understood.
# A difference is in t/http/differences.txt with its reason, or it is a mistake of ours. REQUESTS and SEED say how many.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my $count = $ENV{REQUESTS} // 4000;
my $seed = $ENV{SEED} // 20240501;
plan skip_all => 'no node' if system('node --version >/dev/null 2>&1');

my $dir = tempdir(CLEANUP => 1);
my @parser = glob 'bindings/http/{parser,fields,chunks,target}.c';
is system($ENV{CC} || 'cc', qw(-std=c11 -O1 -o), "$dir/judge", 't/c/http_judge.c', @parser), 0, 'our judge compiles'
    or BAIL_OUT('no compiler');

# -- requests: sound ones of every kind, then up to three mutations --

srand $seed;
sub pick { return $_[rand @_] }

sub chunked { my ($body) = @_;
    my $text = '';
    $text .= sprintf("%x%s\r\n%s\r\n", length $_, pick('', '', '', ';a', ';a=b', ';a="b;c"'), $_)
        for grep { length } unpack '(a' . (1 + int rand 9) . ')*', $body;
    return $text . "0\r\n" . pick('', '', "X-Sum: 1\r\n") . "\r\n";
}

sub sound {
    my $method = pick(qw(GET GET POST PUT DELETE OPTIONS HEAD PATCH));
    my $target = pick('/', '/a', '/a/b?c=d&e', '/%41%2f', 'http://a.example/x', 'http://a.example', '/a//b;c=d', '*');
    $target = '/' if $target eq '*' && $method ne 'OPTIONS';
    my @lines = ('Host: ' . pick('a', 'a.example:80', '[::1]:8080', '127.0.0.1'));
    push @lines, pick('Accept: */*', 'X-Empty:', 'X-Space:   a b  ', "X-Tab:\tx", 'Cookie: a=1; b=2',
        'Expect: 100-continue', 'Connection: close', 'Connection: keep-alive', 'User-Agent: test/1 (x)',
        "X-High: \xe4\xff", 'TE: trailers')
        for 1 .. rand 4;
    my $body = join '', map { chr(97 + rand 26) } 1 .. rand 30;
    if ($method =~ /^P/) {
        my $is_chunked = rand() < 0.5;
        my $length = 'Content-Length: ' . length $body;
        push @lines, $is_chunked ? 'Transfer-Encoding: ' . pick('chunked', 'Chunked') : $length;
        $body = chunked($body) if $is_chunked;
    } else { $body = '' }
    my @order = sort { rand() <=> 0.5 } @lines;
    return "$method $target HTTP/1." . pick(1, 1, 1, 0) . "\r\n" . join('', map { "$_\r\n" } @order) . "\r\n$body";
}

my @pieces = (
    "\r", "\n", "\r\n", ' ', "\t", ':', ';', ',', "\0", "\x7f", "\x80", '0', 'x', '/', '?', '#', '%', '%zz',
    '"', "\r\n\r\n", "\r\n X", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n", '+',
    '-1', '0x', 'chunked', 'HTTP/1.1', 'HTTP/2.0', '@', '[', ']', "\x0b", 'Connection: upgrade', 'Upgrade: x',
    '*', '//', "Content-Length: +1\r\n", "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
    "Expect: x\r\n",
);

sub mutate { my ($text) = @_;
    my $at = int rand length $text;
    my $kind = int rand 4;
    if    ($kind == 0) { substr $text, $at, 0, pick(@pieces) }
    elsif ($kind == 1) { substr $text, $at, 1, '' }
    elsif ($kind == 2) { substr $text, $at, 1, pick(@pieces) }
    else               { my $line = index $text, "\r\n", $at; substr $text, $line + 2, 0, pick(@pieces) if $line >= 0 }
    return $text;
}

my @requests = map { my $text = sound(); $text = mutate($text) for 1 .. rand 4; $text } 1 .. $count;
# -- verdicts --

sub verdicts { my ($command) = @_;
    open(my $file, '>:raw', "$dir/requests") or die $!;
    print $file length($_) . "\n$_" for @requests;
    close $file;
    my @lines = split /\n/, `$command <$dir/requests`;
    is scalar @lines, $count, "$command judges all";
    return @lines;
}

# What we accept Node gets without what followed it, which would be the next request.
my @ours = verdicts("$dir/judge used");
for my $i (0 .. $#requests) {
    $requests[$i] = substr $requests[$i], 0, $1 if $ours[$i] =~ /^accept .* (\d+)$/;
    $ours[$i] =~ s/ \d+$// if $ours[$i] =~ /^accept/;
}
my @theirs = verdicts('node t/http/judge.js');

# Of two that refuse, the status does not matter.
sub same { my ($a, $b) = @_; return $a eq $b || ($a =~ /^refuse/ && $b =~ /^refuse/) }

sub shown { my ($text) = @_;
    my %names = ("\r" => '\r', "\n" => '\n', "\t" => '\t');
    $text =~ s/([\\\x00-\x1f\x7f-\xff])/$names{$1} || sprintf '\x%02x', ord $1/ge;
    return $text;
}

sub word { my ($verdict) = @_; return $verdict =~ /^(accept|refuse \d+|more)/ ? $1 : $verdict }

my @reasons;
open(my $known, '<', 't/http/differences.txt') or die $!;
while (<$known>) {
    next if /^\s*(#|$)/;
    my ($pattern, $reason) = /^(.*?)  # (.*)/ or die "differences.txt:$.: no reason";
    push @reasons, [qr/^$pattern$/s, $reason, 0];
}

my %count;
my @unknown;
for my $i (0 .. $#requests) {
    my $kind = word($ours[$i]);
    $count{$kind =~ s/ .*//r}++;
    next if same($ours[$i], $theirs[$i]);
    my $line = "neap $kind, node " . word($theirs[$i]) . ': ' . shown($requests[$i]);
    my ($reason) = grep { $line =~ $_->[0] } @reasons;
    if ($reason) { $reason->[2]++ } else { push @unknown, $line }
}
note "$_: $count{$_}" for sort keys %count;
note "$_->[2]: $_->[1]" for @reasons;
cmp_ok $count{accept}, '>', $count / 5, 'many are accepted';
cmp_ok $count{refuse}, '>', $count / 5, 'and many refused';
is scalar @unknown, 0, 'both judge alike, but for what is listed' or diag join "\n", grep { defined } @unknown[0 .. 39];

done_testing();
