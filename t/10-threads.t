# Other threads: posts to a runtime, jobs on the pool, and what those hold under a memory limit.
use strict;
use warnings;
use Test::More;

my $build = $ENV{NEAP_BUILD} // 'build';

for my $program (qw(remote work fs_limits)) {
    open(my $tap, '-|', "$build/t/$program") or die "$build/t/$program: $!";
    my ($tests, $plan) = (0, -1);
    while (my $line = <$tap>) {
        if    ($line =~ /^(not )?ok \d+ - (.*)/) { ok(!$1, $2); $tests++ }
        elsif ($line =~ /^1\.\.(\d+)/)          { $plan = $1 }
        elsif ($line =~ /^# (.*)/)               { note($1) }
    }
    close $tap;
    is($?, 0, "$program ends well");
    is($tests, $plan, "and ran all its tests");
}

done_testing();
