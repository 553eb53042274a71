/* An RDB file (of versions 6 to 12) as a source: an exact cut, and no load on anybody. The file is mapped, its CRC checked, and
 * walked once; the list of keys then holds where each value lies. */
#include "redis.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 9, CRC_BYTES = 8, VERSION_LEAST = 6, VERSION_MOST = 12 };
enum { /* opcodes */
       SLOT_INFO = 244,
       FUNCTION = 245,
       IDLE = 248,
       FREQUENCY = 249,
       AUX = 250,
       RESIZE = 251,
       EXPIRES_MS = 252,
       EXPIRES_S = 253,
       SELECT = 254,
       END = 255,
       OPCODES = 244
};

static bau_status broken(size_t at, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_INTEGRITY, "the RDB file is cut or malformed at byte %zu", at);
}

static uint64_t le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static bau_status check(const struct redis_file *f, uint32_t *out_version, struct bau_error *err)
{
    struct redis_crc crc;
    uint32_t version = 0;
    if (f->len < HEADER + 1 || memcmp(f->bytes, "REDIS", 5) != 0)
        return bau_error_set(err, BAU_E_SOURCE, "this is no RDB file");
    for (size_t i = 5; i < HEADER; i++)
        version = version * 10 + (uint32_t)(f->bytes[i] - '0');
    if (version < VERSION_LEAST || version > VERSION_MOST)
        return bau_error_set(err, BAU_E_SOURCE, "an RDB file of version %u; versions 6 to 12 are read",
                             version);
    if (f->len < HEADER + 1 + CRC_BYTES)
        return broken(f->len, err);
    const uint64_t sum = le(f->bytes + f->len - CRC_BYTES, CRC_BYTES); /* 0: made with rdbchecksum no */
    redis_crc_init(&crc);
    if (sum && sum != redis_crc64(&crc, f->bytes, f->len - CRC_BYTES))
        return bau_error_set(err, BAU_E_INTEGRITY, "the RDB file's checksum does not match");
    *out_version = version;
    return BAU_OK;
}

bau_status redis_file_open(struct bau_side *side, struct bau_error *err)
{
    struct stat s;
    const char *path = side->address.path;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0 || s.st_size <= 0) {
        const int problem = fd < 0 ? errno : EINVAL;
        if (fd >= 0)
            close(fd);
        return bau_error_set(err, BAU_E_SOURCE, "%s: %s", path, strerror(problem));
    }
    const struct redis_file file = { .bytes = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0),
                                     .len = (size_t)s.st_size };
    close(fd);
    if (file.bytes == (const uint8_t *)MAP_FAILED)
        return bau_error_set(err, BAU_E_SOURCE, "%s: %s", path, strerror(errno));
    side->file = file;
    (void)madvise((void *)(uintptr_t)file.bytes, file.len, MADV_DONTDUMP);
    BAU_TRY_NOTE(check(&file, &side->file.version, err), err, "%s", path);
    (void)snprintf(side->server, sizeof side->server, "RDB file of version %u, database %u",
                   side->file.version, side->address.db);
    (void)snprintf(side->replication, sizeof side->replication, "file-%llu-%llu",
                   (unsigned long long)s.st_dev, (unsigned long long)s.st_ino);
    return BAU_OK;
}

void redis_file_close(struct bau_side *side)
{
    if (side->file.bytes)
        (void)munmap((void *)(uintptr_t)side->file.bytes, side->file.len);
    side->file.bytes = NULL;
}

/* ── walking ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct walk {
    struct redis_cursor c;
    struct bau_text a, b; /* what strings unpack into */
    uint64_t db;
    int64_t expires_ms;
};

static bau_status skip_item(void *self, redis_item item, struct bau_slice bytes, struct bau_error *err)
{
    (void)self;
    (void)item;
    (void)bytes;
    (void)err;
    return BAU_OK;
}

static bool opcode(struct walk *w, uint8_t op)
{
    struct bau_slice s, t;
    uint64_t n;
    const size_t left = (size_t)(w->c.end - w->c.at);
    const size_t fixed = op == EXPIRES_MS ? 8 : op == EXPIRES_S ? 4 : op == FREQUENCY ? 1 : 0;
    if (fixed > left)
        return false;
    if (op == EXPIRES_MS)
        w->expires_ms = (int64_t)le(w->c.at, 8);
    if (op == EXPIRES_S)
        w->expires_ms = (int64_t)le(w->c.at, 4) * 1000;
    w->c.at += fixed;
    switch (op) {
    case SELECT: return redis_cursor_length(&w->c, &w->db);
    case RESIZE: return redis_cursor_length(&w->c, &n) && redis_cursor_length(&w->c, &n);
    case SLOT_INFO:
        return redis_cursor_length(&w->c, &n) && redis_cursor_length(&w->c, &n) &&
               redis_cursor_length(&w->c, &n);
    case IDLE: return redis_cursor_length(&w->c, &n);
    case AUX: return redis_cursor_string(&w->c, &w->a, &s) && redis_cursor_string(&w->c, &w->b, &t);
    case FUNCTION: return redis_cursor_string(&w->c, &w->a, &s);
    default: return fixed != 0; /* a module's own data, or what later versions have */
    }
}

static bau_status one_key(const struct bau_side *side, struct walk *w, uint8_t type,
                          bau_status (*each)(void *, const struct redis_key *, struct bau_error *),
                          void *self, struct bau_error *err)
{
    static const struct redis_sink nowhere = { NULL, skip_item };
    struct redis_key key = { .place = { .expires_ms = w->expires_ms, .type = type } };
    w->expires_ms = -1;
    if (!redis_cursor_string(&w->c, &w->a, &key.name))
        return broken((size_t)(w->c.at - side->file.bytes), err);
    key.place.at = (uint64_t)(w->c.at - side->file.bytes);
    BAU_TRY(redis_rdb_value(&w->c, type, &nowhere, err));
    key.place.len = (uint64_t)(w->c.at - side->file.bytes) - key.place.at;
    return w->db == side->address.db ? each(self, &key, err) : BAU_OK;
}

static bau_status walk(const struct bau_side *side, struct walk *w,
                       bau_status (*each)(void *, const struct redis_key *, struct bau_error *), void *self,
                       struct bau_error *err)
{
    while (w->c.at < w->c.end) {
        const uint8_t op = *w->c.at++;
        if (op == END)
            return BAU_OK;
        if (op >= OPCODES) {
            if (!opcode(w, op))
                return broken((size_t)(w->c.at - side->file.bytes), err);
        } else
            BAU_TRY(one_key(side, w, op, each, self, err));
    }
    return broken(side->file.len, err);
}

bau_status redis_file_walk(const struct bau_side *side,
                           bau_status (*each)(void *self, const struct redis_key *key, struct bau_error *err),
                           void *self, struct bau_error *err)
{
    struct walk w = { .c = { side->file.bytes + HEADER, side->file.bytes + side->file.len - CRC_BYTES },
                      .expires_ms = -1 };
    const bau_status status = walk(side, &w, each, self, err);
    bau_text_release(&w.a);
    bau_text_release(&w.b);
    return status;
}

bau_status redis_file_dump(const struct bau_side *side, const struct redis_crc *crc,
                           const struct redis_place *place, struct bau_text *out, struct bau_error *err)
{
    uint8_t footer[10] = { (uint8_t)side->file.version, 0 };
    out->len = 0;
    bau_text_addn(out, &place->type, 1);
    bau_text_addn(out, side->file.bytes + place->at, place->len);
    bau_text_addn(out, footer, 2);
    if (!out->failed) {
        const uint64_t sum = redis_crc64(crc, (const uint8_t *)out->data, out->len);
        for (size_t i = 0; i < 8; i++)
            footer[2 + i] = (uint8_t)(sum >> 8 * i);
        bau_text_addn(out, footer + 2, 8);
    }
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "a value of %" PRIu64 " bytes", place->len) : BAU_OK;
}
