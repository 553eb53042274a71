/* The masking core for other engines: one masker with its options, bound to a key, a domain and a type, over Arrow arrays.
 *
 *     struct bau_treatment_with with = { .bytes = sizeof with, .key = key, .key_bytes = 32,
 *                                        .yaml = "{ mask: email, domain: email }", .schema = &schema };
 *     bau_treatment_open(&with, &treatment, &err);
 *     bau_treatment_mask(treatment, &array, &masked, &err);   … as often as wanted
 *     masked.release(&masked);
 *     bau_treatment_close(treatment);
 *
 * What it makes is what `bauta refresh` makes under the same key, domain and options: staging and a lake that another engine
 * masks agree. Build with `pkg-config --cflags --libs bauta`.
 *
 * Errors: a status, and one sentence in `err` (may be NULL) that never holds a value; nothing prints, exits or throws.
 * BAU_E_USAGE: options, types or formats that do not fit. BAU_E_DATA: a value that does not conform, by its row in the array
 * and its length. An out argument is written on BAU_OK only.
 * Threads: one treatment a thread; treatments of one key share nothing. */
#ifndef BAUTA_BAUTA_H
#define BAUTA_BAUTA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "arrow.h"
#include "error.h"

struct bau_treatment;

struct
    bau_treatment_with { /* zeroed but for what is said; nothing of it is needed after bau_treatment_open */
    size_t bytes;        /* sizeof(struct bau_treatment_with) */
    const void *key;     /* the master key: 32 bytes, or its 64 hex digits; a trivial one is refused */
    size_t key_bytes;

    const char *
        yaml; /* the treatment as beside a field of bauta.yaml: "email", "{ mask: date_shift, days: 30, by: id }" … */
    const char *masker; /* … or the masker's name with its options as name=value words */
    uint32_t n_words;
    const char *const *words;
    const char *domain; /* one namespace of pseudonyms; NULL: as the treatment says, else the masker's own */

    const struct ArrowSchema
        *schema;        /* of the arrays to come: a column, or a struct of columns for `by` and its like */
    const char *column; /* struct: which child is masked; NULL: the first one */
    const char *type;   /* UTF-8: "text", "numeric" or "json"; NULL: text */
    uint32_t max_chars; /* text: no output is longer; 0: no limit */

    uint32_t
        n_plugins; /* shared objects with maskers: see plugin.h. They need the library's symbols to be global. */
    const char *const *plugins;
};

/* Formats taken: b s i l f g u U z Z tdD ttu tsu:ZONE w:16, and +l of them. Null in, null out. The other columns of a struct
 * may be of any of these but lists, and only those that the options name are looked at. */
bau_status bau_treatment_open(const struct bau_treatment_with *with, struct bau_treatment **out,
                              struct bau_error *err) BAU_MUST_CHECK;
/* in    stays the caller's, and may be a slice, in any alignment
 * out   the masked column, of the format, the length and the nulls of the one in `in` (a treatment may make further nulls);
 *       holds masked values only, and outlives the treatment */
bau_status bau_treatment_mask(struct bau_treatment *treatment, const struct ArrowArray *in,
                              struct ArrowArray *out, struct bau_error *err) BAU_MUST_CHECK;
/* What bau_treatment_mask gives: format and name of the masked column, nullable, without metadata. */
bau_status bau_treatment_schema(const struct bau_treatment *treatment, struct ArrowSchema *out,
                                struct bau_error *err) BAU_MUST_CHECK;
void bau_treatment_close(struct bau_treatment *treatment); /* takes NULL; wipes the key */

const char *bau_version(void);

#ifdef __cplusplus
}
#endif

#endif
