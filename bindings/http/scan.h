/* scan.h -- classes of characters, and how far a run of one class reaches.
 *
 * A scan function takes the bytes data[at, end) and returns the offset of the first that is not of
 * its class, or end; it never reads at or past end. Field names and values are mostly shorter than
 * 16 bytes: one SSE2 compare finds their end without a branch to mispredict, which is what makes
 * up the cost of a byte loop here. Elsewhere, and in the last bytes of a buffer, the table serves.
 */
#ifndef NEAP_HTTP_SCAN_H
#define NEAP_HTTP_SCAN_H

#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    IS_TOKEN = 1,  /* tchar (RFC 9110 5.6.2) */
    IS_TARGET = 2, /* VCHAR but "#", which no request target has (RFC 9112 3.2) */
    IS_VALUE = 4,  /* HTAB, SP, VCHAR, obs-text (RFC 9110 5.5) */
    IS_HOST = 8    /* unreserved, sub-delims (RFC 3986 3.2.2); escapes are seen to apart */
};

/* Sixteen a row, from NUL. */
/* clang-format off */
static const uint8_t classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 15, 6, 5, 15, 7, 15, 15, 14, 14, 15, 15, 14, 15, 15, 6,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 14, 6, 14, 6, 6,
    6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 6, 6, 7, 15,
    7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 7, 6, 15, 0,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
};
/* clang-format on */

static inline int is(char c, int class)
{
    return classes[(uint8_t)c] & class;
}

/* The value of a hexadecimal digit, or -1. */
static inline int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline size_t scan_class(const char *data, size_t at, size_t end, int class)
{
    while (at < end && is(data[at], class))
        at++;
    return at;
}

#ifdef __SSE2__

/* Bytes from which on a signed comparison with `low` fails: below it, and 0x80 and above. */
static inline __m128i above(__m128i x, char low)
{
    return _mm_cmpgt_epi8(x, _mm_set1_epi8((char)(low - 1)));
}

static inline __m128i equal(__m128i x, char c)
{
    return _mm_cmpeq_epi8(x, _mm_set1_epi8(c));
}

/* One bit for each of 16 bytes that is surely of the class. Letters and "-" are most of a name;
 * where another byte stops it, the table decides. */
static inline unsigned token_bits(__m128i x)
{
    __m128i low = _mm_or_si128(x, _mm_set1_epi8(0x20));
    __m128i letter = _mm_andnot_si128(above(low, 'z' + 1), above(low, 'a'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(letter, equal(x, '-')));
}

static inline unsigned target_bits(__m128i x)
{
    __m128i stop = _mm_or_si128(equal(x, '#'), equal(x, 0x7f));
    return (unsigned)_mm_movemask_epi8(_mm_andnot_si128(stop, above(x, '!')));
}

static inline unsigned value_bits(__m128i x)
{
    __m128i text = _mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(0x20)), x);
    text = _mm_andnot_si128(equal(x, 0x7f), text);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(text, equal(x, '\t')));
}

#define SCAN(name, bits, class)                                                                    \
    static inline size_t name(const char *data, size_t at, size_t end)                             \
    {                                                                                              \
        while (end - at >= 16) {                                                                   \
            __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(data + at));               \
            unsigned stop = bits(x) ^ 0xffff;                                                      \
            if (stop == 0) {                                                                       \
                at += 16;                                                                          \
                continue;                                                                          \
            }                                                                                      \
            at += (size_t)__builtin_ctz(stop);                                                     \
            if (!is(data[at], class))                                                              \
                return at;                                                                         \
            break;                                                                                 \
        }                                                                                          \
        return scan_class(data, at, end, class);                                                   \
    }

SCAN(scan_token, token_bits, IS_TOKEN)
SCAN(scan_target, target_bits, IS_TARGET)
SCAN(scan_value, value_bits, IS_VALUE)

#else

static inline size_t scan_token(const char *data, size_t at, size_t end)
{
    return scan_class(data, at, end, IS_TOKEN);
}

static inline size_t scan_target(const char *data, size_t at, size_t end)
{
    return scan_class(data, at, end, IS_TARGET);
}

static inline size_t scan_value(const char *data, size_t at, size_t end)
{
    return scan_class(data, at, end, IS_VALUE);
}

#endif

#endif
