# scripts/need: what is missing is asked of the system's package manager, or the command to type is printed. Here
# nothing is there but a shell's own tools, and package managers that only note what they are told.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $need = abs_path('scripts/need');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;

sub tool {
    my ($name, $text) = @_;
    open(my $file, '>', "bin/$name") or die $!;
    print $file "#!/bin/sh\n$text\n";
    close $file;
    chmod 0755, "bin/$name" or die $!;
}

# What it says and its status, on a machine with these tools beside a shell's own.
sub run {
    my ($arguments, %tools) = @_;
    system('rm -rf bin && mkdir bin') == 0 or die;
    for my $name (qw(cat env ls mktemp rm sed sh tail tr)) {
        chomp(my $path = `sh -c 'command -v $name'`);
        symlink abs_path($path), "bin/$name" or die "$name: $!";
    }
    tool($_, $tools{$_}) for keys %tools;
    unlink 'asked';
    my $said = `env -i PATH=$dir/bin HOME=$dir sh $need $arguments 2>&1`;
    return ($said, $? >> 8);
}

sub asked {
    open(my $file, '<', 'asked') or return '';
    local $/;
    return <$file>;
}

my $note = qq{echo "\${0##*/} \$*" >>$dir/asked};
my %root = (id => 'echo 0');
my %user = (id => 'echo 1000');
my %commands = (
    'apt-get' => 'apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config libuv1-dev libssl-dev lua-cjson-dev dpkg-dev xz-utils',
    brew => 'brew install gcc make pkgconf libuv openssl@3 luajit',
    dnf  => 'dnf install -y gcc make pkgconf-pkg-config libuv-devel openssl-devel luajit-devel',
    pkg  => 'pkg install -y gmake pkgconf libuv luajit',
);

for my $manager (sort keys %commands) {
    my $command = $commands{$manager};
    my ($said, $status) = run('--dry build', %root, $manager => $note);
    is($said, "Neap needs what is not here yet. Please run:\n    $command\n", "$manager: the command, when asked for only that");
    is($status, 1, 'and it stops');
    is(asked(), '', 'and has installed nothing');
    ($said, $status) = run('build', %root, $manager => $note);
    is($said, "Neap needs what is not here yet, and asks the system for it:\n    $command\n", 'else it says what it does');
    is($status, 0, 'and goes on');
    like(asked(), qr/^\Q$command\E\n\z/m, 'when it has done it');
}

for my $case ([{}, ''], [{ sudo => 'exit 1' }, 'sudo ']) {
    my ($tools, $sudo) = @$case;
    my ($said, $status) = run('build', %user, 'apt-get' => $note, %$tools);
    is($said, "Neap needs what is not here yet. Please run:\n    $sudo$commands{'apt-get'}\n", "without the right to install, ${sudo}it prints");
    is("$status" . asked(), '1', 'and does nothing');
}
{
    my ($said, $status) = run('build', %user, 'apt-get' => $note, sudo => '[ "$1" != -n ] || shift; "$@"');
    like(asked(), qr/^\Q$commands{'apt-get'}\E$/m, 'with sudo it installs');
    ($said, $status) = run('build', %root);
    like($said, qr/^Neap needs: .*libuv.*no package manager/, 'where no manager is known the things are named');
    is($status, 1, 'and it stops');
    ($said, $status) = run('build', %root, 'apt-get' => 'echo "E: no such package"; exit 100');
    like($said, qr/^E: no such package\n.*that failed: apt-get install/ms, 'what the manager says when it fails is shown');
    is($status, 1, 'and it stops');
    ($said) = run('--dry build test', %root, 'apt-get' => $note);
    like($said, qr/ valgrind /, 'tests need more');
}

done_testing();
