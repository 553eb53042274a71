/* The first error wins, links are interrupted and may be closed afterwards, signals and limits stop a run. */
#include "src/lane/clock.h"
#include "src/lane/stop.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct bau_link {
    atomic_int interrupts;
};

static void interrupt_link(struct bau_link *link)
{
    atomic_fetch_add(&link->interrupts, 1);
}

static const struct bau_connector fake = { .name = "fake", .link_interrupt = interrupt_link };
static struct bau_stop *stop;
static struct bau_error err;

static void begin(bool signals)
{
    cr_assert_eq(bau_stop_new(signals, &stop, &err), BAU_OK);
}

static void fail_with(bau_status code, const char *text)
{
    struct bau_error e;
    bau_error_set(&e, code, "%s", text);
    bau_stop_fail(stop, &e);
}

static bool wait_stopped(void)
{
    return bau_stop_wait_until(stop, bau_now_ms() + 5000);
}

Test(stop, nothing_happens_by_itself)
{
    begin(false);
    cr_assert_not(bau_stop_is(stop));
    cr_assert_eq(bau_stop_status(stop, &err), BAU_OK);
    cr_assert_not(bau_stop_wait_until(stop, bau_now_ms() + 20));
    bau_stop_free(stop);
    bau_stop_free(NULL);
}

Test(stop, first_error_wins)
{
    begin(false);
    fail_with(BAU_E_DATA, "first");
    fail_with(BAU_E_SOURCE, "second");
    cr_assert(bau_stop_is(stop));
    cr_assert_eq(bau_stop_status(stop, &err), BAU_E_DATA);
    cr_assert_str_eq(err.text, "first");
    bau_stop_free(stop);
}

Test(stop, links_are_interrupted_until_taken_off)
{
    struct bau_link early = { 0 }, late = { 0 }, gone = { 0 };
    begin(false);
    cr_assert_eq(bau_stop_link(stop, &fake, &early, true, &err), BAU_OK);
    cr_assert_eq(bau_stop_link(stop, &fake, &gone, true, &err), BAU_OK);
    cr_assert_eq(bau_stop_link(stop, &fake, &gone, false, &err), BAU_OK);
    fail_with(BAU_E_TARGET, "x");
    cr_assert_eq(bau_stop_link(stop, &fake, &late, true, &err), BAU_OK);
    const uint64_t until = bau_now_ms() + 5000;
    while ((!atomic_load(&early.interrupts) || !atomic_load(&late.interrupts)) && bau_now_ms() < until)
        usleep(1000);
    cr_assert(atomic_load(&early.interrupts));
    cr_assert(atomic_load(&late.interrupts));
    cr_assert_eq(atomic_load(&gone.interrupts), 0);
    cr_assert_eq(bau_stop_link(stop, &fake, &early, false, &err), BAU_OK);
    cr_assert_eq(bau_stop_link(stop, &fake, &late, false, &err), BAU_OK);
    bau_stop_free(stop);
}

static const struct {
    int number;
    const char *text;
} signal_cases[] = { { SIGINT, "stopped by SIGINT" }, { SIGTERM, "stopped by SIGTERM" } };

Test(stop, signals_stop_and_a_second_one_does_no_harm)
{
    for (size_t i = 0; i < BAU_COUNT(signal_cases); i++) {
        begin(true);
        raise(signal_cases[i].number);
        cr_assert(wait_stopped());
        cr_assert_eq(bau_stop_status(stop, &err), BAU_E_CANCELLED);
        cr_assert_eq(err.sys, signal_cases[i].number);
        cr_assert_str_eq(err.text, signal_cases[i].text);
        raise(SIGINT);
        raise(SIGTERM);
        bau_stop_free(stop);
    }
}

Test(stop, old_handlers_come_back)
{
    struct sigaction before, after;
    signal(SIGTERM, SIG_IGN);
    sigaction(SIGTERM, NULL, &before);
    begin(true);
    bau_stop_free(stop);
    sigaction(SIGTERM, NULL, &after);
    cr_assert_eq(before.sa_handler, after.sa_handler);
}

Test(stop, limits)
{
    begin(false);
    bau_stop_snapshot_age(stop, 3600000);
    bau_stop_deadline(stop, 30);
    cr_assert(wait_stopped());
    cr_assert_eq(bau_stop_status(stop, &err), BAU_E_DEADLINE);
    bau_stop_free(stop);
    begin(false);
    bau_stop_deadline(stop, 3600000);
    bau_stop_snapshot_age(stop, 30);
    cr_assert(wait_stopped());
    cr_assert_eq(bau_stop_status(stop, &err), BAU_E_SOURCE);
    bau_stop_free(stop);
    begin(false);
    bau_stop_snapshot_age(stop, 100);
    bau_stop_snapshot_age(stop, 0);
    cr_assert_not(bau_stop_wait_until(stop, bau_now_ms() + 200), "a lifted limit still stopped the run");
    bau_stop_free(stop);
}
