/* Frames of COPY's byte stream: the header and row 1 in one message, every cut, the trailer, malformed streams; and the
 * fuzz target over a small corpus with every byte changed once. */
#include <criterion/criterion.h>

#include "tests/fuzz/pgcopy.c"

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"

#define BYTES(text)                                                                                          \
    {                                                                                                        \
        (text), sizeof(text) - 1                                                                             \
    }

static const char two_rows[] = HEADER "\0\2\0\0\0\1a\377\377\377\377"
                                      "\0\2\0\0\0\0\0\0\0\2bc"
                                      "\377\377";
static const char text_rows[] = "a\\tb\t\\N\n"
                                "\\\\\t\n"
                                "x\\\ny\tz\n";

static struct run got;
static uint8_t raw[256];

Test(pg_copy_stream, row_one_is_framed_whatever_the_cut)
{
    for (size_t step = 1; step <= sizeof two_rows; step++) {
        feed(PG_COPY_BINARY, 2, (const uint8_t *)two_rows, sizeof two_rows - 1, step, raw, &got);
        cr_assert_eq(got.status, BAU_OK, "step %zu", step);
        cr_assert_eq(got.n_rows, 2, "step %zu", step);
        cr_assert_eq(got.row_at[0], 0);
        cr_assert_eq(got.row_at[1], 11);
        cr_assert_eq(got.row_at[2], 23);
        cr_assert(got.spans[0][0].at == 6 && got.spans[0][0].len == 1 && raw[6] == 'a');
        cr_assert(got.spans[1][0].at == 11 && got.spans[1][0].len == BAU_SPAN_NULL);
        cr_assert(got.spans[0][1].len == 0 && got.spans[1][1].at == 21 && got.spans[1][1].len == 2);
    }
}

Test(pg_copy_stream, text_rows_end_at_bare_line_ends)
{
    for (size_t step = 1; step <= sizeof text_rows; step++) {
        feed(PG_COPY_TEXT, 2, (const uint8_t *)text_rows, sizeof text_rows - 1, step, raw, &got);
        cr_assert_eq(got.status, BAU_OK);
        cr_assert_eq(got.n_rows, 3, "step %zu: %u rows", step, got.n_rows);
        cr_assert(got.spans[0][0].len == 4 && got.spans[1][0].len == BAU_SPAN_NULL &&
                  got.spans[1][0].at == 5);
        cr_assert(got.spans[0][1].len == 2 && got.spans[1][1].len == 0);
        cr_assert(got.spans[0][2].len == 4 && got.spans[1][2].len == 1);
    }
}

Test(pg_copy_stream, rows_without_columns)
{
    static const char binary[] = HEADER "\0\0\0\0\377\377";
    feed(PG_COPY_BINARY, 0, (const uint8_t *)binary, sizeof binary - 1, 3, raw, &got);
    cr_assert(got.status == BAU_OK && got.n_rows == 2);
    feed(PG_COPY_TEXT, 0, (const uint8_t *)"\n\n\n", 3, 2, raw, &got);
    cr_assert(got.status == BAU_OK && got.n_rows == 3);
}

Test(pg_copy_stream, malformed_streams_are_refused)
{
    static const struct {
        const char *bytes;
        size_t n;
        bau_status want;
    } cases[] = {
        { "PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0", 19, BAU_E_BUG },   /* no COPY */
        { "PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0", 19, BAU_E_BUG },   /* rows with OIDs */
        { "PGCOPY\n\377\r\n\0\0\0\0\0\377\0\0\0", 19, BAU_E_BUG }, /* extension of negative length */
        { HEADER "\0\3\0\0\0\0", 25, BAU_E_BUG },                  /* three fields, not two */
        { HEADER "\377\377\0", 22, BAU_E_BUG },                    /* bytes behind the trailer */
        { HEADER "\0\2\100\0\0\1", 25, BAU_E_LIMIT },              /* a value above 1 GiB */
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        feed(PG_COPY_BINARY, 2, (const uint8_t *)cases[i].bytes, cases[i].n, 256, raw, &got);
        cr_assert_eq(got.status, cases[i].want, "case %zu: %d", i, got.status);
    }
    feed(PG_COPY_TEXT, 2, (const uint8_t *)"a\n", 2, 2, raw, &got);
    cr_assert_eq(got.status, BAU_E_BUG);
    feed(PG_COPY_TEXT, 2, (const uint8_t *)"a\tb\tc\n", 6, 6, raw, &got);
    cr_assert_eq(got.status, BAU_E_BUG);
}

Test(pg_copy_stream, an_end_inside_a_row_is_an_error)
{
    struct bau_error err;
    struct pg_stream stream;
    pg_stream_init(&stream, PG_COPY_BINARY, 2);
    cr_assert_eq(pg_stream_end(&stream, 0, &err), BAU_E_SOURCE); /* no trailer */
    stream.ended = true;
    cr_assert_eq(pg_stream_end(&stream, 0, &err), BAU_OK);
    pg_stream_init(&stream, PG_COPY_TEXT, 2);
    cr_assert_eq(pg_stream_end(&stream, 1, &err), BAU_E_SOURCE);
}

Test(pg_copy_stream, fuzz_corpus)
{
    static const struct {
        const char *bytes;
        size_t n;
    } corpus[] = {
        BYTES(two_rows),
        BYTES(text_rows),
        BYTES(HEADER "\0\1\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0\x17\0\0\0\0\0\0\0\0\377\377"),
        BYTES(HEADER "\0\1\0\0\0\x0a\0\1\0\0\0\0\0\2\0\x7b\377\377"),
        BYTES("{1,NULL,\"a\\\\\"b\"}\n[0:0]={x}\n"),
        BYTES("2024-02-29 23:59:59.5 BC\n\\\\x00ff\n-1.50\n"),
    };
    uint8_t input[256];
    for (size_t i = 0; i < BAU_COUNT(corpus); i++)
        for (uint8_t head = 0; head < 10; head++)
            for (size_t at = 0; at < corpus[i].n; at++)
                for (unsigned change = 0; change < 256; change += change < 4 ? 1 : 63) {
                    input[0] = head;
                    input[1] = (uint8_t)(at * 7);
                    memcpy(input + 2, corpus[i].bytes, corpus[i].n);
                    input[2 + at] = (uint8_t)(input[2 + at] ^ change);
                    (void)LLVMFuzzerTestOneInput(input, corpus[i].n + 2);
                }
}
