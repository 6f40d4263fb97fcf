# The embedding contract, by programs in C (t/c) that print TAP themselves: as they are built, and a part
# of them under valgrind.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use Neap;

my $build = $ENV{NEAP_BUILD} // 'build';
my $plain = $build !~ m{/sanitize$};
my @all   = qw(embed drive owner children order shutdown depth hook memory stream_memory http_memory attach);
my @valgrind = -e '/usr/bin/valgrind' || `command -v valgrind` ? qw(embed owner order shutdown attach) : ();

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
