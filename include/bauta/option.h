/* One row describes one option. From these tables come the command line, the environment, the rule file, --help, the
 * man pages, the JSON Schema and the reference pages; nothing lists options a second time. */
#ifndef BAUTA_OPTION_H
#define BAUTA_OPTION_H

#include "error.h"
#include "mem.h"

typedef enum {
    BAU_OPTION_BOOL,     /* bool */
    BAU_OPTION_U32,      /* uint32_t within min..max */
    BAU_OPTION_I64,      /* int64_t within min..max */
    BAU_OPTION_F64,      /* double within min..max */
    BAU_OPTION_BYTES,    /* uint64_t, "64MiB", "20GB", within min..max */
    BAU_OPTION_DURATION, /* uint64_t milliseconds, "90s", "4h", "250ms", within min..max */
    BAU_OPTION_TEXT,     /* const char *, NULL when absent */
    BAU_OPTION_CHOICE,   /* uint32_t: index into the words of `choices`, separated by '|' */
    BAU_OPTION_TEXTS,    /* struct bau_texts: may be given several times (command line), a list (YAML) */
    BAU_OPTION_MASKERS, /* struct bau_subs (masker.h): a treatment, a list of them, or a map of them by label */
} bau_option_kind;

enum {
    BAU_OPTION_REQUIRED = 1,
    BAU_OPTION_FIELD = 2,    /* a TEXT that names another field of the same row: see bau_mask_ctx.fields */
    BAU_OPTION_OPERAND = 4,  /* command line: a positional operand, in table order, not --name */
    BAU_OPTION_PARTS = 8,    /* MASKERS: they see text out of the value, not the value */
    BAU_OPTION_MEMBERS = 16, /* MASKERS, PARTS: labels are positions of bau_field.members, from 1 on, or * */
};

struct bau_texts {
    uint32_t n;
    const char **at;
};

struct bau_option {
    const char *name; /* lower_case; the command line spells '_' as '-' */
    bau_option_kind kind;
    size_t offset;        /* into the config struct */
    const char *fallback; /* default, spelled as a user would; NULL: none (zero, NULL) */
    int64_t min, max;     /* numbers: inclusive bounds */
    const char *sentence; /* one sentence, ends with a full stop */
    unsigned flags;
    const char *choices;    /* BAU_OPTION_CHOICE: "stable|per-target|ephemeral" */
    const char *value_name; /* shown in help: "FILE"; NULL: from kind */
    char letter;            /* command line short form, 0: none */
};
/* value_name of a FIELD option whose field must be a date or timestamp: samples and tests give it one. */
#define BAU_DATE_FIELD "DATE_FIELD"
/* The same for a field whose values tell rows apart. */
#define BAU_UNIQUE_FIELD "UNIQUE_FIELD"
/* Tables end with a row whose name is NULL. */

/* Fills `config` with every default of the table. Copies texts into `arena`. */
bau_status bau_options_default(const struct bau_option *table, void *config, struct bau_arena *arena,
                               struct bau_error *err) BAU_MUST_CHECK;
/* Sets one option from text. Errors (BAU_E_USAGE) say what was expected, never where: the caller notes that.
 * The text of a secret never appears in an error. */
bau_status bau_option_set(const struct bau_option *option, void *config, const char *text,
                          struct bau_arena *arena, struct bau_error *err) BAU_MUST_CHECK;
/* NULL when there is none. */
const struct bau_option *bau_option_find(const struct bau_option *table, const char *name);
/* "a number from 0 to 64", "one of stable, per-target, ephemeral": for help and errors. */
void bau_option_expects(const struct bau_option *option, struct bau_text *out);
/* The candidate nearest to `word` by edit distance when it is near enough to be a typing error, else NULL. */
const char *bau_nearest(const char *word, const char *const *candidates, size_t n);

#endif
