# neap init begins a project that runs, whose spec passes, and which editors understand.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $types = abs_path('types');
my $dir  = abs_path(tempdir(CLEANUP => 1));
chdir $dir or die $!;

sub slurp {
    my ($path) = @_;
    open(my $file, '<', $path) or die "$path: $!";
    local $/;
    return <$file>;
}

sub put {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or die "$path: $!";
    print $file $text;
    close $file or die $!;
}

sub run {
    my ($command) = @_;
    my $out = `timeout 60 sh -c '$command' 2>&1 </dev/null`;
    return ($out, $? & 127 ? 128 + ($? & 127) : $? >> 8);
}

my @files = qw(main.lua greeting.lua spec/greeting_spec.lua .luarc.json .gitignore);

subtest 'a new project' => sub {
    my ($out, $status) = run("$neap init app/new");
    is($status, 0, 'is made, with its folders');
    is($out, join('', map { "  wrote $_\n" } @files), 'and each file told');
    chdir 'app/new' or die $!;
    ($out, $status) = run("$neap test");
    is($status, 0, 'its spec passes') or diag($out);
    like($out, qr/^ok 2 - /m, 'all of it');
    my $pid = open(my $server, '-|', $neap, 'main.lua', 0) or die $!;
    my ($port) = <$server> =~ /:(\d+)/;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
    print $socket "GET /?name=Ann HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    like(join('', <$socket>), qr/\r\n\r\nHello, Ann!\n\z/, 'its script serves');
    kill 'TERM', $pid;
    close $server;
    SKIP: {
        chomp(my $luacheck = `sh -c 'command -v luacheck'`);
        skip 'luacheck is not here', 1 unless $luacheck;
        is((run("$neap $luacheck --std luajit --quiet ."))[1], 0, 'luacheck has nothing to say');
    }
    chdir $dir or die $!;
};

subtest 'the settings for editors' => sub {
    put('read.lua', <<'LUA');
local settings = require "cjson".decode(require "neap.fs".read_file "app/new/.luarc.json")
print(settings["runtime.version"], settings["workspace.checkThirdParty"], unpack(settings["workspace.library"]))
LUA
    my ($out) = run("$neap read.lua");
    is($out, "LuaJIT\tfalse\tlua_modules/share/lua/5.1\t$types\n",
        "are JSON, and know Neap's types and the project's rocks");
    is(slurp('app/new/.gitignore'), "/lua_modules/\n", 'and git leaves the rocks out');
};

subtest 'what is there stays' => sub {
    my %before = map { $_ => slurp("app/new/$_") } @files;
    put('app/new/main.lua', $before{'main.lua'} = "print 'mine'\n");
    chdir 'app/new' or die $!;
    my ($out, $status) = run("$neap init");
    is($status, 1, 'a second time: 1');
    is($out, "neap init: main.lua, greeting.lua, spec/greeting_spec.lua, .luarc.json: there already; "
          . "nothing was written\n", 'and why');
    chdir $dir or die $!;
    is(slurp("app/new/$_"), $before{$_}, "$_ is as it was") for @files;

    mkdir 'one';
    put('one/.luarc.json', '{}');
    is((run("$neap init one"))[0], "neap init: .luarc.json: there already; nothing was written\n",
        'one file is enough');
    ok(!-e 'one/main.lua' && !-e 'one/spec', 'for nothing to be written');
    mkdir 'link';
    symlink 'nowhere', 'link/main.lua' or die $!;
    is((run("$neap init link"))[1], 1, 'a link that leads nowhere is there, too');
    mkdir 'git';
    put('git/.gitignore', "*.log\n");
    is((run("$neap init git"))[0] =~ s/^  wrote.*\n//mgr, "  kept  .gitignore\n", "only git's list may be there");
    is(slurp('git/.gitignore'), "*.log\n", 'and stays');
};

subtest 'wrong use' => sub {
    is_deeply([run("$neap init a b")], ["usage: neap init [folder]\n", 2], 'two folders: 2');
    is_deeply([run("$neap init --wrong")], ["usage: neap init [folder]\n", 2], 'an option: 2');
    is_deeply([run("$neap init --help")], ["usage: neap init [folder]\n", 0], 'but --help');
    put('file', '');
    my ($out, $status) = run("$neap init file");
    like($out, qr/\Aneap init: E\w+: .*file.*\n\z/, 'a file: said in a line');
    is($status, 1, 'and 1');
};

done_testing();
