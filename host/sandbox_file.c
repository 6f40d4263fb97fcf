/* sandbox_file.c: files of io in a restricted VM: C's, opened through neap_open_path.
 *
 *     file_open(path, mode) -> file | nil, message, errno
 *     file_standard("stdin" | "stdout" | "stderr") -> file; stdout is the runtime's output
 *     file_type(value) -> "file" | "closed file" | nil
 *     file_methods: close, flush, read, seek, setvbuf, write (sandbox.lua adds lines)
 *
 * What C's library holds for one is charged to the runtime. Its userdata is made first, closed, and
 * closed again when it is collected. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

#define FILE_CLASS "neap.sandbox.file"
enum { HELD = 4096 + 600 };
enum { CLOSED, OPEN, INPUT, OUTPUT, ERRORS };

typedef struct {
    FILE *c;
    int kind;
} file;

static file *new_file(lua_State *L, int kind, FILE *c)
{
    file *f = lua_newuserdata(L, sizeof *f);
    *f = (file){c, kind};
    luaL_getmetatable(L, FILE_CLASS);
    lua_setmetatable(L, -2);
    return f;
}

static file *check_file(lua_State *L)
{
    file *f = luaL_checkudata(L, 1, FILE_CLASS);
    if (f->kind == CLOSED)
        luaL_error(L, "attempt to use a closed file");
    return f;
}

/* ---- Opening and closing ---- */

static int flags_of(const char *mode)
{
    bool plus = strchr(mode, '+') != NULL;
    if (*mode == 'r')
        return plus ? O_RDWR : O_RDONLY;
    return (plus ? O_RDWR : O_WRONLY) | O_CREAT | (*mode == 'w' ? O_TRUNC : O_APPEND);
}

static bool is_mode(const char *mode)
{
    if (!*mode || !strchr("rwa", *mode))
        return false;
    const char *rest = mode + 1 + (mode[1] == '+');
    return strspn(rest, "b") == strlen(rest);
}

static int file_open(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
    luaL_argcheck(L, is_mode(mode), 2, "invalid mode");
    neap_runtime *rt = neap_of(L);
    file *f = new_file(L, CLOSED, NULL);
    int status = neap_charge(rt, HELD);
    if (status)
        return neap_sandbox_fail(L, "", path, status);
    int fd = neap_sandbox_open(rt, path, flags_of(mode));
    status = fd < 0 ? fd : 0;
    if (!status && !(f->c = fdopen(fd, mode))) {
        status = -errno;
        close(fd);
    }
    if (status) {
        neap_charge(rt, -HELD);
        return neap_sandbox_fail(L, *mode == 'r' ? "fs.read" : "fs.write", path, status);
    }
    f->kind = OPEN;
    return 1;
}

static int file_close(lua_State *L)
{
    file *f = check_file(L);
    if (f->kind != OPEN) {
        lua_pushnil(L);
        lua_pushliteral(L, "cannot close standard file");
        return 2;
    }
    f->kind = CLOSED;
    neap_charge(neap_of(L), -HELD);
    if (fclose(f->c))
        return neap_sandbox_fail(L, "", "close", -errno);
    lua_pushboolean(L, 1);
    return 1;
}

static int file_gc(lua_State *L)
{
    file *f = luaL_checkudata(L, 1, FILE_CLASS);
    return f->kind == OPEN ? file_close(L) : 0;
}

static int file_standard(lua_State *L)
{
    static const char *const names[] = {"stdin", "stdout", "stderr", NULL};
    FILE *const all[] = {stdin, stdout, stderr};
    int i = luaL_checkoption(L, 1, NULL, names);
    new_file(L, INPUT + i, all[i]);
    return 1;
}

static int file_type(lua_State *L)
{
    file *f = lua_touserdata(L, 1);
    luaL_checkany(L, 1);
    luaL_getmetatable(L, FILE_CLASS);
    if (f && lua_getmetatable(L, 1) && lua_rawequal(L, -1, -2))
        lua_pushstring(L, f->kind == CLOSED ? "closed file" : "file");
    else
        lua_pushnil(L);
    return 1;
}

static int file_tostring(lua_State *L)
{
    file *f = luaL_checkudata(L, 1, FILE_CLASS);
    if (f->kind == CLOSED)
        lua_pushliteral(L, "file (closed)");
    else
        lua_pushfstring(L, "file (%p)", (void *)f);
    return 1;
}

/* ---- Reading: each pushes one value; false: there was nothing left ---- */

/* fscanf would take digits, and blanks before them, without an end. */
typedef struct {
    FILE *c;
    int next, n;
    char text[200 + 1];
} numeral;

static bool take(numeral *r, const char *set)
{
    if (r->next == EOF || !r->next || !strchr(set, r->next) || r->n == sizeof r->text - 1)
        return false;
    r->text[r->n++] = (char)r->next;
    r->next = getc(r->c);
    return true;
}

static bool take_digits(numeral *r, bool hex)
{
    int before = r->n;
    while (take(r, hex ? "0123456789abcdefABCDEF" : "0123456789"))
        ;
    return r->n > before;
}

static bool read_number(lua_State *L, FILE *c)
{
    enum { BLANKS = 1 << 20 };
    numeral r = {.c = c};
    int blanks = 0;
    char *end;
    do
        r.next = getc(c);
    while (isspace(r.next) && blanks++ < BLANKS);
    take(&r, "+-");
    bool zero = take(&r, "0"), hex = zero && take(&r, "xX"), digits = take_digits(&r, hex);
    if (take(&r, "."))
        digits |= take_digits(&r, hex);
    if ((digits || zero) && take(&r, hex ? "pP" : "eE")) {
        take(&r, "+-");
        take_digits(&r, false);
    }
    ungetc(r.next, c);
    r.text[r.n] = '\0';
    lua_pushnumber(L, strtod(r.text, &end));
    return r.n && r.n < (int)sizeof r.text - 1 && !*end;
}

static bool read_line(lua_State *L, FILE *c, bool keep_end)
{
    luaL_Buffer b;
    int character;
    bool any = false;
    luaL_buffinit(L, &b);
    while ((character = getc(c)) != EOF && character != '\n') {
        luaL_addchar(&b, (char)character);
        any = true;
    }
    if (character == '\n' && keep_end)
        luaL_addchar(&b, '\n');
    luaL_pushresult(&b);
    return any || character == '\n';
}

static bool read_bytes(lua_State *L, FILE *c, size_t n)
{
    luaL_Buffer b;
    size_t got, want, all = 0;
    luaL_buffinit(L, &b);
    do {
        want = n < LUAL_BUFFERSIZE ? n : LUAL_BUFFERSIZE;
        got = fread(luaL_prepbuffer(&b), 1, want, c);
        luaL_addsize(&b, got);
        n -= got;
        all += got;
    } while (n && got == want);
    luaL_pushresult(&b);
    return all > 0;
}

static bool read_nothing(lua_State *L, FILE *c) /* is there more? */
{
    int character = getc(c);
    ungetc(character, c);
    lua_pushliteral(L, "");
    return character != EOF;
}

static bool read_one(lua_State *L, FILE *c, int arg)
{
    if (lua_type(L, arg) == LUA_TNUMBER) {
        double n = lua_tonumber(L, arg);
        luaL_argcheck(L, n >= 0 && n < 9e15, arg, "invalid count");
        return n < 1 ? read_nothing(L, c) : read_bytes(L, c, (size_t)n);
    }
    const char *format = luaL_checkstring(L, arg);
    switch (format[*format == '*']) {
    case 'n': return read_number(L, c);
    case 'l': return read_line(L, c, false);
    case 'L': return read_line(L, c, true);
    case 'a': read_bytes(L, c, SIZE_MAX); return true;
    }
    return luaL_argerror(L, arg, "invalid format");
}

/* read(formats...). What a FIFO has not got yet is an error (EAGAIN): nobody waits for it. */
static int file_read(lua_State *L)
{
    file *f = check_file(L);
    int last = lua_gettop(L), n = 0;
    bool more = true;
    if (f->kind == INPUT)
        neap_output_flush(neap_of(L));
    if (f->kind >= OUTPUT)
        return neap_sandbox_fail(L, "", "read", -EBADF);
    clearerr(f->c);
    luaL_checkstack(L, last + LUA_MINSTACK, "too many arguments");
    if (last == 1) {
        more = read_line(L, f->c, false);
        n = 1;
    }
    for (int i = 2; i <= last && more; i++, n++)
        more = read_one(L, f->c, i);
    if (ferror(f->c))
        return neap_sandbox_fail(L, "", "read", -errno);
    if (!more) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    return n;
}

/* ---- Writing ---- */

static int file_write(lua_State *L)
{
    file *f = check_file(L);
    neap_runtime *rt = neap_of(L);
    int n = lua_gettop(L);
    if (f->kind == INPUT)
        return neap_sandbox_fail(L, "", "write", -EBADF);
    if (f->kind == ERRORS)
        neap_output_flush(rt);
    for (int i = 2; i <= n; i++) {
        size_t length;
        const char *text = luaL_checklstring(L, i, &length);
        if (f->kind == OUTPUT)
            neap_output(rt, text, length);
        else if (fwrite(text, 1, length, f->c) != length)
            return neap_sandbox_fail(L, "", "write", -errno);
    }
    if (f->kind == OUTPUT && rt->out_failed)
        return neap_sandbox_fail(L, "", "write", rt->out_failed);
    lua_settop(L, 1);
    return 1;
}

static int file_flush(lua_State *L)
{
    file *f = check_file(L);
    if (f->kind == OUTPUT)
        neap_output_flush(neap_of(L));
    else if (f->kind != INPUT && fflush(f->c))
        return neap_sandbox_fail(L, "", "flush", -errno);
    lua_settop(L, 1);
    return 1;
}

static int file_seek(lua_State *L)
{
    static const char *const names[] = {"set", "cur", "end", NULL};
    static const int whence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    file *f = check_file(L);
    int from = luaL_checkoption(L, 2, "cur", names);
    double offset = luaL_optnumber(L, 3, 0);
    luaL_argcheck(L, offset > -9e15 && offset < 9e15, 3, "invalid offset");
    if (f->kind != OPEN)
        return neap_sandbox_fail(L, "", "seek", -ESPIPE);
    if (fseeko(f->c, (off_t)offset, whence[from]))
        return neap_sandbox_fail(L, "", "seek", -errno);
    lua_pushnumber(L, (lua_Number)ftello(f->c));
    return 1;
}

/* How it is buffered is C's affair: a size of the script's would be memory that nobody counts. */
static int file_setvbuf(lua_State *L)
{
    static const char *const names[] = {"no", "full", "line", NULL};
    check_file(L);
    luaL_checkoption(L, 2, NULL, names);
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg methods[] = {
    {"close", file_close}, {"flush", file_flush},     {"read", file_read}, {"seek", file_seek},
    {"write", file_write}, {"setvbuf", file_setvbuf}, {NULL, NULL}};

static const luaL_Reg functions[] = {{"file_open", file_open},
                                     {"file_standard", file_standard},
                                     {"file_type", file_type},
                                     {NULL, NULL}};

void neap_sandbox_file_functions(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
    luaL_newmetatable(L, FILE_CLASS);
    lua_pushcfunction(L, file_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, file_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "file");
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_setfield(L, -3, "file_methods");
    lua_pop(L, 1);
}
