# neap.system under permissions: each function needs its own, and says which.
use strict;
use warnings;
use Test::More;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;
$ENV{NEAP_TEST_SEEN} = 'seen';
$ENV{NEAP_TEST_HIDDEN} = 'hidden';

# What an expression gives in a sandbox with these permissions.
sub run {
    my ($code, @allow) = @_;
    open(my $file, '>', 'script.lua') or die $!;
    print $file <<"LUA";
local system = require "neap.system"
local function show(value, err)
  print(err and type(err) == "table" and err.code .. " " .. err.message or type(value))
end
show($code)
LUA
    close $file or die $!;
    open(my $out, '-|', $neap, '--sandbox', (map { ('--allow', $_) } 'fs.read script.lua', @allow),
        'script.lua') or die $!;
    local $/;
    my $text = <$out>;
    close $out;
    $text =~ s{\n\z}{};
    return $text;
}

my %type = (
    cpus => 'table', parallelism => 'number', memory => 'table', load => 'number', uptime => 'number',
    host_name => 'string', uname => 'table', interfaces => 'table', user => 'table', pid => 'number',
    parent_pid => 'number', usage => 'table', executable => 'string', temp_dir => 'string', cwd => 'string',
    priority => 'number',
);

for my $name (sort keys %type) {
    is(run("system.$name()"), qq(EPERMISSION needs permission "system $name"), "$name without permission");
    is(run("system.$name()", "system $name"), $type{$name}, "$name with its own");
}
is(run('system.user "root"', 'system'), 'table', '"system" is all of them');
is(run('system.memory()', 'system cpus'), 'EPERMISSION needs permission "system memory"', 'and one is no other');
is(run('system.os .. system.arch'), 'string', 'os and arch are for all');

is(run('system.env "NEAP_TEST_SEEN"'), 'EPERMISSION needs permission "env NEAP_TEST_SEEN"', 'env without');
is(run('system.env "NEAP_TEST_SEEN"', 'env NEAP_TEST_*'), 'string', 'env with');
is(run('system.environment().NEAP_TEST_SEEN', 'env NEAP_TEST_SEEN'), 'string', 'all variables: what is granted');
is(run('system.environment().NEAP_TEST_HIDDEN', 'env NEAP_TEST_SEEN'), 'nil', 'and nothing else');

is(run('system.set_env("NEAP_TEST_SEEN", "x")', 'env'), 'EPERMISSION needs permission "process"', 'set_env');
is(run('system.set_env("NEAP_TEST_SEEN", "x")', 'process'),
    'EPERMISSION needs permission "env NEAP_TEST_SEEN"', 'set_env of what may not be seen');
is(run('system.set_env("NEAP_TEST_SEEN", "x")', 'process', 'env NEAP_TEST_SEEN'), 'boolean', 'set_env with both');
is(run("system.chdir '$dir'", 'system', 'env'), 'EPERMISSION needs permission "process"', 'chdir');
is(run('system.set_priority(19)', 'system', 'env'), 'EPERMISSION needs permission "process"', 'set_priority');

# --- The modules without a C half work with no permission at all ---

is(run('require("neap.path").join("a", "../b")'), 'string', 'neap.path');
is(run('require("neap.path").absolute("a")'), 'EPERMISSION needs permission "system cwd"', 'where we are');
is(run('require("neap.path").expand("~")'), 'EPERMISSION needs permission "system user"', 'who we are');
is(run('require("neap.path").expand("~/x")', 'env HOME'), 'string', 'by HOME');
is(run('require("neap.events").new():emit("x")'), 'boolean', 'neap.events');

done_testing;
