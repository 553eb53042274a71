/* email: an address that no mail server answers for, in a domain that RFC 2606 and RFC 6761 reserve.
 *
 *   person   given.family.SUFFIX@domain   SUFFIX: 80 bits of the PRF in base32, the names from 48 further
 *   bits
 *   token    TOKEN@domain                 TOKEN: 120 bits of the PRF in base32
 *
 * n addresses collide with a chance below n^2 / 2^81. Where the narrowest column of the domain has no room
 * for the widest
 * `person`, all of it gets tokens; below that the rule is refused. */
#include "maskers/reserved_host.h"
#include "src/kernel/names.h"

enum { PERSON, TOKEN };
enum { SLOT = 16, NAME_BYTES = 12, SUFFIX = 16, TOKEN_CHARS = 24 };

/* Lower-case ASCII names, each with the point behind it; the last byte of a slot counts its bytes. */
struct list {
    uint8_t (*slot)[SLOT];
    uint32_t n, widest;
};

struct config {
    uint32_t style;
    const char *domain;
    const struct bau_mask_key *key;
    struct list given, family;
    uint8_t tail[BAU_HOST_BYTES + SLOT]; /* @domain */
    uint32_t tail_len;
};

static const struct bau_option options[] = {
    { "style", BAU_OPTION_CHOICE, offsetof(struct config, style), "person", 0, 0,
      "What stands before the @: a name and a token, or a token only.", 0, "person|token", NULL, 0 },
    { "host", BAU_OPTION_TEXT, offsetof(struct config, domain), "example.com", 0, 0,
      "A reserved domain: example.com, example.net, example.org, or one below .invalid, .test or .example.",
      0, NULL, NULL, 0 },
    { 0 },
};

/* The name in lower case; false when it is longer than NAME_BYTES or has anything but ASCII letters. */
static bool plain_name(struct bau_slice name, uint8_t slot[SLOT])
{
    if (name.len == 0 || name.len > NAME_BYTES)
        return false;
    memset(slot, 0, SLOT);
    for (size_t i = 0; i < name.len; i++) {
        slot[i] = name.data[i] | 0x20;
        if (slot[i] < 'a' || slot[i] > 'z')
            return false;
    }
    slot[name.len] = '.';
    slot[SLOT - 1] = (uint8_t)(name.len + 1);
    return true;
}

static bau_status make_list(struct list *out, enum bau_names_kind kind, struct bau_arena *arena,
                            struct bau_error *err)
{
    const struct bau_dict *d = bau_names_find("en", kind);
    if (!d)
        return bau_error_set(err, BAU_E_BUG, "there are no English names");
    out->slot = bau_arena_buffer(arena, (size_t)d->n * SLOT);
    if (!out->slot)
        return bau_error_set(err, BAU_E_NOMEM, "names");
    for (uint32_t i = 0; i < d->n; i++)
        if (plain_name(bau_dict_name(d, i), out->slot[out->n])) {
            const uint32_t wide = out->slot[out->n++][SLOT - 1];
            out->widest = wide > out->widest ? wide : out->widest;
        }
    return out->n ? BAU_OK : bau_error_set(err, BAU_E_BUG, "there are no short English names");
}

static uint32_t wide_of(const struct config *c)
{
    return (c->style == TOKEN ? TOKEN_CHARS : c->given.widest + c->family.widest + SUFFIX) + c->tail_len;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    BAU_TRY(bau_reserved_tail(c->domain, c->tail, &c->tail_len, err));
    c->key = with->key;
    BAU_TRY(make_list(&c->given, BAU_NAMES_GIVEN, with->arena, err));
    BAU_TRY(make_list(&c->family, BAU_NAMES_SURNAME, with->arena, err));
    if (with->max_chars && wide_of(c) > with->max_chars)
        c->style = TOKEN;
    if (with->max_chars && wide_of(c) > with->max_chars)
        return bau_error_set(err, BAU_E_USAGE,
                             "an address has at least %u characters, the narrowest column of the domain "
                             "%u",
                             wide_of(c), with->max_chars);
    return BAU_OK;
}

static inline uint8_t *put_slot(uint8_t *dst, const struct list *list, uint32_t random24)
{
    const uint8_t *slot = list->slot[(uint32_t)(((uint64_t)random24 * list->n) >> 24)];
    memcpy(dst, slot, SLOT);
    return dst + slot[SLOT - 1];
}

static inline uint8_t *put_tail(uint8_t *dst, const struct config *c)
{
    memcpy(dst, c->tail, SLOT); /* the usual domains are short */
    if (c->tail_len > SLOT)
        memcpy(dst + SLOT, c->tail + SLOT, c->tail_len - SLOT);
    return dst + c->tail_len;
}

static inline uint32_t bits24(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static inline uint8_t *put_person(uint8_t *dst, const struct config *c, const uint8_t digest[16])
{
    dst = put_slot(dst, &c->given, bits24(digest + 10));
    dst = put_slot(dst, &c->family, bits24(digest + 13));
    bau_base32(dst, digest);
    bau_base32(dst + 8, digest + 5);
    return put_tail(dst + SUFFIX, c);
}

static inline uint8_t *put_token(uint8_t *dst, const struct config *c, const uint8_t digest[16])
{
    for (unsigned i = 0; i < TOKEN_CHARS / 8; i++)
        bau_base32(dst + 8 * i, digest + 5 * i);
    return put_tail(dst + TOKEN_CHARS, c);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, wide_of(c), ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    const bool person = c->style == PERSON;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i))
            dst = person ? put_person(dst, c, digest[i]) : put_token(dst, c, digest[i]);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    (void)type;
    return wide_of(config);
}

const struct bau_masker bau_masker_email = {
    .name = "email",
    .summary = "Replaces an e-mail address by one in a reserved domain.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_COLLISION_BOUND | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_EMAIL,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "ada.lovelace@analytical.co.uk",
    .example_options = "",
};
