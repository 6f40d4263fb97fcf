# A restricted runtime: what an attacker would try is refused, and what is allowed works.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;

sub boxed {
    my ($code, @allow) = @_;
    open(my $file, '>', 'box.lua') or die $!;
    print $file $code;
    close $file;
    my $allow = join ' ', map { "--allow '$_'" } @allow;
    return scalar `timeout 60 $neap --sandbox $allow --allow 'fs.read $dir/box.lua' box.lua 2>&1`;
}

# --- What is not there, by every name it might be had by ---

my @gone = (
    'io', 'ffi', 'jit', 'newproxy', 'module', 'os.getenv', 'os.execute', 'os.remove', 'os.rename', 'os.tmpname',
    'os.setlocale', 'package.loadlib', 'package.loaded.io', 'package.loaded.ffi', 'package.preload.ffi',
    'package.loaded.jit', 'package.loaded.os.execute', 'string.dump', '("").dump', 'debug.getregistry',
    'debug.getupvalue', 'debug.sethook', 'debug.setmetatable', 'debug.getinfo', 'package.loaded.debug.getlocal',
);
is(boxed("print($_)"), "nil\n", "there is no $_") for @gone;

my %refused = (
    'require "ffi"'                        => qr/not found/,
    'require "io"'                         => qr/not found/,
    'require "jit"'                        => qr/not found/,
    'require "jit.util"'                   => qr/not found/,
    'require "uv"'                         => qr/not found/,
    'collectgarbage "stop"'                => qr/may only count/,
    'collectgarbage("setpause", 1000000)'  => qr/may only count/,
    'load(function() while true do end end)' => qr/string expected/,
    'assert(load("\27LJ\2"))'              => qr/wrong mode|binary|unexpected/,
    'assert(loadstring("\27LJ\2"))'        => qr/wrong mode|binary|unexpected/,
    'assert(loadfile "/etc/passwd")'       => qr/permission is missing/,
    'dofile "/etc/passwd"'                 => qr/permission is missing/,
    'package.path = "/etc/?" require "passwd"' => qr/permission is missing/,
    'package.cpath = "/usr/lib/?.so" require "x"' => qr/not found/,
    'assert(require("neap.fs").read_file("/etc/passwd"))' => qr/EPERMISSION.*fs\.read/,
    'assert(require("neap.fs").write_file("x", "y"))' => qr/EPERMISSION.*fs\.write/,
    'assert(require("neap.net").connect("127.0.0.1", 1))' => qr/EPERMISSION/,
    'assert(require("neap.net").listen { port = 0 })' => qr/EPERMISSION/,
    'require("neap.http").serve(0, print)' => qr/EPERMISSION/,
    'assert(require("neap.fs").read_file("box.lua/../../../../etc/passwd"))' => qr/EPERMISSION|ENOTDIR/,
);
for my $code (sort keys %refused) {
    like(boxed($code), $refused{$code}, "refused: $code");
}

# --- What works ---

is(boxed('print(type(os.time()), os.date("%Y", 0) ~= nil, type(os.clock()))'), "number\ttrue\tnumber\n", 'clocks');
is(boxed('print(collectgarbage "count" > 0)'), "true\n", 'garbage is counted');
is(boxed('print(load("return 1 + 1")(), loadstring("return ...")(3), load("return x", "n", "t", { x = 4 })())'), "2\t3\t4\n", 'text is compiled');
is(boxed('local t = require "neap.task" print(t.spawn(function() t.sleep(0.001) return 5 end):wait())'), "5\n", 'tasks');
is(boxed('print(require("cjson").encode({ 1 }))'), "[1]\n", 'JSON');
like(boxed('print(debug.traceback("here"))'), qr/^here\nstack traceback/, 'tracebacks');
mkdir 'lib';
open(my $module, '>', 'lib/near.lua') or die $!;
print $module 'return "near"';
close $module;
is(boxed('package.path = "lib/?.lua" print(require "near")', "fs.read $dir/lib"), "near\n", 'modules that may be read');
open(my $data, '>', 'lib/data') or die $!;
print $data 'data';
close $data;
is(boxed('print(require("neap.fs").read_file "lib/data")', "fs.read $dir/lib"), "data\n", 'files that may be read');
is(boxed('os.exit(0)'), '', 'an end');

done_testing();
