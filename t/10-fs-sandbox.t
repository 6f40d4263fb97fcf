# neap.fs under permissions: what is granted works, what is not says which permission it needs.
use strict;
use warnings;
use Test::More;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;
mkdir $_ or die $! for qw(in out);
put('in/file', 'inside');
put('out/secret', 'secret');
symlink '../out/secret', 'in/leave' or die $!;

sub put {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or die "$path: $!";
    print $file $text;
    close $file or die $!;
}

# What an expression gives in a sandbox with these permissions.
sub run {
    my ($code, @allow) = @_;
    put('script.lua', <<"LUA");
local fs = require "neap.fs"
local function show(value, err)
  print(err and err.code .. " " .. err.message or tostring(value))
end
show($code)
LUA
    open(my $out, '-|', $neap, '--sandbox', (map { ('--allow', $_) } 'fs.read script.lua', @allow),
        'script.lua') or die $!;
    local $/;
    my $text = <$out>;
    close $out;
    $text =~ s{\n\z}{};
    return $text;
}

sub works {
    my ($code, $expected, @allow) = @_;
    is(run($code, @allow), $expected, "$code with " . (join(', ', @allow) || 'nothing'));
}

sub needs {
    my ($code, $permission, @allow) = @_;
    works($code, qq(EPERMISSION needs permission "$permission"), @allow);
}

my @in = ('fs.read in', 'fs.write in');

needs('fs.read_file "in/file"', 'fs.read in/file');
works('fs.read_file "in/file"', 'inside', 'fs.read in');
works('fs.read_file "in/file"', 'inside', 'fs.read');
works("fs.read_file '$dir/in/file'", 'inside', 'fs.read ./in/../in/');
needs('fs.read_file "out/secret"', 'fs.read out/secret', 'fs.read in');
needs('fs.read_file "in/../out/secret"', 'fs.read in/../out/secret', 'fs.read in');
needs('fs.read_file "in/leave"', 'fs.read in/leave', 'fs.read in');
works('fs.read_file "in/leave"', 'secret', 'fs.read in', 'fs.read out');
needs('fs.write_file("in/new", "x")', 'fs.write in/new', 'fs.read in');
works('fs.write_file("in/new", "x")', 'true', @in);
needs('fs.write_file("in/leave", "x")', 'fs.write in/leave', @in);
works('fs.write_file("out/secret", "exactly")', 'true', 'fs.write out/secret');
works('fs.read_file("out/secret")', 'exactly', 'fs.read out/secret');
works('fs.write_file("made", "x")', 'true', 'fs.write made');
works('fs.stat("in/file").size', '6', 'fs.read in');
needs('fs.stat "in/leave"', 'fs.read in/leave', 'fs.read in');
works('fs.stat("in/leave", { follow = false }).type', 'link', 'fs.read in');
works('#fs.list "in"', '3', 'fs.read in');
needs('fs.list "."', 'fs.read .', 'fs.read in');
works('fs.mkdir("in/a/b", { parents = true })', 'true', @in);
needs('fs.rename("in/new", "out/new")', 'fs.write out/', @in);
works('fs.rename("in/new", "in/a/new")', 'true', @in);
needs('fs.remove "in"', 'fs.write .', @in);
works('fs.remove("in/a", { recursive = true })', 'true', @in);
needs('fs.mkdtemp "/tmp/x"', 'fs.write /tmp/', @in);
needs('fs.open("in/file", "r+")', 'fs.write in/file', 'fs.read in');
works('fs.open("in/file", "r+"):read(2)', 'in', @in);

ok(!-e 'out/new', 'nothing came outside');
my $refused = `$neap --sandbox --allow "fs.fly in" script.lua 2>&1`;
like($refused, qr/fs\.fly in/, 'a wrong permission is named');
isnt($?, 0, 'and nothing runs');

done_testing();
