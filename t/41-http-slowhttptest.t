# neap.http.serve under slowhttptest: slow heads, slow bodies and slow readers at once cost the others nothing.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(sleep time);

BEGIN {
    plan skip_all => 'no slowhttptest' unless grep { -x "$_/slowhttptest" } split /:/, $ENV{PATH};
    plan skip_all => 'no /proc' unless -d '/proc/self/fd';
}
use lib 't/lib';
use HTTPServer;

sub descriptors { my @open = glob "/proc/$pid/fd/*"; return scalar @open }

my @attacks = (
    ['heads', qw(-H -i 1)],
    ['bodies', qw(-B -i 1 -s 900)],
    ['readers', qw(-X -w 10 -y 20 -n 1 -z 5 -k 3)],
);

sub attack {
    my ($name, @options) = @_;
    my $path = $name eq 'readers' ? '/large?size=1000000' : $name eq 'bodies' ? '/body' : '/hello';
    my $child = fork() // die $!;
    return $child if $child;
    open(STDOUT, '>', "$dir/$name") && open(STDERR, '>&', \*STDOUT) or die $!;
    chdir $dir;
    exec 'slowhttptest', @options, qw(-c 150 -r 150 -l 3 -p 2 -u), "http://127.0.0.1:$port$path" or die $!;
}

alive();
my $before = descriptors();
my @children = map { attack(@$_) } @attacks;
my ($answers, $most, $answered, $end) = (0, 0, 1, time + 4);
while (time < $end) {
    $answered &&= alive();
    $answers++;
    $most = descriptors() if descriptors() > $most;
    sleep 0.05;
}
waitpid $_, 0 for @children;

ok $answered, 'the others are answered all the time';
cmp_ok $answers, '>=', 3, 'one after the other';
cmp_ok $most, '>', $before + 100, 'while there were many slow ones';
my $left;
for (1 .. 100) { $left = descriptors(); last if $left <= $before; sleep 0.05 }
cmp_ok $left, '<=', $before, 'and none of those has left a connection';
unlike reports(), qr/Error|error:/, 'nor anything to report';

done_testing();
