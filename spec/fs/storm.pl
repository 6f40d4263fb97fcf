#!/usr/bin/perl
# storm.pl FOLDER SEED COUNT: so many makings, renamings and removals of files and folders in and below a folder, by
# chance but the same for a seed, with few names, so that they meet.
use strict;
use warnings;
use File::Path qw(remove_tree);

my ($folder, $seed, $count) = @ARGV;
srand($seed);
chdir($folder) or die "$folder: $!";
my @names = ('a' .. 'd');

# A path of one to four names; the folders on its way may not be there.
sub path { join '/', map { $names[rand @names] } 0 .. rand 4 }

sub make_file {
    my ($path) = @_;
    open(my $file, '>>', $path) or return;
    print $file 'x';
}

for (1 .. $count) {
    my ($chance, $path) = (rand, path());
    if    ($chance < 0.3)  { mkdir $path }
    elsif ($chance < 0.5)  { make_file($path) }
    elsif ($chance < 0.9)  { rename $path, path() }
    elsif ($chance < 0.95) { unlink $path }
    else                   { remove_tree($path) }
}
