/* The detectors over a column. */
#include "maskers/prose.h"

#define SECRETS                                                                                              \
    (BAU_FIND_BIT(BAU_FIND_JWT) | BAU_FIND_BIT(BAU_FIND_PEM) | BAU_FIND_BIT(BAU_FIND_KEY) |                  \
     BAU_FIND_BIT(BAU_FIND_CREDENTIALS))

static const struct {
    const char *word;
    uint32_t bits;
} kinds[] = {
    { "email", BAU_FIND_BIT(BAU_FIND_EMAIL) },
    { "url", BAU_FIND_BIT(BAU_FIND_URL) },
    { "ip", BAU_FIND_BIT(BAU_FIND_IP) },
    { "phone", BAU_FIND_BIT(BAU_FIND_PHONE) },
    { "card", BAU_FIND_BIT(BAU_FIND_CARD) },
    { "iban", BAU_FIND_BIT(BAU_FIND_IBAN) },
    { "national_id", BAU_FIND_BIT(BAU_FIND_NATIONAL_ID) },
    { "uuid", BAU_FIND_BIT(BAU_FIND_UUID) },
    { "secret", SECRETS },
    { "handle", BAU_FIND_BIT(BAU_FIND_HANDLE) },
    { "name", BAU_FIND_BIT(BAU_FIND_NAME) },
    { "date", BAU_FIND_BIT(BAU_FIND_DATE) },
};

bau_status bau_prose_bind(struct bau_prose *out, const struct bau_texts *words, bool lone_names,
                          const struct bau_mask_bind *with, struct bau_error *err)
{
    *out = (struct bau_prose){ .lone_names = lone_names };
    for (size_t k = 0; words->n == 0 && k < BAU_COUNT(kinds); k++)
        if (strcmp(kinds[k].word, "date") != 0)
            out->wanted |= kinds[k].bits;
    for (uint32_t w = 0; w < words->n; w++) {
        size_t k = 0;
        while (k < BAU_COUNT(kinds) && strcmp(kinds[k].word, words->at[w]) != 0)
            k++;
        if (k == BAU_COUNT(kinds))
            return bau_error_set(
                err, BAU_E_USAGE,
                "find: '%.40s' is none of email, url, ip, phone, card, iban, national_id, uuid, "
                "secret, handle, name, date",
                words->at[w]);
        out->wanted |= kinds[k].bits;
    }
    return out->wanted & BAU_FIND_BIT(BAU_FIND_NAME) ? bau_name_set_make(with->arena, &out->names, err)
                                                     : BAU_OK;
}

static struct bau_prose_hit *grow(struct bau_prose_hit *hits, size_t n, size_t *room, struct bau_arena *arena)
{
    *room = *room ? 2 * *room : 256;
    struct bau_prose_hit *more = bau_arena_take(arena, *room * sizeof *more);
    if (more && n)
        memcpy(more, hits, n * sizeof *more);
    return more;
}

bau_status bau_prose_find(const struct bau_prose *prose, const struct bau_column *in, struct bau_arena *arena,
                          struct bau_prose_hit **out, size_t *out_n, struct bau_error *err)
{
    struct bau_prose_hit *hits = NULL;
    size_t n = 0, room = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        struct bau_scan scan = { .text = v.data,
                                 .len = v.len,
                                 .wanted = prose->wanted,
                                 .entropy_least = prose->entropy_least,
                                 .lone_names = prose->lone_names,
                                 .names = prose->names };
        struct bau_hit hit;
        while (bau_scan_next(&scan, &hit)) {
            if (n == room && (hits = grow(hits, n, &room, arena)) == NULL)
                return bau_error_set(err, BAU_E_NOMEM, "what was found in a batch");
            hits[n++] = (struct bau_prose_hit){ i, (uint32_t)hit.at, (uint32_t)hit.len, hit.find };
        }
    }
    *out = hits;
    *out_n = n;
    return BAU_OK;
}
