/* Archives in a folder, without a database: round trips, every byte damaged, recipients, a second night, what is kept. */
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

static void make_folder(void)
{
    strcpy(folder, "/tmp/bauta-archive-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char below[512];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (e->d_type == DT_DIR)
            remove_all(below);
        else
            unlink(below);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void remove_folder(void)
{
    remove_all(folder);
}
TestSuite(archive, .init = make_folder, .fini = remove_folder, .timeout = 300);

/* ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put32(struct bau_text *out, uint32_t v)
{
    const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    bau_text_addn(out, b, 4);
}

/* Row `id` as binary COPY has it; `salt` changes its note. */
static void add_row(struct bau_text *out, uint32_t id, uint32_t salt)
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
static void make_rows(struct rows *r, uint32_t first, uint32_t n, uint32_t from, uint32_t to)
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

static struct bau_secret *place_uri(void)
{
    struct bau_secret *uri = NULL;
    struct bau_error err;
    cr_assert_eq(bau_secret_from_bytes(folder, strlen(folder), &uri, &err), BAU_OK);
    return uri;
}

static void write_rows(struct bau_side *side, const struct rows *rows)
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

static struct bau_archive_written make_archive(const struct making *m, const struct rows *rows)
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
static void die_making(const struct making *m, const struct rows *rows)
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

static bau_status open_archive(const char *name, struct bau_opener *opener, struct bau_archive **out,
                               struct bau_error *err)
{
    static struct bau_opener none;
    struct bau_secret *uri = place_uri();
    const struct bau_place_with with = { .uri = uri, .threads = 1 };
    const bau_status status = bau_archive_open(&with, name, NULL, opener ? opener : &none, out, err);
    bau_secret_free(uri);
    return status;
}

static bau_status check_archive(const char *name, struct bau_opener *opener, struct bau_error *err)
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
static void same_rows(struct bau_archive *a, const struct rows *want, uint32_t batch_rows)
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

static struct bau_locks key_lock(void)
{
    struct bau_locks locks = { .n = 1, .at = { { .kind = BAU_WRAP_KEY } } };
    memset(locks.at[0].key, 0x5a, 32);
    return locks;
}

static struct bau_opener key_opener(void)
{
    struct bau_opener opener = { .has_key = true };
    memset(opener.key, 0x5a, 32);
    return opener;
}

Test(archive, round_trips)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct rows rows;
    struct bau_error err = { 0 };
    make_rows(&rows, 1, N_ROWS, 0, 0);
    for (int sealed = 0; sealed < 2; sealed++)
        for (uint64_t chunk = 4096; chunk <= 1 << 20; chunk <<= 4) {
            char id[17];
            struct bau_archive *a = NULL;
            snprintf(id, sizeof id, "%016x", (unsigned)(chunk * 2 + (unsigned)sealed));
            const struct bau_archive_written w = make_archive(
                &(struct making){ .locks = sealed ? &locks : NULL, .run_id = id, .chunk = chunk }, &rows);
            cr_assert_eq(open_archive(w.name, &opener, &a, &err), BAU_OK, "%s", err.text);
            cr_assert_eq(a->manifest->sealed, sealed == 1);
            cr_assert_eq(a->manifest->rows, N_ROWS);
            same_rows(a, &rows, 0);
            same_rows(a, &rows, 7);
            bau_archive_close(a);
            cr_assert_eq(check_archive(w.name, &opener, &err), BAU_OK, "%s", err.text);
        }
    bau_text_release(&rows.raw);
}

/* ── damage ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct file {
    char path[256];
    uint8_t bytes[1 << 16];
    size_t n;
};
static struct file files[16];
static size_t n_files;

static void gather(const char *path)
{
    DIR *dir = opendir(path);
    cr_assert(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char below[256];
        if (e->d_name[0] == '.')
            continue;
        snprintf(below, sizeof below, "%.120s/%.120s", path, e->d_name);
        if (e->d_type == DT_DIR) {
            gather(below);
            continue;
        }
        cr_assert_lt(n_files, BAU_COUNT(files));
        struct file *f = &files[n_files++];
        snprintf(f->path, sizeof f->path, "%s", below);
        FILE *in = fopen(below, "rb");
        f->n = fread(f->bytes, 1, sizeof f->bytes, in);
        cr_assert_lt(f->n, sizeof f->bytes);
        fclose(in);
    }
    closedir(dir);
}

static void put_file(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");
    cr_assert(out);
    cr_assert_eq(fwrite(bytes, 1, n, out), n);
    fclose(out);
}

static void is_told(const char *name, const char *what, const struct file *f, size_t at)
{
    struct bau_opener opener = key_opener();
    struct bau_error err = { 0 };
    const bau_status status = check_archive(name, &opener, &err);
    cr_assert_eq(status, BAU_E_INTEGRITY, "%s %s at %zu of %zu: %s %s", f->path, what, at, f->n,
                 bau_status_name(status), err.text);
    cr_assert_gt(strlen(err.text), 10);
}

static void damage(bool sealed)
{
    struct bau_locks locks = key_lock();
    struct rows rows;
    make_rows(&rows, 1, 40, 0, 0);
    const struct bau_archive_written w = make_archive(
        &(struct making){ .locks = sealed ? &locks : NULL, .run_id = "00000000000000aa" }, &rows);
    gather(folder);
    cr_assert_eq(n_files, 3); /* a pack, the index, the manifest */
    for (size_t i = 0; i < n_files; i++) {
        struct file *f = &files[i];
        for (size_t at = 0; at < f->n; at++) {
            f->bytes[at] ^= (uint8_t)(1u << (at % 8));
            put_file(f->path, f->bytes, f->n);
            f->bytes[at] ^= (uint8_t)(1u << (at % 8));
            is_told(w.name, "flipped", f, at);
        }
        for (size_t n = 0; n < f->n; n++) {
            put_file(f->path, f->bytes, n);
            is_told(w.name, "cut", f, n);
        }
        unlink(f->path);
        is_told(w.name, "missing", f, 0);
        put_file(f->path, f->bytes, f->n);
    }
    struct bau_opener opener = key_opener();
    struct bau_error err;
    cr_assert_eq(check_archive(w.name, &opener, &err), BAU_OK, "%s", err.text);
    bau_text_release(&rows.raw);
}

Test(archive, every_byte_of_an_open_one)
{
    damage(false);
}

Test(archive, every_byte_of_a_sealed_one)
{
    damage(true);
}

/* Chunks of equal length change places, in a pack and between two archives. */
Test(archive, chunks_out_of_place)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct bau_archive *a = NULL;
    struct bau_error err = { 0 };
    struct rows rows;
    make_rows(&rows, 1, N_ROWS, 0, 0);
    const struct making m = { .locks = &locks, .run_id = "00000000000000ab", .chunk = 4096 };
    const struct bau_archive_written w = make_archive(&m, &rows);
    char name[80], other[80];
    snprintf(name, sizeof name, "%s", w.name);
    cr_assert_eq(open_archive(name, &opener, &a, &err), BAU_OK);
    uint64_t x = 0, y = 0;
    for (uint64_t i = 0; i < a->manifest->n_chunks && !y; i++)
        for (uint64_t k = i + 1; k < a->manifest->n_chunks && !y; k++)
            if (a->manifest->chunks[i].stored == a->manifest->chunks[k].stored &&
                a->manifest->chunks[i].at != a->manifest->chunks[k].at) {
                x = i;
                y = k;
            }
    cr_assert_gt(y, 0, "two chunks of one length");
    const struct bau_chunk_at first = a->manifest->chunks[x], second = a->manifest->chunks[y];
    char pack[512], object[64];
    bau_pack_name(a->manifest->id, 0, object);
    snprintf(pack, sizeof pack, "%s/%s", folder, object);
    bau_archive_close(a);
    a = NULL;
    gather(folder);
    struct file *f = NULL;
    for (size_t i = 0; i < n_files; i++)
        if (strcmp(files[i].path, pack) == 0)
            f = &files[i];
    cr_assert(f);
    struct file swapped = *f;
    memcpy(swapped.bytes + first.at, f->bytes + second.at, first.stored);
    memcpy(swapped.bytes + second.at, f->bytes + first.at, first.stored);
    put_file(pack, swapped.bytes, swapped.n);
    is_told(name, "swapped", f, first.at);
    put_file(pack, f->bytes, f->n);
    /* the same rows in another archive under another key: its pack in place of ours */
    const struct making again = {
        .locks = &locks, .run_id = "00000000000000ac", .chunk = 4096, .full = true
    };
    const struct bau_archive_written v = make_archive(&again, &rows);
    snprintf(other, sizeof other, "%s", v.name);
    cr_assert_eq(open_archive(other, &opener, &a, &err), BAU_OK);
    bau_pack_name(a->manifest->id, 0, object);
    bau_archive_close(a);
    char from[512];
    snprintf(from, sizeof from, "%s/%s", folder, object);
    static uint8_t bytes[1 << 16];
    FILE *in = fopen(from, "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    put_file(pack, bytes, n);
    is_told(name, "another's pack", f, 0);
    memcpy(bytes, f->bytes, BAU_PACK_HEAD);
    put_file(pack, bytes, n);
    is_told(name, "another's chunks", f, 0);
    /* a manifest under another name */
    put_file(pack, f->bytes, f->n);
    char to[512];
    snprintf(from, sizeof from, "%.200s/archives/%s/manifest", folder, other);
    snprintf(to, sizeof to, "%.200s/archives/%s/manifest", folder, name);
    in = fopen(from, "rb");
    const size_t n_manifest = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    put_file(to, bytes, n_manifest);
    is_told(name, "another's manifest", f, 0);
    bau_text_release(&rows.raw);
}

/* ── recipients ──────────────────────────────────────────────────────────────────────────────────────────────────── */

Test(archive, recipients)
{
    struct bau_locks locks = { .n = 3 };
    struct bau_opener says = { 0 }, holds = key_opener(), is = { .has_private = true };
    struct bau_secret *passphrase = NULL, *wrong = NULL;
    struct bau_error err = { 0 };
    struct rows rows;
    make_rows(&rows, 1, 50, 0, 0);
    cr_assert_eq(bau_secret_from_bytes("correct horse", 13, &passphrase, &err), BAU_OK);
    cr_assert_eq(bau_secret_from_bytes("correct house", 13, &wrong, &err), BAU_OK);
    cr_assert_eq(bau_lock_passphrase(passphrase, NULL, &locks.at[0], &err), BAU_OK);
    locks.at[1] = key_lock().at[0];
    locks.at[2].kind = BAU_WRAP_X25519;
    cr_assert_eq(bau_x25519_new(is.private_key, locks.at[2].key, &err), BAU_OK);
    says.passphrase = passphrase;
    const struct bau_archive_written w = make_archive(
        &(struct making){ .locks = &locks, .passphrase = passphrase, .run_id = "00000000000000ad" }, &rows);
    cr_expect_eq(check_archive(w.name, &says, &err), BAU_OK, "%s", err.text);
    cr_expect_eq(check_archive(w.name, &holds, &err), BAU_OK, "%s", err.text);
    cr_expect_eq(check_archive(w.name, &is, &err), BAU_OK, "%s", err.text);
    says = (struct bau_opener){ .passphrase = wrong };
    holds.key[31] ^= 1;
    is.private_key[5] ^= 1;
    cr_expect_eq(check_archive(w.name, &says, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "is not the one"), "%s", err.text);
    cr_expect_eq(check_archive(w.name, &holds, &err), BAU_E_INTEGRITY);
    cr_expect_eq(check_archive(w.name, &is, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "sealed for others"), "%s", err.text);
    cr_expect_eq(check_archive(w.name, NULL, &err), BAU_E_INTEGRITY);
    cr_expect(strstr(err.text, "it is sealed: give"), "%s", err.text);
    bau_secret_free(passphrase);
    bau_secret_free(wrong);
    bau_text_release(&rows.raw);
}

/* RFC 7748, 6.1. */
Test(archive, x25519_vector)
{
    uint8_t alice[32], bob[32], shared[32], want[32];
    struct bau_error err;
    /* the private key of Bob, the public key of Alice, what they agree on */
    cr_assert(bau_unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", 32, bob));
    cr_assert(bau_unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", 32, alice));
    cr_assert(bau_unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", 32, want));
    cr_assert_eq(bau_x25519_shared(bob, alice, shared, &err), BAU_OK);
    cr_expect_eq(memcmp(shared, want, 32), 0);
}

/* ── nights ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Within one second names are told apart by the run's id alone, and that is random. */
Test(archive, the_latest_of_one_second)
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
Test(archive, a_clock_gone_wrong)
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

Test(archive, a_second_night)
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

Test(archive, expires)
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

Test(archive, prune_leaves_what_is_needed)
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

Test(archive, who_is_kept)
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

/* ── golden ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Archives of every version ever released, sealed for key_opener: BAUTA_GOLDEN=write makes those of this one. */
Test(archive, golden)
{
    struct bau_locks locks = key_lock();
    struct bau_opener opener = key_opener();
    struct rows rows;
    make_rows(&rows, 1, 200, 0, 0);
    remove_folder();
    snprintf(folder, sizeof folder, "%s", BAU_GOLDEN_FOLDER "/archive-1");
    const char *write = getenv("BAUTA_GOLDEN");
    if (write && strcmp(write, "write") == 0)
        make_archive(&(struct making){ .locks = &locks, .run_id = "00000000000000e1", .chunk = 4096 }, &rows);
    struct bau_archive *a = NULL;
    struct bau_error err = { 0 };
    cr_assert_eq(open_archive(NULL, &opener, &a, &err), BAU_OK, "%s", err.text);
    same_rows(a, &rows, 0);
    struct bau_verified seen;
    cr_expect_eq(bau_archive_verify(a, &seen, &err), BAU_OK, "%s", err.text);
    bau_archive_close(a);
    make_folder(); /* the end of the test removes this one */
    bau_text_release(&rows.raw);
}

/* ── chunks ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void chunk_of(uint32_t n, uint32_t width, uint32_t nulls_every, uint32_t seed)
{
    struct bau_values v = { 0 };
    struct bau_text payload = { 0 };
    struct bau_values_run run;
    struct bau_error err;
    struct bau_arena *arena = bau_arena_new(4096, 0);
    uint8_t bytes[400];
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t len = width ? width : (seed >> 7) % (seed % 11 == 0 ? 400 : 20);
        for (uint32_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)(k + 1 == len ? i * 3 : seed >> 28);
        const bool null = nulls_every && i % nulls_every == 0;
        cr_assert_eq(bau_values_add(&v, bytes, null ? BAU_SPAN_NULL : len, &err), BAU_OK);
        seed = seed * 1664525u + 1013904223u;
    }
    cr_assert_eq(bau_chunk_payload(&v, &payload, &err), BAU_OK);
    cr_assert_eq(bau_chunk_values((uint8_t *)payload.data, payload.len, n, arena, &run, &err), BAU_OK, "%s",
                 err.text);
    for (uint32_t i = 0; i < n; i++) {
        cr_assert_eq(bau_values_present(&run, i), v.lens[i] != BAU_SPAN_NULL);
        const uint32_t len = v.lens[i] == BAU_SPAN_NULL ? 0 : v.lens[i];
        cr_assert_eq(run.at[i + 1] - run.at[i], len);
        cr_assert(len == 0 || memcmp(run.data + run.at[i], v.data + at, len) == 0);
        at += len;
    }
    cr_assert_neq(bau_chunk_values((uint8_t *)payload.data, payload.len, n + 1, arena, &run, &err), BAU_OK);
    cr_assert_neq(bau_chunk_values((uint8_t *)payload.data, payload.len - 1, n, arena, &run, &err), BAU_OK);
    bau_values_release(&v);
    bau_text_release(&payload);
    bau_arena_free(arena);
}

Test(archive, chunks)
{
    static const uint32_t widths[] = { 0, 1, 2, 3, 4, 8, 16 }, counts[] = { 1, 2, 7, 8, 9, 100, 5000 },
                          nulls[] = { 0, 1, 2, 3, 1000 };
    for (size_t w = 0; w < BAU_COUNT(widths); w++)
        for (size_t c = 0; c < BAU_COUNT(counts); c++)
            for (size_t k = 0; k < BAU_COUNT(nulls); k++)
                chunk_of(counts[c], widths[w], nulls[k], (uint32_t)(w * 77 + c * 5 + k));
}

/* ── the folder ──────────────────────────────────────────────────────────────────────────────────────────────────── */

Test(archive, hostile_names)
{
    static const char *const names[] = { "",     "/",        "/etc/passwd",  "..",
                                         "../x", "a/../x",   "a//b",         "a/",
                                         "./a",  "a/.",      "a b",          "a\nb",
                                         "a\\b", "\xc3\xa4", ".bauta-new-1", "a/.bauta-new-x" };
    struct bau_secret *uri = place_uri();
    const struct bau_place_with with = { .uri = uri, .write = true, .threads = 1 };
    struct bau_place p;
    struct bau_error err;
    bool made, there;
    struct bau_object o;
    char byte, path[512];
    cr_assert_eq(bau_place_open(&with, &p, &err), BAU_OK);
    for (size_t i = 0; i < BAU_COUNT(names); i++) {
        cr_expect_eq(p.kind->put(p.at, names[i], "x", 1, false, &made, &err), BAU_E_USAGE, "put '%s'",
                     names[i]);
        cr_expect_eq(p.kind->get(p.at, names[i], 0, &byte, 1, &err), BAU_E_USAGE, "get '%s'", names[i]);
        cr_expect_eq(p.kind->stat(p.at, names[i], &there, &o, &err), BAU_E_USAGE, "stat '%s'", names[i]);
        cr_expect_eq(p.kind->remove(p.at, names[i], &err), BAU_E_USAGE, "remove '%s'", names[i]);
    }
    snprintf(path, sizeof path, "%s/link", folder);
    cr_assert_eq(symlink("/tmp", path), 0);
    cr_expect_eq(p.kind->put(p.at, "link/bauta-should-not-be", "x", 1, false, &made, &err), BAU_E_TARGET);
    cr_expect_neq(access("/tmp/bauta-should-not-be", F_OK), 0);
    snprintf(path, sizeof path, "%s/secret", folder);
    cr_assert_eq(symlink("/etc/hostname", path), 0);
    cr_expect_eq(p.kind->get(p.at, "secret", 0, &byte, 1, &err), BAU_E_INTEGRITY);
    cr_assert_eq(p.kind->put(p.at, "a/b", "one", 3, true, &made, &err), BAU_OK);
    cr_expect(made);
    cr_assert_eq(p.kind->put(p.at, "a/b", "two", 3, true, &made, &err), BAU_OK);
    cr_expect_not(made);
    char three[3];
    cr_assert_eq(p.kind->get(p.at, "a/b", 0, three, 3, &err), BAU_OK);
    cr_expect_eq(memcmp(three, "one", 3), 0);
    cr_expect_eq(p.kind->get(p.at, "a/b", 2, three, 2, &err), BAU_E_INTEGRITY);
    bau_place_close(&p);
    bau_secret_free(uri);
}
