/* Counters add up and back; no frame is ever wider than the terminal, whatever the names. */
#include "src/lane/clock.h"
#include "src/lane/progress.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct bau_dataset datasets[] = {
    { .name = "public.customers", .est_rows = 1000 },
    { .name = "public.заказы_за_прошлый_год_и_ещё_немного_для_длины_имени", .est_rows = 0 },
    { .name = "public.顧客の住所録と電話番号の一覧表", .est_rows = 50 },
    { .name = "public.evil\x1b[2Jname\r\n\xc2\x9b", .est_rows = 10 },
    { .name = "public.broken\xff\xfe", .est_rows = 10 },
    { .name = "public.empty" },
};
static struct bau_part list[] = {
    { .dataset = 0, .est_bytes = 5000 },   { .dataset = 0, .number = 1, .est_bytes = 5000 },
    { .dataset = 1, .est_bytes = 100000 }, { .dataset = 2, .est_bytes = 300 },
    { .dataset = 3, .est_bytes = 300 },    { .dataset = 4, .est_bytes = 300 }
};
static const struct bau_parts parts = { BAU_COUNT(list), list };
static const struct bau_catalog catalog = { .store = "shop",
                                            .n_datasets = BAU_COUNT(datasets),
                                            .datasets = datasets };
static struct bau_progress *p;
static struct bau_error err;

static void setup(void)
{
    cr_assert_eq(bau_progress_new(&catalog, &parts, 2, &p, &err), BAU_OK);
}

static void teardown(void)
{
    bau_progress_free(p);
    bau_progress_free(NULL);
}

TestSuite(progress, .init = setup, .fini = teardown);

Test(progress, counts)
{
    cr_assert_eq(bau_progress_state_of(&p->datasets[0]), BAU_PROGRESS_WAITING);
    bau_progress_part_begin(p, 0);
    bau_progress_add(p, 0, 600, 4000);
    cr_assert_eq(bau_progress_state_of(&p->datasets[0]), BAU_PROGRESS_WORKING);
    cr_assert_float_eq(bau_progress_fraction(&p->datasets[0]), 0.6, 1e-9);
    bau_progress_take_back(p, 0, 600, 4000);
    cr_assert_eq(p->datasets[0].rows, 0);
    bau_progress_add(p, 0, 5000, 9000);
    cr_assert_float_eq(bau_progress_fraction(&p->datasets[0]), 0.99, 1e-9);
    bau_progress_part_done(p, 0);
    cr_assert_eq(bau_progress_state_of(&p->datasets[0]), BAU_PROGRESS_WORKING);
    bau_progress_part_done(p, 0);
    cr_assert_eq(bau_progress_state_of(&p->datasets[0]), BAU_PROGRESS_DONE);
    cr_assert_eq(bau_progress_fraction(&p->datasets[0]), 1);
    bau_progress_lane(p, true);
    const struct bau_progress_total t = bau_progress_sum(p, p->started_ms + 10000);
    cr_assert_eq(t.rows, 5000);
    cr_assert_eq(t.datasets, 5);
    cr_assert_eq(t.datasets_done, 1);
    cr_assert_eq(t.lanes_busy, 1);
    cr_assert(t.left_ms > 0);
}

Test(progress, null_is_taken)
{
    bau_progress_part_begin(NULL, 0);
    bau_progress_add(NULL, 0, 1, 1);
    bau_progress_take_back(NULL, 0, 1, 1);
    bau_progress_part_done(NULL, 0);
    bau_progress_lane(NULL, true);
    bau_progress_phase(NULL, "x", "y", 1, 2);
}

static void all_working(void)
{
    for (uint32_t d = 0; d < 5; d++) {
        bau_progress_part_begin(p, d);
        bau_progress_add(p, d, 12345678, 987654321);
    }
    bau_progress_phase(p, "indexes", datasets[1].name, 3, 16);
}

Test(progress, frames_fit_any_width)
{
    all_working();
    for (uint32_t columns = 8; columns <= 220; columns++)
        for (int form = 0; form < 4; form++) {
            const struct bau_frame_look look = {
                .columns = columns, .lines = 24, .colour = form & 1, .utf8 = (form & 2) != 0
            };
            BAU_AUTO_TEXT frame = { 0 };
            const uint32_t lines = bau_frame_draw(p, look, p->started_ms + 5000, &frame);
            uint32_t n = 0;
            for (char *at = frame.data, *end; *at; at = end + 1, n++) {
                end = strchr(at, '\n');
                cr_assert_not_null(end);
                *end = '\0';
                cr_assert(bau_text_columns(at) < columns, "%u columns, form %d: '%s' takes %u", columns, form,
                          at, bau_text_columns(at));
                cr_assert_null(strstr(at, "\x1b[2J"), "a name's escape sequence got through");
                cr_assert_null(strchr(at, '\r'));
            }
            cr_assert_eq(n, lines);
        }
}

Test(progress, frames_fit_any_height)
{
    all_working();
    for (uint32_t height = 3; height <= 40; height++) {
        const struct bau_frame_look look = { .columns = 80, .lines = height };
        BAU_AUTO_TEXT frame = { 0 };
        const uint32_t lines = bau_frame_draw(p, look, p->started_ms + 5000, &frame);
        cr_assert(lines <= (height > 9 ? height - 6 : 3), "%u lines of %u", lines, height);
    }
}

Test(progress, plain_look)
{
    all_working();
    const struct bau_frame_look look = { .columns = 80, .lines = 24 };
    BAU_AUTO_TEXT frame = { 0 };
    bau_frame_draw(p, look, p->started_ms + 5000, &frame);
    cr_assert_null(strchr(frame.data, '\x1b'), "colour without being asked for");
    cr_assert_not_null(strstr(frame.data, "12.3M rows"), "%s", frame.data);
    cr_assert_not_null(strstr(frame.data, "MB/s"));
    cr_assert_not_null(strstr(frame.data, "of 2 lanes busy"));
    cr_assert_not_null(strstr(frame.data, "indexes 3/16"));
}

Test(progress, widths)
{
    cr_assert_eq(bau_text_columns("abc"), 3);
    cr_assert_eq(bau_text_columns("顧客"), 4);
    cr_assert_eq(bau_text_columns("e\xcc\x81"), 1); /* a combining accent takes no column */
    cr_assert_eq(bau_text_columns("\x1b[32mgo\x1b[0m"), 2);
    cr_assert_eq(bau_text_columns(""), 0);
}
