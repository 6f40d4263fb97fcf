#!/usr/bin/perl
# The request parser alone: bindings/http against tables of good and bad input, compiled as a server
# is, with the sanitizers, and (where there is SSE2) by the path without it.
use strict;
use warnings;
use Test::More;
use File::Basename qw(dirname);
use File::Spec::Functions qw(catfile);
use File::Temp qw(tempdir);

my $root = dirname(__FILE__) . '/..';
my $cc = $ENV{CC} || 'cc';
my $dir = tempdir(CLEANUP => 1);
my @parser = glob "$root/bindings/http/{parser,fields,chunks,target}.c";
my @strict = qw(-std=c11 -Wall -Wextra -Werror -g);

my %builds = (
    plain      => ['-O2'],
    portable   => ['-O2', '-U__SSE2__'],
    sanitizers => ['-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
);

# Runs a program that prints TAP, and takes over its results one by one.
sub run_tap {
    my ($program) = @_;
    my ($count, $plan) = (0, -1);
    open my $out, '-|', "$program 2>&1" or die "$program: $!";
    while (my $line = <$out>) {
        chomp $line;
        if ($line =~ /^(not )?ok \d+ - (.*)/) { ok(!$1, $2); $count++ }
        elsif ($line =~ /^1\.\.(\d+)$/) { $plan = $1 }
        else { diag($line) }
    }
    close $out;
    is($?, 0, 'it ends by itself, with success');
    is($count, $plan, 'and has run all its tests');
}

for my $build (sort keys %builds) {
    for my $test (qw(http_parser http_body)) {
        subtest "$test, $build" => sub {
            my $program = catfile($dir, "$test-$build");
            my @command = ($cc, @strict, @{ $builds{$build} }, '-o', $program,
                catfile($root, 't', 'c', "$test.c"), @parser);
            is(system(@command), 0, 'compiles without a warning') or return;
            run_tap($program);
        };
    }
}

done_testing;
