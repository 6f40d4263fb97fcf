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

# What is renamed may become readable, so it has to be.
mkdir $_ or die $! for qw(w w/pub w/e w/e/sub);
put('w/secret',  'hidden');
put('w/pub/old', 'public');
my @move = ('fs.read w/pub', 'fs.write w');
needs('fs.rename("w/secret", "w/pub/x")', 'fs.read w/secret', @move);
needs('fs.rename("w/secret", "w/y")', 'fs.read w/secret', @move);
needs('fs.rename("w/e", "w/pub/e")', 'fs.read w/e', @move);
ok(-e 'w/secret' && !-e 'w/pub/x', 'what may not be read stays where it is');
works('fs.rename("w/pub/old", "w/pub/new")', 'true', @move);
works('fs.read_file "w/pub/new"', 'public', @move);

# A slash at the end means a folder.
sub code_of { my ($code, $expected, @allow) = @_; works("select(2, $code).code", $expected, @allow) }
code_of('fs.read_file "in/file/"',               'ENOTDIR', @in);
code_of('fs.read_file "in/file/."',              'ENOTDIR', @in);
code_of('fs.stat "in/file/"',                    'ENOTDIR', @in);
code_of('fs.stat("in/file/", { follow = false })', 'ENOTDIR', @in);
code_of('fs.open "in/file/"',                    'ENOTDIR', @in);
code_of('fs.write_file("in/fresh/", "x")',       'EISDIR', @in);
code_of('fs.write_file("in/fresh/", "x", { atomic = false })', 'EISDIR', @in);
code_of('fs.open("in/fresh/", "w")',             'EISDIR', @in);
code_of('fs.rename("in/file/", "in/moved")',     'ENOTDIR', 'fs.read w', @in);
works('#fs.list "in/"',           '2',         @in);
works('fs.stat("in/").type',      'directory', @in);
works('fs.stat("in/.").type',     'directory', @in);

# Where a link leads is seen from the folder it is really in.
symlink 'e/sub', 'w/d' or die $!;
symlink '../g', 'w/e/sub/f' or die $!;
put('w/e/g', 'right');
put('w/g',   'wrong');
my @all = ('fs.read w', 'fs.write w');
works('fs.read_file "w/d/f"', 'right', @all);
works('fs.write_file("w/d/f", "new")', 'true', @all);
works('fs.read_file "w/e/g"', 'new', @all);
works('fs.read_file "w/g"', 'wrong', @all);

ok(!-e 'out/new', 'nothing came outside');
my $refused = `$neap --sandbox --allow "fs.fly in" script.lua 2>&1`;
like($refused, qr/fs\.fly in/, 'a wrong permission is named');
isnt($?, 0, 'and nothing runs');

done_testing();
