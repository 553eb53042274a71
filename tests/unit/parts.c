/* Parts go out once each, largest first; the rate limit holds over all takers and yields to a stop. */
#include "src/lane/clock.h"
#include "src/lane/parts.h"

#include <criterion/criterion.h>
#include <pthread.h>

static struct bau_part some[] = {
    { .dataset = 0, .number = 0, .est_bytes = 10 },
    { .dataset = 1, .number = 1, .est_bytes = 500 },
    { .dataset = 1, .number = 0, .est_bytes = 500 },
    { .dataset = 2, .number = 0, .est_bytes = 70 },
};
static struct bau_error err;

Test(parts, largest_first)
{
    static const struct bau_parts parts = { BAU_COUNT(some), some };
    static const size_t want[] = { 2, 1, 3, 0 };
    struct bau_part_list *list;
    cr_assert_eq(bau_part_list_new(&parts, &list, &err), BAU_OK);
    for (size_t i = 0; i < BAU_COUNT(want); i++)
        cr_assert_eq(bau_part_list_take(list), &some[want[i]], "place %zu", i);
    cr_assert_null(bau_part_list_take(list));
    cr_assert_null(bau_part_list_take(list));
    bau_part_list_free(list);
    bau_part_list_free(NULL);
}

Test(parts, no_parts)
{
    static const struct bau_parts parts = { 0, some };
    struct bau_part_list *list;
    cr_assert_eq(bau_part_list_new(&parts, &list, &err), BAU_OK);
    cr_assert_null(bau_part_list_take(list));
    bau_part_list_free(list);
}

enum { MANY = 5000, TAKERS = 4 };
static struct bau_part many[MANY];
static _Atomic uint32_t taken[MANY];

static void *taker(void *list)
{
    const struct bau_part *part;
    while ((part = bau_part_list_take(list)))
        taken[part->number]++;
    return NULL;
}

Test(parts, each_once_over_threads)
{
    static const struct bau_parts parts = { MANY, many };
    struct bau_part_list *list;
    pthread_t threads[TAKERS];
    for (uint32_t i = 0; i < MANY; i++)
        many[i] = (struct bau_part){ .number = i, .est_bytes = i % 13 };
    cr_assert_eq(bau_part_list_new(&parts, &list, &err), BAU_OK);
    for (size_t i = 0; i < TAKERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, taker, list), 0);
    for (size_t i = 0; i < TAKERS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < MANY; i++)
        cr_assert_eq(taken[i], 1, "part %zu", i);
    bau_part_list_free(list);
}

Test(parts, rate)
{
    struct bau_stop *stop;
    struct bau_rate *rate;
    cr_assert_eq(bau_stop_new(false, &stop, &err), BAU_OK);
    cr_assert_eq(bau_rate_new(1000000, &rate, &err), BAU_OK);
    const uint64_t from = bau_now_ms();
    for (int i = 0; i < 10; i++)
        bau_rate_take(rate, 60000, stop); /* 0.6 s worth, of which a quarter of a second may come at once */
    const uint64_t took = bau_now_ms() - from;
    cr_assert(took >= 330 && took < 3000, "%u ms", (unsigned)took);
    struct bau_error stopped;
    bau_error_set(&stopped, BAU_E_CANCELLED, "x");
    bau_stop_fail(stop, &stopped);
    bau_rate_take(rate, 1u << 30, stop); /* would wait for eighteen minutes */
    bau_rate_take(NULL, 1, stop);
    bau_rate_free(rate);
    bau_rate_free(NULL);
    bau_stop_free(stop);
}
