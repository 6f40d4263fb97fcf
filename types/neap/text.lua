---@meta neap.text
-- Made by scripts/reference.lua from lua/neap/text.lua: for editors, never run.

---@class neap.text.WrapOptions
---@field width? integer columns of a line (72)
---@field first? string before the first line of a paragraph (as `prefix`)
---@field prefix? string before every line, counted in its width ("")
---@field break_words? boolean a word that is wider than a line is cut (false: it stands out)

---@class neap.text.TemplateOptions
---@field escape? "html"|fun(text: string): string what every value goes through, but those with "!"
---@field missing? string what stands for a value that is not there (without it that raises)
---@field name? string what errors call it ("template")

---What one does with texts, beyond Lua's string.
local text = {}

--- A text without white space at both ends.
---@param value string
---@return string
function text.trim(value) end

--- A text without white space at its beginning.
---@param value string
---@return string
function text.trim_start(value) end

--- A text without white space at its end.
---@param value string
---@return string
function text.trim_end(value) end

--- Whether a text begins with another, byte for byte.
---@param value string
---@param start string
---@return boolean
function text.starts_with(value, start) end

--- Whether a text ends with another, byte for byte.
---@param value string
---@param ending string
---@return boolean
function text.ends_with(value, ending) end

--- The pieces of a text between separators: one more than there are separators, empty ones too. Without a separator its
--- words, which any white space divides.
---
---     local text = require "neap.text"
---     local key, value = unpack(text.split("path=/a=b", "=", { limit = 2 }))
---     assert(key == "path" and value == "/a=b")
---@param value string
---@param separator? string not empty
---@param given? { pattern?: boolean, limit?: integer } the separator is a pattern; so many pieces at most, of which the
--- last has all the rest
---@return string[]
function text.split(value, separator, given) end

--- The lines of a text, without their ends "\n" or "\r\n". What stands behind the last end is a line if it is not
--- empty.
---@param value string
---@return fun(): string?
function text.lines(value) end

--- A text with all (or the first `limit`) of the places where `old` stands replaced. Nothing in either is special.
---@param value string
---@param old string not empty
---@param new string
---@param limit? integer
---@return string text
---@return integer count of what was replaced
function text.replace(value, old, new, limit) end

--- A text as a pattern that finds it: what is special in patterns is escaped.
---@param value string
---@return string pattern
function text.escape_pattern(value) end

--- A text with A to Z as small letters, to compare without regard to case: header names, hosts, commands. The locale
--- plays no part, and no other letter changes.
---@param value string
---@return string
function text.fold(value) end

--- How many changes lead from one text to the other: a character more, less, another, or two neighbours exchanged.
---@param a string
---@param b string
---@param limit? integer default 32
---@return integer? changes nil when they are more than the limit
function text.distance(a, b, limit) end

--- The candidate that is nearest to a word, without regard to the case of ASCII letters: for "did you mean". Of equally
--- near ones the first.
---
---     local text = require "neap.text"
---     assert(text.closest("lisen", { "connect", "listen" }) == "listen")
---@param word string
---@param candidates string[]
---@param given? { limit?: integer } changes that are allowed, default a third of the word's length, 1 at least
---@return string? candidate nil when none is near enough
function text.closest(word, candidates, given) end

--- A text with as much before it that it takes `width` columns; one that takes more stays.
---@param text string
---@param width integer columns
---@param fill? string default " "
---@return string
function text.pad_start(text, width, fill) end

--- A text with as much behind it that it takes `width` columns; one that takes more stays.
---@param text string
---@param width integer columns
---@param fill? string default " "
---@return string
function text.pad_end(text, width, fill) end

--- A text with as much on both sides that it takes `width` columns; what is odd goes behind it.
---@param text string
---@param width integer columns
---@param fill? string default " "
---@return string
function text.center(text, width, fill) end

--- A text in lines of at most `width` columns, broken between words. Any space between words is one; empty lines divide
--- paragraphs.
---
---     local text = require "neap.text"
---     print(text.wrap("A long help text for an option", { width = 20, first = "  --x ", prefix = "      " }))
---@param text string
---@param given? neap.text.WrapOptions
---@return string
function text.wrap(text, given) end

--- A prefix before every line but empty ones.
---@param text string
---@param prefix string|integer that text, or so many spaces
---@return string
function text.indent(text, prefix) end

--- A text without the spaces and tabs that all its lines begin with; of lines of nothing else nothing stays.
---
---     local text = require "neap.text"
---     local usage = text.dedent [[
---       usage: tool [options]
---         -h  help
---     ]]
---@param text string
---@return string
function text.dedent(text) end

--- A text for HTML, also in an attribute's quotes: `&`, `<`, `>`, `"` and `'` as entities.
---@param text string
---@return string
function text.escape_html(text) end

--- A function that puts values into a text: `{name}`, `{user.name}`, `{list.1}`, `{price:%.2f}` with a format of
--- string.format, `{!name}` not escaped; `{{` and `}}` are braces. Mistakes in the source raise here, and say in which
--- line; a value that is missing raises there.
---
---     local text = require "neap.text"
---     local page = text.template("<p>Hello {user.name}, {total:%.2f} €</p>", { escape = "html" })
---     assert(page { user = { name = "<Ann>" }, total = 3 } == "<p>Hello &lt;Ann&gt;, 3.00 €</p>")
---@param source string
---@param given? neap.text.TemplateOptions
---@return fun(values: table): string render
function text.template(source, given) end

--- Whether a text is UTF-8 all through.
---@param text string
---@return boolean valid
---@return integer? position of the first byte that is not
function text.is_valid(text) end

--- How many characters (code points) a text has.
---@param text string
---@return integer
function text.length(text) end

--- The characters of a text, one after the other: where each begins, and its code point; false for a byte that belongs
--- to none.
---
---     local text = require "neap.text"
---     for position, codepoint in text.codepoints "né" do
---       print(position, codepoint)
---     end
---@param text string
---@return fun(): integer?, integer|false
function text.codepoints(text) end

--- The characters from `first` to `last`, both counted as string.sub counts bytes.
---@param text string
---@param first integer below 0: from the end
---@param last? integer default -1
---@return string
function text.sub(text, first, last) end

--- The text of code points.
---@param ... integer from 0 to 0x10FFFF, no surrogates
---@return string
function text.char(...) end

--- How many columns of a terminal a text takes: two for an ideograph and most emoji, none for what combines with the
--- character before it (accents, skin tones, what is joined by U+200D) and for control characters.
---@param text string
---@return integer
function text.width(text) end

--- A text cut to as many columns of a terminal, with an ellipsis for what is left out. No character loses what combines
--- with it, and none is cut in two.
---@param text string
---@param width integer columns
---@param ellipsis? string default "…"; left out itself where it has no room
---@return string
function text.truncate(text, width, ellipsis) end

--- A text backwards; what combines with a character stays with it.
---@param text string
---@return string
function text.reverse(text) end

return text
