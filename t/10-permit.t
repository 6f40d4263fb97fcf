# Permissions: strings, names and addresses; then paths, with links and races.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use Neap;

my $build = $ENV{NEAP_BUILD} // 'build';

run_tap("$build/t/$_") for qw(permit open_path);

done_testing();
