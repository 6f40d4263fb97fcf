# What people have for Lua 5.1 runs in the command as the distribution ships it: modules in C and in Lua, used and not
# only loaded; rocks, in the trees where they lie; busted and luacheck.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $neap = abs_path($ENV{NEAP} // 'build/neap');
my $dir  = tempdir(CLEANUP => 1);
chdir $dir or die $!;
$ENV{HOME} = "$dir/home";
delete @ENV{qw(LUA_PATH LUA_CPATH LUA_INIT)};

sub put {
    my ($path, $text) = @_;
    make_path($path =~ s{/[^/]*$}{}r) if $path =~ m{/};
    open(my $file, '>', $path) or die "$path: $!";
    print $file $text;
    close $file or die $!;
}

# Standard output, standard error, exit status.
sub run {
    my ($command) = @_;
    my $out = `$command 2>err </dev/null`;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    open(my $file, '<', 'err') or die $!;
    local $/;
    return ($out, scalar(<$file>) // '', $status);
}

# --- Modules of the distribution ---

sub prints {
    my ($name, $expected, $code) = @_;
    put('script.lua', $code);
    my ($out, $err, $status) = run("$neap script.lua");
    is($out, $expected, "$name works");
    is("$err$status", '0', "$name leaves quietly");
}

prints('lpeg', "26\thello\tworld\n", <<'LUA');
local lpeg, re = require "lpeg", require "re"
local V = lpeg.V
local sum = lpeg.P {
  "sum",
  sum = lpeg.Cf(V "term" * lpeg.Cg(lpeg.P "+" * V "term") ^ 0, function(a, b) return a + b end) * -1,
  term = lpeg.R "09" ^ 1 / tonumber,
}
print(sum:match "1+22+3", re.match("hello world", "{[a-z]+} ' ' {.*}"))
LUA

prints('lfs', "file\tdata\ndata\tscript.lua\n", <<'LUA');
local lfs = require "lfs"
assert(lfs.mkdir "made" and lfs.rmdir "made")
io.open("data", "w"):close()
print(lfs.attributes("script.lua", "mode"), lfs.symlinkattributes("data") and "data")
local names = {}
for name in lfs.dir(lfs.currentdir()) do
  if name == "data" or name == "script.lua" then names[#names + 1] = name end
end
table.sort(names)
print(unpack(names))
LUA

prints('posix', "true\ta.b\n", <<'LUA');
local posix = require "posix"
print(posix.getpid "pid" > 1, posix.basename "/x/a.b")
LUA

prints('zlib', "true\thello\n", <<'LUA');
local zlib = require "zlib"
local text = ("hello"):rep(1000)
local packed = zlib.deflate()(text, "finish")
print(#packed < 100, zlib.inflate()(packed):sub(1, 5))
LUA

prints('cjson', "2\t[1,{\"a\":null}]\n", <<'LUA');
local cjson = require "cjson"
print(cjson.decode "[1,2]"[2], cjson.encode { 1, { a = cjson.null } })
LUA

prints('penlight', "{1,a={2}}\tb\t1,2,3\ttrue\n3\n5\tA\n1\n2\n", <<'LUA');
local pl = require "pl.import_into"()
print(pl.pretty.write({ 1, a = { 2 } }, ""), pl.stringx.split("a b c")[2], pl.List { 3, 1, 2 }:sort():join ",",
  pl.tablex.deepcompare({ 1, { 2 } }, { 1, { 2 } }))
print(require "pl.data".read(require "pl.stringio".open "a,b\n1,2\n3,4\n")[2][1])
local A = require "pl.class"()
A._name = "A"
function A:_init(x) self.x = x end
print(A(5).x, A(5)._name)
io.write((require "pl.template".substitute("# for i = 1, 2 do\n$(i)\n# end\n", { _parent = _G })))
LUA

prints('argparse', "in\ty\t2\nfalse\tmissing argument 'input'\n", <<'LUA');
local parser = require "argparse"("prog", "What it does.")
parser:argument "input"
parser:option "-o --output"
parser:flag "-v":count "*"
local given = parser:parse { "in", "-vv", "--output=y" }
print(given.input, given.output, given.v)
print(parser:pparse {})
LUA

prints('messagepack', "1\ttwo\t3.5\ttrue\n", <<'LUA');
local messagepack = require "MessagePack"
local value = messagepack.unpack(messagepack.pack { 1, "two", { three = 3.5 } })
print(value[1], value[2], value[3].three, pcall(messagepack.unpack, "\xc1") == false)
LUA

prints('luasql', "3\tx3\n2\tx2\n1\tx1\nnil\tLuaSQL: no such column: nonsense\n", <<'LUA');
local environment = require "luasql.sqlite3".sqlite3()
local db = assert(environment:connect "")
assert(db:execute "CREATE TABLE t (a INTEGER, b TEXT)")
for i = 1, 3 do assert(db:execute(("INSERT INTO t VALUES (%d, 'x%d')"):format(i, i))) end
local cursor = assert(db:execute "SELECT a, b FROM t ORDER BY a DESC")
for a, b in function() return cursor:fetch() end do print(a, b) end
cursor:close()
print(db:execute "SELECT nonsense")
db:close()
environment:close()
LUA

# --- Where rocks are found ---

sub in_tree { my ($tree, $name, $says) = @_; put("$tree/share/lua/5.1/$name.lua", qq{return "$says"}) }

subtest 'rocks are found' => sub {
    in_tree('app/lua_modules', 'beside', 'beside the script');
    in_tree('lua_modules', 'here', 'in the current folder');
    in_tree('home/.luarocks', 'users', "in the user's tree");
    put('lua_modules/share/lua/5.1/folder/init.lua', 'return "a folder"');
    put('app/main.lua', 'for _, name in ipairs { "beside", "here", "users", "folder" } do print(require(name)) end');
    is((run("$neap app/main.lua"))[0], "beside the script\nin the current folder\nin the user's tree\na folder\n",
        'in each tree');

    in_tree($_, 'same', $_) for qw(app/lua_modules lua_modules home/.luarocks);
    put('same.lua', 'return "a file of the project"');
    put('app/same.lua', 'return "a file beside the script"');
    put('app/same_main.lua', 'print((require "same"))');
    for my $expected ('a file beside the script', 'a file of the project', 'app/lua_modules', 'lua_modules',
        'home/.luarocks') {
        is((run("$neap app/same_main.lua"))[0], "$expected\n", "the nearest comes first: $expected");
        unlink $expected =~ /beside/ ? 'app/same.lua' : $expected =~ /^a/ && $expected !~ m{/} ? 'same.lua'
            : "$expected/share/lua/5.1/same.lua";
    }
    in_tree('lua_modules', 'argparse', 'mine');
    is((run("$neap -e 'print(require \"argparse\")'"))[0], "mine\n", "before the system's, in -e too");
    unlink 'lua_modules/share/lua/5.1/argparse.lua';
    is((run("$neap -e 'require(\"uv\").new_thread(function() print(require \"here\") end):join()'"))[0],
        "in the current folder\n", 'in threads');

    in_tree('lua_modules', 'task', 'a rock');
    is((run("$neap -e 'print(type(require \"neap.task\"), require \"task\")'"))[0], "table\ta rock\n",
        "no rock is Neap's own");
    my $missing = (run("$neap -e 'require \"nowhere\"'"))[1];
    my $files = qr{no file '\./lua_modules/share/lua/5\.1/nowhere\.lua'};
    like($missing, qr{$files.*no file '\./lua_modules/lib/lua/5\.1/nowhere\.so'}s, 'who misses one is told where it was looked for');
    chdir "$dir/app" or die $!;
    unlike((run("HOME=$dir/none $neap -e 'require \"nowhere\"'"))[1], qr/luarocks/, 'not in trees that are not there');
    chdir $dir or die $!;

    local $ENV{LUA_PATH} = 'own/?.lua';
    is((run("$neap -e 'print(pcall(require, \"here\"))'"))[0] =~ /^true/, '', 'LUA_PATH leaves them out');
    $ENV{LUA_PATH} = 'own/?.lua;;';
    put('own/here.lua', 'return "own"');
    is((run("$neap -e 'print(require \"here\", require \"users\")'"))[0], "own\tin the user's tree\n",
        'but for the ;; that stands for the default');
};

# --- Programs ---

subtest 'busted' => sub {
    chomp(my $busted = `sh -c 'command -v busted'`);
    put('specs/ours_spec.lua', <<'LUA');
local task = require "neap.task"
describe("in busted", function()
  it("compares", function() assert.are.same({ 1, { 2 } }, { 1, { 2 } }) end)
  it("waits", function() assert.is_true(task.sleep(0.001)) end)
  it("spies", function()
    local seen = spy.new(function() end)
    seen(1)
    assert.spy(seen).was.called_with(1)
  end)
end)
LUA
    my ($out, $err, $status) = run("$neap $busted -o TAP specs -p ours");
    is($out, "ok 1 - in busted compares\nok 2 - in busted waits\nok 3 - in busted spies\n1..3\n", 'runs');
    is("$err$status", '0', 'and is content');
    put('specs/bad_spec.lua', 'it("fails", function() task_is_missing() end)');
    ($out, $err, $status) = run("$neap $busted -o TAP specs -p bad");
    like($out, qr/^not ok 1 - fails/m, 'one that fails is told');
    is("$err$status", '1', 'and is its status: busted ends by error(), which says no more');
};

subtest 'luacheck' => sub {
    chomp(my $luacheck = `sh -c 'command -v luacheck'`);
    put('checked.lua', "local unused = 1\n");
    my ($out, $err, $status) = run("$neap $luacheck --no-color checked.lua");
    like($out, qr/checked\.lua:1:7: unused variable 'unused'/, 'runs');
    is("$err$status", '1', 'and has its status');
};

done_testing();
