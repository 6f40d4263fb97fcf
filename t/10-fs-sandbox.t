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

# The rest of neap.fs asks for what it does, too.
mkdir $_ or die $! for qw(n n/sub);
put('n/file', 'text');
put('out/private', 'private');
symlink '../out/private', 'n/leave' or die $!;
symlink '../out', 'n/away' or die $!;
my @n = ('fs.read n', 'fs.write n');
works('fs.exists "n/file"', 'true', 'fs.read n');
needs('fs.exists "out/private"', 'fs.read out/private', @n);
needs('fs.exists "n/leave"', 'fs.read n/leave', @n);
needs('fs.access("out/private", "r")', 'fs.read out/private', @n);
needs('fs.statfs "out"', 'fs.read out', @n);
works('fs.readlink "n/leave"', '../out/private', @n);
needs('fs.readlink "out/private"', 'fs.read out/private', @n);
needs('fs.realpath "n/leave"', 'fs.read n/leave', @n);
works('fs.realpath "n/../n/file" == fs.realpath "n/file"', 'true', @n);
for my $change ('chmod(%s, "600")', 'chown(%s, nil, nil)', 'set_times(%s, 1, 1)', 'truncate(%s, 1)') {
    for my $path ('out/private', 'n/leave', 'n/away/private') {
        needs('fs.' . sprintf($change, qq("$path")), "fs.write $path", @n);
    }
    needs('fs.' . sprintf($change, '"n/file"'), 'fs.write n/file', 'fs.read n');
    works('fs.' . sprintf($change, '"n/sub/../file"'), 'true', @n);
}
needs('fs.link("out/private", "n/mine")', 'fs.write out/private', @n);
needs('fs.link("n/file", "out/mine")', 'fs.write out/', @n);
works('fs.link("n/file", "n/other")', 'true', @n);
works('fs.link("n/leave", "n/leave2")', 'true', @n);
needs('fs.read_file "n/leave2"', 'fs.read n/leave2', @n);
needs('fs.symlink("/etc", "n/etc")', 'fs.write', @n);
works('fs.symlink("file", "n/soft")', 'true', 'fs.read', 'fs.write');
needs('fs.copy("out/private", "n/mine")', 'fs.read out/private', @n);
needs('fs.copy("n/leave", "n/mine")', 'fs.read n/leave', @n);
needs('fs.copy("n/file", "out/mine")', 'fs.write out/', @n);
needs('fs.copy("n/file", "n/away/mine")', 'fs.write n/away/', @n);
works('fs.copy("n/file", "n/copy")', 'true', @n);
works('fs.copy("n/sub", "n/subcopy", { recursive = true })', 'true', @n);
needs('fs.copy("n", "n2", { recursive = true })', 'fs.write .', @n);
mkdir $_ or die $! for qw(n/tree);
symlink '../../out/private', 'n/tree/leave' or die $!;
needs('fs.copy("n/tree", "n/t1", { recursive = true, follow = true })', 'fs.read n/tree/leave', @n);
needs('fs.copy("n/tree", "n/t2", { recursive = true })', 'fs.write', @n);
needs('fs.move("n/file", "out/moved")', 'fs.write out/', @n);
needs('fs.lock "out/lock"', 'fs.write out/lock', @n);
works('fs.lock("n/lock") ~= nil', 'true', @n);
needs('fs.stream "out/private"', 'fs.read out/private', @n);
works('fs.stream("n/copy"):read_all() ~= nil', 'true', @n);
needs('fs.temporary_file { folder = "out" }', 'fs.write out/', @n);
works('fs.temporary_folder { folder = "n" } ~= nil', 'true', @n);
needs('fs.watch "out"', 'fs.read out', @n);
works('fs.watch("n", { recursive = true }) ~= nil', 'true', @n, 'time');
needs('fs.glob "out/*"', 'fs.read out', @n);
works('#fs.glob "n/fil*"', '1', @n);
is(join(' ', glob('n/neap-*')), '', 'what was temporary has gone at exit');
is(join('', grep { -e "out/$_" } qw(mine moved lock)), '', 'nothing was made outside');

ok(!-e 'out/new', 'nothing came outside');
my $refused = `$neap --sandbox --allow "fs.fly in" script.lua 2>&1`;
like($refused, qr/fs\.fly in/, 'a wrong permission is named');
isnt($?, 0, 'and nothing runs');

done_testing();
