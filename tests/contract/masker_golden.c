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
        fprintf(to, "%s\t%s\t%s\t", m->name, bau_type_word(type), b.options);
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
    { "national_id", "country=us", BAU_TEXT, "536-90-4399" },
    { "national_id", "country=ca", BAU_TEXT, "123-456-782" },
    { "national_id", "country=gb", BAU_TEXT, "AB 12 34 56 C" },
    { "national_id", "country=gb", BAU_TEXT, "JG103759A" },
    { "national_id", "country=gb_nhs", BAU_TEXT, "943 476 5919" },
    { "national_id", "country=fr", BAU_TEXT, "2 55 08 14 168 025 38" },
    { "national_id", "country=fr", BAU_TEXT, "253072B07300470" },
    { "national_id", "country=es", BAU_TEXT, "12345678Z" },
    { "national_id", "country=es", BAU_TEXT, "X-1234567-L" },
    { "national_id", "country=nl", BAU_TEXT, "1112.22.333" },
    { "national_id", "country=pl", BAU_TEXT, "44051401359" },
    { "national_id", "country=br", BAU_TEXT, "111.444.777-35" },
    { "national_id", "country=br_cnpj", BAU_TEXT, "11.222.333/0001-81" },
    { "national_id", "country=br_cnpj", BAU_TEXT, "12.ABC.345/01DE-35" },
    { "national_id", "country=in", BAU_TEXT, "2341 2341 2346" },
    { "national_id", "country=it", BAU_TEXT, "RSSMRA85T10A562S" },
    { "national_id", "country=it", BAU_TEXT, "rccmnl83s18d969h" },
    { "national_id", "country=de", BAU_TEXT, "86 095 742 719" },
    { "national_id", "country=de", BAU_TEXT, "65929970489" },
    { "national_id", "country=se", BAU_TEXT, "811228-9874" },
    { "national_id", "country=se", BAU_TEXT, "19670919-9530" },
    { "national_id", "country=se", BAU_TEXT, "121212+1212" },
    { "national_id", "country=no", BAU_TEXT, "15108695088" },
    { "national_id", "country=dk", BAU_TEXT, "211062-5629" },
    { "national_id", "country=fi", BAU_TEXT, "131052-308T" },
    { "national_id", "country=fi", BAU_TEXT, "131052A308T" },
    { "national_id", "country=be", BAU_TEXT, "85.07.30-033 28" },
    { "national_id", "country=pt", BAU_TEXT, "123456789" },
    { "national_id", "country=at", BAU_TEXT, "1237 010180" },
    { "national_id", "country=ch", BAU_TEXT, "756.9217.0769.85" },
    { "national_id", "country=au", BAU_TEXT, "123 456 782" },
    { "national_id", "country=au_medicare", BAU_TEXT, "2123 45670 1" },
    { "national_id", "country=cn", BAU_TEXT, "11010519491231002X" },
    { "national_id", "country=cn", BAU_TEXT, "440524188001010014" },
    { "national_id", "country=kr", BAU_TEXT, "971013-9019902" },
    { "national_id", "country=jp", BAU_TEXT, "1234 5678 9018" },
    { "national_id", "country=za", BAU_TEXT, "8001015009087" },
    { "national_id", "country=tr", BAU_TEXT, "10000000146" },
    { "national_id", "country=mx", BAU_TEXT, "BOXW310820HNERXN09" },
    { "national_id", "country=cl", BAU_TEXT, "12.345.678-5" },
    { "national_id", "country=cl", BAU_TEXT, "7.654.321-6" },
    { "national_id", "country=ar", BAU_TEXT, "20-05536168-2" },
    { "national_id", "country=il", BAU_TEXT, "03933742-3" },
    { "national_id", "country=sg", BAU_TEXT, "S1234567D" },
    { "national_id", "country=sg", BAU_TEXT, "T1234567J" },
    { "national_id", "country=sg", BAU_TEXT, "F1234567N" },
    { "national_id", "country=sg", BAU_TEXT, "G1234567X" },
    { "national_id", "country=sg", BAU_TEXT, "M1234567K" },
    { "national_id", "country=ee", BAU_TEXT, "36805280109" },
    { "national_id", "country=lt", BAU_TEXT, "33309240064" },
    { "national_id", "country=bg", BAU_TEXT, "7523169263" },
    { "national_id", "country=ro", BAU_TEXT, "1630615123457" },
    { "national_id", "country=cz", BAU_TEXT, "710319/2745" },
    { "national_id", "country=sk", BAU_TEXT, "710319/2745" },
    { "national_id", "country=hr", BAU_TEXT, "33392005961" },
    { "national_id", "country=ie", BAU_TEXT, "6433435F" },
    { "national_id", "country=ie", BAU_TEXT, "6433435OA" },
    { "national_id", "country=is", BAU_TEXT, "120174-3399" },
    { "national_id", "country=gr", BAU_TEXT, "01013099997" },
    { "national_id", "country=th", BAU_TEXT, "1-2345-45678-78-1" },
    { "national_id", "country=pl birth=keep", BAU_TEXT, "44051401359" },
    { "national_id", "country=fr birth=keep", BAU_TEXT, "2 55 08 14 168 025 38" },
    { "national_id", "country=it birth=keep", BAU_TEXT, "RSSMRA85T10A562S" },
    { "national_id", "country=se birth=keep", BAU_TEXT, "811228-9874" },
    { "national_id", "country=is birth=keep", BAU_TEXT, "120174-3399" },
    { "national_id", "country=pl invalid=mask", BAU_TEXT, "44051401358" },
    { "national_id_reserved", "country=us", BAU_TEXT, "536-90-4399" },
    { "national_id_reserved", "country=ca", BAU_TEXT, "123-456-782" },
    { "national_id_reserved", "country=gb", BAU_TEXT, "AB 12 34 56 C" },
    { "national_id_reserved", "country=gb_nhs", BAU_TEXT, "943 476 5919" },
    { "national_id_reserved", "country=fi", BAU_TEXT, "131052-308T" },
    { "national_id_reserved", "country=no", BAU_TEXT, "15108695088" },
    { "national_id_reserved", "country=in", BAU_TEXT, "2341 2341 2346" },
    { "person_name", "", BAU_TEXT, "Анна Иванова" },
    { "person_name", "", BAU_TEXT, "张伟" },
    { "person_name", "", BAU_TEXT, "佐藤 はな" },
    { "person_name", "", BAU_TEXT, "김민수" },
    { "person_name", "", BAU_TEXT, "Γιώργος Παπαδόπουλος" },
    { "person_name", "", BAU_TEXT, "محمد علي" },
    { "person_name", "", BAU_TEXT, "राम शर्मा" },
    { "person_name", "locale=de order=family_first gender=f", BAU_TEXT, "Ada Lovelace" },
    { "first_name", "gender=m", BAU_TEXT, "Ada" },
    { "first_name", "", BAU_TEXT, "MÜLLER" },
    { "last_name", "locale=de", BAU_TEXT, "weiß" },
    { "last_name", "locale=tr", BAU_TEXT, "YILDIZ" },
    { "person", "part=first locale=ru by=id", BAU_TEXT, "Ada" },
    { "person", "part=last locale=ru by=id", BAU_TEXT, "LOVELACE" },
    { "person", "part=full locale=ru by=id", BAU_TEXT, "Ada Lovelace" },
    { "person", "part=initials locale=ru by=id", BAU_TEXT, "AL" },
    { "person_email", "locale=ru by=id host=mail.test", BAU_TEXT, "ada@example.org" },
    { "username", "locale=ru by=id separator=underscore", BAU_TEXT, "ada" },
    { "username", "style=token", BAU_TEXT, "ada" },
    { "company", "", BAU_TEXT, "ООО Ромашка" },
    { "company", "locale=de", BAU_TEXT, "RECHENWERK GMBH & CO. KG" },
    { "company", "", BAU_TEXT, "北京计算有限公司" },
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
