/* phone: the digits of the national number change, everything else stays: punctuation, length, a leading +, 00 and country
 * code, leading zeros. So "+49 (30) 1234-567" gives "+49 (84) 0651-392", and equal numbers agree however they are
 * punctuated.
 *
 * change all: the national number, read as a decimal, is permuted within [0, 1000) or within the numbers of as many digits,
 * each under its own subkey: distinct numbers stay distinct. Few of the results are numbers that their country assigns.
 *
 * change last4: area and exchange stay, and with them the number's validity and kind (landline, mobile); the last four digits
 * are permuted under two offsets that come from what stays. Numbers below 10000 are permuted as above. Measured over every
 * region that libphonenumber knows, results are valid but for a few islands whose exchanges are shorter than that.
 *
 * The result may be somebody's number: where calls or messages can leave staging, use phone_reserved. */
#include "maskers/common.h"
#include "maskers/phone_number.h"
#include "src/kernel/kernels.h"

enum { SIZES = 16, CHUNK = 256 }; /* sizes: below 1000, then 4 to 18 digits */
enum {
    OFFSET = SIZES,
    LAST,
    PERMS
}; /* what stays before the last four digits → two offsets; the last four */
enum { ALL, LAST4 };
enum { DONE = SIZES }; /* a size that no permutation is for */
enum { FOUR = 10000 };

struct config {
    uint32_t change;
    struct bau_perm perm[PERMS];
    uint64_t base[SIZES];
};

struct work {
    struct bau_phone phone[CHUNK];
    uint64_t number[CHUNK], moving[CHUNK], last[CHUNK];
    uint8_t size[CHUNK], who[CHUNK];
};

static const struct bau_option options[] = {
    { "change", BAU_OPTION_CHOICE, offsetof(struct config, change), "all", 0, 0,
      "all: every digit behind the country code; last4: the last four, so that a number stays valid in its "
      "country.",
      0, "all|last4", NULL, 0 },
    { 0 },
};

static bau_status add_perm(struct config *c, unsigned size, uint64_t n, const struct bau_mask_bind *with,
                           struct bau_error *err)
{
    char label[] = "phone-00";
    uint8_t subkey[32];
    uint32_t *table = NULL;
    const size_t entries = bau_perm_table_entries(n);
    label[6] = (char)('0' + (size + 3) / 10);
    label[7] = (char)('0' + (size + 3) % 10);
    if (entries) {
        table = bau_arena_buffer(with->arena, entries * sizeof *table);
        if (!table)
            return bau_error_set(err, BAU_E_NOMEM, "permutation");
    }
    BAU_TRY(bau_mask_subkey(with->key, label, subkey, err));
    const bool made = bau_perm_init(&c->perm[size], subkey, n, table);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "permutation");
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint64_t least = 1000;
    BAU_TRY(add_perm(c, 0, least, with, err));
    c->base[0] = 0;
    for (unsigned size = 1; size < SIZES; size++, least *= 10) {
        BAU_TRY(add_perm(c, size, 9 * least, with, err));
        c->base[size] = least;
    }
    BAU_TRY(add_perm(c, OFFSET, UINT64_C(1000000000000000000), with, err));
    return add_perm(c, LAST, FOUR, with, err);
}

static void unbind(void *config)
{
    struct config *c = config;
    for (unsigned size = 0; size < PERMS; size++)
        bau_perm_release(&c->perm[size]);
}

static void read_number(struct work *w, uint32_t i)
{
    const struct bau_phone *p = &w->phone[i];
    uint64_t v = 0;
    for (uint32_t d = p->national; d < p->n; d++)
        v = v * 10 + p->digit[d];
    w->number[i] = v;
    w->size[i] = 0;
    for (uint64_t least = 1000; v >= least && w->size[i] < SIZES - 1; least *= 10)
        w->size[i]++;
}

static void permute(const struct config *c, struct work *w, uint32_t n)
{
    uint32_t sizes = 0; /* bit s: there are numbers of size s */
    for (uint32_t i = 0; i < n; i++)
        sizes |= 1u << w->size[i];
    for (unsigned size = 0; size < SIZES; size++) {
        uint32_t moving = 0;
        if (!(sizes >> size & 1u))
            continue;
        for (uint32_t i = 0; i < n; i++) {
            if (w->size[i] != size)
                continue;
            w->who[moving] = (uint8_t)i;
            w->moving[moving++] = w->number[i] - c->base[size];
        }
        bau_perm_permute(&c->perm[size], w->moving, moving);
        for (uint32_t k = 0; k < moving; k++)
            w->number[w->who[k]] = w->moving[k] + c->base[size];
    }
}

/* Numbers of four digits and more keep what stands before the last four. */
static void permute_last(const struct config *c, struct work *w, uint32_t n)
{
    uint32_t moving = 0;
    for (uint32_t i = 0; i < n; i++)
        if (w->number[i] >= FOUR) {
            w->who[moving] = (uint8_t)i;
            w->moving[moving++] = w->number[i] / FOUR;
        }
    bau_perm_permute(&c->perm[OFFSET], w->moving, moving);
    for (uint32_t k = 0; k < moving; k++)
        w->last[k] = (w->number[w->who[k]] + w->moving[k]) % FOUR;
    bau_perm_permute(&c->perm[LAST], w->last, moving);
    for (uint32_t k = 0; k < moving; k++) {
        uint64_t *number = &w->number[w->who[k]];
        *number += (w->last[k] + w->moving[k] / FOUR) % FOUR - *number % FOUR;
        w->size[w->who[k]] = DONE;
    }
}

static void write_number(uint8_t *dst, const struct bau_phone *p, uint64_t v)
{
    for (uint32_t d = p->n; d > p->national; d--, v /= 10)
        dst[p->at[d - 1]] = (uint8_t)('0' + v % 10);
}

/* Present values from `from` on, up to CHUNK of them; `value` tells which. */
static bau_status mask_chunk(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             struct bau_column *out, uint32_t *from, struct bau_error *err)
{
    struct work *w = ctx->scratch;
    uint32_t value[CHUNK], n = 0;
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    for (; *from < in->n_values && n < CHUNK; ++*from) {
        if (!bau_column_present(in, *from))
            continue;
        const uint32_t at = in->offsets[*from], len = in->offsets[*from + 1] - at;
        if (!bau_phone_read(src + at, len, &w->phone[n]))
            return bau_mask_refuse(ctx, in, *from, "is no telephone number (5 to 18 digits, no letters)",
                                   err);
        memcpy(dst + at, src + at, len);
        read_number(w, n);
        value[n++] = *from;
    }
    if (c->change == LAST4)
        permute_last(c, w, n);
    permute(c, w, n);
    for (uint32_t i = 0; i < n; i++)
        write_number(dst + in->offsets[value[i]], &w->phone[i], w->number[i]);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    for (uint32_t at = 0; at < in->n_values;)
        BAU_TRY(mask_chunk(config, ctx, in, out, &at, err));
    return BAU_OK;
}

const struct bau_masker bau_masker_phone = {
    .name = "phone",
    .summary = "Changes the digits of a telephone number; country code and spelling stay.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_E164,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "+49 (30) 1234-567",
    .example_options = "",
};
