# Standard input at a real terminal: t/terminal/stdio.py types, and reads what is there.
use strict;
use warnings;
use lib 't/lib';
use Cwd qw(abs_path);
use Neap;
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
run_tap('python3', '-B', 't/terminal/stdio.py', $neap);
done_testing();
