/* Dictionaries of names made ready for a masker, and what a gender column says. */
#include "maskers/people.h"

static uint32_t characters(struct bau_slice s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.data[i] & 0xC0u) != 0x80u;
    return n;
}

/* In every case; only a ß (two capitals) and the Turkish dotted capital make a name longer. */
static bool fits(struct bau_slice name, uint32_t max_chars, bool turkic)
{
    uint8_t put[2 * BAU_NAME_BYTES];
    struct bau_slice longest = name;
    if (name.len > BAU_NAME_BYTES)
        return false;
    for (size_t i = 0; i + 1 < name.len; i++)
        turkic = turkic || (name.data[i] == 0xC3 && name.data[i + 1] == 0x9F);
    if (turkic)
        longest = (struct bau_slice){ put, bau_case_put(put, name.data, name.len, BAU_CASE_UPPER, true) };
    return longest.len <= BAU_NAME_BYTES && (max_chars == 0 || characters(longest) <= max_chars);
}

/* Digests of what stands in the slots, by the masker's own key: equal canonical forms have equal ones. */
static bau_status digest_slots(struct bau_name_list *list, const struct bau_mask_key *key,
                               struct bau_arena *scratch, struct bau_error *err)
{
    const uint32_t n = list->dict->n;
    struct bau_column column;
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = n };
    uint8_t(*digest)[16];
    BAU_TRY(bau_column_make(&column, &shape, BAU_TEXT, (size_t)n * BAU_NAME_SLOT, scratch, err));
    uint8_t *dst = column.data, *start = dst;
    for (uint32_t i = 0; i < n; i++) {
        dst = bau_name_put(dst, list, i);
        column.offsets[i + 1] = (uint32_t)(dst - start);
    }
    BAU_TRY(bau_mask_digest(key, scratch, &column, &digest, err));
    for (uint32_t i = 0; i < n; i++) {
        list->digest[i] = bau_bits64(digest[i]);
        if (list->slot[i][BAU_NAME_BYTES] <= BAU_NAME_MARK)
            list->slot[i][BAU_NAME_MARK] = (uint8_t)list->digest[i];
    }
    return BAU_OK;
}

static void fill_slot(struct bau_name_list *list, uint32_t i, struct bau_slice name, enum bau_case how,
                      bool turkic)
{
    uint8_t put[2 * BAU_NAME_BYTES];
    const struct bau_slice s = { put, bau_case_put(put, name.data, name.len, how, turkic) };
    memset(list->slot[i], 0, BAU_NAME_SLOT);
    memcpy(list->slot[i], s.data, s.len);
    list->slot[i][BAU_NAME_BYTES] = (uint8_t)s.len;
    const uint32_t wide = characters(s);
    list->widest = wide > list->widest ? wide : list->widest;
}

static bau_status fill_list(struct bau_name_list *list, enum bau_case how, uint32_t max_chars,
                            struct bau_error *err)
{
    const struct bau_dict *d = list->dict;
    const bool turkic = strcmp(d->locale, "tr") == 0;
    uint32_t last = d->n; /* the nearest entry behind that fits; the end wraps */
    for (uint32_t i = 0; i < d->n && last == d->n; i++)
        if (fits(bau_dict_name(d, i), max_chars, turkic))
            last = i;
    if (last == d->n)
        return bau_error_set(err, BAU_E_USAGE, "no name of locale %s has at most %u characters", d->locale,
                             max_chars);
    for (uint32_t i = d->n; i-- > 0;) {
        if (fits(bau_dict_name(d, i), max_chars, turkic))
            last = i;
        fill_slot(list, i, bau_dict_name(d, last), how, turkic);
    }
    return BAU_OK;
}

static bau_status make_list(const struct bau_dict *dict, enum bau_case how, uint32_t max_chars,
                            const struct bau_mask_bind *with, const struct bau_name_list **out,
                            struct bau_error *err)
{
    struct bau_name_list *list = bau_arena_zero(with->arena, sizeof *list);
    if (!list)
        return bau_error_set(err, BAU_E_NOMEM, "names");
    list->dict = dict;
    list->slot = bau_arena_buffer(with->arena, (size_t)dict->n * BAU_NAME_SLOT);
    list->digest = bau_arena_buffer(with->arena, dict->n * sizeof *list->digest);
    list->coin = bau_arena_buffer(with->arena, dict->n * sizeof *list->coin);
    if (!list->slot || !list->digest || !list->coin)
        return bau_error_set(err, BAU_E_NOMEM, "names");
    for (uint32_t i = 0; i < dict->n; i++)
        list->coin[i] = (struct bau_name_coin){ dict->threshold[i], dict->alias[i] };
    BAU_TRY(fill_list(list, how, max_chars, err));
    struct bau_arena *scratch = bau_arena_new(64 * 1024, BAU_ARENA_PRIVATE);
    const bau_status status =
        scratch ? digest_slots(list, with->key, scratch, err) : bau_error_set(err, BAU_E_NOMEM, "names");
    bau_arena_free(scratch);
    *out = list;
    return status;
}

/* Latin and unknown scripts get English names: the locale says another language. */
static const char *locale_of(const char *locale, enum bau_script script)
{
    if (strcmp(locale, "auto") != 0)
        return locale;
    const char *own = bau_script_locale(script);
    return own ? own : "en";
}

bau_status bau_people_dict(const char *locale, enum bau_script script, bool surname, enum bau_gender gender,
                           const struct bau_dict **out, struct bau_error *err)
{
    static const enum bau_names_kind kinds[2][BAU_GENDERS] = {
        { BAU_NAMES_GIVEN, BAU_NAMES_GIVEN_F, BAU_NAMES_GIVEN_M },
        { BAU_NAMES_SURNAME, BAU_NAMES_SURNAME_F, BAU_NAMES_SURNAME_M },
    };
    locale = locale_of(locale, script);
    *out = bau_names_find(locale, kinds[surname][gender]);
    if (*out && (*out)->n > 0)
        return BAU_OK;
    BAU_AUTO_TEXT known = { 0 };
    for (size_t i = 0; bau_names_locales[i]; i++)
        bau_text_addf(&known, "%s%s", i ? ", " : "", bau_names_locales[i]);
    return bau_error_set(err, BAU_E_USAGE, "there are no names of locale '%.40s'; there are: auto, %s",
                         locale, known.data ? known.data : "none");
}

/* Lists that exist already: genders and scripts share dictionaries. */
struct made {
    const struct bau_name_list *list[BAU_PEOPLE_SCRIPTS * BAU_GENDERS * BAU_CASES];
    enum bau_case how[BAU_PEOPLE_SCRIPTS * BAU_GENDERS * BAU_CASES];
    size_t n;
};

static bool has_case(const struct bau_dict *dict)
{
    const struct bau_slice name = bau_dict_name(dict, 0);
    return bau_people_script(name.data, name.len) <= BAU_SCRIPT_GREEK;
}

static bau_status share_list(struct made *made, const struct bau_dict *dict, enum bau_case how,
                             uint32_t max_chars, const struct bau_mask_bind *with,
                             const struct bau_name_list **out, struct bau_error *err)
{
    size_t k = 0;
    if (!has_case(dict))
        how = BAU_CASE_AS_IS;
    while (k < made->n && (made->list[k]->dict->text != dict->text || made->how[k] != how))
        k++;
    if (k == made->n) {
        BAU_TRY(make_list(dict, how, max_chars, with, &made->list[k], err));
        made->how[k] = how;
        made->n++;
    }
    *out = made->list[k];
    return BAU_OK;
}

bau_status bau_name_part_make(struct bau_name_part *out, bool surname, const char *locale, uint32_t max_chars,
                              const struct bau_mask_bind *with, struct bau_error *err)
{
    struct made made = { .n = 0 };
    out->widest = 0;
    for (unsigned script = 0; script < BAU_PEOPLE_SCRIPTS; script++)
        for (unsigned gender = 0; gender < BAU_GENDERS; gender++) {
            const struct bau_dict *dict;
            BAU_TRY(bau_people_dict(locale, (enum bau_script)script, surname, (enum bau_gender)gender, &dict,
                                    err));
            for (unsigned how = 0; how < BAU_CASES; how++) {
                const struct bau_name_list **list = &out->list[script][gender][how];
                BAU_TRY(share_list(&made, dict, (enum bau_case)how, max_chars, with, list, err));
                if ((*list)->widest > out->widest)
                    out->widest = (*list)->widest;
            }
        }
    return BAU_OK;
}

/* Two bytes of each value side by side in one integer: adding what carries a byte past 'A' - 1, and past 'Z', into its highest
 * bit tells both bytes' ranges at once; a byte that has that bit already is no ASCII. */
bool bau_people_plain(const struct bau_column *in, uint32_t from)
{
    const uint32_t low = (0x80u - 'A') | (0x80u - 'a') << 8, high = (0x7Fu - 'Z') | (0x7Fu - 'z') << 8;
    const uint8_t *src = in->data;
    const uint32_t *offsets = in->offsets + from;
    uint32_t odd = 0, lengths = 0; /* the highest bit of lengths: one was below 2 */
    if (in->valid || in->n_values - from < BAU_NAME_RUN)
        return false;
    for (uint32_t k = 0; k < BAU_NAME_RUN; k++)
        lengths |= offsets[k + 1] - offsets[k] - 2;
    for (uint32_t k = 0; k < BAU_NAME_RUN;
         k++) { /* readable behind the end (B2), even where a value has one byte */
        const uint8_t *p = src + offsets[k];
        const uint32_t pair = p[0] | (uint32_t)p[1] << 8;
        odd |= ~(pair + low) | (pair + high) | pair;
    }
    return !(odd & 0x8080u) && !(lengths >> 31);
}

/* Values that all draw from one list. */
static uint8_t *put_run(const struct bau_name_list *list, const uint8_t (*digest)[16], uint8_t *dst,
                        const uint8_t *start, uint32_t *offsets)
{
    const struct bau_name_coin *const coin =
        list->coin; /* copies: what is written below are bytes, which may alias */
    const uint8_t(*const slots)[BAU_NAME_SLOT] = (const uint8_t(*)[BAU_NAME_SLOT])list->slot;
    const uint32_t entries = list->dict->n;
    for (uint32_t k = 0; k < BAU_NAME_RUN; k++) {
        const uint64_t own = bau_bits64(digest[k]);
        const uint8_t *slot = slots[bau_name_pick(coin, entries, bau_bits64(digest[k] + 8))];
        if (__builtin_expect(bau_name_may_be(slot, own), 0))
            slot = slots[bau_name_other(list, bau_name_pick(coin, entries, bau_bits64(digest[k] + 8)), own)];
        dst = bau_name_copy(dst, slot);
        offsets[k] = (uint32_t)(dst - start);
    }
    return dst;
}

/* Value i of any kind. */
static uint8_t *put_one(const struct bau_name_part *part, uint32_t gender, const struct bau_column *in,
                        uint32_t i, const uint8_t digest[16], uint8_t *dst)
{
    const struct bau_slice v = bau_column_value(in, i);
    const enum bau_script script = bau_people_script(v.data, v.len);
    const struct bau_name_list *list = part->list[script][gender][bau_people_case(script, v.data, v.len)];
    const uint32_t drawn = bau_name_pick(list->coin, list->dict->n, bau_bits64(digest + 8));
    return bau_name_put(dst, list, bau_name_other(list, drawn, bau_bits64(digest)));
}

bau_status bau_name_part_apply(const struct bau_name_part *part, const struct bau_people_options *options,
                               const struct bau_mask_key *key, struct bau_mask_ctx *ctx,
                               const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    uint8_t(*digest)[16], *genders;
    BAU_TRY(bau_people_rows(options, ctx, &genders, err));
    BAU_TRY(bau_mask_digest(key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, BAU_NAME_BYTES, ctx->arena, err));
    const struct bau_name_list *usual = part->list[BAU_SCRIPT_LATIN][options->gender][BAU_CASE_AS_IS];
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t from = 0; from < in->n_values; from += BAU_NAME_RUN) {
        const uint32_t n = in->n_values - from < BAU_NAME_RUN ? in->n_values - from : BAU_NAME_RUN;
        if (!genders && bau_people_plain(in, from)) {
            dst = put_run(usual, (const uint8_t(*)[16])digest + from, dst, start, out->offsets + from + 1);
            continue;
        }
        for (uint32_t i = from; i < from + n; i++) {
            if (bau_column_present(in, i))
                dst = put_one(part, bau_people_gender(options, ctx, genders, i), in, i, digest[i], dst);
            out->offsets[i + 1] = (uint32_t)(dst - start);
        }
    }
    return BAU_OK;
}

/* ---- genders ---- */

struct word {
    const char *text;
    enum bau_gender gender;
};

/* Lower case where the script has it in ASCII; others with both cases. */
static const struct word words[] = {
    { "f", BAU_GENDER_F },        { "m", BAU_GENDER_M },         { "w", BAU_GENDER_F },
    { "h", BAU_GENDER_M },        { "k", BAU_GENDER_F },         { "e", BAU_GENDER_M },
    { "female", BAU_GENDER_F },   { "male", BAU_GENDER_M },      { "woman", BAU_GENDER_F },
    { "man", BAU_GENDER_M },      { "girl", BAU_GENDER_F },      { "boy", BAU_GENDER_M },
    { "mrs", BAU_GENDER_F },      { "mr", BAU_GENDER_M },        { "ms", BAU_GENDER_F },
    { "mr.", BAU_GENDER_M },      { "mrs.", BAU_GENDER_F },      { "ms.", BAU_GENDER_F },
    { "miss", BAU_GENDER_F },     { "weiblich", BAU_GENDER_F },  { "frau", BAU_GENDER_F },
    { "herr", BAU_GENDER_M },     { "mann", BAU_GENDER_M },      { "maennlich", BAU_GENDER_M },
    { "männlich", BAU_GENDER_M }, { "femme", BAU_GENDER_F },     { "homme", BAU_GENDER_M },
    { "feminin", BAU_GENDER_F },  { "féminin", BAU_GENDER_F },   { "masculin", BAU_GENDER_M },
    { "mme", BAU_GENDER_F },      { "mujer", BAU_GENDER_F },     { "hombre", BAU_GENDER_M },
    { "femenino", BAU_GENDER_F }, { "masculino", BAU_GENDER_M }, { "feminino", BAU_GENDER_F },
    { "mulher", BAU_GENDER_F },   { "homem", BAU_GENDER_M },     { "donna", BAU_GENDER_F },
    { "uomo", BAU_GENDER_M },     { "femmina", BAU_GENDER_F },   { "maschio", BAU_GENDER_M },
    { "kobieta", BAU_GENDER_F },  { "mężczyzna", BAU_GENDER_M }, { "kadın", BAU_GENDER_F },
    { "erkek", BAU_GENDER_M },    { "vrouw", BAU_GENDER_F },     { "kvinna", BAU_GENDER_F },
    { "kvinde", BAU_GENDER_F },   { "ж", BAU_GENDER_F },         { "Ж", BAU_GENDER_F },
    { "м", BAU_GENDER_M },        { "М", BAU_GENDER_M },         { "жен", BAU_GENDER_F },
    { "муж", BAU_GENDER_M },      { "женский", BAU_GENDER_F },   { "мужской", BAU_GENDER_M },
    { "Женский", BAU_GENDER_F },  { "Мужской", BAU_GENDER_M },   { "женщина", BAU_GENDER_F },
    { "мужчина", BAU_GENDER_M },  { "жінка", BAU_GENDER_F },     { "чоловік", BAU_GENDER_M },
    { "γυναίκα", BAU_GENDER_F },  { "άνδρας", BAU_GENDER_M },    { "أنثى", BAU_GENDER_F },
    { "ذكر", BAU_GENDER_M },      { "女", BAU_GENDER_F },        { "男", BAU_GENDER_M },
    { "女性", BAU_GENDER_F },     { "男性", BAU_GENDER_M },      { "여", BAU_GENDER_F },
    { "남", BAU_GENDER_M },       { "여성", BAU_GENDER_F },      { "남성", BAU_GENDER_M },
    { "여자", BAU_GENDER_F },     { "남자", BAU_GENDER_M },      { "महिला", BAU_GENDER_F },
    { "पुरुष", BAU_GENDER_M },      { "2", BAU_GENDER_F },         { "1", BAU_GENDER_M },
};
enum { WORD_BYTES = 24 };

static enum bau_gender gender_of_text(struct bau_slice s)
{
    char word[WORD_BYTES + 1];
    while (s.len && s.data[s.len - 1] == ' ') /* character(n) is padded */
        s.len--;
    if (s.len > WORD_BYTES)
        return BAU_GENDER_ANY;
    for (size_t i = 0; i < s.len; i++)
        word[i] = (char)(s.data[i] >= 'A' && s.data[i] <= 'Z' ? s.data[i] | 0x20 : s.data[i]);
    word[s.len] = '\0';
    for (size_t i = 0; i < BAU_COUNT(words); i++)
        if (strcmp(words[i].text, word) == 0)
            return words[i].gender;
    return BAU_GENDER_ANY;
}

static enum bau_gender gender_of_number(int64_t v)
{
    return v == 1 ? BAU_GENDER_M : v == 2 ? BAU_GENDER_F : BAU_GENDER_ANY;
}

bau_status bau_people_genders(const struct bau_column *field, struct bau_arena *arena, uint8_t **out,
                              struct bau_error *err)
{
    uint8_t *genders = bau_arena_zero(arena, (size_t)field->n_values + 1);
    if (!genders)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < field->n_values; i++) {
        if (!bau_column_present(field, i))
            continue;
        if (field->type == BAU_TEXT || field->type == BAU_NUMERIC)
            genders[i] = (uint8_t)gender_of_text(bau_column_value(field, i));
        else if (field->type == BAU_I16)
            genders[i] = (uint8_t)gender_of_number(((const int16_t *)field->data)[i]);
        else if (field->type == BAU_I32)
            genders[i] = (uint8_t)gender_of_number(((const int32_t *)field->data)[i]);
        else if (field->type == BAU_I64)
            genders[i] = (uint8_t)gender_of_number(((const int64_t *)field->data)[i]);
    }
    *out = genders;
    return BAU_OK;
}
