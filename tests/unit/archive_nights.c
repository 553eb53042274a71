/* Archives of many nights: which is the latest, what a second one writes, what expires, what is kept. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "tests/support/archive.h"

TestSuite(archive_nights, .init = make_folder, .fini = remove_folder, .timeout = 300);

/* Within one second names are told apart by the run's id alone, and that is random. */
Test(archive_nights, the_latest_of_one_second)
{
    struct bau_error err = { 0 };
    struct rows rows, changed;
    struct bau_archive *a = NULL;
    struct bau_opener opener = { 0 };
    make_rows(&rows, 1, N_ROWS, 0, 0);
    make_rows(&changed, 1, N_ROWS, 1000, 1030);
    struct making m = { .run_id = "ffffffffffffffff" };
    for (int i = 0; i < 3; i++)
        (void)make_archive(&m, &rows);
    m.run_id = "0000000000000000";
    (void)make_archive(&m, &changed);
    cr_assert_eq(open_archive(NULL, &opener, &a, &err), BAU_OK, "%s", err.text);
    same_rows(a, &changed, 0);
    bau_archive_close(a);
    bau_text_release(&rows.raw);
    bau_text_release(&changed.raw);
}

/* An hour is how far clocks of honest writers may be apart; a name of next year would hide all that follow. */
Test(archive_nights, a_clock_gone_wrong)
{
    struct bau_error err = { 0 };
    struct rows rows;
    make_rows(&rows, 1, 10, 0, 0);
    struct making m = { .run_id = "00000000000000c1" };
    const struct bau_archive_written one = make_archive(&m, &rows);
    struct bau_place place;
    struct bau_secret *uri = place_uri();
    int64_t at, then = bau_time_of(one.name, BAU_TIME_NAME);
    cr_assert_eq(bau_place_open(&(struct bau_place_with){ .uri = uri, .threads = 1 }, &place, &err), BAU_OK);
    cr_expect_eq(bau_archive_time(&place, then + 7, &at, &err), BAU_OK);
    cr_expect_eq(at, then + 7);
    cr_expect_eq(bau_archive_time(&place, then - 3600, &at, &err), BAU_OK);
    cr_expect_eq(at, then + 1);
    cr_expect_eq(bau_archive_time(&place, then - 3601, &at, &err), BAU_E_TARGET);
    cr_expect(strstr(err.text, one.name));
    cr_expect_eq(bau_time_of("2026-01-31T02:00:07Z", BAU_TIME_SAID), 1769824807); /* date -d … +%s */
    cr_expect_eq(bau_time_of("yesterday", BAU_TIME_SAID), 0);
    bau_place_close(&place);
    bau_secret_free(uri);
    bau_text_release(&rows.raw);
}

Test(archive_nights, a_second_night)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct bau_error err = { 0 };
    struct rows rows, changed;
    make_rows(&rows, 1, N_ROWS, 0, 0);
    make_rows(&changed, 1, N_ROWS, 1000, 1030); /* 1 % */
    struct making m = { .locks = &locks, .run_id = "00000000000000b1", .chunk = 4096 };
    const struct bau_archive_written first = make_archive(&m, &rows);
    char names[3][80];
    snprintf(names[0], sizeof names[0], "%s", first.name);
    m.run_id = "00000000000000b2";
    const struct bau_archive_written second = make_archive(&m, &rows);
    snprintf(names[1], sizeof names[1], "%s", second.name);
    cr_expect_eq(second.chunks_again, second.chunks);
    cr_expect_str_eq(second.base, names[0]);
    m.run_id = "00000000000000b3";
    const struct bau_archive_written third = make_archive(&m, &changed);
    snprintf(names[2], sizeof names[2], "%s", third.name);
    cr_expect_lt(third.chunks - third.chunks_again, third.chunks / 10, "%u of %u new",
                 (unsigned)(third.chunks - third.chunks_again), (unsigned)third.chunks);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(check_archive(names[i], &opener, &err), BAU_OK, "%s", err.text);
    struct bau_archive *a = NULL;
    cr_assert_eq(open_archive(names[2], &opener, &a, &err), BAU_OK);
    same_rows(a, &changed, 0);
    bau_archive_close(a);
    /* other recipients: what the first ones could read is not given to them */
    locks.at[0].key[0] ^= 1;
    m.run_id = "00000000000000b4";
    cr_expect_eq(make_archive(&m, &rows).base, NULL);
    bau_text_release(&rows.raw);
    bau_text_release(&changed.raw);
}

static struct bau_pruned prune(const struct bau_archive_keep *keep)
{
    struct bau_secret *uri = place_uri();
    const struct bau_place_with with = { .uri = uri, .write = true, .threads = 1 };
    struct bau_place place;
    struct bau_pruned result;
    struct bau_error err = { 0 };
    BAU_AUTO_TEXT out = { 0 };
    cr_assert_eq(bau_place_open(&with, &place, &err), BAU_OK);
    cr_assert_eq(bau_archive_prune(&place, keep, &result, &out, &err), BAU_OK, "%s", err.text);
    bau_place_close(&place);
    bau_secret_free(uri);
    return result;
}

Test(archive_nights, expires)
{
    struct bau_opener opener = key_opener();
    struct bau_locks locks = key_lock();
    struct bau_error err = { 0 };
    struct bau_archive *a = NULL;
    struct rows rows;
    struct making m = { .locks = &locks, .run_id = "00000000000000e1", .chunk = 4096, .expire_ms = 86400000 };
    make_rows(&rows, 1, 1000, 0, 0);
    const struct bau_archive_written made = make_archive(&m, &rows);
    cr_assert_eq(open_archive(made.name, &opener, &a, &err), BAU_OK, "%s", err.text);
    const int64_t begun = bau_time_of(a->manifest->created, BAU_TIME_SAID);
    cr_expect_eq(a->manifest->origins[0].expires, begun + 86400);
    cr_expect_eq(bau_archive_fresh(a->manifest, begun + 86399, &err), BAU_OK);
    cr_expect_eq(bau_archive_fresh(a->manifest, begun + 86400, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "expired at "), "%s", err.text);
    a->manifest->origins[0].expires = 0;
    cr_expect_not(bau_archive_expired(a->manifest, INT64_MAX));
    bau_archive_close(a);
    struct bau_archive_keep keep = { .last = 5, .now_sec = begun + 86399 };
    cr_expect_eq(prune(&keep).kept, 1);
    keep.now_sec++;
    cr_expect_eq(prune(&keep).removed, 1, "the latest too");
    bau_text_release(&rows.raw);
}

Test(archive_nights, prune_leaves_what_is_needed)
{
    struct bau_opener opener = key_opener();
    struct bau_locks locks = key_lock();
    struct bau_error err = { 0 };
    struct rows rows, changed;
    struct making m = { .locks = &locks, .run_id = "00000000000000c1", .chunk = 4096 };
    make_rows(&rows, 1, N_ROWS, 0, 0);
    make_rows(&changed, 1, N_ROWS, 1000, 1030);
    make_archive(&m, &rows);
    m.run_id = "00000000000000c2";
    const struct bau_archive_written last = make_archive(&m, &changed);
    char name[80];
    snprintf(name, sizeof name, "%s", last.name);
    m.run_id = "00000000000000c3";
    m.dies = true;
    die_making(&m, &rows); /* everything is known: it leaves a mark only */
    m.full = true;
    m.run_id = "00000000000000c4";
    die_making(&m, &rows); /* leaves packs */
    struct bau_archive_keep keep = { .last = 1, .debris_ms = 3600000, .now_sec = (int64_t)time(NULL) };
    struct bau_pruned done = prune(&keep);
    cr_expect_eq(done.removed, 1);
    cr_expect_eq(done.kept, 1);
    cr_expect_eq(done.debris, 0, "a run may still be writing");
    cr_expect_eq(check_archive(name, &opener, &err), BAU_OK, "%s", err.text);
    keep.debris_ms = 0;
    done = prune(&keep);
    cr_expect_gt(done.debris, 0);
    cr_expect_eq(done.removed, 0);
    cr_expect_eq(check_archive(name, &opener, &err), BAU_OK, "%s", err.text);
    done = prune(&keep);
    cr_expect_eq(done.debris, 0);
    cr_expect_eq(done.kept, 1);
    bau_text_release(&rows.raw);
    bau_text_release(&changed.raw);
}

Test(archive_nights, who_is_kept)
{
    enum { DAY = 86400, N = 60 };
    int64_t times[N];
    uint64_t bytes[N];
    bool stays[N];
    for (int i = 0; i < N; i++) { /* 2026-01-01 … 2026-03-01, 02:00 */
        times[i] = INT64_C(1767232800) + (int64_t)i * DAY;
        bytes[i] = 10;
    }
    bau_keep_choose(&(struct bau_archive_keep){ .daily = 7 }, N, times, bytes, stays);
    for (int i = 0; i < N; i++)
        cr_expect_eq(stays[i], i >= N - 7, "%d", i);
    bau_keep_choose(&(struct bau_archive_keep){ .monthly = 2 }, N, times, bytes, stays);
    for (int i = 0; i < N; i++) /* 28 February and 1 March */
        cr_expect_eq(stays[i], i == 58 || i == 59, "%d", i);
    bau_keep_choose(&(struct bau_archive_keep){ .weekly = 2 }, N, times, bytes, stays);
    for (int i = 0; i < N; i++) /* 1 March 2026 is a Sunday, 22 February the one before */
        cr_expect_eq(stays[i], i == 59 || i == 52, "%d", i);
    bau_keep_choose(
        &(struct bau_archive_keep){ .age_ms = UINT64_C(3) * DAY * 1000, .now_sec = times[N - 1] + 400 * DAY },
        N, times, bytes, stays);
    for (int i = 0; i < N; i++) /* all too old: the last one stays all the same */
        cr_expect_eq(stays[i], i == N - 1, "%d", i);
    bau_keep_choose(&(struct bau_archive_keep){ .size = 35 }, N, times, bytes, stays);
    for (int i = 0; i < N; i++)
        cr_expect_eq(stays[i], i >= N - 3, "%d", i);
    bau_keep_choose(&(struct bau_archive_keep){ 0 }, N, times, bytes, stays);
    for (int i = 0; i < N; i++)
        cr_expect(stays[i]);
}
