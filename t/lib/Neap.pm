# What the tests share: use lib 't/lib'; use Neap;
package Neap;
use strict;
use warnings;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(run_tap);

# Run a program that prints TAP itself (t/c/tap.h), and take over its results one by one: that it ended well,
# and ran all that it planned, are two more.
sub run_tap {
    my (@command) = @_;
    my ($count, $plan, $failed) = (0, -1);
    open(my $out, '-|', @command) or die "@command: $!";
    while (my $line = <$out>) {
        chomp $line;
        if    ($line =~ /^(not )?ok \d+ - (.*)/) { $failed = $1; ok(!$1, $2); $count++ }
        elsif ($line =~ /^1\.\.0 # SKIP (.*)/)   { close $out; plan(skip_all => $1) }
        elsif ($line =~ /^1\.\.(\d+)$/)          { $plan = $1 }
        else                                     { $failed ? diag($line) : note($line) }
    }
    close $out;
    is($?, 0, "$command[-1] ends by itself, with success");
    is($count, $plan, 'and has run all its tests');
}

1;
