/* national_id: ids with dates of birth and check digits, permuted among the ids of their kind.
 *
 * An id is its place among all ids of its class (national.h). That place is permuted under a key; what tells the
 * class is a tweak: the place is turned by two numbers drawn from it, once before and once after the permutation
 * of n places,
 *     place -> (P((place + a) mod n) + b) mod n
 * and places that belong to no id are walked past. Check digits are computed anew, never searched for. Separators
 * and case stay. A date of birth moves within its century; those of 2000 to 2019 among themselves, later ones
 * within their year, so that nobody is born far in the future. A number whose kind can be read off it keeps that:
 * D-numbers, companies, the region of a Chinese id. Under invalid=mask ids with wrong check digits are permuted
 * too and stay wrong by as much. Danish and Korean ids are given out with wrong ones: they are always taken.
 *
 * birth=keep leaves the date readable, and few ids share one: whoever knows it knows who it may be.
 * Distinct ids stay distinct. Spellings of one id that differ in the case of a check letter only may become one.
 *
 * The result may be somebody's id: where that must not be, use national_id_reserved. */
#include "maskers/national.h"

#include <stdio.h>

enum { TWEAK = 16 };

struct config {
    struct bau_nid_config ids; /* first: bau_nid_options */
    struct bau_perm perm[BAU_NID_SCHEMES][BAU_NID_BLOCKS];
    struct bau_prf turn;
};

struct work {
    struct bau_nid_item item[BAU_NID_CHUNK];
    uint64_t turn[BAU_NID_CHUNK][2], place[BAU_NID_CHUNK];
    uint8_t tweak[BAU_NID_CHUNK][TWEAK];
    uint16_t who[BAU_NID_CHUNK];
};

static bau_status add_perm(struct config *c, uint32_t form, uint32_t block, const struct bau_mask_bind *with,
                           struct bau_error *err)
{
    const struct bau_nid_form *f = &c->ids.form[form];
    const size_t entries = bau_perm_table_entries(f->n[block]);
    char label[64];
    uint8_t subkey[32];
    uint32_t *table = NULL;
    snprintf(label, sizeof label, "national-%s-%u%s", f->scheme->name, block, f->birth_kept ? "-day" : "");
    if (entries) {
        table = bau_arena_buffer(with->arena, entries * sizeof *table);
        if (!table)
            return bau_error_set(err, BAU_E_NOMEM, "permutation");
    }
    BAU_TRY(bau_mask_subkey(with->key, label, subkey, err));
    const bool made = bau_perm_init(&c->perm[form][block], subkey, f->n[block], table);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "permutation");
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    BAU_TRY(bau_nid_config_init(&c->ids, with, err));
    BAU_TRY(bau_mask_subkey(with->key, "national-turn", subkey, err));
    const bool made = bau_prf_init(&c->turn, subkey);
    bau_wipe(subkey, sizeof subkey);
    if (!made)
        return bau_error_set(err, BAU_E_NOMEM, "AES");
    for (uint32_t k = 0; k < c->ids.n_forms; k++) {
        const struct bau_nid_form *f = &c->ids.form[k];
        const uint32_t blocks = f->scheme->read_born && !f->birth_kept ? BAU_NID_BLOCKS : 1;
        for (uint32_t b = 0; b < blocks; b++)
            BAU_TRY(add_perm(c, k, b, with, err));
    }
    return BAU_OK;
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->turn);
    for (uint32_t k = 0; k < BAU_NID_SCHEMES; k++)
        for (uint32_t b = 0; b < BAU_NID_BLOCKS; b++)
            bau_perm_release(&c->perm[k][b]);
}

static uint64_t places(const struct config *c, const struct bau_nid_item *item)
{
    return c->ids.form[item->form].n[item->v.block];
}

static void find_turns(const struct config *c, struct work *w, uint32_t n)
{
    uint32_t offsets[BAU_NID_CHUNK + 1];
    uint8_t digest[BAU_NID_CHUNK][16];
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_nid_value *v = &w->item[i].v;
        bau_store_be(w->tweak[i], v->kept);
        bau_store_be(w->tweak[i] + 8, (uint64_t)v->unchecked << 32 | v->wrong);
        offsets[i] = TWEAK * i;
    }
    offsets[n] = TWEAK * n;
    bau_prf_batch(&c->turn, w->tweak[0], offsets, n, digest[0]);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < 2; k++)
            w->turn[i][k] = bau_draw(bau_bits64(digest[i] + 8 * k), places(c, &w->item[i]));
}

static uint64_t turned(uint64_t place, uint64_t by, uint64_t n)
{
    return place >= n - by ? place - (n - by) : place + by;
}

/* The items `who` of one form and block, until each is an id. */
static void walk(const struct config *c, struct work *w, uint32_t form, uint32_t block, uint32_t n_who)
{
    const struct bau_nid_form *f = &c->ids.form[form];
    const uint64_t n = f->n[block];
    while (n_who > 0) {
        uint32_t left = 0;
        for (uint32_t k = 0; k < n_who; k++)
            w->place[k] = turned(w->item[w->who[k]].v.rank, w->turn[w->who[k]][0], n);
        bau_perm_permute(&c->perm[form][block], w->place, n_who);
        for (uint32_t k = 0; k < n_who; k++) {
            struct bau_nid_item *item = &w->item[w->who[k]];
            item->v.rank = turned(w->place[k], w->turn[w->who[k]][1], n);
            if (!bau_nid_write(f, item->id.sym, &item->v))
                w->who[left++] = w->who[k];
        }
        n_who = left;
    }
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct work *w = ctx->scratch;
    struct bau_nid_columns io;
    BAU_TRY(bau_nid_open(&io, ctx, in, out, err));
    for (uint32_t at = 0; at < in->n_values;) {
        uint32_t n;
        BAU_TRY(bau_nid_take(&c->ids, ctx, &io, &at, w->item, &n, err));
        find_turns(c, w, n);
        for (uint32_t form = 0; form < c->ids.n_forms; form++)
            for (uint32_t block = 0; block < BAU_NID_BLOCKS; block++) {
                uint32_t n_who = 0;
                for (uint32_t i = 0; i < n; i++)
                    if (w->item[i].form == form && w->item[i].v.block == block)
                        w->who[n_who++] = (uint16_t)i;
                walk(c, w, form, block, n_who);
            }
        for (uint32_t i = 0; i < n; i++)
            bau_nid_give(&c->ids, &io, &w->item[i]);
    }
    return bau_nid_close(&io, ctx, err);
}

const struct bau_masker bau_masker_national_id = {
    .name = "national_id",
    .summary = "Swaps national ids among themselves; check digits and dates stay valid.",
    .accepts =
        BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_I32) | BAU_TYPE_BIT(BAU_I64) | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX |
             BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE,
    .options = bau_nid_options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_FOLD,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "536-90-4399",
    .example_options = "country=us",
};
