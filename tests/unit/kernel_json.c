/* The JSON scanner: RFC 8259 accept and refuse, spans, paths and which of them wins, escapes. */
#include "src/kernel/json_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bau_json_scratch scratch;

/* Collects "key=path " or "#=path" of every report: path is the index, ~index when inherited, - for none. */
struct log {
    char text[4096];
    size_t len;
    const uint8_t *doc;
    int32_t skip; /* answer SKIP to ENTER with this path; -1: never */
    uint32_t stop_after, n;
};

static enum bau_json_verdict note(void *context, const struct bau_json_event *e)
{
    struct log *l = context;
    static const char *const steps[] = { "", "<", ">" };
    char path[16] = "-";
    if (e->path >= 0)
        snprintf(path, sizeof path, "%s%d", e->exact ? "" : "~", e->path);
    l->len += (size_t)snprintf(l->text + l->len, sizeof l->text - l->len, "%s%s%.*s=%s", l->len ? " " : "",
                               steps[e->step], e->has_key ? (int)e->key_len : 1,
                               e->has_key ? (const char *)l->doc + e->key_offset : "#", path);
    if (l->stop_after && ++l->n == l->stop_after)
        return BAU_JSON_STOP;
    return e->step == BAU_JSON_ENTER && e->path == l->skip ? BAU_JSON_SKIP : BAU_JSON_GO;
}

static enum bau_json_result run(const char *const *texts, uint32_t n, const char *doc, struct log *log)
{
    struct bau_json_paths paths;
    struct bau_json_path_error err = { 0 };
    void *memory = malloc(bau_json_paths_bytes(texts, n));
    cr_assert(bau_json_paths_init(&paths, texts, n, memory, &err), "path %u at %u: %s", err.path, err.at,
              err.what);
    const size_t len = strlen(doc);
    uint8_t *exact = malloc(len + 1); /* the sanitizer sees a read past the document */
    memcpy(exact, doc, len);
    exact = realloc(exact, len ? len : 1);
    log->doc = exact;
    size_t at = 0;
    struct log plain = *log; /* the same with sets kept on the way, as when there are too many to be listed */
    const uint32_t n_states = paths.n_states;
    paths.n_states = 0;
    const enum bau_json_result wanted = bau_json_scan(&paths, &scratch, exact, len, note, &plain, &at);
    paths.n_states = n_states;
    cr_expect(n_states > 0);
    const enum bau_json_result got = bau_json_scan(&paths, &scratch, exact, len, note, log, &at);
    cr_expect(at <= len);
    if (wanted != BAU_JSON_E_LIMIT) {
        cr_expect_eq(got, wanted, "%s", doc);
        cr_expect_str_eq(log->text, plain.text);
    }
    free(exact);
    free(memory);
    return got;
}

static const char *const good[] = {
    "null",
    " true ",
    "false",
    "0",
    "-0",
    "10",
    "-1.5e+10",
    "1E5",
    "0.1",
    "0e0",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    " [ ] ",
    "{ }",
    "[1,2]",
    "[[],{}]",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "\t\n\r {\"\" : [ null , \"\\u0000\" ] } \n",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u12aF\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\x7f\"",
    "\"\xc2\x80\"",
    "\"\xdf\xbf\"",
    "\"\xe0\xa0\x80\"",
    "\"\xed\x9f\xbf\"",
    "\"\xee\x80\x80\"",
    "\"\xf0\x90\x80\x80\"",
    "\"\xf4\x8f\xbf\xbf\"",
    "\"abcdefghijklmnopqrstuvwxyz 0123456789 \xe4\xb8\xad\xe6\x96\x87 and more text behind it\"",
    "123456789012345678901234567890.123456789012345678901234567890e999",
};
static const char *const refused[] = {
    "",
    " ",
    "nul",
    "nulL",
    "truee",
    "tru",
    "fals",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "1 2",
    "NaN",
    "Infinity",
    "-01",
    "--1",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\",
    "\"\\u123",
    "'a'",
    "\"\t\"",
    "\"\n\"",
    "\"\x1f\"",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{",
    "}",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{1:1}",
    "{\"a\" 1}",
    "{\"a\":1]",
    "{\"a\":1 \"b\":2}",
    "{null:1}",
    "[]]",
    "{}{}",
    "1,",
    "/**/1",
    "\xef\xbb\xbf\x31",
    "[\"a\",\n4\n,1,",
    "[1:2]",
    "{\"a\",1}",
    "\f1",
    "1\v",
};
static const char *const not_utf8[] = {
    "\"\x80\"",
    "\"\xc0\x80\"",
    "\"\xc1\xbf\"",
    "\"\xc2\"",
    "\"\xc2",
    "\"\xe0\x9f\xbf\"",
    "\"\xed\xa0\x80\"",
    "\"\xe4\xb8\"",
    "\"\xf0\x8f\xbf\xbf\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"",
    "\"\xff\"",
    "\"\xf0\x90\x80\"",
    "{\"\xfe\":1}",
};

Test(kernel_json, accepts)
{
    for (size_t i = 0; i < BAU_COUNT(good); i++) {
        struct log log = { .skip = -1 };
        cr_expect_eq(run(NULL, 0, good[i], &log), BAU_JSON_OK, "%s", good[i]);
    }
}

Test(kernel_json, refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++) {
        struct log log = { .skip = -1 };
        cr_expect_eq(run(NULL, 0, refused[i], &log), BAU_JSON_E_SYNTAX, "%s", refused[i]);
    }
    for (size_t i = 0; i < BAU_COUNT(not_utf8); i++) {
        struct log log = { .skip = -1 };
        cr_expect_eq(run(NULL, 0, not_utf8[i], &log), BAU_JSON_E_UTF8, "%zu", i);
    }
}

Test(kernel_json, every_beginning_of_a_document_is_refused)
{
    const char *doc =
        "{\"a\": [1, -2.5e3, \"x\\u0041\xc3\xa9\", {\"b\": null}], \"c\": {\"d\": [true, false, []]}}";
    for (size_t len = 0; len <= strlen(doc); len++) {
        char cut[128] = { 0 };
        memcpy(cut, doc, len);
        struct log log = { .skip = -1 };
        cr_expect_eq(run((const char *const[]){ "$.a[*].b" }, 1, cut, &log) == BAU_JSON_OK,
                     len == strlen(doc), "%zu", len);
    }
}

Test(kernel_json, depth)
{
    char doc[2 * BAU_JSON_DEPTH + 3] = { 0 };
    static const char *const deep[] = { "$.**.x", "$[*].**[*]" };
    memset(doc, '[', BAU_JSON_DEPTH);
    memset(doc + BAU_JSON_DEPTH, ']', BAU_JSON_DEPTH);
    struct log log = { .skip = -1, .stop_after = 0 };
    cr_expect_eq(run(NULL, 0, doc, &log), BAU_JSON_OK);
    cr_expect_eq(run(deep, 1, doc, &log), BAU_JSON_OK);
    memset(doc, '[', BAU_JSON_DEPTH + 1);
    cr_expect_eq(run(deep, 1, doc, &log), BAU_JSON_E_DEPTH);
}

static const struct {
    const char *paths[6], *doc, *want;
} cases[] = {
    { { 0 }, "{\"a\":1,\"b\":[2,{\"c\":null}]}", "a=- #=- c=-" },
    { { "$" }, "5", "#=0" },
    { { "$" }, "{\"a\":5}", "<#=0 a=~0 >#=0" },
    { { "$.a" }, "{\"a\":1,\"b\":2}", "a=0 b=-" },
    { { "$.a.b[*].c" }, "{\"a\":{\"b\":[{\"c\":1,\"d\":2},{\"c\":3},4]},\"c\":5}", "c=0 d=- c=0 #=- c=-" },
    { { "$.phones[*].number", "$.*" },
      "{\"phones\":[{\"number\":\"1\",\"kind\":\"x\"}],\"n\":1}",
      "<phones=1 number=0 kind=~1 >phones=1 n=1" },
    { { "$.*", "$.a", "$.**", "$.a.b", "$.a.*" },
      "{\"a\":{\"b\":1,\"c\":2},\"d\":{\"e\":3},\"f\":4}",
      "<#=2 <a=1 b=3 c=4 >a=1 <d=0 e=~0 >d=0 f=0 >#=2" },
    { { "$.**.email" },
      "{\"email\":1,\"x\":{\"email\":2,\"y\":[{\"email\":3,\"z\":0}]}}",
      "email=0 email=0 email=0 z=-" },
    { { "$.**.a.**.b" }, "{\"a\":{\"a\":{\"b\":1},\"b\":2},\"b\":3}", "b=0 b=0 b=-" },
    { { "$.**.a.**", "$.**.b" }, "{\"a\":{\"b\":1},\"b\":{\"a\":2}}", "<a=0 b=0 >a=0 <b=1 a=0 >b=1" },
    { { "$[*][*]", "$[*].a" }, "[[1,2],[],{\"a\":3},4]", "#=0 #=0 a=1 #=-" },
    { { "$[*]" }, "{\"a\":1}", "a=-" },
    { { "$.*" }, "[1]", "#=-" },
    { { "$.**" }, "[1,{\"a\":2}]", "<#=0 #=0 <#=0 a=0 >#=0 >#=0" },
    { { "$**" }, "7", "#=0" },
    { { "$[\"odd key\"]", "$[\"a.b\"]", "$[\"\\\"\"]", "$[\"\"]" },
      "{\"odd key\":1,\"a.b\":2,\"\\\"\":3,\"\":4,\"a\":{\"b\":5}}",
      "odd key=0 a.b=1 \\\"=2 =3 b=-" },
    { { "$.a", "$.\xc3\xa9", "$.\xf0\x9f\x98\x80" },
      "{\"\\u0061\":1,\"\\u00e9\":2,\"\\ud83d\\ude00\":3,\"\\ud83d\":4,\"\\u0061a\":5}",
      "\\u0061=0 \\u00e9=1 \\ud83d\\ude00=2 \\ud83d=- \\u0061a=-" },
    { { "$[\"\\u0061\"].b" }, "{\"a\":{\"b\":1}}", "b=0" },
    { { "$.a" }, "{\"a\":{},\"b\":[],\"c\":{\"a\":[]}}", "<a=0 >a=0" },
    { { "$.a[*]" }, "{\"a\":[[1,[2]],{\"x\":3},4]}", "<#=0 #=~0 #=~0 >#=0 <#=0 x=~0 >#=0 #=0" },
    { { "$.*.b", "$.a" }, "{\"a\":{\"b\":1},\"c\":{\"b\":2}}", "<a=1 b=~1 >a=1 b=0" },
    { { "$.a", "$.a.b" },
      "{\"a\":{\"b\":1},\"a\":{\"b\":[2],\"c\":3}}",
      "<a=0 b=1 >a=0 <a=0 <b=1 #=~1 >b=1 c=~0 >a=0" },
    { { "$.a[*].x", "$.a.x" }, "{\"a\":[{\"x\":1},[{\"x\":2}],{\"x\":3}]}", "x=0 x=- x=0" },
    { { "$.**.**.a", "$.**[*].a" }, "{\"l\":[{\"a\":1}],\"a\":2}", "a=0 a=0" },
};

Test(kernel_json, which_path_wins)
{
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        uint32_t n = 0;
        while (n < BAU_COUNT(cases[i].paths) && cases[i].paths[n])
            n++;
        struct log log = { .skip = -1 };
        cr_expect_eq(run(cases[i].paths, n, cases[i].doc, &log), BAU_JSON_OK, "case %zu", i);
        cr_expect_str_eq(log.text, cases[i].want, "case %zu: %s", i, log.text);
    }
}

Test(kernel_json, skip_and_stop)
{
    static const char *const paths[] = { "$.a", "$.a.b", "$.**.c" };
    const char *doc = "{\"a\":{\"b\":[1,{\"c\":2}],\"c\":3},\"c\":4}";
    struct log log = { .skip = 0 };
    cr_expect_eq(run(paths, 3, doc, &log), BAU_JSON_OK);
    cr_expect_str_eq(log.text, "<a=0 >a=0 c=2");
    struct log inner = { .skip = 1 };
    cr_expect_eq(run(paths, 3, doc, &inner), BAU_JSON_OK);
    cr_expect_str_eq(inner.text, "<a=0 <b=1 >b=1 c=~0 >a=0 c=2");
    struct log bad = { .skip = 0 };
    cr_expect_eq(run(paths, 3, "{\"a\":[1,}", &bad), BAU_JSON_E_SYNTAX,
                 "what is skipped is checked all the same");
    struct log stop = { .skip = -1, .stop_after = 2 };
    cr_expect_eq(run(paths, 3, doc, &stop), BAU_JSON_STOPPED);
}

static enum bau_json_verdict spans(void *context, const struct bau_json_event *e)
{
    struct log *l = context;
    if (e->step != BAU_JSON_ENTER)
        l->len += (size_t)snprintf(l->text + l->len, sizeof l->text - l->len, "%.*s;", (int)e->len,
                                   (const char *)l->doc + e->offset);
    return BAU_JSON_GO;
}

Test(kernel_json, spans_are_exact)
{
    const char *doc = " {\"a\" : [ 1.50 , \"x y\" ,true] , \"b\":null } ";
    static const char *const texts[] = { "$.a" };
    _Alignas(16) uint8_t memory[1 << 15];
    struct bau_json_paths paths;
    struct bau_json_path_error err;
    cr_assert_leq(bau_json_paths_bytes(texts, 1), sizeof memory);
    cr_assert(bau_json_paths_init(&paths, texts, 1, memory, &err));
    struct log log = { .doc = (const void *)doc };
    size_t at;
    cr_expect_eq(bau_json_scan(&paths, &scratch, (const void *)doc, strlen(doc), spans, &log, &at),
                 BAU_JSON_OK);
    cr_expect_str_eq(log.text, "1.50;\"x y\";true;[ 1.50 , \"x y\" ,true];null;");
}

static const struct {
    const char *text;
    uint32_t at;
} bad_paths[] = {
    { "", 0 },           { "a", 0 },       { ".a", 0 },
    { "$a", 1 },         { "$.", 2 },      { "$..a", 2 },
    { "$.a.", 4 },       { "$[", 2 },      { "$[0]", 2 },
    { "$[*", 3 },        { "$[\"a\"", 5 }, { "$[\"a]", 5 },
    { "$[\"\\x\"]", 3 }, { "$.a b", 3 },   { "$.a*", 3 },
    { "$.*a", 3 },       { "$.a]", 3 },    { "$[\"\\ud800\"]", 3 },
    { "$.\xff", 2 },     { "$*", 1 },      { "$ ", 1 },
};

Test(kernel_json, bad_paths_say_where)
{
    for (size_t i = 0; i < BAU_COUNT(bad_paths); i++) {
        const char *texts[] = { "$.fine", bad_paths[i].text };
        _Alignas(16) uint8_t memory[1 << 15];
        struct bau_json_paths paths;
        struct bau_json_path_error err = { 0 };
        cr_assert_leq(bau_json_paths_bytes(texts, 2), sizeof memory);
        cr_expect_not(bau_json_paths_init(&paths, texts, 2, memory, &err), "%s", bad_paths[i].text);
        cr_expect_eq(err.path, 1);
        cr_expect_eq(err.at, bad_paths[i].at, "%s: %u, %s", bad_paths[i].text, err.at, err.what);
        cr_expect_not_null(err.what);
    }
    const char *twice[] = { "$.a[*].b", "$[\"a\"][*][\"\\u0062\"]" };
    _Alignas(16) uint8_t memory[1 << 15];
    struct bau_json_paths paths;
    struct bau_json_path_error err = { 0 };
    cr_expect_not(bau_json_paths_init(&paths, twice, 2, memory, &err));
    cr_expect_eq(err.path, 1);
}

static const struct {
    const char *in, *out; /* out NULL: refused */
    size_t len;
} escapes[] = {
    { "", "", 0 },
    { "plain", "plain", 5 },
    { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8 },
    { "\\u0041\\u00e9\\u4E2d", "A\xc3\xa9\xe4\xb8\xad", 6 },
    { "\\ud83d\\uDE00!", "\xf0\x9f\x98\x80!", 5 },
    { "a\\u0000b", "a\0b", 3 },
    { "\\uffff", "\xef\xbf\xbf", 3 },
    { "\\ud800", NULL, 0 },
    { "\\udc00", NULL, 0 },
    { "\\ud800\\ud800", NULL, 0 },
    { "\\ud800x", NULL, 0 },
    { "\\udc00\\ud800", NULL, 0 },
    { "\\ud83d\\n12345", NULL, 0 },
    { "\\u12", NULL, 0 },
    { "\\q", NULL, 0 },
    { "\\", NULL, 0 },
    { "\xff", NULL, 0 },
    { "\\udbff\\udfff", "\xf4\x8f\xbf\xbf", 4 },
};

Test(kernel_json, unescape)
{
    for (size_t i = 0; i < BAU_COUNT(escapes); i++) {
        uint8_t out[64];
        size_t len = 99;
        const size_t in_len = strlen(escapes[i].in);
        const bool ok = bau_json_unescape((const void *)escapes[i].in, in_len, out, &len);
        cr_expect_eq(ok, escapes[i].out != NULL, "case %zu", i);
        if (!ok)
            continue;
        cr_expect_eq(len, escapes[i].len);
        cr_expect_arr_eq(out, escapes[i].out, len, "case %zu", i);
        memcpy(out, escapes[i].in, in_len); /* in place */
        cr_expect(bau_json_unescape(out, in_len, out, &len));
        cr_expect_arr_eq(out, escapes[i].out, len, "case %zu in place", i);
    }
}

Test(kernel_json, escape_round_trip)
{
    uint8_t in[128], out[6 * 128], back[6 * 128], quoted[6 * 128 + 2];
    for (uint8_t i = 0; i < 128; i++)
        in[i] = i;
    const size_t n = bau_json_escape(in, 128, out);
    quoted[0] = quoted[n + 1] = '"';
    memcpy(quoted + 1, out, n);
    size_t at, len;
    struct bau_json_paths paths;
    struct bau_json_path_error err;
    _Alignas(16) uint8_t memory[1 << 15];
    cr_assert(bau_json_paths_init(&paths, NULL, 0, memory, &err));
    struct log log = { .doc = quoted };
    cr_expect_eq(bau_json_scan(&paths, &scratch, quoted, n + 2, spans, &log, &at), BAU_JSON_OK);
    cr_expect(bau_json_unescape(out, n, back, &len));
    cr_expect_eq(len, 128);
    cr_expect_arr_eq(back, in, 128);
    cr_expect_eq(bau_json_escape((const void *)"a\"\n\x01/\xc3\xa9", 7, out), 14);
    cr_expect_arr_eq(out, "a\\\"\\n\\u0001/\xc3\xa9", 14);
}

Test(kernel_json, plain_end_equals_generic)
{
    uint8_t buffer[256];
    for (size_t align = 0; align < 64; align++) {
        for (size_t len = 0; len <= 130; len++) {
            for (size_t c = 0; c < 256; c += len % 7 + 1) {
                memset(buffer, 'a', sizeof buffer);
                if (len)
                    buffer[align + (c * 31) % len] = (uint8_t)c;
                const uint8_t *p = buffer + align, *end = p + len;
                cr_assert_eq(bau_json_plain_end(p, end), bau_json_plain_end_generic(p, end));
            }
        }
    }
}

Test(kernel_json, random_bytes_never_go_wrong)
{
    /* Mutations of a document: whatever the answer, no read outside, and what is accepted balances. */
    const char *seed =
        "{\"a\":[1,-2.5e3,\"x\\u0041\xc3\xa9\",{\"b\":null}],\"c\":{\"d\":[true,false,[]]},\"k\":\"v\"}";
    static const char *const paths[] = { "$.a[*].b", "$.**.d", "$.*" };
    uint32_t x = 1;
    for (int round = 0; round < 20000; round++) {
        char doc[128] = { 0 };
        memcpy(doc, seed, strlen(seed));
        for (int k = 0; k < 3; k++) {
            x = x * 1664525u + 1013904223u;
            doc[(x >> 8) % strlen(seed)] = "{}[]:,\"\\u0e-. \n\x80tfn"[(x >> 20) % 19];
        }
        struct log log = { .skip = -1 };
        (void)run(paths, 3, doc, &log);
    }
}
