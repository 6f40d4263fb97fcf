/* target.h -- the request target: its form, its path decoded once, its query pair by pair.
 *
 *   http_target_form(method, target, len, &authority)   enum http_form, or -400
 *   http_target_split(form, target, len, &path, &query) where path and query are; 1 if there is a ?
 *   http_path_decode(path, len, out, &slashes)           length of the decoded path, or -400
 *   http_query_next(query, len, &at, out, &pair)         1 and a pair, or 0 at the end
 *
 * A path is decoded exactly once, and dots are removed from what comes out, so that %2e%2e is
 * found too. Nothing climbs above the root. Two escapes stay, in upper case. An encoded slash stays
 * "%2F": it is data of its segment (RFC 3986 2.2), and decoding it would invent a boundary that
 * whoever checked the path before us did not see. An encoded percent sign stays "%25" (RFC 3986
 * 2.4): else "%252F" would become "%2F" too, and two resources one. So a "%" in a decoded path
 * always begins one of these two, and different paths stay different. "//" stays: an
 * empty segment is a segment (RFC 3986 3.3). A path is bytes: UTF-8 is not checked.
 *
 * A query follows application/x-www-form-urlencoded as browsers do (WHATWG URL 5.1): it cannot be
 * malformed, a "%" without two digits stands for itself.
 */
#ifndef NEAP_HTTP_TARGET_H
#define NEAP_HTTP_TARGET_H

#include "parser.h"

/* The form of target (RFC 9112 3.2), which is len visible ASCII characters without "#"; method is
 * an enum http_method. An authority form goes with CONNECT only and always, "*" with OPTIONS only.
 * authority is set for absolute and authority form, relative to target. -400 if it has no form. */
int http_target_form(int method, const char *target, size_t len, http_span *authority);

/* Whether value is uri-host [ ":" port ] (RFC 9110 7.2): no user information, brackets only around
 * an IPv6 address, a port that is one. May be empty. Returns 0, or the length of the host. With
 * port non-NULL *port is the port, or -1 for none. -1 if invalid. */
int http_authority_check(const char *value, size_t len, int *port);

/* Finds path and query (relative to target); returns whether there is a "?". In an absolute form
 * without a path, and in the other two forms, path is empty. */
int http_target_split(int form, const char *target, size_t len, http_span *path, http_span *query);

/* Decodes percent escapes but %2F and %25, and removes dot segments (RFC 3986 5.2.4). out has room
 * for len + 1 bytes and may be path itself if that has. An empty path becomes "/". Returns the
 * length, which is at least 1 and not ended by a zero; or -400 when a "%" has not two digits, when
 * there is a NUL, or when the path does not begin with "/". *slashes (may be NULL) becomes whether
 * there was a %2F. */
int http_path_decode(const char *path, size_t len, char *out, int *slashes);

/* Key and value of a query, as offsets in out. */
typedef struct http_pair {
    http_span key, value;
    int has_value; /* "a=" has, "a" has not */
} http_pair;

/* Decodes the pair at *at (0 to begin), and moves *at on. out has room for len bytes and is
 * overwritten by each call. Returns 1, or 0 when there is none left; "&&" holds no pair. */
int http_query_next(const char *query, size_t len, size_t *at, char *out, http_pair *pair);

#endif
