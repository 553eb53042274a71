/* M2: the output of every masker, byte for byte as in the release that brought it, under a fixed key.
 * BAUTA_GOLDEN=write writes the file anew instead of comparing; a line that exists may never change. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

#ifndef BAU_GOLDEN_FILE
#define BAU_GOLDEN_FILE "tests/golden/maskers.txt"
#endif

/* Numbers in decimal, floats exactly, text as it is, what would break a line as \xNN. */
static void print_value(FILE *to, const struct bau_column *c, uint32_t i)
{
    const struct bau_slice v = bau_column_value(c, i);
    int16_t i16 = 0;
    int32_t i32 = 0;
    int64_t i64 = 0;
    float f32 = 0;
    double f64 = 0;
    switch (c->type) {
    case BAU_I16:
        memcpy(&i16, v.data, 2);
        fprintf(to, "%d", i16);
        return;
    case BAU_I32:
    case BAU_DATE:
        memcpy(&i32, v.data, 4);
        fprintf(to, "%" PRId32, i32);
        return;
    case BAU_I64:
    case BAU_TIME:
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ:
        memcpy(&i64, v.data, 8);
        fprintf(to, "%" PRId64, i64);
        return;
    case BAU_F32:
        memcpy(&f32, v.data, 4);
        fprintf(to, "%a", (double)f32);
        return;
    case BAU_F64:
        memcpy(&f64, v.data, 8);
        fprintf(to, "%a", f64);
        return;
    case BAU_BOOL:
    case BAU_UUID:
    case BAU_TEXT:
    case BAU_NUMERIC:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    const bool text = c->type == BAU_TEXT || c->type == BAU_NUMERIC || c->type == BAU_JSON;
    for (size_t k = 0; k < v.len; k++)
        fprintf(to, v.data[k] >= 0x20 && v.data[k] != '\\' && (text || v.data[k] < 0x7f) ? "%c" : "\\x%02x",
                v.data[k]);
}

static void print_masker(FILE *to, const struct bau_masker *m, bau_type type)
{
    struct bound b = bind_example(m, type);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(m, type, 0, 8, false, arena), out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < in.n_values; i++) {
        fprintf(to, "%s\t%s\t%s\t", m->name, bau_type_word(type), m->example_options);
        print_value(to, &in, i);
        fputc('\t', to);
        if (bau_column_present(&out, i))
            print_value(to, &out, i);
        else
            fputs("null", to);
        fputc('\n', to);
    }
    bau_arena_free(arena);
    release(&b);
}

/* Options and scripts that the examples do not show. */
static const struct {
    const char *masker, *options;
    bau_type type;
    const char *in;
} pinned[] = {
    { "person_name", "", BAU_TEXT, "Анна Иванова" },
    { "person_name", "", BAU_TEXT, "张伟" },
    { "person_name", "", BAU_TEXT, "佐藤 はな" },
    { "person_name", "", BAU_TEXT, "김민수" },
    { "person_name", "", BAU_TEXT, "Γιώργος Παπαδόπουλος" },
    { "person_name", "", BAU_TEXT, "محمد علي" },
    { "person_name", "", BAU_TEXT, "राम शर्मा" },
    { "person_name", "locale=de order=family_first gender=f", BAU_TEXT, "Ada Lovelace" },
    { "first_name", "gender=m", BAU_TEXT, "Ada" },
    { "last_name", "gender=f", BAU_TEXT, "Иванов" },
    { "email", "style=token host=mail.test", BAU_TEXT, "ada@example.org" },
    { "email", "", BAU_TEXT, " ADA.LOVELACE@analytical.co.uk" },
    { "hash_token", "bytes=32", BAU_TEXT, "secret" },
    { "permute", "min=1 max=99999", BAU_I32, NULL },
    { "permute", "min=0 max=9999999999", BAU_I64, NULL },
    { "noise", "absolute=2.5", BAU_NUMERIC, "10.000" },
    { "noise", "relative=0.000001", BAU_NUMERIC, "123456789012345678901234567890.123456789" },
    { "noise", "distribution=gaussian relative=0.2", BAU_I64, NULL },
    { "noise", "distribution=gaussian absolute=12.5 min=0", BAU_NUMERIC, "10.000" },
    { "noise", "distribution=laplace relative=0.2", BAU_F64, NULL },
    { "noise", "distribution=laplace absolute=500 max=900000", BAU_I32, NULL },
    { "date_shift", "by=id days=60 keep_weekday=true", BAU_DATE, NULL },
    { "date_shift", "by=id grain=minute", BAU_TIMESTAMP, NULL },
    { "phone", "", BAU_TEXT, "0000 000" },
    { "phone", "", BAU_TEXT, "(212) 555-0187" },
    { "phone_reserved", "", BAU_TEXT, "+44 20 7946 0018" },
    { "uuid", "", BAU_TEXT, "{8F14E45F-CEEA-467F-A0E6-B5A1B4B5C6D7}" },
};

static void print_pinned(FILE *to, size_t at)
{
    struct bound b =
        bind_with(bau_masker_find(pinned[at].masker), pinned[at].type, pinned[at].options, NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    cr_assert_eq(b.status, BAU_OK, "%s: %s", pinned[at].masker, b.err.text);
    const struct bau_column in = pinned[at].in
                                     ? one_text(pinned[at].type, pinned[at].in, strlen(pinned[at].in), arena)
                                     : make(b.masker, b.type, 3, 4, false, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    fprintf(to, "%s\t%s\t%s\t", pinned[at].masker, bau_type_word(pinned[at].type), pinned[at].options);
    print_value(to, &in, 0);
    fputc('\t', to);
    print_value(to, &out, 0);
    fputc('\n', to);
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, golden)
{
    const char *mode = getenv("BAUTA_GOLDEN");
    const bool write = mode && strcmp(mode, "write") == 0;
    char *text = NULL;
    size_t len = 0;
    FILE *to = write ? fopen(BAU_GOLDEN_FILE, "w") : open_memstream(&text, &len);
    cr_assert(to != NULL);
    for (size_t m = 0; m < bau_n_maskers; m++)
        for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
            if ((bau_maskers[m]->accepts & BAU_TYPE_BIT(t)) && (bau_maskers[m]->traits & BAU_DETERMINISTIC))
                print_masker(to, bau_maskers[m], (bau_type)t);
    for (size_t i = 0; i < BAU_COUNT(pinned); i++)
        print_pinned(to, i);
    fclose(to);
    if (write)
        return;
    FILE *from = fopen(BAU_GOLDEN_FILE, "r");
    cr_assert(from != NULL, "no file %s; run with BAUTA_GOLDEN=write once", BAU_GOLDEN_FILE);
    char line[4096];
    const char *at = text;
    for (int n = 1; fgets(line, sizeof line, from); n++) {
        const size_t size = strlen(line);
        cr_assert(strncmp(at, line, size) == 0, "line %d: the output of a released masker changed (M2): %s",
                  n, line);
        at += size;
    }
    cr_assert(*at == '\0', "there are maskers that %s does not have; run with BAUTA_GOLDEN=write",
              BAU_GOLDEN_FILE);
    fclose(from);
    free(text);
}
