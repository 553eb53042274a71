/* The monotonic clock in milliseconds, and condition variables that wait by it. Threads: any. */
#ifndef BAU_LANE_CLOCK_H
#define BAU_LANE_CLOCK_H

#include <pthread.h>
#include <time.h>

#include "bauta/base.h"

static inline uint64_t bau_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* For pthread_cond_timedwait on a condition variable made by bau_cond_init. */
static inline struct timespec bau_at_ms(uint64_t at_ms)
{
    return (struct timespec){ .tv_sec = (time_t)(at_ms / 1000u),
                              .tv_nsec = (long)(at_ms % 1000u) * 1000000L };
}

static inline bool bau_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0)
        return false;
    const bool made = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(cond, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    return made;
}

#endif
