# What the build leaves: files, exported names, an installation that a C program can be built on.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $build = $ENV{NEAP_BUILD} // 'build';
my $plain = $build !~ m{/sanitize$};
my $own   = -x 'build/luajit/src/luajit';    # else the system's libluajit serves
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKE_TERMOUT MAKE_TERMERR)};
my $make = 'make' . ($plain ? '' : ' SANITIZE=1');

# The output of a command, which must succeed.
sub run {
    my ($command) = @_;
    my $output = `$command 2>&1`;
    is($?, 0, $command =~ s/\s+/ /gr) or diag($output);
    return $output;
}

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or die "$path: $!";
    local $/;
    return <$file>;
}

ok(-e "$build/$_", "make leaves $_") for qw(neap libneap.a libneap.so neap.pc);
like(run("file -L $build/neap || true"), qr/pie executable|shared object|not found/, 'the executable is a PIE');

subtest 'a second make does nothing' => sub {
    my $output = run("$make");
    unlike($output, qr/^  [A-Z]+ /m, 'no step is taken') or diag($output);
};

subtest 'the same sources give the same bytecode' => sub {
    my $list = `find lua -name '*.lua'`;
    my @files = split ' ', $list;
    my $luajit = 'build/luajit/src/luajit';
    plan skip_all => 'an older LuaJIT orders constants by chance' unless $own;
    my $once  = `$luajit scripts/embed.lua @files`;
    my $twice = `$luajit scripts/embed.lua @{[reverse @files]}`;
    ok(length $once, 'there is some');
    ok($once eq $twice, 'whatever order and run');
};

subtest 'make demo, the second time' => sub {
    plan skip_all => 'it is the plain build' unless $plain;
    my $pid = open(my $out, '-|') // die $!;
    if (!$pid) {
        setpgrp;
        open(STDERR, '>&', \*STDOUT) or die $!;
        exec 'make', 'demo', 'PORT=0' or die $!;
    }
    my $said = '';
    local $SIG{ALRM} = sub { kill 'KILL', -$pid; die "make demo said only: $said" };
    alarm 120;
    while ($said !~ m{http://}) { $said .= <$out> // last }
    my ($port) = $said =~ m{\AServing on http://127\.0\.0\.1:(\d+)/ \(Ctrl-C stops it\)\n\z};
    ok($port, 'builds nothing and serves, saying where and how to stop it') or diag($said);
    is(`curl -s http://127.0.0.1:$port/`, 'Hello, World!', 'which it does');
    kill 'INT', -$pid;
    close $out;
    alarm 0;
    is(`curl -s http://127.0.0.1:$port/ || echo gone`, "gone\n", 'until Ctrl-C');
};

# --- what is linked ---

sub needs { return `readelf -d $build/$_[0]` =~ /\(NEEDED\).*?\[lib([^\].]+)/g }

subtest 'libraries' => sub {
    plan skip_all => 'no readelf' if system('command -v readelf >/dev/null');
    plan skip_all => "the system's libluajit serves" unless $own;
    my $archives = qr/^(?:luajit|uv|ssl|crypto|lua)/;
    is(join(' ', grep { /$archives/ } needs('neap')), '', 'the executable has LuaJIT and libuv in it');
    ok((grep { /^uv/ } needs('libneap.so')), 'libneap.so takes the libuv of the system');
    is(join(' ', grep { /luajit/ } needs('libneap.so')), '', 'but has its LuaJIT in it');
};

# --- names ---

my $header = slurp('host/include/neap/neap.h') =~ s{/\*.*?\*/}{}gsr;
my %documented = map { $_ => 1 } $header =~ /NEAP_API[^;(]*?\b(neap_\w+)\s*\(/g;
my @lua = qw(base bit debug ffi io jit math os package string string_buffer table);
my %open = map { ("luaopen_$_" => 1) } @lua;

sub exported {
    my ($file) = @_;
    return map { (split)[2] } grep { !/@/ } `nm -D --defined-only $file`;
}

for my $case (['neap', qr/^(?:lua_|luaL_|luaJIT_|uv_)/], ['libneap.so', qr/^(?:lua_|luaL_|luaJIT_)/]) {
    my ($file, $ours) = @$case;
    subtest "exported by $file" => sub {
        my %names = map { $_ => 1 } exported("$build/$file");
        ok($names{$_}, $_) for $file eq 'libneap.so' && !$own ? () : qw(lua_resume luaL_ref luaJIT_setmode luaopen_base);
        my @missing = grep { !$names{$_} } sort keys %documented;
        is("@missing", '', 'every function of neap.h');
        # _init and the like are the linker's, __asan the sanitizer's
        my $others = qr/^(?:__?(?:asan|ubsan|lsan|sanitizer|interceptor|init|fini|edata|end|bss_start|odr_asan)|_IO_|in6addr)/;
        my @extra = grep { !/$ours/ && !$open{$_} && !$documented{$_} && !/$others/ } sort keys %names;
        @extra = grep { /^(?:neap_|lua|uv_|cjson|SSL)/ } @extra unless $plain;
        is("@extra", '', 'and nothing else');
        is($names{uv_run} // 0, $file eq 'neap' ? 1 : 0, 'libuv: the executable gives it, the library takes it');
    };
}

# --- the house ---

subtest 'a binding knows the host by <neap/extension.h> only' => sub {
    my @bad;
    for my $path (split /\n/, `find bindings -name '*.[ch]'`) {
        my $folder = $path =~ s{/[^/]*$}{}r;
        my $line   = 0;
        for (split /\n/, slurp($path)) {
            $line++;
            next unless /^\s*#\s*include\s*([<"])([^>"]+)/;
            my ($mark, $name) = ($1, $2);
            my $good = $mark eq '"' ? $name !~ m{/|\.\.} && -e "$folder/$name"
                                    : $name !~ m{^neap/} || $name =~ m{^neap/(?:extension|neap)\.h$};
            $good &&= $name !~ m{^(?:lj_|host\.h)};
            push @bad, "$path:$line: $name" unless $good;
        }
    }
    is("@bad", '', 'and, to open runtimes of its own, by <neap/neap.h>');
};

# --- installing ---

my $app = <<'C';
#include <neap/neap.h>
#include <neap/extension.h>
#include <stdio.h>
int main(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    neap_runtime *rt = neap_open(&options, &error);
    if (!rt) return neap_report(&error);
    neap_close(rt, NULL, NULL);
    puts("opened and closed " NEAP_VERSION);
    return 0;
}
C

# Build the program with what pkg-config says, and run it.
sub builds {
    my ($what, $pkgconfig, $libdir) = @_;
    my $dir = tempdir(CLEANUP => 1);
    open(my $file, '>', "$dir/app.c") or die $!;
    print $file $app;
    close $file;
    local $ENV{PKG_CONFIG_PATH} = $pkgconfig;
    subtest $what => sub {
        run("cc -Wall -Werror -o $dir/shared $dir/app.c \$(pkg-config --cflags --libs neap)");
        like(run("LD_LIBRARY_PATH=$libdir $dir/shared"), qr/^opened and closed/, 'with libneap.so');
        run("cc -Wall -Werror -o $dir/documented $dir/app.c \$(pkg-config --cflags --libs --static neap)");
        run("cc -Wall -Werror -o $dir/static $dir/app.c \$(pkg-config --cflags --libs --static neap |"
              . " sed 's|-lneap|-l:libneap.a|')");
        like(run("$dir/static"), qr/^opened and closed/, 'with libneap.a');
        unlike(`ldd $dir/static`, qr/libneap/, 'which is in the program then');
    };
}

SKIP: {
    skip 'installed is the plain build', 4 unless $plain;
    builds('a program on the build folder', "$ENV{PWD}/build", "$ENV{PWD}/build");

    my $root = tempdir(CLEANUP => 1);
    run("make install DESTDIR=$root PREFIX=/usr");
    my @files = map { s/\d+\.\d+\.\d+/VERSION/r } sort map { substr $_, length $root } split /\n/, `find $root ! -type d`;
    my @wanted = qw(/usr/bin/neap /usr/include/neap/arguments.h /usr/include/neap/extension.h /usr/include/neap/neap.h
      /usr/lib/libneap.a /usr/lib/libneap.so /usr/lib/libneap.so.0 /usr/lib/libneap.so.VERSION /usr/lib/pkgconfig/neap.pc
      /usr/share/doc/neap/LICENSE /usr/share/man/man1/neap.1 /usr/share/neap/types/uv.lua);
    my %there = map { $_ => 1 } @files;
    is(join(' ', grep { !$there{$_} } @wanted), '', 'make install puts everything where it belongs');
    is(join(' ', grep { my $f = $_; !m{^/usr/(?:include/neap/lua|share/neap/types)/} && !grep { $_ eq $f } @wanted } @files), '', 'and nothing else');

    my $prefix = tempdir(CLEANUP => 1);
    run("make install PREFIX=$prefix");
    unlike(slurp("$prefix/lib/pkgconfig/neap.pc"), qr/\Q$ENV{PWD}\E/, 'an installation does not name the build folder');
    builds('a program on an installation', "$prefix/lib/pkgconfig", "$prefix/lib");
}

done_testing();
