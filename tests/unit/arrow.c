/* The public door over Arrow arrays: every masker on every type against the same masker on our own columns, from arrays that
 * are as awkward as the interface allows (slices, odd addresses, no byte behind the end, rubbish where nulls are); lists,
 * structs, refusals, and a batch handed out. Arrays are built and read here value by value. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bauta/bauta.h"
#include "tests/support/masker.h"

enum { MOST_NODES = 8 };

static struct bau_arena *arena;

static void open_arena(void)
{
    arena = bau_arena_new(1 << 16, 0);
    cr_assert(arena != NULL);
}

static void close_arena(void)
{
    bau_arena_free(arena);
}
TestSuite(arrow, .init = open_arena, .fini = close_arena);

/* ---- arrays made by hand ---- */

static void release_input(struct ArrowArray *a)
{
    ++*(int *)a->private_data;
    a->release = NULL;
}

struct input {
    struct ArrowArray array;
    const void *buffers[3];
    struct ArrowArray *children[MOST_NODES];
    void *blocks[3];
    int released;
};

static void *block(struct input *in, unsigned b, size_t bytes, size_t odd)
{
    in->blocks[b] = malloc(bytes + odd + 1);
    cr_assert(in->blocks[b] != NULL);
    memset(in->blocks[b], 0xEE, bytes + odd + 1);
    in->buffers[b] = (uint8_t *)in->blocks[b] + odd + 1; /* ends with the block: a read past it is caught */
    return (uint8_t *)in->blocks[b] + odd + 1;
}

static void open_input(struct input *in, int64_t length, int64_t offset, int64_t n_buffers)
{
    *in = (struct input){
        .array = { .length = length, .offset = offset, .n_buffers = n_buffers, .null_count = -1 }
    };
    in->array.buffers = in->buffers;
    in->array.children = in->children;
    in->array.release = release_input;
    in->array.private_data = &in->released;
}

static void close_input(struct input *in)
{
    cr_assert_eq(in->released, 0, "what a caller gives stays the caller's");
    for (unsigned b = 0; b < 3; b++)
        free(in->blocks[b]);
}

static void set_bit(uint8_t *bits, size_t i, bool on)
{
    bits[i / 8] = (uint8_t)((bits[i / 8] & ~(1u << (i % 8))) | (unsigned)on << (i % 8));
}

static void set_offset(void *offsets, bool wide, size_t i, size_t value)
{
    const int64_t w = (int64_t)value;
    const int32_t n = (int32_t)value;
    memcpy((uint8_t *)offsets + i * (wide ? 8 : 4), wide ? (const void *)&w : &n, wide ? 8 : 4);
}

static void put_variable(struct input *in, const struct bau_column *c, bool wide, size_t before, size_t odd)
{
    static const char rubbish[] = "rubbish";
    const size_t n = before + c->n_values, room = c->offsets[c->n_values] + n * 7;
    uint8_t *offsets = block(in, 1, (n + 1) * (wide ? 8 : 4), odd);
    uint8_t *bytes = malloc(room + 1);
    size_t used = 0;
    set_offset(offsets, wide, 0, 0);
    for (size_t i = 0; i < n; i++) {
        const bool real = i >= before && bau_column_present(c, (uint32_t)(i - before));
        const struct bau_slice v = real ? bau_column_value(c, (uint32_t)(i - before))
                                        : (struct bau_slice){ (const uint8_t *)rubbish, 7 };
        if (v.len)
            memcpy(bytes + used, v.data, v.len);
        used += v.len;
        set_offset(offsets, wide, i + 1, used);
    }
    memcpy(block(in, 2, used, odd), bytes, used);
    free(bytes);
}

/* `before` values of rubbish, then the column's. */
static void put_column(struct input *in, const struct bau_column *c, bool wide, size_t before, size_t odd)
{
    const size_t n = before + c->n_values, width = bau_type_width(c->type);
    open_input(in, c->n_values, (int64_t)before, width ? 2 : 3);
    if (c->n_nulls || before % 2) {
        uint8_t *bits = block(in, 0, (n + 7) / 8, odd);
        for (size_t i = 0; i < n; i++)
            set_bit(bits, i, i < before ? i % 3 == 0 : bau_column_present(c, (uint32_t)(i - before)));
    }
    if (!width) {
        put_variable(in, c, wide, before, odd);
        return;
    }
    uint8_t *data = block(in, 1, c->type == BAU_BOOL ? (n + 7) / 8 : n * width, odd);
    for (size_t i = before; i < n; i++) {
        const uint32_t k = (uint32_t)(i - before);
        if (!bau_column_present(c, k))
            continue;
        if (c->type == BAU_BOOL)
            set_bit(data, i, *bau_column_value(c, k).data);
        else
            memcpy(data + i * width, bau_column_value(c, k).data, width);
    }
}

/* ---- arrays read by hand ---- */

static bool present(const struct ArrowArray *a, size_t i)
{
    const uint8_t *bits = a->buffers[0];
    return !bits || (bits[i / 8] >> (i % 8) & 1);
}

static int64_t offset_of(const struct ArrowArray *a, bool wide, size_t i)
{
    return wide ? ((const int64_t *)a->buffers[1])[i] : ((const int32_t *)a->buffers[1])[i];
}

static void expect_value(const struct ArrowArray *a, bool wide, size_t i, const struct bau_column *want,
                         uint32_t k)
{
    const size_t width = bau_type_width(want->type);
    const struct bau_slice v = bau_column_value(want, k);
    cr_assert_eq(present(a, i), bau_column_present(want, k), "value %zu", i);
    if (!bau_column_present(want, k))
        return;
    if (want->type == BAU_BOOL)
        cr_assert_eq(((const uint8_t *)a->buffers[1])[i / 8] >> (i % 8) & 1, *v.data, "value %zu", i);
    else if (width)
        cr_assert(memcmp((const uint8_t *)a->buffers[1] + i * width, v.data, width) == 0, "value %zu", i);
    else {
        const int64_t from = offset_of(a, wide, i), to = offset_of(a, wide, i + 1);
        cr_assert(to - from == (int64_t)v.len &&
                      (v.len == 0 || memcmp((const uint8_t *)a->buffers[2] + from, v.data, v.len) == 0),
                  "value %zu", i);
    }
}

static void expect_column(const struct ArrowArray *a, bool wide, const struct bau_column *want)
{
    int64_t nulls = 0;
    cr_assert_eq(a->length, want->n_values);
    cr_assert_eq(a->offset, 0);
    for (uint32_t i = 0; i < want->n_values; i++) {
        expect_value(a, wide, i, want, i);
        nulls += !present(a, i);
    }
    cr_assert_eq(a->null_count, nulls);
}

/* ---- treatments ---- */

static const char *format_of(bau_type type, bool wide)
{
    static const char *const formats[BAU_TYPE_COUNT] = {
        [BAU_BOOL] = "b",         [BAU_I16] = "s",
        [BAU_I32] = "i",          [BAU_I64] = "l",
        [BAU_F32] = "f",          [BAU_F64] = "g",
        [BAU_DATE] = "tdD",       [BAU_TIME] = "ttu",
        [BAU_TIMESTAMP] = "tsu:", [BAU_TIMESTAMPTZ] = "tsu:Europe/Berlin",
        [BAU_UUID] = "w:16",      [BAU_TEXT] = "u",
        [BAU_NUMERIC] = "u",      [BAU_JSON] = "u",
        [BAU_BYTES] = "z",
    };
    return !wide ? formats[type] : type == BAU_BYTES ? "Z" : "U";
}

static const char *word_of(bau_type type)
{
    return type == BAU_NUMERIC || type == BAU_JSON ? bau_type_word(type) : NULL;
}

static struct bau_treatment_with with_yaml(const char *yaml, const struct ArrowSchema *schema)
{
    return (struct bau_treatment_with){ .bytes = sizeof(struct bau_treatment_with),
                                        .key = master,
                                        .key_bytes = sizeof master,
                                        .yaml = yaml,
                                        .domain = "test",
                                        .schema = schema };
}

static struct bau_treatment *open_fine(const struct bau_treatment_with *with)
{
    struct bau_treatment *t = NULL;
    struct bau_error err;
    cr_assert_eq(bau_treatment_open(with, &t, &err), BAU_OK, "%s", err.text);
    return t;
}

static struct ArrowArray mask_fine(struct bau_treatment *t, const struct ArrowArray *in)
{
    struct ArrowArray out;
    struct bau_error err;
    cr_assert_eq(bau_treatment_mask(t, in, &out, &err), BAU_OK, "%s", err.text);
    return out;
}

/* Column 0 is the value, column 1 … are the fields the masker looks at; one alone when it looks at none. */
static void check_against(const struct bound *b, uint32_t n, bool wide, size_t before, size_t odd)
{
    const struct bau_column in = make(b->masker, b->type, 0, n, true, arena), by = owners(0, n, arena),
                            want = run_fine(b, &in, 0, arena);
    struct ArrowSchema column = { .format = format_of(b->type, wide), .name = "v" },
                       fields[MOST_NODES] = { column }, *children[MOST_NODES] = { &fields[0] },
                       all = { .format = "+s", .n_children = 1 + b->single->n_by, .children = children };
    struct input value, field, whole;
    put_column(&value, &in, wide, before, odd);
    put_column(&field, &by, false, 3, 1);
    open_input(&whole, n, 0, 1);
    whole.children[0] = &value.array;
    for (uint32_t i = 0; i < b->single->n_by; i++) {
        fields[i + 1] = (struct ArrowSchema){ .format = "i", .name = b->single->by[i] };
        children[i + 1] = &fields[i + 1];
        whole.children[i + 1] = &field.array;
    }
    whole.array.n_children = all.n_children;
    const struct bau_texts words = words_of(b, b->options);
    struct bau_treatment_with with = with_yaml(NULL, b->single->n_by ? &all : &column);
    with.masker = b->masker->name;
    with.n_words = words.n;
    with.words = (const char *const *)words.at;
    with.type = word_of(b->type);
    struct bau_treatment *t = open_fine(&with);
    struct ArrowArray got = mask_fine(t, b->single->n_by ? &whole.array : &value.array);
    expect_column(&got, wide, &want);
    bau_treatment_close(t); /* the array outlives it */
    expect_column(&got, wide, &want);
    got.release(&got);
    cr_assert(got.release == NULL);
    close_input(&value);
    close_input(&field);
    close_input(&whole);
}

/* Those that look at all values first are refused; those that want a date in the row get none from `owners`. */
static bool suits(const struct bau_masker *masker)
{
    bool date = false;
    for (const struct bau_option *o = masker->options; o && o->name; o++)
        date = date || (o->value_name && strcmp(o->value_name, BAU_DATE_FIELD) == 0);
    return (masker->traits & BAU_DETERMINISTIC) && !masker->observe && !date;
}

Test(arrow, a_masker_that_looks_first_is_refused)
{
    const struct ArrowSchema column = { .format = "u", .name = "v" };
    struct bau_treatment_with with = with_yaml("sequence", &column);
    struct bau_treatment *t = NULL;
    struct bau_error err;
    cr_assert_eq(bau_treatment_open(&with, &t, &err), BAU_E_USAGE);
    cr_expect_not_null(strstr(err.text, "only a refresh can"), "%s", err.text);
}

Test(arrow, every_masker_on_every_type, .timeout = 120)
{
    for (size_t m = 0; m < bau_n_maskers; m++)
        for (unsigned type = 0; type < BAU_OTHER; type++) {
            const struct bau_masker *masker = bau_maskers[m];
            if (!(masker->accepts & BAU_TYPE_BIT(type)) || !suits(masker))
                continue;
            struct bound b = bind_example(masker, (bau_type)type);
            check_against(&b, 70, false, 13, m % 4);
            if (!bau_type_width((bau_type)type))
                check_against(&b, 70, true, 2, m % 4);
            release(&b);
            bau_arena_reset(arena);
        }
}

Test(arrow, slices_and_addresses)
{
    static const struct {
        const char *masker;
        bau_type type;
    } cases[] = {
        { "hash_token", BAU_TEXT },
        { "permute", BAU_I64 },
        { "constant", BAU_BOOL },
        { "uuid", BAU_UUID },
    };
    static const uint32_t sizes[] = { 0, 1, 7, 8, 63, 64, 65, 130 };
    static const size_t before[] = { 0, 1, 8, 63, 64 };
    for (size_t c = 0; c < BAU_COUNT(cases); c++) {
        struct bound b = bind_example(bau_masker_find(cases[c].masker), cases[c].type);
        for (size_t s = 0; s < BAU_COUNT(sizes); s++)
            for (size_t f = 0; f < BAU_COUNT(before); f++)
                check_against(&b, sizes[s], false, before[f], (s + f) % 9);
        release(&b);
    }
}

/* ---- structs and lists ---- */

Test(arrow, a_null_struct_is_a_null_value)
{
    struct bound b = bind_with(bau_masker_find("hash_token"), BAU_TEXT, "", NULL, 0);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, 40, true, arena),
                            want = run_fine(&b, &in, 0, arena);
    struct ArrowSchema odd = { .format = "+m", .name = "map" }, text = { .format = "u", .name = "v" },
                       *children[] = { &odd, &text },
                       all = { .format = "+s", .n_children = 2, .children = children };
    struct input value, whole;
    put_column(&value, &in, false, 5, 0);
    open_input(&whole, 30, 10, 1);
    uint8_t *bits = block(&whole, 0, 5, 0);
    for (size_t i = 0; i < 40; i++)
        set_bit(bits, i, i % 4 != 1);
    whole.children[1] = &value.array;
    whole.array.n_children = 2;
    struct bau_treatment_with with = with_yaml("hash_token", &all);
    with.column = "v";
    struct bau_treatment *t = open_fine(&with);
    struct ArrowArray got = mask_fine(t, &whole.array);
    cr_assert_eq(got.length, 30);
    for (uint32_t i = 0; i < 30; i++)
        if ((i + 10) % 4 == 1)
            cr_assert(!present(&got, i));
        else
            expect_value(&got, false, i, &want, i + 10);
    got.release(&got);
    bau_treatment_close(t);
    close_input(&value);
    close_input(&whole);
    release(&b);
}

/* Rows of 0 to 3 elements, every fifth null with elements all the same; from row 6 on. */
Test(arrow, lists)
{
    enum { ROWS = 50, FROM = 6 };
    for (int wide = 0; wide < 2; wide++) {
        struct bound b = bind_with(bau_masker_find("hash_token"), BAU_TEXT, "", NULL, 0);
        const struct bau_column in = make(b.masker, BAU_TEXT, 0, ROWS * 3, true, arena),
                                want = run_fine(&b, &in, 0, arena);
        struct ArrowSchema item = { .format = wide ? "U" : "u", .name = "item" }, *items[] = { &item },
                           list = { .format = "+l", .name = "tags", .n_children = 1, .children = items };
        struct input values, whole;
        put_column(&values, &in, wide != 0, 2, 1);
        open_input(&whole, ROWS - FROM, FROM, 2);
        uint8_t *bits = block(&whole, 0, (ROWS + 7) / 8, 0), *offsets = block(&whole, 1, (ROWS + 1) * 4, 1);
        uint32_t at[ROWS + 1] = { 0 };
        set_offset(offsets, false, 0, 0);
        for (uint32_t i = 0; i < ROWS; i++) {
            at[i + 1] = at[i] + i % 4;
            set_offset(offsets, false, i + 1, at[i + 1]);
            set_bit(bits, i, i % 5 != 2);
        }
        whole.children[0] = &values.array;
        whole.array.n_children = 1;
        const struct bau_treatment_with with = with_yaml("hash_token", &list);
        struct bau_treatment *t = open_fine(&with);
        struct ArrowArray got = mask_fine(t, &whole.array);
        struct ArrowSchema said;
        cr_assert_eq(bau_treatment_schema(t, &said, NULL), BAU_OK);
        cr_assert_str_eq(said.format, "+l");
        cr_assert_str_eq(said.name, "tags");
        cr_assert_str_eq(said.children[0]->format, item.format);
        said.release(&said);
        cr_assert_eq(got.length, ROWS - FROM);
        int64_t used = 0, nulls = 0;
        for (uint32_t i = FROM; i < ROWS; i++) {
            const bool null = i % 5 == 2;
            nulls += null;
            cr_assert_eq(present(&got, i - FROM), !null);
            cr_assert_eq(offset_of(&got, false, i - FROM), used);
            for (uint32_t e = at[i]; !null && e < at[i + 1]; e++)
                expect_value(got.children[0], wide != 0, (size_t)used++, &want, e);
            cr_assert_eq(offset_of(&got, false, i - FROM + 1), used);
        }
        cr_assert_eq(got.null_count, nulls);
        cr_assert_eq(got.children[0]->length, used);
        struct ArrowArray moved = *got.children[0]; /* a child may leave its parent */
        got.children[0]->release = NULL;
        got.release(&got);
        expect_value(&moved, wide != 0, 0, &want, at[FROM]);
        moved.release(&moved);
        bau_treatment_close(t);
        close_input(&values);
        close_input(&whole);
        release(&b);
    }
}

Test(arrow, one_domain_whatever_the_type)
{
    const char *const texts[] = { "-7", "0", "42", "123456" };
    const int64_t numbers[] = { -7, 0, 42, 123456 };
    struct ArrowSchema text = { .format = "u" }, number = { .format = "l" };
    struct input in[2];
    struct bau_column c[2] = { { .type = BAU_TEXT, .n_values = 4 }, { .type = BAU_I64, .n_values = 4 } };
    uint32_t offsets[5] = { 0 };
    char bytes[64], spelled[32];
    for (uint32_t i = 0; i < 4; i++) {
        memcpy(bytes + offsets[i], texts[i], strlen(texts[i]));
        offsets[i + 1] = offsets[i] + (uint32_t)strlen(texts[i]);
    }
    c[0].offsets = offsets;
    c[0].data = bytes;
    c[1].data = (void *)(uintptr_t)numbers;
    put_column(&in[0], &c[0], false, 0, 0);
    put_column(&in[1], &c[1], false, 0, 0);
    const struct bau_treatment_with with[2] = { with_yaml("permute", &text), with_yaml("permute", &number) };
    struct bau_treatment *t[2] = { open_fine(&with[0]), open_fine(&with[1]) };
    struct ArrowArray got[2] = { mask_fine(t[0], &in[0].array), mask_fine(t[1], &in[1].array) };
    for (uint32_t i = 0; i < 4; i++) {
        const int64_t from = offset_of(&got[0], false, i), to = offset_of(&got[0], false, i + 1);
        snprintf(spelled, sizeof spelled, "%" PRId64, ((const int64_t *)got[1].buffers[1])[i]);
        cr_expect(to - from == (int64_t)strlen(spelled) &&
                  memcmp((const char *)got[0].buffers[2] + from, spelled, (size_t)(to - from)) == 0);
    }
    for (int k = 0; k < 2; k++) {
        got[k].release(&got[k]);
        bau_treatment_close(t[k]);
        close_input(&in[k]);
    }
}

/* ---- refusals ---- */

static void refused(const struct bau_treatment_with *with, const char *words)
{
    struct bau_treatment *t = NULL;
    struct bau_error err;
    cr_assert_eq(bau_treatment_open(with, &t, &err), BAU_E_USAGE, "not refused: %s", words);
    cr_expect(strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
    cr_expect(strchr(err.text, '\n') == NULL);
    cr_assert(t == NULL);
    cr_assert_eq(bau_treatment_open(with, &t, NULL), BAU_E_USAGE);
}

Test(arrow, what_is_not_taken_is_said_in_one_sentence)
{
    static const char *const formats[] = { "",     "n",       "c",    "C",   "S",   "I",   "L",
                                           "e",    "d:19,10", "w:15", "tdm", "tts", "ttm", "ttn",
                                           "tss:", "tsn:UTC", "tDs",  "vu",  "vz",  "+m",  "+L",
                                           "+w:3", "+ud:0",   "+r",   "uu" };
    struct ArrowSchema schema = { .format = "u", .name = "v" }, dictionary = schema,
                       *children[] = { &schema, &schema },
                       all = { .format = "+s", .n_children = 2, .children = children };
    struct bau_treatment_with with = with_yaml("email", &schema);
    for (size_t i = 0; i < BAU_COUNT(formats); i++) {
        schema.format = formats[i];
        refused(&with, "is not taken");
    }
    schema = (struct ArrowSchema){ .format = "i", .name = "v", .dictionary = &dictionary };
    refused(&with, "dictionaries");
    schema = (struct ArrowSchema){ .format = "+l", .name = "v" };
    refused(&with, "one child");
    schema = dictionary;
    with.schema = &all;
    with.column = "nobody";
    refused(&with, "no column 'nobody'");
    all.n_children = 0;
    refused(&with, "1 to");
    all.n_children = 2;
    children[1] = NULL;
    refused(&with, "missing");
    with.schema = NULL;
    refused(&with, "schema");
    with = with_yaml("email", &schema);
    with.type = "int8";
    refused(&with, "text, numeric or json");
    with.bytes--;
    refused(&with, "another bauta");
}

Test(arrow, treatments_that_cannot_be)
{
    static const struct {
        const char *yaml, *words;
    } cases[] = {
        { "emial", "did you mean 'email'" },
        { "{ mask: email, colour: red }", "no option 'colour'" },
        { "{ keep: as it is }", "keep" },
        { "keep", "needs a reason" },
        { "{ domain: customers }", "says no masker" },
        { "{ $.a: email }", "paths" },
        { "[ email", "" },
        { "ff3", "FF3" },
        { "{ mask: date_shift, days: 3, by: id }", "does not take" },
    };
    struct ArrowSchema text = { .format = "u", .name = "v" }, day = { .format = "tdD", .name = "born" },
                       odd = { .format = "+m", .name = "id" }, *children[] = { &day, &odd },
                       all = { .format = "+s", .n_children = 2, .children = children };
    struct bau_treatment_with with = with_yaml(NULL, &text);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        with.yaml = cases[i].yaml;
        refused(&with, cases[i].words);
    }
    with.masker = "email";
    refused(&with, "either");
    with.yaml = with.masker = NULL;
    refused(&with, "either");
    with = with_yaml("{ mask: date_shift, days: 3, by: id }", &day);
    refused(&with, "struct");
    with.schema = &all;
    refused(&with, "'id'");
    with.yaml = "{ mask: date_shift, days: 3, by: nobody }";
    refused(&with, "no field 'nobody'");
    static const uint8_t zeros[32];
    with = with_yaml("email", &text);
    with.key = zeros;
    refused(&with, "trivial");
    with.key_bytes = 31;
    refused(&with, "31 bytes");
    with.key = "00";
    with.key_bytes = 64 * 0 + 2;
    refused(&with, "64 hex digits");
    with.key = NULL;
    refused(&with, "64 hex digits");
    static const char *const paths[] = { "nowhere.so" };
    with = with_yaml("email", &text);
    with.n_plugins = 1;
    with.plugins = paths;
    refused(&with, "nowhere.so cannot be read");
}

static void misfits(struct bau_treatment *t, const struct ArrowArray *in, bau_status status,
                    const char *words)
{
    struct ArrowArray out;
    struct bau_error err;
    memset(&out, 0x55, sizeof out);
    cr_assert_eq(bau_treatment_mask(t, in, &out, &err), status, "not refused: %s", words);
    cr_expect(strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
    for (size_t i = 0; i < sizeof out; i++)
        cr_assert_eq(((uint8_t *)&out)[i], 0x55, "out was touched");
}

Test(arrow, arrays_that_do_not_fit)
{
    struct ArrowSchema text = { .format = "u", .name = "v" }, *children[] = { &text },
                       list = { .format = "+l", .n_children = 1, .children = children },
                       all = { .format = "+s", .n_children = 1, .children = children };
    const struct bau_treatment_with with[] = { with_yaml("hash_token", &text), with_yaml("hash_token", &list),
                                               with_yaml("hash_token", &all) };
    struct bau_treatment *plain = open_fine(&with[0]), *lists = open_fine(&with[1]),
                         *structs = open_fine(&with[2]);
    const int32_t falling[] = { 0, 5, 3, 9, 4 }, below[] = { -1, 2, 3, 3, 4 }, turning[] = { 0, 2, 1, 2, 3 },
                  fine[] = { 0, 1, 2, 3, 4 };
    const void *buffers[3] = { NULL, fine, "abcdefghi" }, *none[1] = { NULL };
    struct ArrowArray a = { .length = 4, .n_buffers = 3, .buffers = buffers, .release = release_input },
                      bad = a, *child[] = { &a };
    misfits(plain, &(struct ArrowArray){ .length = 4 }, BAU_E_USAGE, "released");
    bad.n_buffers = 2;
    misfits(plain, &bad, BAU_E_USAGE, "buffers");
    bad = a;
    bad.length = -1;
    misfits(plain, &bad, BAU_E_USAGE, "range");
    bad = a;
    bad.offset = -1;
    misfits(plain, &bad, BAU_E_USAGE, "range");
    bad = a;
    bad.length = INT64_C(1) << 40;
    misfits(plain, &bad, BAU_E_LIMIT, "slices");
    buffers[1] = falling;
    misfits(plain, &a, BAU_E_USAGE, "fall");
    buffers[1] = below;
    misfits(plain, &a, BAU_E_USAGE, "fall");
    buffers[1] = NULL;
    misfits(plain, &a, BAU_E_USAGE, "missing");
    buffers[1] = fine;
    buffers[2] = NULL;
    misfits(plain, &a, BAU_E_USAGE, "missing");
    buffers[2] = "abcdefghi";
    const void *of_list[2] = { NULL, fine };
    struct ArrowArray l = { .length = 4,
                            .n_buffers = 2,
                            .buffers = of_list,
                            .n_children = 1,
                            .children = child,
                            .release = release_input };
    a.length = 3; /* the lists speak of four */
    misfits(lists, &l, BAU_E_USAGE, "fewer");
    a.length = 4;
    of_list[1] = turning;
    misfits(lists, &l, BAU_E_USAGE, "fall");
    of_list[1] = NULL;
    misfits(lists, &l, BAU_E_USAGE, "missing");
    l.n_children = 0;
    misfits(lists, &l, BAU_E_USAGE, "one child");
    struct ArrowArray s = { .length = 5,
                            .n_buffers = 1,
                            .buffers = none,
                            .n_children = 1,
                            .children = child,
                            .release = release_input };
    misfits(structs, &s, BAU_E_USAGE, "fewer");
    s.length = 2;
    s.offset = 3;
    misfits(structs, &s, BAU_E_USAGE, "fewer");
    s.n_children = 2;
    misfits(structs, &s, BAU_E_USAGE, "columns");
    s.n_children = 1;
    child[0] = NULL;
    s.offset = 0;
    misfits(structs, &s, BAU_E_USAGE, "fit");
    bau_treatment_close(plain);
    bau_treatment_close(lists);
    bau_treatment_close(structs);
    bau_treatment_close(NULL);
}

Test(arrow, a_value_that_does_not_conform_is_named_by_row_and_length)
{
    struct ArrowSchema text = { .format = "u", .name = "v" };
    const struct bau_treatment_with with = with_yaml("permute", &text);
    struct bau_treatment *t = open_fine(&with);
    const int32_t offsets[] = { 0, 1, 7 };
    const void *buffers[3] = { NULL, offsets, "7SECRET" };
    const struct ArrowArray a = { .length = 2, .n_buffers = 3, .buffers = buffers, .release = release_input };
    struct ArrowArray out;
    struct bau_error err;
    cr_assert_eq(bau_treatment_mask(t, &a, &out, &err), BAU_E_DATA);
    cr_assert(strstr(err.text, "value 1") && strstr(err.text, "6 bytes") && !strstr(err.text, "SECRE"), "%s",
              err.text);
    bau_treatment_close(t);
}

/* ---- a batch handed out ---- */

Test(arrow, a_batch_is_handed_over)
{
    enum { ROWS = 21 };
    static const bau_type types[] = { BAU_BOOL,      BAU_I16,         BAU_I32,   BAU_I64,
                                      BAU_F32,       BAU_F64,         BAU_DATE,  BAU_TIME,
                                      BAU_TIMESTAMP, BAU_TIMESTAMPTZ, BAU_UUID,  BAU_TEXT,
                                      BAU_NUMERIC,   BAU_JSON,        BAU_BYTES, BAU_TEXT };
    struct bau_field fields[BAU_COUNT(types) + 1] = { { .name = "unread", .type = BAU_TEXT } };
    struct bau_dataset dataset = { .name = "d", .fields = fields, .n_fields = BAU_COUNT(fields) };
    struct bau_batch batch;
    struct bau_error err;
    struct bau_column copy[BAU_COUNT(types)];
    struct bau_span spans[ROWS];
    uint32_t lists[ROWS + 1];
    const void *data[BAU_COUNT(types)];
    char name[BAU_COUNT(types)][8];
    for (size_t i = 0; i < BAU_COUNT(types); i++) {
        snprintf(name[i], sizeof name[i], "f%zu", i);
        fields[i + 1] = (struct bau_field){ .name = name[i], .type = types[i] };
    }
    cr_assert_eq(bau_batch_init(&batch, &err), BAU_OK);
    cr_assert_eq(bau_batch_reset(&batch, &dataset, &err), BAU_OK);
    batch.n_rows = ROWS;
    for (uint32_t i = 0; i <= ROWS; i++)
        lists[i] = i / 2;
    for (uint32_t i = 0; i < ROWS; i++)
        spans[i] = (struct bau_span){ 0, i % 6 == 4 ? BAU_SPAN_NULL : 1 };
    for (size_t i = 0; i < BAU_COUNT(types); i++) {
        const bool list = i + 1 == BAU_COUNT(types);
        const struct bau_masker *m = bau_masker_find("constant");
        struct bau_column *c = &batch.columns[i + 1];
        *c = make(m, types[i], 0, list ? ROWS / 2 : ROWS, i % 2 == 0, batch.arena);
        copy[i] = make(m, types[i], 0, list ? ROWS / 2 : ROWS, i % 2 == 0, arena);
        c->field = &fields[i + 1];
        c->spans = list ? spans : NULL;
        c->list_offsets = list ? lists : NULL;
        data[i] = c->data;
    }
    struct ArrowSchema schema;
    struct ArrowArray array;
    cr_assert_eq(bau_batch_export(&batch, &schema, &array, &err), BAU_OK, "%s", err.text);
    cr_assert(batch.arena == NULL && batch.columns == NULL);
    bau_batch_release(&batch); /* nothing left to give */
    cr_assert_str_eq(schema.format, "+s");
    cr_assert_eq(schema.n_children, BAU_COUNT(types));
    cr_assert_eq(array.n_children, BAU_COUNT(types));
    cr_assert_eq(array.length, ROWS);
    for (size_t i = 0; i + 1 < BAU_COUNT(types); i++) {
        cr_expect_str_eq(schema.children[i]->name, name[i]);
        cr_expect_str_eq(schema.children[i]->format,
                         types[i] == BAU_TIMESTAMPTZ ? "tsu:UTC" : format_of(types[i], false));
        expect_column(array.children[i], false, &copy[i]);
        if (types[i] != BAU_BOOL)
            cr_expect(array.children[i]->buffers[bau_type_width(types[i]) ? 1 : 2] == data[i], "copied");
    }
    struct ArrowArray last = *array.children[array.n_children - 1];
    array.children[array.n_children - 1]->release = NULL;
    array.release(&array);
    cr_assert(array.release == NULL);
    cr_assert_eq(last.length, ROWS);
    cr_assert_eq(last.null_count, 3);
    for (uint32_t i = 0; i < ROWS; i++) {
        cr_expect_eq(present(&last, i), i % 6 != 4);
        cr_expect_eq(offset_of(&last, false, i + 1), (i + 1) / 2);
    }
    expect_column(last.children[0], false, &copy[BAU_COUNT(types) - 1]);
    last.release(&last);
    schema.release(&schema);
    cr_assert(schema.release == NULL);
}

Test(arrow, version)
{
    cr_assert_str_eq(bau_version(), BAU_VERSION);
}
