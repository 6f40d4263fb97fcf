# Other threads: posts to a runtime, jobs on the pool, and what those hold under a memory limit.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use Neap;

my $build = $ENV{NEAP_BUILD} // 'build';

run_tap("$build/t/$_") for qw(remote work fs_limits);

done_testing();
