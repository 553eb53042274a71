/* Who the rows are, and names spelled in a to z. */
#include "maskers/identity.h"

bau_status bau_identity_rows(const struct bau_identity *id, struct bau_mask_ctx *ctx,
                             const struct bau_column *in, bool own, struct bau_identity_rows *out,
                             struct bau_error *err)
{
    uint8_t(*digest)[16], *genders;
    unsigned field =
        id->people.gender_from != NULL; /* ctx->fields: those that are set, in the order of the table */
    memset(out, 0, sizeof *out);
    BAU_TRY(bau_people_rows(&id->people, ctx, &genders, err));
    out->genders = genders;
    if (own || !id->by) {
        BAU_TRY(bau_mask_digest(id->key, ctx->arena, in, &digest, err));
        out->own = out->who = (const uint8_t(*)[16])digest;
    }
    if (id->by) {
        BAU_TRY(bau_mask_digest(id->key, ctx->arena, ctx->fields[field++], &digest, err));
        out->who = (const uint8_t(*)[16])digest;
        out->by_row = true;
    }
    if (id->script_from && ctx->fields[field]->type == BAU_TEXT)
        out->script = ctx->fields[field];
    return BAU_OK;
}

/* Letters for each of the two names. */
static uint32_t room_for_name(uint32_t room, bool separated)
{
    const uint32_t fixed = BAU_LOCAL_SUFFIX + (separated ? 2 : 0);
    if (room == 0)
        return BAU_LOCAL_NAME;
    if (room < fixed + 2)
        return 0;
    return (room - fixed) / 2 < BAU_LOCAL_NAME ? (room - fixed) / 2 : BAU_LOCAL_NAME;
}

bool bau_local_fits(uint32_t room, bool separated)
{
    return room_for_name(room, separated) > 0;
}

/* A name without a known reading is left out; in front stands a letter in any case. */
static void fill(struct bau_local_list *list, bool surname, uint32_t letters, char separator)
{
    for (uint32_t i = 0; i < list->dict->n; i++) {
        struct bau_slice name = bau_dict_latin(list->dict, i);
        uint8_t *slot = list->slot[i];
        if (name.len == 0 && !surname)
            name = (struct bau_slice){ (const uint8_t *)"u", 1 };
        uint32_t n = name.len < letters ? (uint32_t)name.len : letters;
        memset(slot, 0, BAU_LOCAL_SLOT);
        if (n)
            memcpy(slot, name.data, n);
        if (n && separator)
            slot[n++] = (uint8_t)separator;
        slot[BAU_LOCAL_SLOT - 1] = (uint8_t)n;
    }
}

struct made {
    const struct bau_local_list *list[BAU_PEOPLE_SCRIPTS * BAU_GENDERS];
    size_t n;
};

static bau_status share_list(struct made *made, const struct bau_dict *dict, bool surname, uint32_t letters,
                             char separator, struct bau_arena *arena, const struct bau_local_list **out,
                             struct bau_error *err)
{
    size_t k = 0;
    while (k < made->n && made->list[k]->dict->text != dict->text)
        k++;
    if (k == made->n) {
        struct bau_local_list *list = bau_arena_zero(arena, sizeof *list);
        uint8_t(*slot)[BAU_LOCAL_SLOT] = bau_arena_buffer(arena, (size_t)dict->n * BAU_LOCAL_SLOT);
        if (!list || !slot)
            return bau_error_set(err, BAU_E_NOMEM, "names");
        list->dict = dict;
        list->slot = slot;
        fill(list, surname, letters, separator);
        made->list[made->n++] = list;
    }
    *out = made->list[k];
    return BAU_OK;
}

bau_status bau_local_make(struct bau_local *out, const char *locale, uint32_t room, char separator,
                          struct bau_arena *arena, struct bau_error *err)
{
    const uint32_t letters = room_for_name(room, separator != 0);
    for (int surname = 0; surname < 2; surname++) {
        struct made made = { .n = 0 };
        for (unsigned script = 0; script < BAU_PEOPLE_SCRIPTS; script++)
            for (unsigned gender = 0; gender < BAU_GENDERS; gender++) {
                const struct bau_dict *dict;
                const struct bau_local_list **list =
                    surname ? &out->family[script][gender] : &out->given[script][gender];
                BAU_TRY(bau_people_dict(locale, (enum bau_script)script, surname, (enum bau_gender)gender,
                                        &dict, err));
                BAU_TRY(share_list(&made, dict, surname, letters, separator, arena, list, err));
            }
    }
    out->widest = 2 * (letters + (separator != 0)) + BAU_LOCAL_SUFFIX;
    return BAU_OK;
}
