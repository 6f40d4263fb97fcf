---@meta neap.fs
-- Made by scripts/reference.lua from lua/neap/fs.lua: for editors, never run.

---An open file. It does one thing at a time, in the order asked. `close()` lets what runs finish, unless that waits
---for the other end of a FIFO; the collector closes it as well. What is asked of a closed file is nil, err (ECLOSED).
---@class neap.fs.File
---@field close fun(self: neap.fs.File)
---@field is_closed fun(self: neap.fs.File): boolean
local neap_fs_File = {}

--- At most n bytes, fewer only at the end; nil at the end.
---@param n? integer default 65536
---@param offset? integer from there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function neap_fs_File:read(n, offset, callback) end

--- Writes all of a text.
---@param text string
---@param offset? integer there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:write(text, offset, callback) end

--- Moves the position; without arguments it tells where that is.
---@param whence? "set"|"cur"|"end" default "cur"
---@param offset? integer default 0
---@param callback? fun(err?: neap.Error, position?: integer)
---@return integer? position
---@return neap.Error? err
function neap_fs_File:seek(whence, offset, callback) end

--- Makes it shorter, or longer by zeros that take no room.
---@param size? integer bytes, default 0
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:truncate(size, callback) end

--- Waits until what was written is on the disk, with all that is known of the file.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:sync(callback) end

--- Waits until what was written is on the disk, with no more than it takes to read it again.
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:datasync(callback) end

--- What is known of it.
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function neap_fs_File:stat(callback) end

--- Reads pieces of known sizes at once: a header and what follows, columns of a record. Fewer, and the last one
--- shorter, only at the end; nil at the end.
---@param sizes integer[] bytes of each
---@param offset? integer from there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, texts?: string[])
---@return string[]? texts
---@return neap.Error? err
function neap_fs_File:readv(sizes, offset, callback) end

--- Writes all texts of a list, one after the other, at once.
---@param texts string[]
---@param offset? integer there, leaving the position; default: at the position
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:writev(texts, offset, callback) end

--- Sets its permission bits.
---@param bits integer|string a number, or octal text "644"
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:chmod(bits, callback) end

--- Sets its owner.
---@param uid? integer nil: as it is
---@param gid? integer nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:chown(uid, gid, callback) end

--- Sets when it was read and changed last.
---@param accessed? number seconds since 1970; nil: as it is
---@param modified? number seconds since 1970; nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function neap_fs_File:set_times(accessed, modified, callback) end

--- A stream on the file, with a descriptor and a place of its own: the file may be closed, and its position stays where
--- it is. `shutdown()` waits until all is written; what was written before `close()` is written too, but nobody hears
--- how that went.
---
---     -- not run: a fragment
---     for line in file:stream():lines() do print(line) end
---@param given? neap.fs.StreamOptions
---@return neap.Stream? stream
---@return neap.Error? err
function neap_fs_File:stream(given) end

--- Iterates over the lines from the position on, without their ends, leaving the position; raises what fails.
---@param longest? integer bytes of a line, default 1 MiB
---@return fun(): string?
function neap_fs_File:lines(longest) end

--- Iterates over what there is from the position on, in pieces, leaving the position; raises what fails.
---@param n? integer bytes of a piece at most, default 64 KiB
---@return fun(): string?
function neap_fs_File:chunks(n) end

--- All of `n` bytes. At the end it is nil without an error; an end in between is EOF.
---@param n integer bytes
---@param callback? fun(err?: neap.Error, bytes?: string)
---@return string? bytes
---@return neap.Error? err
function neap_fs_File:read_exactly(n, callback) end

---@class neap.fs.StreamOptions
---@field offset? integer where it begins; default: the position of the file
---@field length? integer bytes after which reading ends; default: at the end of the file
---@field sync? boolean its shutdown() waits until what was written is on the disk; default false

---@class neap.fs.GlobOptions
---@field folder? string where relative patterns begin; results stay relative to it; default "."
---@field dotfiles? boolean wildcards match names that begin with a dot too; default false
---@field follow? boolean `**` enters folders that links lead to; default false
---@field exclude? string|string[] patterns of what is left out, with all that is below it

---@class neap.fs.Lock
---@field close fun(self: neap.fs.Lock) lets the lock go; so does the collector, and the end of the process
---@field is_closed fun(self: neap.fs.Lock): boolean

---@class neap.fs.Stat
---@field type "file"|"directory"|"link"|"fifo"|"socket"|"char"|"block"|"unknown"
---@field size integer bytes
---@field mode integer permission bits
---@field modified number seconds since 1970; also `accessed` and `changed`
---@field accessed number
---@field changed number
---@field uid integer
---@field gid integer
---@field inode integer
---@field device integer
---@field links integer

---@class neap.fs.Space
---@field size integer bytes of the file system
---@field free integer bytes
---@field available integer bytes that are free for who is not root
---@field block_size integer bytes
---@field files integer that it has room for
---@field files_free integer
---@field name_max integer bytes of a name
---@field read_only boolean

---@class neap.fs.Temporary
---@field close fun(self: neap.fs.Temporary) removes it, and all that is in it, on the thread pool
---@field is_closed fun(self: neap.fs.Temporary): boolean
---@field path fun(self: neap.fs.Temporary): string where it is
---@field keep fun(self: neap.fs.Temporary): string it is not removed; where it is

---@class neap.fs.TemporaryOptions
---@field folder? string where to make it; default: the environment's TMPDIR, or /tmp
---@field prefix? string its name begins with that; default "neap-"

---@class neap.fs.CopyOptions
---@field recursive? boolean a folder with all that is in it; default false: EISDIR
---@field follow? boolean true: what links lead to is copied; false: links are copied as links. By default `from` is followed, and links in a folder stay links
---@field existing? "replace"|"skip"|"fail" what becomes of a file that is there; default "replace". Folders that are there get what they lack; "fail" is EEXIST for them too
---@field mode? boolean keep the permission bits; default true
---@field times? boolean keep when it was read and changed last; default false
---@field owner? boolean keep the owner, where this process may; default false

---@class neap.fs.Entry
---@field path string beginning with the path that was given
---@field name string
---@field type string as of `stat`: of a link that is followed, of what it leads to
---@field depth integer 1 for what is in the folder itself

---@class neap.fs.WalkOptions
---@field depth? integer how deep it goes: 1 only what is in the folder; default: all
---@field follow? boolean enter folders that links lead to, but none that it is in already; default false
---@field enter? fun(entry: neap.fs.Entry): boolean whether to enter a folder; default: all
---@field on_error? fun(err: neap.Error) gets what cannot be listed, and the walk goes on; default: it is raised

---@class neap.fs.Event
---@field type "created"|"changed"|"removed"|"renamed"|"overflow"
---@field path string beginning with the path that is watched
---@field from? string of "renamed": what it was called before
---@field kind? string "file", "directory" …

---@class neap.fs.Watcher
---@field close fun(self: neap.fs.Watcher) no more is told; who waits gets ECANCELED
local neap_fs_Watcher = {}

--- The next event, for which it waits; nil without an error when what was watched is gone.
---@param callback? fun(err?: neap.Error, event?: neap.fs.Event)
---@return neap.fs.Event? event
---@return neap.Error? err
function neap_fs_Watcher:next(callback) end

--- Iterates over events, until the watcher is closed or what it watches is gone; raises what fails.
---@return fun(): neap.fs.Event?
function neap_fs_Watcher:all() end

--- Stops watching; once is enough.
function neap_fs_Watcher:close() end

---@class neap.fs.WatchOptions
---@field recursive? boolean what is in folders below it too, also in those that are made later; default false
---@field debounce? number seconds of quiet after which it is told what has happened; default 0.02
---@field ignore? fun(path: string): boolean what nobody wants to hear of, with all that is in it

---Files and folders; each call is a trip to the thread pool, and blocks nobody.
local fs = {}

--- The whole text of a file, also of one that grows or does not know its size (/proc).
---@param path string
---@param options? { limit?: integer } bytes above which it is EFBIG
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function fs.read_file(path, options, callback) end

--- Gives a file a new text. A reader sees the old text or the new one, never a part, after a crash as well: the
--- text is written beside it and takes its name. The file keeps its mode. `append` and `atomic = false` write
--- in place; so does what is no regular file, and a permission for the file without its folder.
---@param path string
---@param text string
---@param options? { append?: boolean, atomic?: boolean, sync?: boolean, mode?: integer|string } `sync` (to the disk,
--- true unless written in place), `mode` as a number or octal text "644"
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.write_file(path, text, options, callback) end

--- Opens a file.
---@param path string
---@param mode? string "r" (default), "w" (emptied), "a" (to its end), with "+" both ways, "x" not there before
---@param options? { mode?: integer|string } of a new file
---@param callback? fun(err?: neap.Error, file?: neap.fs.File)
---@return neap.fs.File? file
---@return neap.Error? err
function fs.open(path, mode, options, callback) end

--- Opens a file as a stream; see `file:stream`.
---
---     -- not run: a fragment of a handler
---     fs.stream("big.log"):pipe(response)
---@param path string
---@param how? string as of `open`, default "r"
---@param options? neap.fs.StreamOptions with `mode`, of a new file
---@param callback? fun(err?: neap.Error, stream?: neap.Stream)
---@return neap.Stream? stream
---@return neap.Error? err
function fs.stream(path, how, options, callback) end

--- The paths that a pattern matches, each once, sorted byte by byte. `*` is any text in a name, `?` a character,
--- `[a-z]` one of these and `[!a-z]` another one, `{a,b}` either; `**` as a whole name is any number of folders, or
--- none. A backslash takes the meaning of what follows. A dot that begins a name is matched only by a dot. A slash at
--- the end matches folders only.
---
---     for _, path in ipairs(fs.glob("src/**/*.{c,h}", { exclude = "**/build" })) do print(path) end
---@param patterns string|string[]
---@param options? neap.fs.GlobOptions
---@param callback? fun(err?: neap.Error, paths?: string[])
---@return string[]? paths
---@return neap.Error? err
function fs.glob(patterns, options, callback) end

--- Whether a pattern of `glob` matches a path, by its text.
---@param patterns string|string[]
---@param path string
---@param options? { dotfiles?: boolean }
---@return boolean
function fs.match(patterns, path, options) end

--- Locks a file, waiting until nobody else has it locked; the file is made if need be. It is advisory: it keeps out
--- only who asks for it too. Needs "fs.write" of the file, a shared lock "fs.read".
---
---     -- not run: work() is the reader's
---     local lock = assert(fs.lock("data.lock"))
---     local all_ours = work()
---     lock:close()
---@param path string
---@param options? { shared?: boolean, wait?: boolean } `shared`: others may share it, the file has to be there, and
--- nobody has it alone; `wait = false`: EAGAIN when it is locked
---@param callback? fun(err?: neap.Error, lock?: neap.fs.Lock)
---@return neap.fs.Lock? lock
---@return neap.Error? err
function fs.lock(path, options, callback) end

--- What is known of a file, a folder, or what a link leads to.
---@param path string
---@param options? { follow?: boolean } false: of a link itself, as lstat
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function fs.stat(path, options, callback) end

--- What is known of a path itself: of a link, not of what it leads to.
---@param path string
---@param callback? fun(err?: neap.Error, stat?: neap.fs.Stat)
---@return neap.fs.Stat? stat
---@return neap.Error? err
function fs.lstat(path, callback) end

--- Whether there is something, at the end of links too. What cannot be looked for, because a folder on the way may not
--- be searched, is an error and no answer.
---@param path string
---@param callback? fun(err?: neap.Error, there?: boolean)
---@return boolean? there
---@return neap.Error? err
function fs.exists(path, callback) end

--- Whether this process may read, write or execute a file (or search a folder): true, or EACCES. To open it and see is
--- better where it is to be opened anyway: nothing can change in between.
---@param path string
---@param how? string default "r"; some of "r", "w" and "x": all of these
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.access(path, how, callback) end

--- The room there is on the file system that a path is on.
---@param path string
---@param callback? fun(err?: neap.Error, space?: neap.fs.Space)
---@return neap.fs.Space? space
---@return neap.Error? err
function fs.statfs(path, callback) end

--- The entries of a folder, by name, without "." and "..".
---@param path string
---@param callback? fun(err?: neap.Error, entries?: { name: string, type: string }[])
---@return { name: string, type: string }[]? entries
---@return neap.Error? err
function fs.list(path, callback) end

--- Makes a folder.
---@param path string
---@param options? { parents?: boolean, mode?: integer|string } `parents`: those on the way too, and it may be there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.mkdir(path, options, callback) end

--- Makes a folder of our own (mode 700), whose name begins with a prefix.
---@param prefix string "/tmp/build-"
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err
function fs.mkdtemp(prefix, callback) end

--- Removes a file, a link or an empty folder. With `recursive` a folder goes with all that is in it; links in it are
--- removed, and what they lead to stays.
---@param path string
---@param options? { recursive?: boolean } default false: a folder that is not empty is ENOTEMPTY
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.remove(path, options, callback) end

--- Gives a file or folder another name on the same file system; a file that had it is gone. From one file system to
--- another it is EXDEV: `move` does both.
---@param from string
---@param to string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.rename(from, to, callback) end

--- Gives a file a second name: a hard link. Folders have none, and both names are on one file system (EXDEV).
---@param from string the file
---@param to string its new name; EEXIST when that is there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.link(from, to, callback) end

--- Makes a symbolic link.
---@param text string where it leads, seen from the folder it is in; nothing need be there
---@param path string of the link; EEXIST when that is there
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.symlink(text, path, callback) end

--- Where a symbolic link leads, as it was made. EINVAL: it is none.
---@param path string
---@param callback? fun(err?: neap.Error, text?: string)
---@return string? text
---@return neap.Error? err
function fs.readlink(path, callback) end

--- The absolute path of what is there, without links, "." and "..".
---@param path string
---@param callback? fun(err?: neap.Error, path?: string)
---@return string? path
---@return neap.Error? err
function fs.realpath(path, callback) end

--- Sets the permission bits; a link is followed.
---@param path string
---@param bits integer|string a number, or octal text "644"
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.chmod(path, bits, callback) end

--- Sets the owner; a link is followed.
---@param path string
---@param uid? integer nil: as it is
---@param gid? integer nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.chown(path, uid, gid, callback) end

--- Sets the owner of a link itself.
---@param path string
---@param uid? integer nil: as it is
---@param gid? integer nil: as it is
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.lchown(path, uid, gid, callback) end

--- Sets when a file was read and changed last.
---@param path string
---@param accessed? number seconds since 1970; nil: as it is
---@param modified? number seconds since 1970; nil: as it is
---@param options? { follow?: boolean } false: of a link itself
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.set_times(path, accessed, modified, options, callback) end

--- Makes a file shorter, or longer by zeros that take no room.
---@param path string
---@param size? integer bytes, default 0
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.truncate(path, size, callback) end

--- Makes an empty file that only its owner may read and write.
---
---     local temporary = fs.temporary_file()
---     fs.write_file(temporary:path(), "text")
---@param options? neap.fs.TemporaryOptions
---@param callback? fun(err?: neap.Error, temporary?: neap.fs.Temporary)
---@return neap.fs.Temporary? temporary
---@return neap.Error? err
function fs.temporary_file(options, callback) end

--- Makes a folder that only its owner may enter.
---@param options? neap.fs.TemporaryOptions
---@param callback? fun(err?: neap.Error, temporary?: neap.fs.Temporary)
---@return neap.fs.Temporary? temporary
---@return neap.Error? err
function fs.temporary_folder(options, callback) end

--- Copies a file, or with `recursive` a folder. Blocks are shared where the file system can do that, and holes stay
--- holes. A file that is replaced is replaced at once, when its copy is whole. A folder is not copied into itself
--- (EINVAL); what is neither file, folder nor link is ENOTSUP. After a failure what was copied so far stays.
---
---     -- not run: there is no site
---     fs.copy("site", "/var/www/site", { recursive = true, times = true })
---@param from string
---@param to string its new path, not the folder to put it in
---@param options? neap.fs.CopyOptions
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.copy(from, to, options, callback) end

--- Gives a file or folder another path, also on another file system: there it is copied, with its mode, times and
--- (where that is allowed) owner, and the original is removed when the copy is whole. What is at `to` is replaced, as
--- by `rename`: a file by a file, an empty folder by a folder.
---@param from string
---@param to string
---@param callback? fun(err?: neap.Error, ok?: true)
---@return true? ok
---@return neap.Error? err
function fs.move(from, to, callback) end

--- Iterates over all that is in and below a folder. In each folder it goes by name, byte by byte, and a folder comes
--- before what is in it. Links are not followed unless asked for. What is removed meanwhile is left out, what is added
--- may be.
---
---     -- not run: there is no src
---     for entry in fs.walk("src", { enter = function(e) return e.name ~= ".git" end }) do
---       print(entry.path, entry.type)
---     end
---@param path string
---@param options? neap.fs.WalkOptions
---@return fun(): neap.fs.Entry?
function fs.walk(path, options) end

--- Watches a folder, or a file, which may be replaced. What happened within a moment is put together: a file that was
--- removed and made again, or that another one was renamed onto, has "changed", one that came and went is nothing, and
--- one that got another name is one "renamed", with all that is in it. Who does to a tree of his own what the events
--- say, in their order, has the one that there is. "overflow" says that the system has lost events: what came and went
--- is found out, what has changed is not. With a function each event is given to it, in a task of its own, until the
--- watcher is closed. On Linux by inotify, elsewhere by FSEvents or kqueue, of which the latter does not tell that
--- something was written to a file that was there.
---
---     -- not run: it watches until it is stopped
---     for event in fs.watch("src", { recursive = true }):all() do
---       print(event.type, event.path, event.from)
---     end
---@param path string
---@param options? neap.fs.WatchOptions
---@param fn? fun(event: neap.fs.Event)
---@return neap.fs.Watcher? watcher
---@return neap.Error? err
function fs.watch(path, options, fn) end

return fs
