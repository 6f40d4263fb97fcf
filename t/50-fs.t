# neap.fs end to end: what is killed, a full disk, and what is left at exit.
use strict;
use warnings;
use Test::More;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Time::HiRes qw(usleep);

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;

sub put {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or die "$path: $!";
    print $file $text;
    close $file or die $!;
}

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or die "$path: $!";
    local $/;
    return scalar <$file>;
}

# Start a script; its process.
sub start {
    my ($code, $before) = @_;
    put('script.lua', $code);
    my $pid = fork // die $!;
    return $pid if $pid;
    $before->() if $before;
    open STDERR, '>', '/dev/null';
    exec $neap, 'script.lua';
}

# Killed anywhere, write_file leaves a whole text: an old one or a new one.
my $writer = <<'LUA';
local fs = require "neap.fs"
for i = 1, 1e9 do
  fs.write_file("file", tostring(i % 10):rep(300000), { sync = i % 4 == 0 })
  if i == 1 then fs.write_file("started", "") end
end
LUA
put('file', '0' x 300000);
my ($whole, $changed) = (0, 0);
for my $i (1 .. 40) {
    unlink 'started';
    my $pid = start($writer);
    for (1 .. 5000) { last if -e 'started'; usleep 1000 }
    usleep 150 * $i;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    my $text = slurp('file');
    $whole++   if $text eq substr($text, 0, 1) x 300000;
    $changed++ if $text !~ /\A0/;
}
is($whole, 40, 'killed at forty points, write_file leaves the old file or the new one, whole');
ok($changed, 'and did write');
unlink glob('.neap-*');

# A disk that is full: an error, and the old file is there.
my $full = <<'LUA';
local fs = require "neap.fs"
local text = ("x"):rep(3000000)
local function code(...) local _, err = ... return err and err.code or "ok" end
print(code(fs.write_file("disk/file", text)))
print(code(fs.write_file("disk/other", text, { append = true })))
print(code(fs.copy("big", "disk/file")))
local stream = fs.stream("disk/stream", "w")
stream:write(text, function() end)
print(code(stream:shutdown()))
stream:close()
print(fs.read_file("disk/file"))
LUA
SKIP: {
    mkdir 'disk' or die $!;
    put('big', 'y' x 3000000);
    skip 'no mount is allowed here', 3 if system('mount -t tmpfs -o size=1m none disk 2>/dev/null');
    put('disk/file', "old\n");
    put('full.lua', $full);
    my @lines = `"$neap" full.lua 2>&1`;
    is(join('', map { s/\n//r . ' ' } @lines), 'ENOSPC ENOSPC ENOSPC ENOSPC old  ', 'a full disk is ENOSPC, the old file stays');
    opendir(my $folder, 'disk') or die $!;
    is(join(' ', sort grep { !/^\.\.?$/ } readdir $folder), 'file other stream', 'and no half copy is left');
    closedir $folder;
    is(system('umount disk'), 0, 'nothing holds it');
}

# What is temporary goes at the end, however that comes.
for my $end ('', 'os.exit(3)', 'error "x"') {
    my $pid = start(<<"LUA");
local fs = require "neap.fs"
folder = fs.temporary_folder { folder = ".", prefix = "temporary-" }
fs.write_file(folder:path() .. "/file", "text")
file = fs.temporary_file { folder = ".", prefix = "temporary-" }
fs.write_file("made", table.concat({ folder:path(), file:path() }, " "))
$end
LUA
    waitpid $pid, 0;
    is(scalar(split ' ', slurp('made')), 2, 'files were made') if !$end;
    is(join(' ', glob 'temporary-*'), '', 'temporary files are gone after ' . ($end || 'the script'));
}

done_testing();
