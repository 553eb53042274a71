/* national_id_reserved: ids that the country gives to nobody, with right check digits.
 *
 *   us      900-01-0001 to 999-49-9999: no social security number and no taxpayer number
 *   ca      begins with 8                            gb      begins with QQ
 *   gb_nhs  999 000 0000 to 999 999 9999             no      month + 80: synthetic people
 *   fi      individual number 900 to 999             in      begins with 0 or 1
 *
 * Other countries have no range that is known to stay free; they are refused, national_id masks their ids.
 * Spelling stays, and a date of birth moves within its century as in national_id. There are fewer reserved ids
 * than people: two may get the same one, so this masker cannot serve a unique column. */
#include "maskers/national.h"

enum { MESSAGE = 24 };

struct config {
    struct bau_nid_config ids; /* first: bau_nid_options */
    struct bau_nid_form reserved[BAU_NID_SCHEMES];
    struct bau_prf prf;
};

struct work {
    struct bau_nid_item item[BAU_NID_CHUNK];
    uint8_t message[BAU_NID_CHUNK][MESSAGE], digest[BAU_NID_CHUNK][16];
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    BAU_TRY(bau_nid_config_init(&c->ids, with, err));
    for (uint32_t k = 0; k < c->ids.n_forms; k++) {
        const struct bau_nid_form *f = &c->ids.form[k];
        if (!f->scheme->reserved)
            return bau_error_set(
                err, BAU_E_USAGE,
                "no range is known in which no %s is given to anybody; national_id masks them",
                c->ids.which->title);
        bau_nid_form_init(&c->reserved[k], f->scheme->reserved, f->birth_kept);
    }
    BAU_TRY(bau_mask_subkey(with->key, "national-reserved", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

static void find_digests(const struct config *c, struct work *w, uint32_t n)
{
    uint32_t offsets[BAU_NID_CHUNK + 1];
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_nid_value *v = &w->item[i].v;
        bau_store_be(w->message[i], v->kept);
        bau_store_be(w->message[i] + 8, v->rank);
        bau_store_be(w->message[i] + 16,
                     (uint64_t)w->item[i].form << 40 | (uint64_t)v->unchecked << 32 | v->wrong);
        offsets[i] = MESSAGE * i;
    }
    offsets[n] = MESSAGE * n;
    bau_prf_batch(&c->prf, w->message[0], offsets, n, w->digest[0]);
}

/* Tries the places that half of the digest begins with and the other half leads on from, until one is an id. */
static void draw(const struct bau_nid_form *f, struct bau_nid_item *item, const uint8_t digest[16])
{
    const uint64_t step = bau_bits64(digest + 8) | 1;
    uint64_t random = bau_bits64(digest);
    item->v.wrong = 0;
    item->v.unchecked = false;
    do {
        item->v.rank = bau_draw(random, f->n[item->v.block]);
        random += step;
    } while (!bau_nid_write(f, item->id.sym, &item->v));
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
        find_digests(c, w, n);
        for (uint32_t i = 0; i < n; i++) {
            draw(&c->reserved[w->item[i].form], &w->item[i], w->digest[i]);
            bau_nid_give(&c->ids, &io, &w->item[i]);
        }
    }
    return bau_nid_close(&io, ctx, err);
}

const struct bau_masker bau_masker_national_id_reserved = {
    .name = "national_id_reserved",
    .summary = "Replaces a national id by one that is given to nobody.",
    .accepts =
        BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_I32) | BAU_TYPE_BIT(BAU_I64) | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE,
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
