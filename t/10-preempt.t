# Slices: endless scripts on one thread take turns, and can be killed.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use Neap;

my $program = ($ENV{NEAP_BUILD} // 'build') . '/t/preempt';

# run ARG...: its exit status, and what it printed.
sub run {
    open(my $out, '-|', $program, @_) or die "$program: $!";
    my $said = join('', <$out>);
    close $out;
    chomp $said;
    return ($?, $said);
}

sub works {
    my ($name, @args) = @_;
    my ($status, $said) = run(@args);
    ok($status == 0, $name) or diag("status $status: $said");
    note($said) if length $said;
}

my (undef, $probe) = run('probe');
my $inside = $probe =~ /internals 1.*checkhook 1/;
note($probe);

for my $work (qw(arithmetic allocation sort coroutines)) {
    works("two endless scripts share the thread: $work", 'soak', $work, 1);
    works("and without a signal: $work", 'soak', $work, 0.5, 'none');
}

my (undef, $kills) = run('kills');
my $number = -1;
for (split /\n/, $kills) {
    my ($yields, $needs, $script) = /^(\d) (\d) (.*)/ or die $_;
    $number++;
  SKIP: {
        skip("not on a foreign LuaJIT: $script", 1) if $needs && !$inside;
        works("killed: $script", 'kill', $number);
    }
    works("killed without a signal: $script", 'kill', $number, 'none') unless $needs;
    works("preempted and resumed: $script", 'stop', $number) if $yields;
}

works('a VM below another keeps its deadline, and can be killed', 'nest');
works('the same without a signal', 'nest', 'none');
works('the user\'s hook goes on between slices', 'hook');
works('and without a signal', 'hook', 'none');
works('an idle process is not woken', 'idle');

run_tap(($ENV{NEAP_BUILD} // 'build') . '/t/ticker');
run_tap(($ENV{NEAP_BUILD} // 'build') . "/t/stray");

done_testing();
