/* What a column most likely holds, from its name, type, comment and keys; never from values. The table is data: see
 * rules/suggestions.txt, which goes from the specific to the general. Here is how a name is cut into words, and what keys and
 * types say alone. */
#include <ctype.h>
#include <string.h>

#include "src/plan/plan.h"
#include "src/plan/suggestions.h"
#include "src/rule/rule.h"

enum { TOKENS = 24, JOINED = 3, NAME_MOST = 128 };

struct words { /* of a name: tokens, one behind the other, in lower case */
    char text[2 * NAME_MOST];
    size_t at[TOKENS + 1]; /* token i: at[i] .. at[i + 1] */
    size_t n;
};

/* Tokens end at what is neither letter nor digit, and before a capital that follows a small letter. */
static void split(const char *name, struct words *out)
{
    size_t n = 0;
    *out = (struct words){ .n = 0 };
    for (size_t i = 0; name[i] && i < NAME_MOST && out->n < TOKENS; i++) {
        const unsigned char c = (unsigned char)name[i];
        const bool letter = isalnum(c) || c >= 0x80;
        const bool hump = i && isupper(c) && islower((unsigned char)name[i - 1]);
        if ((hump || !letter) && n > out->at[out->n])
            out->at[++out->n] = n;
        if (letter && out->n < TOKENS)
            out->text[n++] = (char)tolower(c);
    }
    if (out->n < TOKENS && n > out->at[out->n])
        out->at[++out->n] = n;
}

/* Whether a token, or up to JOINED neighbours written as one word, is among `words`. */
static bool fires(const char *words, const struct words *name)
{
    char needle[2 * NAME_MOST + 3];
    if (strcmp(words, " * ") == 0)
        return true;
    for (size_t from = 0; from < name->n; from++)
        for (size_t to = from + 1; to <= name->n && to <= from + JOINED; to++) {
            const size_t len = name->at[to] - name->at[from];
            needle[0] = ' ';
            memcpy(needle + 1, name->text + name->at[from], len);
            memcpy(needle + 1 + len, " ", 2);
            if (strstr(words, needle))
                return true;
        }
    return false;
}

static bool in_key(const struct bau_dataset *d, uint32_t field)
{
    for (uint32_t k = 0; k < d->n_keys; k++)
        for (uint32_t i = 0; d->keys[k].kind == BAU_KEY_PRIMARY && i < d->keys[k].n_fields; i++)
            if (d->keys[k].fields[i] == field)
                return true;
    return false;
}

/* The name of the primary key's only column, or NULL. */
static const char *key_column(const struct bau_dataset *d)
{
    for (uint32_t k = 0; k < d->n_keys; k++)
        if (d->keys[k].kind == BAU_KEY_PRIMARY && d->keys[k].n_fields == 1)
            return d->fields[d->keys[k].fields[0]].name;
    return NULL;
}

static bool is_unique(const struct bau_dataset *d, uint32_t field)
{
    for (uint32_t k = 0; k < d->n_keys; k++)
        if (d->keys[k].n_fields == 1 && d->keys[k].fields[0] == field)
            return true;
    return false;
}

static const struct bau_reference *reference_of(const struct bau_catalog *catalog,
                                                const struct bau_dataset *d, uint32_t field)
{
    const uint32_t index = (uint32_t)(d - catalog->datasets);
    for (uint32_t r = 0; r < catalog->n_references; r++)
        for (uint32_t i = 0; catalog->references[r].from == index && i < catalog->references[r].n_fields; i++)
            if (catalog->references[r].from_fields[i] == field)
                return &catalog->references[r];
    return NULL;
}

static bool suits(const struct bau_suggestion *s, const struct bau_field *f, const struct words *name)
{
    return (s->types & BAU_TYPE_BIT(f->type)) && !(f->max_chars && f->max_chars < s->chars) &&
           fires(s->words, name);
}

/* The first column that a row suits, or NULL. */
static const char *column_of(const struct bau_suggestion *s, const struct bau_dataset *d)
{
    for (uint32_t i = 0; i < d->n_fields; i++) {
        struct words name;
        split(d->fields[i].name, &name);
        if (suits(s, &d->fields[i], &name))
            return d->fields[i].name;
    }
    return NULL;
}

/* What the type alone says when no word fires. */
static struct bau_guess by_type(const struct bau_field *f, bool key)
{
    if (key && (BAU_TYPE_BIT(f->type) & BAU_TYPES_INT))
        return (struct bau_guess){ .kind = "number that a sequence gave",
                                   .rule = "{ keep: surrogate key }",
                                   .sure = true };
    if (f->type == BAU_BOOL)
        return (struct bau_guess){ .kind = "yes or no", .rule = "{ keep: a flag }", .sure = true };
    if (f->n_labels)
        return (struct bau_guess){ .kind = "one of a few labels", .rule = "{ keep: enum }", .sure = true };
    if (f->document)
        return (struct bau_guess){ .kind = "document", .rule = "{ $.**: { keep: REASON } }", .sure = false };
    return (struct bau_guess){ .kind = NULL, .rule = "{ keep: REASON }", .sure = false };
}

struct bau_guess bau_guess_field(const struct bau_catalog *catalog, const struct bau_dataset *dataset,
                                 uint32_t field)
{
    const struct bau_field *f = &dataset->fields[field];
    if (reference_of(catalog, dataset, field))
        return (struct bau_guess){ .kind = "foreign key",
                                   .rule = "{ keep: references a kept key }",
                                   .sure = true };
    struct words name;
    split(f->name, &name);
    for (size_t i = 0; i < bau_n_suggestions && !f->n_labels; i++) {
        const struct bau_suggestion *s = &bau_suggestions[i];
        if (!suits(s, f, &name))
            continue;
        struct bau_guess guess = { .kind = s->kind, .rule = s->rule, .key = key_column(dataset) };
        guess.above = i ? column_of(s - 1, dataset) : NULL;
        guess.sure = s->sure && !is_unique(dataset, field) && !in_key(dataset, field) &&
                     (guess.key || !strstr(s->rule, "{KEY}")) && (guess.above || !strstr(s->rule, "{ABOVE}"));
        return guess;
    }
    return by_type(f, in_key(dataset, field));
}

static void add_column(struct bau_text *out, const char *name, const char *unknown)
{
    if (name)
        bau_spell_scalar(out, name, bau_spell_plain(name));
    else
        bau_text_add(out, unknown);
}

void bau_guess_rule(struct bau_text *out, const struct bau_guess *guess)
{
    for (const char *rest = guess->rule; *rest;) {
        const size_t plain = strcspn(rest, "{");
        bau_text_addn(out, rest, plain);
        rest += plain;
        if (strncmp(rest, "{KEY}", 5) == 0) {
            add_column(out, guess->key, "THE_KEY_COLUMN");
            rest += 5;
        } else if (strncmp(rest, "{ABOVE}", 7) == 0) {
            add_column(out, guess->above, "THE_OTHER_COLUMN");
            rest += 7;
        } else if (*rest) {
            bau_text_addn(out, rest++, 1);
        }
    }
}
