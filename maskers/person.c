/* person: one person's name over several columns of a row, or over several tables and stores.
 *
 *     first_name: { mask: person, part: first, by: id }      email: { mask: person_email, by: id }
 *     last_name:  { mask: person, part: last,  by: id }      login: { mask: username, by: id }
 *
 * All parts come from one draw of the identity (maskers/identity.h), so they fit each other wherever the domain is the
 * same; and so does a table elsewhere whose `by` field holds the same value. It does not look at the value but for its
 * script and case, so now and then a person keeps a name: about as often as two people share it. Names too long for a
 * column are replaced there by the next that fits. */
#include "maskers/identity.h"

enum { FIRST, LAST, FULL, INITIALS };
enum { AUTO, GIVEN_FIRST, FAMILY_FIRST };

struct config {
    struct bau_identity id;
    uint32_t part, order;
    struct bau_name_part given, family;
};

static const struct bau_option options[] = {
    { "part", BAU_OPTION_CHOICE, offsetof(struct config, part), "first", 0, 0,
      "What the column holds of the person's name.", 0, "first|last|full|initials", NULL, 0 },
    BAU_IDENTITY_OPTIONS,
    { "order", BAU_OPTION_CHOICE, offsetof(struct config, order), "auto", 0, 0,
      "Which part of a full name comes first; auto follows the script.", 0, "auto|given_first|family_first",
      NULL, 0 },
    { 0 },
};

static uint32_t wide_of(const struct config *c)
{
    switch (c->part) {
    case FIRST: return c->given.widest;
    case LAST: return c->family.widest;
    case FULL: return c->given.widest + 1 + c->family.widest;
    }
    return 2;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const uint32_t room = with->max_chars;
    const bool whole = c->part == FULL;
    c->id.key = with->key;
    if (room && room < (whole ? 3u : c->part == INITIALS ? 2u : 1u))
        return bau_error_set(err, BAU_E_USAGE, "no %s into %u characters",
                             whole ? "whole name fits" : "two initials fit", room);
    const uint32_t given = c->part == INITIALS ? 0 : whole && room ? (room - 1) / 2 : room;
    const uint32_t family = whole && room ? room - 1 - given : given;
    BAU_TRY(bau_name_part_make(&c->given, false, c->id.people.locale, given, with, err));
    return bau_name_part_make(&c->family, true, c->id.people.locale, family, with, err);
}

static uint8_t *put_initial(uint8_t *dst, const struct bau_name_list *list, uint32_t k)
{
    const uint8_t lead = list->slot[k][0];
    const size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    memcpy(dst, list->slot[k], size);
    return dst + size;
}

static bool is_east_asian(enum bau_script script)
{
    return script == BAU_SCRIPT_HAN || script == BAU_SCRIPT_KANA || script == BAU_SCRIPT_HANGUL;
}

static uint8_t *put_full(uint8_t *dst, const struct config *c, const struct bau_name_list *const list[2],
                         const uint32_t k[2], struct bau_slice value)
{
    const struct bau_slice made = { list[1]->slot[k[1]], list[1]->slot[k[1]][BAU_NAME_BYTES] };
    const bool asian = is_east_asian(bau_people_script(made.data, made.len));
    const bool blank = !asian || (value.len && memchr(value.data, ' ', value.len));
    const bool turn = c->order == FAMILY_FIRST || (c->order == AUTO && asian);
    dst = bau_name_put(dst, list[turn], k[turn]);
    *dst = ' ';
    return bau_name_put(dst + blank, list[!turn], k[!turn]);
}

static uint8_t *put(uint8_t *dst, const struct config *c, const struct bau_who *who, struct bau_slice value)
{
    const enum bau_case how =
        bau_people_case(bau_people_script(value.data, value.len), value.data, value.len);
    const struct bau_name_list *const list[2] = { c->given.list[who->script][who->gender][how],
                                                  c->family.list[who->script][who->gender][how] };
    const uint32_t k[2] = { bau_dict_pick(list[0]->dict, bau_bits64(who->digest)),
                            bau_dict_pick(list[1]->dict, bau_bits64(who->digest + 8)) };
    switch (c->part) {
    case FIRST: return bau_name_put(dst, list[0], k[0]);
    case LAST: return bau_name_put(dst, list[1], k[1]);
    case FULL: return put_full(dst, c, list, k, value);
    }
    return put_initial(put_initial(dst, list[0], k[0]), list[1], k[1]);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_identity_rows rows;
    BAU_TRY(bau_identity_rows(&c->id, ctx, in, false, &rows, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, 2 * BAU_NAME_BYTES + 1, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            const struct bau_who who = bau_identity_who(&c->id, ctx, &rows, in, i);
            dst = put(dst, c, &who, bau_column_value(in, i));
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    (void)type;
    return wide_of(config);
}

const struct bau_masker bau_masker_person = {
    .name = "person",
    .summary = "Gives each person one name, the same in every column and table that shows it.",
    .kin = BAU_IDENTITY_KIN,
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_FOLD,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "Ada Lovelace",
    .example_options = "part=full",
};
