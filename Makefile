# Neap's build: GNU make, read from top to bottom.
#
#   make            build/neap, build/libneap.a, build/libneap.so, build/neap.pc
#   make demo       gets what is missing, builds, starts the example server     PORT=8080
#   make test       gets what the tests need, builds twice, runs t/ and spec/ (test-all: in every way)
#   make check      clang-format, luacheck, clang's warnings     make bench, fuzz, docs
#   make install    DESTDIR= PREFIX=/usr/local                   make clean, distclean
#
#   V=1 shows the commands, SANITIZE=1 builds into build/sanitize with ASan and UBSan, PORTABLE=1 into build/portable
#   what other systems than Linux are served with (t/00-portable.t), WERROR=1 lets no warning pass, LUAJIT_SRC=dir takes that LuaJIT 2.1 checkout, NEAP_LUA=lua (when running) reads lua/.

PREFIX  = /usr/local
SYSTEM := $(shell uname -s | tr A-Z a-z)
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif
VERSION = $(shell sed -n 's/^.define NEAP_VERSION "\(.*\)"/\1/p' host/include/neap/neap.h)

# --- flavours: where things go, and what is built in ----------------------------------------------

B          = build
OPTIMIZE   = -O2
ifneq ($(SANITIZE)$(FUZZER),)
B          = $(if $(FUZZER),build/fuzz,build/sanitize)
OPTIMIZE   = -O1 -fno-omit-frame-pointer -DNEAP_CHECK
INSTRUMENT = -fsanitize=address,undefined -fno-sanitize-recover=undefined $(if $(FUZZER),-fsanitize=fuzzer-no-link)
CC         = $(if $(FUZZER),clang,cc)
endif
ifneq ($(PORTABLE),)
B          = build/portable
SYSTEM_C   = -DNEAP_PORTABLE
endif

# --- what is on this machine: LuaJIT and the libraries, each static and shared --------------------

PACKAGES = openssl

all: build
.PHONY: all build objects demo test test-all test-build bench fuzz docs check lint format install clean distclean
.DELETE_ON_ERROR:

# These start with nothing there; they run make again for what they need.
ifneq ($(filter-out demo test test-all bench fuzz docs check lint format clean distclean,$(or $(MAKECMDGOALS),all)),)
include build/config.mk
endif
build/config.mk: scripts/config
	@mkdir -p build
	@scripts/need --dry build
	@MAKE='$(MAKE)' scripts/config build/luajit $(PACKAGES) >$@.new && mv $@.new $@

# --- sources ------------------------------------------------------------------------------------

HOST     = $(wildcard host/*.c host/os/*.c)
BINDINGS = $(wildcard bindings/*.c bindings/*/*.c)
LUA      = $(shell find lua -name '*.lua' 2>/dev/null)
TESTS    = $(shell grep -lE '^.include ("host\.h"|<neap/)' t/c/*.c 2>/dev/null)

OBJECTS  = $(patsubst %.c,$B/obj/%.o,$(filter-out host/main.c,$(HOST)) $(BINDINGS)) $B/obj/builtins.o $B/obj/modules.o
MAIN     = $B/obj/host/main.o
PROGRAMS = $(TESTS:t/c/%.c=$B/t/%)

# --- flags --------------------------------------------------------------------------------------

WARNINGS = -Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes \
           -Wold-style-definition -Wvla -Wno-unused-parameter -Wno-missing-field-initializers \
           -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion \
           $(if $(WERROR),-Werror)
NEAP_C   = -std=c11 -D_GNU_SOURCE $(OPTIMIZE) -g -fPIC -fvisibility=hidden $(INSTRUMENT) $(SYSTEM_C) $(WARNINGS) $(CFLAGS)

# host/ sees itself and LuaJIT's inside; a binding sees <neap/extension.h> and the library it binds.
HOST_C    = $(NEAP_C) -Ihost -Ihost/include $(LUA_CFLAGS) $(LUA_INTERNAL) $(CJSON_CFLAGS) $(LIBS_CFLAGS)
BINDING_C = $(NEAP_C) -DNEAP_BUILTIN=1 -Ihost/include $(LUA_CFLAGS) $(LIBS_CFLAGS)
TEST_C    = $(HOST_C) -Ibindings -It/c

# Everything is hidden but the two interfaces. The executable gives its libuv too: one loop, one libuv.
OWN_OPEN = base bit debug ffi io jit math os package string string_buffer table
EXPORTS  = lua_* luaL_* luaJIT_* neap_* $(OWN_OPEN:%=luaopen_%)
EXPORT_FLAGS = $(foreach name,$(EXPORTS) uv_*,-Wl,--export-dynamic-symbol='$(name)')
LINK      = $(CC) $(INSTRUMENT) $(LDFLAGS)
SYS_LIBS  = -lm -ldl -lpthread
AS_NEEDED = -Wl,--as-needed
SONAME    = libneap.so.0
SHARED_FLAGS = -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$B/exports.map
ifeq ($(SYSTEM),darwin)
EXPORT_FLAGS = $(foreach name,$(EXPORTS) uv_*,-Wl,-exported_symbol,'_$(name)')
AS_NEEDED = -Wl,-dead_strip_dylibs
SHARED_FLAGS = -dynamiclib -install_name @rpath/$(SONAME) $(foreach name,$(EXPORTS),-Wl,-exported_symbol,'_$(name)')
endif

# --- rules: one line of progress a step -----------------------------------------------------------

Q   = $(if $(V),,@)
say = $(if $(V),,@printf '$(if $(and $(PROGRESS),$(MAKE_TERMOUT)),\r\033[K  %-7s %s,  %-7s %s\n)' $1 $2)

build: $B/neap $B/libneap.a $B/libneap.so $B/neap.pc
	@: # or make says that there is nothing to be done
objects: $(OBJECTS) $(MAIN)
compile = $(Q)mkdir -p $(@D) && $(CC) $1 -MMD -MP -c -o $@ $<

$B/obj/host/%.o: host/%.c build/config.mk
	$(call say,CC,$<)
	$(call compile,$(HOST_C))

$B/obj/bindings/%.o: bindings/%.c build/config.mk
	$(call say,CC,$<)
	$(call compile,$(BINDING_C))

$B/obj/%.o: $B/%.c
	$(call say,CC,$<)
	$(call compile,$(HOST_C))

# A folder is newer when a file came or went.
$B/builtins.c: scripts/builtins $(BINDINGS) $(wildcard bindings bindings/*/)
	$(call say,GEN,$@)
	$(Q)mkdir -p $B && scripts/builtins $(BINDINGS) >$@

$B/modules.c: scripts/embed.lua $(LUA) $(shell find lua -type d 2>/dev/null) build/config.mk
	$(call say,GEN,$@)
	$(Q)mkdir -p $B && $(LUAJIT) scripts/embed.lua $(LUA) >$@

$B/exports.map: Makefile
	$(Q)mkdir -p $B && printf '{ global: %s local: *; };\n' '$(EXPORTS:%=%;)' >$@

$B/neap: $(MAIN) $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LUA_STATIC) $(EXPORT_FLAGS) $(UV_STATIC) $(AS_NEEDED) $(CJSON_STATIC) $(LIBS_STATIC) $(SYS_LIBS)

$B/libneap.so: $(OBJECTS) $B/exports.map
	$(call say,LINK,$@)
	$(Q)$(LINK) $(SHARED_FLAGS) -o $@ $(OBJECTS) $(LUA_SHARED) $(AS_NEEDED) $(CJSON_SHARED) $(UV_SHARED) $(LIBS_SHARED) $(SYS_LIBS)
	$(Q)ln -sf libneap.so $B/$(SONAME)

# The one LuaJIT that can be stopped comes with it; the rest is neap.pc's to name.
$B/libneap.a: $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(OBJECTS) $(LUA_OBJECT)

RPATH = -Wl,-rpath,$${libdir} $(INSTRUMENT)
pc = sed -e 's|@prefix@|$1|' -e 's|@includedir@|$2|' -e 's|@libdir@|$3|' -e 's|@luadir@|$4|' -e 's|@rpath@|$5|' \
     -e 's|@version@|$(VERSION)|' -e 's|@packages@|$(strip libuv $(PACKAGES) $(LUA_PACKAGE))|' \
     -e 's|@private@|$(strip $(CJSON_SHARED) $(SYS_LIBS))|' host/neap.pc.in

$B/neap.pc: host/neap.pc.in host/include/neap/neap.h Makefile build/config.mk
	$(Q)mkdir -p $B && $(call pc,$(CURDIR),$${prefix}/host/include,$${prefix}/$B,$${prefix}/build/luajit/include,$(RPATH) ) >$@

# Programs with all of the host at hand: $(call program,flags,libneap.a).
program = $(Q)mkdir -p $(@D) && $(CC) $(TEST_C) $1 -MMD -MP -MF $@.d -o $@ $< $2 $(if $(LUA_OBJECT),,$(LUA_STATIC)) \
          $(EXPORT_FLAGS) $(UV_STATIC) $(AS_NEEDED) $(CJSON_STATIC) $(LIBS_STATIC) $(SYS_LIBS) $(LDFLAGS)

$B/t/%: t/c/%.c $B/libneap.a
	$(call say,TEST,$<)
	$(call program,,$B/libneap.a)

test-build: build $(PROGRAMS)

-include $(OBJECTS:.o=.d) $(MAIN:.o=.d) $(PROGRAMS:=.d) $(wildcard build/fuzz/*.d)

# --- what people type -----------------------------------------------------------------------------

AGAIN = $(MAKE) --no-print-directory

demo:
	@scripts/need build demo
	+@$(AGAIN) PROGRESS=1 build $(if $(MAKE_TERMOUT),&& printf '\r\033[K')
	@exec build/neap examples/hello.lua $(PORT)

test test-all:
	@scripts/need build test
	+@$(AGAIN) test-build
	+@$(AGAIN) test-build SANITIZE=1
	@scripts/test $@

bench:
	@scripts/need build bench
	+@$(AGAIN) build
	@bench/run $(BENCH)

FUZZERS = $(patsubst fuzz/%.c,build/fuzz/%,$(wildcard fuzz/*.c))
fuzz:
	@scripts/need build test
	+@$(AGAIN) FUZZER=1 build/fuzz/libneap.a $(FUZZERS)
	@for program in $(FUZZERS); do scripts/fuzz $$program $(or $(SECONDS),30) || exit 1; done

build/fuzz/%: fuzz/%.c build/fuzz/libneap.a
	$(call say,FUZZ,$<)
	$(call program,-fsanitize=fuzzer,build/fuzz/libneap.a)

docs:
	@scripts/need build docs
	+@$(AGAIN) build/neap
	@scripts/docs
	@build/neap scripts/site.lua

format:
	@clang-format -i $$(find host bindings bench fuzz t examples -name "*.[ch]")

check lint:
	@scripts/need build test
	+@$(AGAIN) B=build/clang CC=clang WERROR=1 objects
	@scripts/lint

install: build
	$(call say,INSTALL,$(DESTDIR)$(PREFIX))
	$(Q)$(call pc,$(PREFIX),$${prefix}/include,$${prefix}/lib,$${includedir}/neap/lua,) >$B/installed.pc
	$(Q)scripts/install $B '$(DESTDIR)$(PREFIX)' $(VERSION) $(if $(LUA_OBJECT),build/luajit/include)

# LuaJIT takes a minute to build and stays; distclean drops it too.
clean distclean:
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 $(if $(filter clean,$@),! -name luajit) -exec rm -rf {} +
