# The embedding contract, by programs in C (t/c) that print TAP themselves: as they are built, and a part
# of them under valgrind.
use strict;
use warnings;
use Test::More;

my $build = $ENV{NEAP_BUILD} // 'build';
my $plain = $build !~ m{/sanitize$};
my @all   = qw(embed drive owner children order shutdown depth hook memory attach);
my @valgrind = -e '/usr/bin/valgrind' || `command -v valgrind` ? qw(embed owner order shutdown attach) : ();

# Run a program, and take over its results one by one.
sub run_tap {
    my (@command) = @_;
    my ($count, $plan) = (0, -1);
    open(my $out, '-|', @command) or die "@command: $!";
    while (my $line = <$out>) {
        chomp $line;
        if ($line =~ /^(not )?ok \d+ - (.*)/) { ok(!$1, $2); $count++ }
        elsif ($line =~ /^1\.\.0 # SKIP (.*)/) { close $out; plan(skip_all => $1) }
        elsif ($line =~ /^1\.\.(\d+)$/) { $plan = $1 }
        else { diag($line) unless $line =~ /^#? *(?:a stack|[xy] =)/ }
    }
    close $out;
    is($?, 0, 'it ends by itself, with success');
    is($count, $plan, 'and has run all its tests');
}

for my $name (@all) {
    subtest $name => sub {
        -x "$build/t/$name" or plan(skip_all => "$build/t/$name is not built: make test-build");
        run_tap("$build/t/$name");
    };
}

for my $name ($plain ? @valgrind : ()) {
    subtest "$name under valgrind" => sub {
        -x "$build/t/$name" or plan(skip_all => 'not built');
        run_tap('valgrind', '-q', '--error-exitcode=99', '--leak-check=full', '--show-leak-kinds=definite,indirect',
            '--errors-for-leak-kinds=definite,indirect', "$build/t/$name");
    };
}

done_testing();
