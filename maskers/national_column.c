/* Columns of national ids: the options, the country's forms, values in and out. See national.h. */
#include "maskers/national.h"

#include <stdio.h>

enum { BIRTH_MASK, BIRTH_KEEP };
enum { INVALID_REFUSE, INVALID_MASK };

const struct bau_option bau_nid_options[] = {
    { "country", BAU_OPTION_CHOICE, offsetof(struct bau_nid_config, country), NULL, 0, 0,
      "Whose ids these are.", BAU_OPTION_REQUIRED, BAU_NID_COUNTRIES, NULL, 0 },
    { "birth", BAU_OPTION_CHOICE, offsetof(struct bau_nid_config, birth), "mask", 0, 0,
      "Whether a date of birth in the id is masked, within its century, or stays.", 0, "mask|keep", NULL, 0 },
    { "invalid", BAU_OPTION_CHOICE, offsetof(struct bau_nid_config, invalid), "refuse", 0, 0,
      "An id whose check digits are wrong is refused or masked.", 0, "refuse|mask", NULL, 0 },
    { 0 },
};

static const struct bau_nid_country *chosen(uint32_t index)
{
    const char *word = BAU_NID_COUNTRIES;
    for (; index > 0; index--)
        word = strchr(word, '|') + 1;
    return bau_nid_country_find(word, strcspn(word, "|"));
}

static bool has_birth(const struct bau_nid_country *country)
{
    for (uint32_t k = 0; k < BAU_NID_SCHEMES && country->scheme[k]; k++) {
        const struct bau_nid_scheme *s = country->scheme[k];
        for (uint32_t p = 0; p < BAU_NID_PARTS; p++)
            if (s->part[p].flags & BAU_NID_BIRTH)
                return true;
        if (s->read_born)
            return true;
    }
    return false;
}

/* As numbers ids come in one form only: the longest one of digits. */
static const struct bau_nid_scheme *for_numbers(const struct bau_nid_country *country)
{
    const struct bau_nid_scheme *best = NULL;
    for (uint32_t k = 0; k < BAU_NID_SCHEMES && country->scheme[k]; k++)
        if (bau_nid_all_digits(country->scheme[k]) && (!best || country->scheme[k]->n > best->n))
            best = country->scheme[k];
    return best;
}

static bau_status init_number(struct bau_nid_config *c, const struct bau_mask_bind *with,
                              struct bau_error *err)
{
    const struct bau_nid_scheme *s = for_numbers(c->which);
    if (!s)
        return bau_error_set(err, BAU_E_USAGE, "a %s has letters: %s cannot hold it", c->which->title,
                             bau_type_word(with->type));
    const uint32_t scale = with->field && with->field->scale > 0 ? (uint32_t)with->field->scale : 0;
    const uint32_t room = with->field ? with->field->max_digits : 0;
    if ((with->type == BAU_I32 && s->n > 9) || (with->type == BAU_NUMERIC && room && room < s->n + scale))
        return bau_error_set(err, BAU_E_USAGE, "a %s has %u digits: the column cannot hold every one",
                             c->which->title, s->n);
    c->n_forms = 1;
    bau_nid_form_init(&c->form[0], s, c->birth == BIRTH_KEEP);
    return BAU_OK;
}

bau_status bau_nid_config_init(struct bau_nid_config *c, const struct bau_mask_bind *with,
                               struct bau_error *err)
{
    c->which = chosen(c->country);
    if (!c->which)
        return bau_error_set(err, BAU_E_BUG, "a country has no ids");
    if (c->birth == BIRTH_KEEP && !has_birth(c->which))
        return bau_error_set(err, BAU_E_USAGE, "birth: keep means nothing here: a %s holds no date of birth",
                             c->which->title);
    snprintf(c->no_id, sizeof c->no_id, "is no %s", c->which->title);
    snprintf(c->wrong_check, sizeof c->wrong_check,
             "is a %s with wrong check digits; invalid: mask takes such", c->which->title);
    if (with->type != BAU_TEXT)
        return init_number(c, with, err);
    for (c->n_forms = 0; c->n_forms < BAU_NID_SCHEMES && c->which->scheme[c->n_forms]; c->n_forms++)
        bau_nid_form_init(&c->form[c->n_forms], c->which->scheme[c->n_forms], c->birth == BIRTH_KEEP);
    return BAU_OK;
}

bau_status bau_nid_open(struct bau_nid_columns *io, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    *io = (struct bau_nid_columns){ .in = in, .out = out };
    if (in->type == BAU_TEXT)
        return bau_column_like(out, in, ctx->arena, err);
    return bau_mask_integers(in, ctx->arena, &io->integers, err);
}

static bool read_value(const struct bau_nid_form *f, const struct bau_nid_columns *io,
                       struct bau_nid_item *item)
{
    const struct bau_slice v = bau_column_value(io->in, item->i);
    if (io->integers ? !bau_nid_from_integer(f->scheme, io->integers[item->i], &item->id)
                     : !bau_nid_spell(f->scheme, v.data, v.len, &item->id))
        return false;
    uint8_t sym[BAU_NID_SYMBOLS];
    memcpy(sym, item->id.sym, sizeof sym);
    return bau_nid_read(f, sym, &item->v) && bau_nid_write(f, sym, &item->v) &&
           memcmp(sym, item->id.sym, f->scheme->n) == 0;
}

bau_status bau_nid_take(const struct bau_nid_config *c, struct bau_mask_ctx *ctx,
                        const struct bau_nid_columns *io, uint32_t *from, struct bau_nid_item *items,
                        uint32_t *n, struct bau_error *err)
{
    for (*n = 0; *from < io->in->n_values && *n < BAU_NID_CHUNK; ++*from) {
        struct bau_nid_item *item = &items[*n];
        if (!bau_column_present(io->in, *from))
            continue;
        item->i = *from;
        for (item->form = 0; item->form < c->n_forms; item->form++)
            if (read_value(&c->form[item->form], io, item))
                break;
        if (item->form == c->n_forms)
            return bau_mask_refuse(ctx, io->in, *from, c->no_id, err);
        const bool wrong = item->v.wrong || item->v.unchecked;
        if (wrong && c->invalid == INVALID_REFUSE && !c->form[item->form].scheme->soft_check)
            return bau_mask_refuse(ctx, io->in, *from, c->wrong_check, err);
        ++*n;
    }
    return BAU_OK;
}

void bau_nid_give(const struct bau_nid_config *c, const struct bau_nid_columns *io,
                  const struct bau_nid_item *item)
{
    const struct bau_nid_scheme *s = c->form[item->form].scheme;
    if (io->integers) {
        io->integers[item->i] = bau_nid_to_integer(s, &item->id);
        return;
    }
    const struct bau_slice v = bau_column_value(io->in, item->i);
    uint8_t *dst = (uint8_t *)io->out->data + io->in->offsets[item->i];
    memcpy(dst, v.data, v.len);
    bau_nid_unspell(s, &item->id, dst);
}

bau_status bau_nid_close(const struct bau_nid_columns *io, struct bau_mask_ctx *ctx, struct bau_error *err)
{
    return io->integers ? bau_mask_from_integers(io->in, io->integers, ctx->arena, io->out, err) : BAU_OK;
}
