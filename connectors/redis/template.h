/* Key templates: "cart:{customer}", "{{{id}}}:session", "{key*}".
 *
 * A capture takes at least one byte and never ':' nor the character that follows it in the template; with '*' it takes
 * anything, nothing too. "{{" and "}}" stand for braces of the key. All templates of a store are compiled into one trie
 * over what they start with, so that a key is compared with the few that may match. Threads: read only once made. */
#ifndef BAU_REDIS_TEMPLATE_H
#define BAU_REDIS_TEMPLATE_H

#include "bauta/mem.h"

#define REDIS_CAPTURES_MOST 16u

struct redis_part { /* capture NULL: a literal */
    const char *capture;
    const char *text;
    size_t len;
    bool any;
};
struct redis_template {
    const char *text;
    uint32_t n_parts, n_captures;
    const struct redis_part *parts;
    size_t fixed; /* bytes of literals: the template with more of them is tried first */
};
/* Errors are BAU_E_USAGE and say what is misspelled. */
bau_status redis_template_parse(const char *text, struct bau_arena *arena, struct redis_template *out,
                                struct bau_error *err) BAU_MUST_CHECK;
/* The captures' bytes in `out`, in order. */
bool redis_template_match(const struct redis_template *t, struct bau_slice key,
                          struct bau_slice out[REDIS_CAPTURES_MOST]);

struct redis_trie;
bau_status redis_trie_new(const struct redis_template *templates, uint32_t n, struct bau_arena *arena,
                          struct redis_trie **out, struct bau_error *err) BAU_MUST_CHECK;
/* Index of the most specific template that matches; UINT32_MAX: none. */
uint32_t redis_trie_find(const struct redis_trie *trie, struct bau_slice key);

/* Templates that a sample of keys suggests, none of which shows a key's own text: a literal is a word that many keys share.
 * Every key of the sample matches one of them. Texts live in `arena`. `keys` are reordered. */
bau_status redis_induce(struct bau_slice *keys, size_t n, struct bau_arena *arena, const char ***out,
                        uint32_t *out_n, struct bau_error *err) BAU_MUST_CHECK;

#endif
