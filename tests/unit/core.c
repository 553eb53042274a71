/* Errors, memory, options, secrets, canonical forms and the key schedule. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bauta/log.h"
#include "bauta/secret.h"
#include "src/core/canon.h"
#include "src/core/mask_key.h"

Test(error, notes_go_in_front_and_keep_the_cause)
{
    struct bau_error err;
    cr_assert_eq(bau_error_set(&err, BAU_E_SOURCE, "connection reset"), BAU_E_SOURCE);
    err.retry = BAU_RETRY_RECONNECT;
    bau_error_note(&err, "table %s", "public.users");
    cr_assert_str_eq(err.text, "table public.users: connection reset");
    cr_assert_eq(err.len, strlen(err.text));
    cr_assert_eq(err.retry, BAU_RETRY_RECONNECT);
}

Test(error, a_long_text_is_cut_at_a_character)
{
    struct bau_error err;
    char text[700];
    for (size_t lead = 0; lead < 3; lead++) {
        memset(text, 'a', lead);
        for (size_t i = lead; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        (void)bau_error_set(&err, BAU_E_BUG, "%s", text);
        cr_assert_lt(err.len, sizeof err.text);
        cr_assert_eq((err.len - lead) % 3, 0, "ends inside a character (%u bytes)", err.len);
    }
}

Test(error, every_status_has_its_documented_exit_code)
{
    static const struct {
        bau_status code;
        int exit_code;
    } documented[] = { { BAU_OK, 0 },          { BAU_E_BUG, 1 },      { BAU_E_USAGE, 2 },
                       { BAU_E_POLICY, 3 },    { BAU_E_APPROVAL, 4 }, { BAU_E_SOURCE, 5 },
                       { BAU_E_TARGET, 6 },    { BAU_E_DATA, 7 },     { BAU_E_VERIFY, 8 },
                       { BAU_E_INTEGRITY, 9 }, { BAU_E_LOCKED, 10 },  { BAU_E_REFUSED, 11 },
                       { BAU_E_DEADLINE, 124 } };
    for (size_t i = 0; i < BAU_COUNT(documented); i++)
        cr_expect_eq(bau_status_exit(documented[i].code), documented[i].exit_code, "%s",
                     bau_status_name(documented[i].code));
}

Test(mem, buffers_are_aligned_padded_and_reused)
{
    for (unsigned flags = 0; flags <= BAU_ARENA_PRIVATE; flags++) {
        struct bau_arena *arena = bau_arena_new(4096, flags);
        for (size_t round = 0; round < 3; round++) {
            for (size_t n = 0; n < 300; n += 7) {
                uint8_t *b = bau_arena_buffer(arena, n);
                cr_assert_not_null(b);
                cr_assert_eq((uintptr_t)b % BAU_ALIGN, 0);
                memset(b, 0xff, n + BAU_ALIGN); /* B2: 64 bytes more are ours; ASan watches */
            }
            const size_t held = bau_arena_held(arena);
            bau_arena_reset(arena);
            cr_assert_eq(bau_arena_bytes(arena), 0);
            if (round == 2)
                cr_assert_eq(bau_arena_held(arena), held, "after warm-up nothing is taken or given back");
        }
        cr_assert_not_null(bau_arena_take(arena, 20u << 20));
        bau_arena_reset(arena);
        cr_assert_lt(bau_arena_held(arena), 9u << 20, "a giant goes back");
        cr_assert_null(bau_arena_take(arena, SIZE_MAX - 8));
        bau_arena_free(arena);
    }
}

struct sample {
    bool flag;
    uint32_t u32, choice;
    int64_t i64;
    double f64;
    uint64_t bytes, ms;
    const char *text;
    struct bau_texts texts;
};
static const struct bau_option table[] = {
    { .name = "flag",
      .kind = BAU_OPTION_BOOL,
      .offset = offsetof(struct sample, flag),
      .fallback = "true",
      .sentence = "F." },
    { .name = "u32",
      .kind = BAU_OPTION_U32,
      .offset = offsetof(struct sample, u32),
      .fallback = "4",
      .min = 1,
      .max = 64,
      .sentence = "U." },
    { .name = "i64",
      .kind = BAU_OPTION_I64,
      .offset = offsetof(struct sample, i64),
      .min = 0,
      .max = 0,
      .sentence = "I." },
    { .name = "f64",
      .kind = BAU_OPTION_F64,
      .offset = offsetof(struct sample, f64),
      .min = 0,
      .max = 1,
      .sentence = "D." },
    { .name = "bytes", .kind = BAU_OPTION_BYTES, .offset = offsetof(struct sample, bytes), .sentence = "B." },
    { .name = "ms", .kind = BAU_OPTION_DURATION, .offset = offsetof(struct sample, ms), .sentence = "M." },
    { .name = "text", .kind = BAU_OPTION_TEXT, .offset = offsetof(struct sample, text), .sentence = "T." },
    { .name = "choice",
      .kind = BAU_OPTION_CHOICE,
      .offset = offsetof(struct sample, choice),
      .choices = "one|two|three",
      .sentence = "C." },
    { .name = "texts", .kind = BAU_OPTION_TEXTS, .offset = offsetof(struct sample, texts), .sentence = "L." },
    { .name = NULL },
};

Test(option, good_values_arrive)
{
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct bau_error err;
    struct sample s = { 0 };
    cr_assert_eq(bau_options_default(table, &s, arena, &err), BAU_OK, "%s", err.text);
    cr_assert(s.flag && s.u32 == 4);
    static const char *const set[][2] = {
        { "flag", "false" }, { "u32", "64" },       { "i64", "-9223372036854775808" },
        { "f64", "0.25" },   { "bytes", "64MiB" },  { "ms", "1.5h" },
        { "text", "a b" },   { "choice", "three" }, { "texts", "x" },
        { "texts", "y" }
    };
    for (size_t i = 0; i < BAU_COUNT(set); i++)
        cr_assert_eq(bau_option_set(bau_option_find(table, set[i][0]), &s, set[i][1], arena, &err), BAU_OK,
                     "%s", err.text);
    cr_assert(!s.flag && s.u32 == 64 && s.i64 == INT64_MIN && s.f64 == 0.25 && s.bytes == 64u << 20 &&
              s.ms == 5400000);
    cr_assert(s.choice == 2 && s.texts.n == 2);
    cr_assert_str_eq(s.texts.at[1], "y");
    bau_arena_free(arena);
}

Test(option, bad_values_say_what_was_expected)
{
    static const char *const bad[][3] = { { "flag", "yes", "true or false" },
                                          { "u32", "0", "from 1 to 64" },
                                          { "u32", "65", "from 1 to 64" },
                                          { "u32", "4x", "whole number" },
                                          { "u32", "-1", "whole number" },
                                          { "i64", "9223372036854775808", "whole" },
                                          { "f64", "1.5", "from 0 to 1" },
                                          { "f64", "nan", "number" },
                                          { "bytes", "12XB", "64MiB" },
                                          { "ms", "90", "90s" },
                                          { "choice", "four", "one, two, three" },
                                          { "bytes", "-5MB", "64MiB" } };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct sample s = { 0 };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        struct bau_error err;
        cr_expect_eq(bau_option_set(bau_option_find(table, bad[i][0]), &s, bad[i][1], arena, &err),
                     BAU_E_USAGE, "case %zu", i);
        cr_expect(strstr(err.text, bad[i][2]), "case %zu: %s", i, err.text);
    }
    bau_arena_free(arena);
}

Test(option, nearest_names)
{
    static const char *const words[] = { "email", "phone", "permute", "redact" };
    cr_expect_str_eq(bau_nearest("emial", words, 4), "email");
    cr_expect_str_eq(bau_nearest("permut", words, 4), "permute");
    cr_expect_null(bau_nearest("zebra", words, 4));
}

Test(secret, references)
{
    struct bau_secret *s = NULL;
    struct bau_error err;
    putenv((char[]){ "NF_MY-DATABASE_URI=postgres://u:p@h/d" });
    cr_assert_eq(bau_secret_resolve("env:NF_MY-DATABASE_URI", &s, &err), BAU_OK, "%s", err.text);
    cr_assert_str_eq(bau_secret_text(s), "postgres://u:p@h/d");
    bau_secret_free(s);
    cr_assert_eq(bau_secret_resolve("command:printf 'abc\\n'", &s, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_secret_len(s), 3);
    bau_secret_free(s);
    char path[] = "/tmp/bauta-secret-XXXXXX";
    const int fd = mkstemp(path);
    char reference[64];
    snprintf(reference, sizeof reference, "file:%s", path);
    cr_assert_eq(write(fd, "key\r\n", 5), 5);
    cr_assert_eq(bau_secret_resolve(reference, &s, &err), BAU_OK);
    cr_assert_str_eq(bau_secret_text(s), "key");
    bau_secret_free(s);
    unlink(path);
    static const char *const bad[] = { "env:NOT_SET_ANYWHERE", "env:",         "file:/no/such",
                                       "command:exit 3",       "command:true", "hunter2" };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        cr_expect_eq(bau_secret_resolve(bad[i], &s, &err), BAU_E_USAGE, "case %zu", i);
        cr_expect_null(strstr(err.text, "hunter2"));
    }
}

Test(secret, a_file_that_everyone_reads_is_worth_a_warning)
{
    static const struct {
        mode_t mode;
        bool warns;
    } cases[] = { { 0600, false }, { 0640, false }, { 0644, true } };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        char path[] = "/tmp/bauta-secret-XXXXXX", reference[64], line[400] = "";
        int log[2];
        struct bau_secret *s = NULL;
        struct bau_error err;
        const int fd = mkstemp(path);
        cr_assert(fd >= 0 && write(fd, "hunter2", 7) == 7 && fchmod(fd, cases[i].mode) == 0 &&
                  pipe2(log, O_NONBLOCK) == 0);
        close(fd);
        bau_log_setup(BAU_LOG_TEXT, BAU_WARN, log[1], NULL);
        snprintf(reference, sizeof reference, "file:%s", path);
        cr_assert_eq(bau_secret_resolve(reference, &s, &err), BAU_OK, "%s", err.text);
        const ssize_t n = read(log[0], line, sizeof line - 1);
        cr_expect_eq(n > 0, cases[i].warns, "mode %o", (unsigned)cases[i].mode);
        cr_expect_null(strstr(line, "hunter2"));
        bau_secret_free(s);
        unlink(path);
    }
}

static struct bau_column texts(struct bau_arena *arena, const char *const *values, uint32_t n)
{
    struct bau_column c = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = n };
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += strlen(values[i]);
    c.offsets = bau_arena_buffer(arena, (n + 1) * sizeof *c.offsets);
    c.data = bau_arena_buffer(arena, bytes);
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        c.offsets[i] = at;
        memcpy((char *)c.data + at, values[i], strlen(values[i]));
        at += (uint32_t)strlen(values[i]);
    }
    c.offsets[n] = at;
    return c;
}

Test(canon, spells_equal_things_alike)
{
    static const struct {
        bau_canon canon;
        const char *in, *want;
    } cases[] = {
        { BAU_CANON_NONE, " a ", " a " },
        { BAU_CANON_TRIM, "\t a b \n", "a b" },
        { BAU_CANON_FOLD, " Bob@X.io ", "bob@x.io" },
        { BAU_CANON_FOLD, "STRASSE", "strasse" },
        { BAU_CANON_FOLD,
          "Stra\xc3\x9f"
          "e",
          "strasse" },                               /* U+00DF folds to ss (Unicode CaseFolding.txt) */
        { BAU_CANON_FOLD, "A\xcc\x8a", "\xc3\xa5" }, /* A + U+030A is U+00C5, folded U+00E5 */
        { BAU_CANON_FOLD, "\xef\xbc\xa1", "a" },     /* full-width A, NFKC */
        { BAU_CANON_FOLD, "\xff\xfe", "\xff\xfe" },  /* not UTF-8: as it is */
        { BAU_CANON_DIGITS, "+49 (170) 12-34", "491701234" },
        { BAU_CANON_E164, "0049 170 1234", "+491701234" },
        { BAU_CANON_E164, "+49 170 1234", "+491701234" },
        { BAU_CANON_DECIMAL, "007.00", "7" },
        { BAU_CANON_DECIMAL, "-0.50", "-0.5" },
        { BAU_CANON_DECIMAL, "-0", "0" },
        { BAU_CANON_DECIMAL, ".5", "0.5" },
        { BAU_CANON_DECIMAL, "100", "100" },
        { BAU_CANON_DECIMAL, "NaN", "NaN" },
        { BAU_CANON_DECIMAL, "1.2.3", "1.2.3" },
    };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_error err;
        struct bau_column in = texts(arena, &cases[i].in, 1), out;
        cr_assert_eq(bau_canon_column(cases[i].canon, arena, &in, &out, &err), BAU_OK);
        const struct bau_slice got = bau_column_value(&out, 0);
        cr_expect(got.len == strlen(cases[i].want) && memcmp(got.data, cases[i].want, got.len) == 0,
                  "case %zu: '%.*s'", i, (int)got.len, (const char *)got.data);
    }
    bau_arena_free(arena);
}

static uint8_t (*digest(struct bau_arena *arena, struct bau_mask_key *key, struct bau_column *in))[16]
{
    uint8_t(*out)[16];
    struct bau_error err;
    cr_assert_eq(bau_mask_digest(key, arena, in, &out, &err), BAU_OK, "%s", err.text);
    return out;
}

Test(mask_key, one_value_one_digest_in_every_type)
{
    static const uint8_t master[32] = { 1, 2, 3 };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct bau_mask_key *key, *other;
    struct bau_error err;
    cr_assert_eq(bau_mask_key_new(master, "", "customer", "permute", BAU_CANON_NONE, arena, &key, &err),
                 BAU_OK);
    cr_assert_eq(bau_mask_key_new(master, "", "custome", "rpermute", BAU_CANON_NONE, arena, &other, &err),
                 BAU_OK);
    const char *const text = "42", *const decimal = "42.00";
    struct bau_column t = texts(arena, &text, 1), n = texts(arena, &decimal, 1);
    n.type = BAU_NUMERIC;
    _Alignas(64) int64_t wide[16] = { 42 };
    _Alignas(64) int16_t narrow[64] = { 42 };
    struct bau_column w = { .form = BAU_FORM_TYPED, .type = BAU_I64, .n_values = 1, .data = wide };
    struct bau_column s = { .form = BAU_FORM_TYPED, .type = BAU_I16, .n_values = 1, .data = narrow };
    const uint8_t *want = digest(arena, key, &t)[0];
    cr_expect_arr_eq(digest(arena, key, &n)[0], want, 16);
    cr_expect_arr_eq(digest(arena, key, &w)[0], want, 16);
    cr_expect_arr_eq(digest(arena, key, &s)[0], want, 16);
    cr_expect(memcmp(digest(arena, other, &t)[0], want, 16) != 0,
              "names are length-prefixed: no two spell one key");
    bau_mask_key_release(key);
    bau_mask_key_release(other);
    bau_arena_free(arena);
}

static void unhex(const char *hex, uint8_t *out)
{
    for (size_t i = 0; hex[2 * i]; i++) {
        unsigned byte;
        cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

Test(mask_key, hkdf_is_rfc_5869)
{
    static const struct {
        const char *key, *salt, *info, *okm;
    } vectors[] = {
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
          "f0f1f2f3f4f5f6f7f8f9",
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
    };
    for (size_t i = 0; i < BAU_COUNT(vectors); i++) {
        uint8_t key[64], salt[64], info[64], want[64], got[64];
        unhex(vectors[i].key, key);
        unhex(vectors[i].salt, salt);
        unhex(vectors[i].info, info);
        unhex(vectors[i].okm, want);
        const size_t n = strlen(vectors[i].okm) / 2;
        struct bau_error err;
        cr_assert_eq(bau_hkdf(key, strlen(vectors[i].key) / 2, salt, strlen(vectors[i].salt) / 2, info,
                              strlen(vectors[i].info) / 2, got, n, &err),
                     BAU_OK, "%s", err.text);
        cr_expect_arr_eq(got, want, n, "vector %zu", i);
    }
}

Test(mask_key, integers_of_text_and_number)
{
    static const char *const good[] = { "42", "-7", "9223372036854775807", "-9223372036854775808", "42.00" };
    static const int64_t want[] = { 42, -7, INT64_MAX, INT64_MIN, 42 };
    static const char *const bad[] = { "", "-", "4x", "9223372036854775808", "1.5", " 1", "+1" };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct bau_column in = texts(arena, good, 5);
    struct bau_error err;
    int64_t *got;
    cr_assert_eq(bau_mask_integers(&in, arena, &got, &err), BAU_OK, "%s", err.text);
    cr_assert_arr_eq(got, want, sizeof want);
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        in = texts(arena, &bad[i], 1);
        cr_expect_eq(bau_mask_integers(&in, arena, &got, &err), BAU_E_DATA, "case %zu", i);
    }
    bau_arena_free(arena);
}

Test(log, lines_escape_names_and_hold_the_run)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    bau_log_setup(BAU_LOG_JSON, BAU_INFO, fds[1], "0123456789abcdef");
    bau_log(BAU_INFO, "dataset done", BAU_NAME("dataset", "odd \"name\"\n"), BAU_U64("rows", 7));
    bau_log(BAU_DEBUG, "not shown", BAU_U64("rows", 7));
    bau_log_setup(BAU_LOG_TEXT, BAU_INFO, fds[1], NULL);
    bau_log(BAU_WARN, "two words", BAU_NAME("dataset", "odd name"), BAU_MS("took", 1500));
    char got[1000] = "";
    cr_assert_gt(read(fds[0], got, sizeof got - 1), 0);
    cr_expect(
        strstr(got,
               "\"level\":\"info\",\"event\":\"dataset done\",\"run\":\"0123456789abcdef\",\"dataset\":\"odd "
               "\\\"name\\\"\\u000a\",\"rows\":7}\n"),
        "%s", got);
    cr_expect(strstr(got, "WARN   two words  dataset=\"odd name\" took=1.5s\n"), "%s", got);
    cr_expect_null(strstr(got, "not shown"));
}
