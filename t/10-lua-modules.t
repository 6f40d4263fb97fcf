# Ordinary C modules for Lua 5.1 load into the command and work, as the distribution ships them.
use strict;
use warnings;
use Test::More;

my $neap = $ENV{NEAP} // 'build/neap';

my %works = (
    lpeg  => 'lpeg.match(lpeg.R"az"^1 * lpeg.Cp(), "abc") == 4',
    lfs   => 'lfs.attributes(".", "mode") == "directory"',
    posix => 'type(posix.getpid("pid")) == "number"',
    zlib  => 'zlib.inflate()(zlib.deflate()("hello", "finish")) == "hello"',
    cjson => 'cjson.decode("[1,2]")[2] == 2',
);

for my $name (sort keys %works) {
    my $code = qq{local $name = require "$name" print(package.loaded["$name"] == $name and ($works{$name}))};
    open(my $pipe, '-|', $neap, '-e', $code) or die "$neap: $!";
    my $output = join '', <$pipe>;
    close $pipe;
    is($output, "true\n", "$name loads and works");
    is($?, 0, "$name leaves quietly");
}

done_testing();
