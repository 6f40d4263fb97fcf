# neap.process under permissions: which programs may be run, and what they see.
use strict;
use warnings;
use Test::More;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = abs_path(tempdir(CLEANUP => 1));
chdir $dir or die $!;
$ENV{NEAP_TEST_SEEN} = 'seen';
$ENV{NEAP_TEST_HIDDEN} = 'hidden';

# What running a program gives in a sandbox with these permissions.
sub run {
    my ($given, @allow) = @_;
    open(my $file, '>', 'script.lua') or die $!;
    print $file <<"LUA";
local result, err = require "neap.process".run { $given }
print(err and err.code .. " " .. err.message or result.stdout)
LUA
    close $file or die $!;
    open(my $out, '-|', $neap, '--sandbox', (map { ('--allow', $_) } 'fs.read script.lua', @allow),
        'script.lua') or die $!;
    local $/;
    my $text = <$out>;
    close $out;
    $text =~ s{\s+\z}{};
    return $text;
}

sub refused { return qq(EPERMISSION needs permission "$_[0]") }

is(run('"/bin/echo", "x"'), refused('run /bin/echo'), 'none without permission');
is(run('"no-such-program"'), refused('run no-such-program'), 'not even to learn what is there');
is(run('"/bin/echo", "x"', 'run /bin/echo'), 'x', 'the one that is granted');
is(run('"/bin/cat", "x"', 'run /bin/echo'), refused('run /bin/cat'), 'and no other');
is(run('"echo", "x"', 'run echo'), 'x', 'by a name that PATH finds');
is(run('"/bin/../bin/echo", "x"', 'run /bin/echo'), 'x', 'by another path to it');
is(run('shell = "echo x"', 'run /bin/echo'), refused('run /bin/sh'), 'no shell');

mkdir "$dir/far" or die $!;
mkdir "$dir/far/deep" or die $!;
mkdir "$dir/far/bin" or die $!;
open(my $evil, '>', "$dir/far/bin/echo") or die $!;
print $evil "#!/bin/sh\necho evil\n";
close $evil or die $!;
chmod 0755, "$dir/far/bin/echo" or die $!;
symlink "$dir/far/deep", "$dir/link" or die $!;
symlink '/bin/echo', "$dir/good" or die $!;
mkdir "$dir/bin" or die $!;
symlink '/bin/echo', "$dir/bin/echo" or die $!;
is(run(qq("$dir/link/../bin/echo", "x"), "run $dir/bin/echo"), 'x', 'a link before ".." leads nowhere else');
is(run(qq("./good", "x"), 'run ./good'), 'x', 'a relative path');
is(run(qq("./good", "x"), 'run /bin/echo'), refused('run ./good'), 'a link is what it is called');

is(run('"/usr/bin/env"', 'run /usr/bin/env'), '', 'a child sees no variable');
is(run('"/usr/bin/env"', 'run /usr/bin/env', 'env NEAP_TEST_SEEN'), 'NEAP_TEST_SEEN=seen', 'but what we may see');
is(run('"/usr/bin/env", env = { LD_PRELOAD = "x.so" }', 'run /usr/bin/env'), refused('env LD_PRELOAD'),
    'it is given no variable');
is(run('"/usr/bin/env", env = { A = "b" }', 'run /usr/bin/env', 'env A'), 'A=b', 'but what we may see');

is(run('"/bin/pwd", cwd = "/"', 'run /bin/pwd'), refused('fs.read /'), 'it starts in no folder');
is(run(qq("/bin/pwd", cwd = "$dir/far"), 'run /bin/pwd', "fs.read $dir/far"), "$dir/far", 'but what we may read');
is(run('"/bin/echo", stdout = { path = "out" }', 'run /bin/echo'), refused('fs.write out'), 'it writes to no file');
is(run('"/bin/cat", input = { path = "/etc/passwd" }', 'run /bin/cat'), refused('fs.read /etc/passwd'), 'nor reads');
is(run('"/bin/echo", uid = 0', 'run /bin/echo'), refused('process'), 'it is nobody else');

done_testing;
