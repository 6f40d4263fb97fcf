# What other systems are served with, where Linux has something of its own: it is built here as well, and does the same.
use strict;
use warnings;
use Test::More;

my $build = $ENV{NEAP_BUILD} // 'build';
plan skip_all => 'once is enough' if $build =~ m{/sanitize$};
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKE_TERMOUT MAKE_TERMERR)};

# What a file tests for may differ between systems; what is of one system is in files that are named for it.
subtest 'the name of a system is only in files that are named for it' => sub {
    my $systems = qr/linux|darwin|freebsd|portable/;
    my @bad;
    for my $path (split /\n/, `find host bindings -name '*.[ch]'`) {
        next if $path =~ m{/(?:$systems)[_.][^/]*$|/(?:$systems)\.c$};
        open(my $file, '<', $path) or die "$path: $!";
        while (<$file>) {
            push @bad, "$path:$." if /^\s*#\s*(?:if|elif).*(?:__linux__|__APPLE__|__FreeBSD__|__MACH__)/;
            push @bad, "$path:$." if m{^\s*#\s*include\s*<(?:linux/|sys/(?:inotify|epoll|eventfd|prctl|sendfile|syscall)\.h)};
        }
    }
    is("@bad", '', 'all others do without');
};

# Calls that Linux, or its C library, has and macOS has not. libuv's are for all: uv_pipe, uv_socketpair.
subtest 'what macOS has not is only called in files that are named for a system that has it' => sub {
    my @calls = qw(pipe2 accept4 dup3 eventfd signalfd timerfd_create epoll_create1 inotify_init1 sigtimedwait ppoll
      copy_file_range memfd_create renameat2 gettid getrandom secure_getenv canonicalize_file_name
      fdatasync posix_fadvise pthread_condattr_setclock sem_timedwait strchrnul memrchr rawmemchr mempcpy get_current_dir_name qsort_r execvpe posix_fallocate
      splice tee pthread_setaffinity_np pthread_getattr_np sched_getaffinity prctl syscall
      mallinfo mallinfo2 malloc_trim malloc_usable_size getresuid setresuid getresgid setresgid);
    my @names = qw(SOCK_CLOEXEC SOCK_NONBLOCK O_TMPFILE AT_EMPTY_PATH POLLRDHUP SIGEV_THREAD_ID CLOCK_BOOTTIME);
    my $calls = join '|', @calls;
    my $names = join '|', @names;
    my @bad;
    for my $path (split /\n/, `find host bindings -name '*.[ch]'`) {
        next if $path =~ m{/(?:linux|freebsd)[^/]*$};
        open(my $file, '<', $path) or die "$path: $!";
        my $text = do { local $/; <$file> };
        $text =~ s{/\*.*?\*/}{ $& =~ s/[^\n]//gr }ges;
        $text =~ s{"(?:[^"\\\n]|\\.)*"}{""}g;
        my $line = 0;
        for (split /\n/, $text) {
            $line++;
            push @bad, "$path:$line: $&" if /(?<![\w.>])(?:$calls)\s*\(|\b(?:$names)\b/;
        }
    }
    is(join("\n", @bad), '', 'all others do without');
};

my $output = `make PORTABLE=1 WERROR=1 build/portable/neap build/portable/t/preempt build/portable/t/ticker build/portable/t/stray 2>&1`;
is($?, 0, 'what is portable can be built here') or diag($output);

for my $spec (qw(spec/fs_spec.lua spec/fs spec/process_spec.lua spec/net_spec.lua)) {
    $output = `build/portable/neap test $spec 2>&1`;
    is($?, 0, "and does what $spec says") or diag($output);
}

$output = `NEAP_BUILD=build/portable prove t/10-preempt.t 2>&1`;
is($?, 0, 'and takes turns by a timer made of a thread') or diag($output);

done_testing();
