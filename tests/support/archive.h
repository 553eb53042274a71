/* For tests of archives: a folder of a test's own, rows of three columns, archives of them made, opened and compared. */
#ifndef BAU_TESTS_ARCHIVE_H
#define BAU_TESTS_ARCHIVE_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/archive/archive.h"
#include "src/archive/bytes.h"

enum { N_ROWS = 3000, N_FIELDS = 3 };

static const struct bau_field fields[N_FIELDS] = {
    { .name = "id", .native = "bigint", .type = BAU_I64, .native_type = 20, .scale = -1 },
    { .name = "name", .native = "text", .type = BAU_TEXT, .native_type = 25, .nullable = true, .scale = -1 },
    { .name = "note", .native = "text", .type = BAU_TEXT, .native_type = 25, .scale = -1 },
};
static const struct bau_dataset dataset = { .name = "public.t",
                                            .space = "public",
                                            .bare = "t",
                                            .kind = BAU_DATASET_ROWS,
                                            .parent = BAU_NO_DATASET,
                                            .n_fields = N_FIELDS,
                                            .fields = fields };
static const struct bau_catalog catalog = {
    .store = "db", .server = "a test", .n_datasets = 1, .datasets = &dataset
};
static const uint8_t master[32] = { 7, 1, 4, 9, 200, 33, 12, 5, 90, 17, 63, 2, 8, 250, 44, 71 };

static char folder[256];

static inline void make_folder(void)
{
    strcpy(folder, "/tmp/bauta-archive-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static inline void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char below[512];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        cr_assert_lt(snprintf(below, sizeof below, "%s/%s", path, e->d_name), (int)sizeof below);
        if (e->d_type == DT_DIR)
            remove_all(below);
        else
            unlink(below);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static inline void remove_folder(void)
{
    remove_all(folder);
}
/* ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static inline void put32(struct bau_text *out, uint32_t v)
{
    const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    bau_text_addn(out, b, 4);
}

/* Row `id` as binary COPY has it; `salt` changes its note. */
static inline void add_row(struct bau_text *out, uint32_t id, uint32_t salt)
{
    char text[64];
    bau_text_addn(out, "\0\3", 2);
    put32(out, 8);
    put32(out, 0);
    put32(out, id);
    if (id % 7 == 3) {
        put32(out, UINT32_MAX);
    } else {
        const int n = snprintf(text, sizeof text, "name %u", id % 91);
        put32(out, (uint32_t)n);
        bau_text_addn(out, text, (size_t)n);
    }
    const int n = id % 5 ? snprintf(text, sizeof text, "note %u of %u, %u", id * 2654435761u, salt, id) : 0;
    put32(out, (uint32_t)n);
    bau_text_addn(out, text, (size_t)n);
}

struct rows {
    struct bau_text raw;
    uint32_t row_at[N_ROWS + 1], n;
};

/* Rows first … first + n - 1, those of [from, to) with another note. */
static inline void make_rows(struct rows *r, uint32_t first, uint32_t n, uint32_t from, uint32_t to)
{
    *r = (struct rows){ .n = n };
    for (uint32_t i = 0; i < n; i++) {
        r->row_at[i] = (uint32_t)r->raw.len;
        add_row(&r->raw, first + i, first + i >= from && first + i < to ? 2 : 1);
    }
    r->row_at[n] = (uint32_t)r->raw.len;
    cr_assert(bau_text_reserve(&r->raw, BAU_ALIGN));
}

/* ── an archive ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct making {
    const struct bau_locks *locks;
    const struct bau_secret *passphrase;
    const char *run_id;
    uint64_t chunk, expire_ms;
    bool full, dies; /* dies: no switch, as after kill -9 */
};

static inline struct bau_secret *place_uri(void)
{
    struct bau_secret *uri = NULL;
    struct bau_error err;
    cr_assert_eq(bau_secret_from_bytes(folder, strlen(folder), &uri, &err), BAU_OK);
    return uri;
}

static inline void write_rows(struct bau_side *side, const struct rows *rows)
{
    const struct bau_connector *c = &bau_archive_target;
    const struct bau_part part = { .dataset = 0, .of = 1 };
    const struct bau_write what = { .dataset = &dataset, .part = &part };
    struct bau_link *link = NULL;
    struct bau_writer *w = NULL;
    struct bau_batch batch;
    struct bau_error err;
    uint64_t written = 0;
    cr_assert_eq(c->link_open(side, &link, &err), BAU_OK);
    cr_assert_eq(c->write_open(link, &what, &w, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_batch_init(&batch, &err), BAU_OK);
    cr_assert_eq(bau_batch_reset(&batch, &dataset, &err), BAU_OK);
    batch.format = "pgcopy-binary";
    batch.raw = (const uint8_t *)rows->raw.data;
    batch.raw_len = rows->raw.len;
    batch.row_at = rows->row_at;
    batch.n_rows = rows->n;
    cr_assert_eq(c->write_next(w, &batch, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(c->write_commit(w, &written, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(written, rows->n);
    c->write_close(w);
    c->link_close(link);
    bau_batch_release(&batch);
}

static inline struct bau_archive_written make_archive(const struct making *m, const struct rows *rows)
{
    static const struct bau_locks open_to_all;
    static char names[2][80];
    const struct bau_connector *c = &bau_archive_target;
    struct bau_secret *uri = place_uri();
    struct bau_error err = { 0 };
    struct bau_archive_to to = { 0 };
    struct bau_side *side = NULL;
    struct bau_archive_create with = { .uri = uri,
                                       .locks = m->locks ? m->locks : &open_to_all,
                                       .passphrase = m->passphrase,
                                       .level = 3,
                                       .chunk_bytes = m->chunk ? m->chunk : 1 << 20,
                                       .n_stores = 1,
                                       .threads = 1,
                                       .full = m->full,
                                       .expire_ms = m->expire_ms,
                                       .run_id = m->run_id };
    cr_assert_eq(bau_archive_keys_of(master, true, &with.keys, &err), BAU_OK);
    cr_assert_eq(bau_archive_create(&with, &to.writer, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_archive_plan(to.writer, "db", "00", false, &err), BAU_OK);
    const struct bau_open open = {
        .store = "db", .config = &to, .write = true, .lanes = 1, .run_id = m->run_id
    };
    const struct bau_target_plan plan = { .catalog = &catalog,
                                          .schema = { (const uint8_t *)"{\"schema\":1}", 12 } };
    cr_assert_eq(c->open(&open, &side, &err), BAU_OK);
    cr_assert_eq(c->target_prepare(side, "", &err), BAU_OK, "%s", err.text);
    cr_assert_eq(c->target_begin(side, &plan, &err), BAU_OK, "%s", err.text);
    write_rows(side, rows);
    cr_assert_eq(c->target_finish(side, &plan, &err), BAU_OK, "%s", err.text);
    struct bau_archive_written written = { 0 };
    if (!m->dies) {
        cr_assert_eq(c->target_switch(side, &err), BAU_OK, "%s", err.text);
        bau_archive_written(to.writer, &written);
        snprintf(names[0], sizeof names[0], "%s", written.name);
        snprintf(names[1], sizeof names[1], "%s", written.base ? written.base : "");
        written.name = names[0];
        written.base = written.base ? names[1] : NULL;
        bau_archive_writer_free(to.writer);
    }
    c->close(side);
    bau_secret_free(uri);
    return written;
}

/* make_archive in a process that ends before the manifest. */
static inline void die_making(const struct making *m, const struct rows *rows)
{
    const pid_t child = fork();
    if (child == 0) {
        make_archive(m, rows);
        _exit(EXIT_SUCCESS);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

static inline bau_status open_archive(const char *name, struct bau_opener *opener, struct bau_archive **out,
                                      struct bau_error *err)
{
    static struct bau_opener none;
    struct bau_secret *uri = place_uri();
    const struct bau_place_with with = { .uri = uri, .threads = 1 };
    const bau_status status = bau_archive_open(&with, name, NULL, opener ? opener : &none, out, err);
    bau_secret_free(uri);
    return status;
}

static inline bau_status check_archive(const char *name, struct bau_opener *opener, struct bau_error *err)
{
    struct bau_archive *a = NULL;
    struct bau_verified seen;
    bau_status status = open_archive(name, opener, &a, err);
    if (status == BAU_OK)
        status = bau_archive_verify(a, &seen, err);
    bau_archive_close(a);
    return status;
}

/* Rows of the archive are those of `want`; narrow reads give the id. */
static inline void same_rows(struct bau_archive *a, const struct rows *want, uint32_t batch_rows)
{
    const struct bau_connector *c = &bau_archive_source;
    const struct bau_archive_from from = { a, 0 };
    const struct bau_open open = { .store = "db", .config = &from, .lanes = 1, .batch_rows = batch_rows };
    static const bau_want wants[N_FIELDS] = { BAU_WANT_TYPED, BAU_WANT_FRAME, BAU_WANT_VIEW };
    struct bau_error err = { 0 };
    struct bau_side *side = NULL;
    struct bau_link *link = NULL;
    struct bau_reader *r = NULL;
    struct bau_parts parts;
    struct bau_catalog *seen = NULL;
    struct bau_batch batch;
    size_t at = 0;
    uint32_t row = 0;
    struct bau_arena *arena = bau_arena_new(4096, 0);
    cr_assert_eq(c->open(&open, &side, &err), BAU_OK);
    cr_assert_eq(c->catalog(side, &seen, &err), BAU_OK, "%s", err.text);
    cr_assert_str_eq(seen->datasets[0].fields[1].native, "text");
    cr_assert_eq(c->split(side, seen, arena, &parts, &err), BAU_OK);
    cr_assert_eq(parts.n, 1);
    cr_assert_eq(c->link_open(side, &link, &err), BAU_OK);
    const struct bau_read what = { .dataset = &seen->datasets[0], .part = &parts.at[0], .want = wants };
    cr_assert_eq(c->read_open(link, &what, &r, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_batch_init(&batch, &err), BAU_OK);
    for (;;) {
        cr_assert_eq(c->read_next(r, &batch, &err), BAU_OK, "%s", err.text);
        if (batch.n_rows == 0)
            break;
        cr_assert_eq(bau_batch_validate(&batch, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
        cr_assert_leq(at + batch.raw_len, want->raw.len);
        cr_assert_eq(memcmp(batch.raw, want->raw.data + at, batch.raw_len), 0);
        for (uint32_t i = 0; i < batch.n_rows; i++, row++)
            cr_assert_eq(((const int64_t *)batch.columns[0].data)[i], (int64_t)(row + 1));
        at += batch.raw_len;
    }
    cr_assert_eq(at, want->raw.len);
    cr_assert_eq(row, want->n);
    c->read_close(r);
    bau_batch_release(&batch);
    c->link_close(link);
    c->close(side);
    bau_arena_free(seen->arena);
    bau_arena_free(arena);
}

static inline struct bau_locks key_lock(void)
{
    struct bau_locks locks = { .n = 1, .at = { { .kind = BAU_WRAP_KEY } } };
    memset(locks.at[0].key, 0x5a, 32);
    return locks;
}

static inline struct bau_opener key_opener(void)
{
    struct bau_opener opener = { .has_key = true };
    memset(opener.key, 0x5a, 32);
    return opener;
}

#endif
