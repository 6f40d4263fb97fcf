# Every ```lua block of docs/ runs, but those marked no-run (or shown from a file, which
# 61-examples.t runs).
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
my $ran  = 0;

for my $page (glob('docs/*.md')) {
    my ($line, $first, $code) = (0);
    open(my $file, '<', $page) or die "$page: $!";
    while (<$file>) {
        $line++;
        if (defined $code && /^```\s*$/) {
            open(my $script, '>', "$dir/block.lua") or die $!;
            print $script $code;
            close $script;
            my $said = `cd $dir && timeout 60 $neap block.lua 2>&1`;
            is($?, 0, "$page:$first runs") or diag($said);
            undef $code;
            $ran++;
        } elsif (defined $code) {
            $code .= $_;
        } elsif (/^```lua\s*$/) {
            ($first, $code) = ($line, '');
        }
    }
}
cmp_ok($ran, '>=', 8, "$ran blocks ran");

subtest 'errors.md says what every code means and what to do' => sub {
    my (%codes, %listed);
    for my $source (glob('host/*.c host/include/neap/*.h bindings/*.c bindings/{fs,http,net}/*.[ch] lua/neap/*.lua lua/neap/*/*.lua')) {
        open(my $file, '<', $source) or die "$source: $!";
        my $text = join '', <$file>;
        $codes{$1} = $source while $text =~ /\b(?:UV_|NEAP_|errors\.new\(")(E[A-Z]+(?:_[A-Z]+)?)\b/g;
    }
    delete @codes{qw(EOF ERRNO_MAP EXPORT EXTENSION EXTENSION_H)};    # no errors
    open(my $page, '<', 'docs/errors.md') or die $!;
    while (<$page>) {
        my ($names, @cells) = /^\| ((?:`E[A-Z_]+`(?:, )?)+) \| (.+?) \| (.+?) \|$/ or next;
        $listed{$_} = 1 for $names =~ /`(\w+)`/g;
    }
    cmp_ok(scalar keys %codes, '>', 30, 'codes were found');
    ok($listed{$_}, "$_ of $codes{$_}") for sort keys %codes;
};
done_testing();
