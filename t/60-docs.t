# Every block of Lua in the documentation runs, and every one of sh, but those marked no-run, with a reason (or shown
# from a file, or a spec: 61-examples.t runs these); the reference is what the annotations say; the site can be made.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
mkdir "$dir/bin";
symlink $neap, "$dir/bin/neap";
$ENV{PATH} = "$dir/bin:$ENV{PATH}";

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or return undef;
    local $/;
    return <$file>;
}

# [page, line, info string, text] of each fenced block.
sub blocks {
    my @found;
    for my $page (grep { !m{/uv/} } glob('README.md docs/*.md docs/*/*.md')) {
        my ($line, $block) = (0);
        open(my $file, '<', $page) or die "$page: $!";
        while (<$file>) {
            $line++;
            if    ($block && /^```\s*$/)  { push @found, $block; undef $block }
            elsif ($block)                { $block->[3] .= $_ }
            elsif (/^```(.*?)\s*$/)       { $block = [$page, $line, $1, ''] }
        }
    }
    return @found;
}

# An example of the reference has its module at hand, in its first line, so that lines are counted right.
sub prelude {
    my ($page) = @_;
    my ($name) = $page =~ m{^docs/reference/(\w+)\.md$} or return '';
    return $name eq 'README' ? '' : qq{local $name = require "neap.$name" };
}

my %ran = (lua => 0, sh => 0);
for (blocks()) {
    my ($page, $line, $info, $text) = @$_;
    my ($language) = $info =~ /^(lua|sh)\b/ or next;
    if ($info =~ /no-run/) {
        ok($info =~ /file=|spec|\(.+\)/ || $page eq 'README.md', "$page:$line says why it is not run");
        next;
    }
    my $folder = tempdir(DIR => $dir);
    open(my $script, '>', "$folder/block") or die $!;
    print $script $language eq 'lua' ? prelude($page) : "set -e\n", $text;
    close $script;
    my $program = $language eq 'lua' ? $neap : 'sh';
    my $said = `cd $folder && timeout 60 $program block 2>&1 </dev/null`;
    is($?, 0, "$page:$line runs") or diag($said);
    $ran{$language}++;
}
cmp_ok($ran{lua}, '>=', 40, "$ran{lua} blocks of Lua ran");
cmp_ok($ran{sh}, '>=', 4, "$ran{sh} blocks of sh ran");

sub change {
    my ($path, $change) = @_;
    local $_ = slurp($path);
    $change->();
    open(my $file, '>', $path) or die "$path: $!";
    print $file $_;
    close $file;
}

subtest 'the reference' => sub {
    is(`$neap scripts/reference.lua --check 2>&1`, '', 'is what lua/neap says, and nothing is missing there');
    my $load = 'for _, path in ipairs(arg) do assert(loadfile(path)) end print(#arg > 12)';
    is(`$neap -e '$load' types/neap/*.lua types/uv.lua`, "true\n", 'what editors read is Lua');

    my $copy = "$dir/tree";
    system("mkdir -p $copy && cp -R lua docs types scripts $copy") == 0 or die;
    change("$copy/lua/neap/path.lua", sub { s/^return path$/function path.unsaid(a)\n  return a\nend\nreturn path/m });
    change("$copy/lua/neap/time.lua", sub { s/^---\@return.*\n//mg });
    change("$copy/lua/neap/net.lua", sub { s/^---\@param.*\n//mg });
    my $said = `cd $copy && NEAP_LUA=lua $neap scripts/reference.lua --check 2>&1`;
    isnt($?, 0, 'a change is noticed');
    my $at = qr{lua/neap/\w+\.lua:\d+};
    like($said, qr{$at: neap\.path\.unsaid has no description}, 'a function without annotations is named');
    like($said, qr{$at: neap\.time\.rfc3339 has no ---\@return}, 'one whose results are not said');
    like($said, qr{$at: neap\.net\.connect has parameters without ---\@param}, 'or whose parameters are not');
    like($said, qr{docs/reference/net\.md is not what}, 'a page that is not current too');
};

# WCAG 2: the contrast of two colours, "#rrggbb".
sub contrast {
    my @luminances = sort { $b <=> $a } map {
        my @parts = map { hex($_) / 255 } /#(..)(..)(..)/;
        @parts = map { $_ <= 0.03928 ? $_ / 12.92 : (($_ + 0.055) / 1.055)**2.4 } @parts;
        0.2126 * $parts[0] + 0.7152 * $parts[1] + 0.0722 * $parts[2];
    } @_;
    return ($luminances[0] + 0.05) / ($luminances[1] + 0.05);
}

subtest 'what is to be read has contrast, light and dark' => sub {
    my $css = slurp('scripts/site/style.css');
    my @themes = $css =~ /\{([^{}]*--text:[^{}]*)\}/g;
    is(scalar @themes, 3, 'light, dark, and dark by the switch');
    is($themes[1] =~ s/\s+/ /gr, $themes[2] =~ s/ *color-scheme: dark;//r =~ s/\s+/ /gr, 'the two of them are one');
    for (@themes[0, 1]) {
        my %colour = /--(\w+): (#\w{6})/g;
        for my $ink (qw(text soft link comment string word number)) {
            cmp_ok(contrast($colour{$ink}, $colour{$_}), '>=', 4.5, "$ink on $_") for qw(page panel);
        }
        cmp_ok(contrast($colour{text}, $colour{mark}), '>=', 4.5, 'text on what was looked for');
    }
};

# Where a link of a page leads to: a file of the site, and what is behind the "#".
sub target {
    my ($page, $href) = @_;
    my ($file, $anchor) = $href =~ /^([^#]*)#?(.*)$/;
    return ($page, $anchor) if $file eq '';
    my @at = split m{/}, $page;
    pop @at;
    for (split m{/}, $file) { $_ eq '..' ? pop @at : push @at, $_ }
    return (join('/', @at), $anchor);
}

subtest 'the site' => sub {
    my $site = "$dir/site";
    plan skip_all => 'no cmark-gfm' if system('command -v cmark-gfm >/dev/null') != 0;
    like(`$neap scripts/site.lua $site 2>&1`, qr/\A\S+: (\d\d+) pages\n\z/, 'is made, and nothing is wrong');
    my (%page, @wrong);
    for (split /\n/, `cd $site && find . -name '*.html'`) {
        my $name = s{^\./}{}r;
        $page{$name} = slurp("$site/$name");
    }
    ok($page{$_}, "$_ is there") for qw(index.html docs/index.html docs/reference/net.html docs/coming-from/node.html
        docs/reference/uv/tcp.html examples/echo.lua.html);
    my %ids = map { my $name = $_; $name => { map { $_ => 1 } $page{$name} =~ / id="([^"]*)"/g } } keys %page;
    for my $name (sort keys %page) {
        for my $href ($page{$name} =~ /<(?:a|link|script)[^>]* (?:href|src)="([^"]*)"/g) {
            next if $href =~ /^(?:https?|data|mailto):/;
            my ($to, $anchor) = target($name, $href);
            push @wrong, "$name: $href" if !-f "$site/$to" || ($anchor ne '' && $page{$to} && !$ids{$to}{$anchor});
        }
        push @wrong, "$name: $_" for grep { $page{$name} !~ $_ } qr/<html lang="en">/, qr/<main id="main"/,
            qr/<a class="skip" href="#main">/, qr/<nav id="navigation" aria-label=/, qr/<title>[^<]+<\/title>/,
            qr/name="viewport"/, qr/role="search"/, qr/\A(?:(?!<h1).)*<h1[^>]*>(?:(?!<h1[ >]).)*\z/s;
        push @wrong, "$name: an id twice" if keys %{ $ids{$name} } != (() = $page{$name} =~ / id="/g);
    }
    is(join("\n", @wrong), '', 'every link leads somewhere; every page has its landmarks and one main heading');
    like($page{'docs/waiting.html'}, qr/<h2 id="tasks">.*?href="#tasks"/, 'headings have anchors');
    like($page{'docs/waiting.html'}, qr{<span class="k">local</span> fs = require}, 'code has colours');
    like($page{'docs/coming-from/node.html'}, qr/<div class="pair">/, 'theirs and ours stand side by side');
    like($page{'docs/reference/net.html'}, qr{href="../../lua/neap/net.lua.html#L\d+">source<},
        'functions lead to their sources');
    my $index = slurp("$site/index.js");
    like($index, qr{"docs\\?/reference\\?/net\.html#netconnect"}, 'the search knows every function');
    my $decode = 'local text = io.open(arg[1]):read("*a") print(#require("cjson").decode((text:match("= (.*);"))))';
    like(`$neap -e '$decode' $site/index.js`, qr/^\d{3,}$/, 'and is JSON');
};

subtest 'errors.md says what every code means and what to do' => sub {
    my (%codes, %listed);
    for my $source (glob('host/*.c host/include/neap/*.h bindings/*.c bindings/*/*.[ch] lua/neap/*.lua lua/neap/*/*.lua')) {
        open(my $file, '<', $source) or die "$source: $!";
        my $text = join '', <$file>;
        $codes{$1} = $source while $text =~ /\b(?:UV_|NEAP_|errors\.new\(")(E[A-Z]+(?:_[A-Z]+)?)\b/g;
    }
    delete @codes{qw(EINTR ERRNO_MAP EXPORT EXTENSION EXTENSION_H)};    # no errors, or none that gets out
    open(my $page, '<', 'docs/errors.md') or die $!;
    while (<$page>) {
        my ($names, @cells) = /^\| ((?:`E[A-Z_]+`(?:, )?)+) \| (.+?) \| (.+?) \|$/ or next;
        $listed{$_} = 1 for $names =~ /`(\w+)`/g;
    }
    cmp_ok(scalar keys %codes, '>', 30, 'codes were found');
    ok($listed{$_}, "$_ of $codes{$_}") for sort keys %codes;
};
done_testing();
