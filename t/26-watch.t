# neap --watch: what starts the script again, and how it ends.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
my ($pid, $said);
chdir $dir or die $!;

sub script {
    my ($name, $code) = @_;
    open(my $file, '>', $name) or die $!;
    print $file $code;
    close $file;
}

# As editors save: another file takes the name.
sub save {
    my ($name, $code) = @_;
    script("$name.new", $code);
    rename("$name.new", $name) or die $!;
}

sub start {
    $said = 0;
    unlink 'out';
    local $SIG{INT} = 'DEFAULT'; # a shell that runs us in the background ignores it
    $pid = fork // die;
    return if $pid;
    open(STDIN, '<', '/dev/null');
    open(STDOUT, '>', 'out');
    open(STDERR, '>&', \*STDOUT);
    exec $neap, @_ or die;
}

# It says so, behind what was found before.
sub says {
    my ($what, $name) = @_;
    for (1 .. 600) {
        select undef, undef, undef, 0.05;
        open(my $file, '<', 'out') or next;
        my $text = do { local $/; <$file> } // '';
        pos($text) = $said;
        if ($text =~ /$what/g) { $said = pos $text; return pass($name) }
    }
    fail($name);
    diag(`cat out`);
    return 0;
}

sub ends {
    my ($signal) = @_;
    kill $signal, $pid;
    for (1 .. 400) { return $? if waitpid($pid, 1) == $pid; select undef, undef, undef, 0.05 }
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return 'never';
}

script('lib.lua', "return 'one'\n");
script('main.lua', "print('it is ' .. require 'lib', ...)\nio.stdout:flush()\nrequire('neap.task').sleep(1000)\n");
start('--watch', '--watch-path', 'conf', 'main.lua', '--watch');
says(qr/it is one\t--watch\n/, 'the script runs, with its arguments');
save('lib.lua', "return 'two'\n");
says(qr/lib\.lua has changed.*\nit is two/, 'a module that is saved starts it again');
script('lib.lua', "return = 3\n");
says(qr/unexpected symbol/, 'an error is told');
says(qr/ended with status 1; waiting/, 'and waits for the next change');
script('lib.lua', "return require 'later'\n");
says(qr/module 'later' not found/, 'a module that is missing');
says(qr/waiting/, 'waits');
script('later.lua', "return 'later'\n");
says(qr/later\.lua has changed.*\nit is later/, 'until it appears');
script('conf', 'x');
says(qr/conf has changed.*\nit is later/, 'a file named by --watch-path, that was not there');
save('main.lua', "print 'new' io.stdout:flush() local uv = require 'uv'\n"
    . "uv.new_signal():start('sigterm', function() print 'asked to end' os.exit(3) end)\n");
says(qr/main\.lua has changed.*\nnew\n/, 'the script itself');
save('main.lua', "print('newer', require('uv').fs_fstat(3)) io.stdout:flush() os.execute('ls /proc/self/fd | wc -l')\n");
says(qr/asked to end\nnewer/, 'which is asked to end');
says(qr/ended with status 0; waiting/, 'one that ends waits, too');
chmod 0600, 'main.lua';
save('lib.lua', "return 1\n");
save('main.lua', "print 'last' io.stdout:flush() require('neap.task').sleep(1000)\n");
says(qr/main\.lua has changed.*\nlast/, 'and is run again');
is(ends('TERM') & 127, 15, 'SIGTERM ends both');
start('--watch', 'main.lua');
says(qr/last/, 'once more');
is(ends('INT') & 127, 2, 'SIGINT, too');
script('catches.lua', "local uv = require 'uv'\nuv.new_signal():start('sigterm', function() os.exit(5) end)\nprint 'ready'\n");
start('--watch', 'catches.lua');
says(qr/ready/, 'a script that minds the signal');
is(ends('TERM') >> 8, 5, 'gives its status');
start('--watch', 'missing.lua');
says(qr/ENOENT/, 'a script that is not there');
says(qr/waiting/, 'waits');
script('missing.lua', "print 'here'\n");
says(qr/here/, 'until it is');
ends('TERM');
start('--watch', '--sandbox', 'missing.lua');
says(qr/here/, 'in a sandbox');
save('missing.lua', "print 'again'\n");
says(qr/again/, 'the script is watched');
ends('TERM');
done_testing();
