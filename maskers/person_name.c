/* person_name: a whole name, given name and surname, of the same script and case and of the gender that the row or the
 * rule says; where neither does, the value's own PRF decides, so that both parts agree (Анна Иванова).
 *
 * Order: given name first; in Han, Kana and Hangul the surname. Between them a blank; in Han, Kana and
 * Hangul only when
 * the value has one. Names that would be too long together are not drawn. */
#include "maskers/people.h"

enum { AUTO, GIVEN_FIRST, FAMILY_FIRST };

struct config {
    struct bau_people_options options;
    uint32_t order;
    const struct bau_mask_key *key;
    struct bau_name_part given, family;
};

static const struct bau_option options[] = {
    BAU_PEOPLE_OPTIONS,
    { "order", BAU_OPTION_CHOICE, offsetof(struct config, order), "auto", 0, 0,
      "Which part comes first; auto follows the script.", 0, "auto|given_first|family_first", NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const uint32_t room = with->max_chars;
    if (room && room < 3)
        return bau_error_set(err, BAU_E_USAGE, "no whole name fits into %u characters", room);
    c->key = with->key;
    BAU_TRY(bau_name_part_make(&c->given, false, c->options.locale, room ? (room - 1) / 2 : 0, with, err));
    return bau_name_part_make(&c->family, true, c->options.locale, room ? room - 1 - (room - 1) / 2 : 0, with,
                              err);
}

static bool is_east_asian(enum bau_script script)
{
    return script == BAU_SCRIPT_HAN || script == BAU_SCRIPT_KANA || script == BAU_SCRIPT_HANGUL;
}

static uint8_t *write_name(uint8_t *dst, const struct config *c, const uint8_t *text, size_t len,
                           const uint8_t digest[16], uint32_t gender)
{
    const enum bau_script script = bau_people_script(text, len);
    if (gender == BAU_GENDER_ANY)
        gender = digest[8] & 1u ? BAU_GENDER_F : BAU_GENDER_M; /* a bit too low for the draw of the surname */
    const enum bau_case how = bau_people_case(script, text, len);
    const struct bau_name_list *given = c->given.list[script][gender][how],
                               *family = c->family.list[script][gender][how];
    const uint32_t one = bau_name_pick(given->coin, given->dict->n, bau_bits64(digest)),
                   two = bau_name_pick(family->coin, family->dict->n, bau_bits64(digest + 8));
    const bool asian = is_east_asian(script);
    const bool blank = !asian || (len && memchr(text, ' ', len));
    if (c->order == FAMILY_FIRST || (c->order == AUTO && asian)) {
        dst = bau_name_put(dst, family, two);
        *dst = ' ';
        return bau_name_put(dst + blank, given, one);
    }
    dst = bau_name_put(dst, given, one);
    *dst = ' ';
    return bau_name_put(dst + blank, family, two);
}

/* Values in plain Latin letters, given name first, of the gender that the rule says or the digest. */
static uint8_t *write_run(const struct config *c, const uint8_t (*digest)[16], uint8_t *dst,
                          const uint8_t *start, uint32_t *offsets)
{
    struct bau_name_list given[2], family[2]; /* copies: what is written below are bytes, which may alias */
    uint32_t n_given[2], n_family[2];
    for (unsigned odd = 0; odd < 2; odd++) {
        const uint32_t gender = c->options.gender != BAU_GENDER_ANY ? c->options.gender
                                : odd                               ? BAU_GENDER_F
                                                                    : BAU_GENDER_M;
        given[odd] = *c->given.list[BAU_SCRIPT_LATIN][gender][BAU_CASE_AS_IS];
        family[odd] = *c->family.list[BAU_SCRIPT_LATIN][gender][BAU_CASE_AS_IS];
        n_given[odd] = given[odd].dict->n;
        n_family[odd] = family[odd].dict->n;
    }
    for (uint32_t k = 0; k < BAU_NAME_RUN; k++) {
        const unsigned odd = digest[k][8] & 1u;
        const uint32_t one = bau_name_pick(given[odd].coin, n_given[odd], bau_bits64(digest[k])),
                       two = bau_name_pick(family[odd].coin, n_family[odd], bau_bits64(digest[k] + 8));
        dst = bau_name_copy(dst, given[odd].slot[one]);
        *dst = ' ';
        dst = bau_name_copy(dst + 1, family[odd].slot[two]);
        offsets[k] = (uint32_t)(dst - start);
    }
    return dst;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16], *genders;
    BAU_TRY(bau_people_rows(&c->options, ctx, &genders, err));
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, 2 * BAU_NAME_BYTES + 1, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t from = 0; from < in->n_values; from += BAU_NAME_RUN) {
        const uint32_t n = in->n_values - from < BAU_NAME_RUN ? in->n_values - from : BAU_NAME_RUN;
        if (!genders && c->order != FAMILY_FIRST && bau_people_plain(in, from)) {
            dst = write_run(c, (const uint8_t(*)[16])digest + from, dst, start, out->offsets + from + 1);
            continue;
        }
        for (uint32_t i = from; i < from + n; i++) {
            const struct bau_slice v = { src + in->offsets[i], in->offsets[i + 1] - in->offsets[i] };
            if (bau_column_present(in, i))
                dst = write_name(dst, c, v.data, v.len, digest[i],
                                 bau_people_gender(&c->options, ctx, genders, i));
            out->offsets[i + 1] = (uint32_t)(dst - start);
        }
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->given.widest + 1 + c->family.widest;
}

const struct bau_masker bau_masker_person_name = {
    .name = "person_name",
    .summary = "Replaces a whole name by another of the same script.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_TRIM,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "Ada Lovelace",
    .example_options = "",
};
