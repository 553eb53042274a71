/* A part that is read from a server or a file: what reader.c and big.c share. */
#ifndef BAU_REDIS_READER_H
#define BAU_REDIS_READER_H

#include "typed.h"

struct redis_asked { /* a key of a group */
    struct bau_slice key;
    int64_t expires_ms; /* -1: never */
    uint64_t bytes;     /* memory at the source; 0: not known */
    bool there, later;
};
struct redis_group {
    struct redis_asked *keys;
    uint32_t n;
    bool sizes;        /* MEMORY USAGE was asked for */
    bool sized, asked; /* sizes have come, values are asked for */
    bool later;        /* some of its values are asked for one by one */
};

struct redis_seen {  /* elements of a large value, by hashes of them */
    uint64_t *slots; /* 0: free */
    uint64_t n, room;
};

struct redis_big { /* a large value that is read by windows */
    bool on, first, last, asked;
    struct bau_slice key;
    int64_t expires_ms;
    redis_type type;
    uint64_t step;         /* elements of a window; bytes of a string */
    uint64_t place;        /* in a list or string */
    char cursor[48];       /* of a SCAN, or the last id of a stream */
    struct bau_text named; /* named fields of a hash that is looked into: names and values, as chunks */
    uint32_t n_named;
    struct redis_seen seen;
    struct bau_text end; /* behind a stream's entries */
};

struct bau_reader {
    struct bau_link *link;
    const struct redis_set *set;
    const struct bau_dataset *dataset;
    const bau_want *want;
    size_t ask, end;  /* places in the list: the next key to ask for, end of the part */
    uint64_t pending; /* answers that have not come */
    struct redis_group groups[3];
    uint64_t at;             /* number of the group rows are taken from */
    uint32_t row, row_later; /* in it */
    struct redis_big big;
    uint64_t given; /* rows */
    uint32_t most_rows;
    bool looks; /* into values */
    bool over;
    uint8_t again;           /* of the next item: see redis_chunk */
    struct bau_text raw;     /* frames of the batch under way */
    struct bau_text frame;   /* items of one value */
    struct bau_text payload; /* out of a file */
    uint32_t n_items;
    uint16_t column; /* of the next VALUE */
    bool named_field;
};

static inline struct redis_group *redis_reader_group(struct bau_reader *r, uint64_t g)
{
    return &r->groups[g % BAU_COUNT(r->groups)];
}

/* The next answer; given back by the caller. */
bau_status redis_reader_take(struct bau_reader *r, redisReply **out, struct bau_error *err) BAU_MUST_CHECK;
/* A value in three steps: begin, its items, the row. */
bau_status redis_reader_begin(struct bau_reader *r, redis_type type, struct bau_error *err) BAU_MUST_CHECK;
bau_status redis_reader_item(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status redis_reader_row(struct bau_reader *r, struct bau_slice key, int64_t expires_ms, redis_type type,
                            uint8_t window, struct bau_error *err) BAU_MUST_CHECK;
uint16_t redis_named_column(const struct redis_set *set, struct bau_slice name);

/* big.c. `r->big.on` afterwards: it is read by windows; else it has to be read as a whole. Nothing else may be on the wire. */
bau_status redis_big_begin(struct bau_reader *r, const struct redis_asked *k, struct bau_error *err)
    BAU_MUST_CHECK;
/* At most one row; switches `r->big.on` off behind the last one. */
bau_status redis_big_window(struct bau_reader *r, bool *out_row, struct bau_error *err) BAU_MUST_CHECK;
void redis_big_release(struct redis_big *b);

#endif
