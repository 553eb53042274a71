/* One archive as one file, for mail or a USB stick:
 *
 *   "BAUTAONE" version u32, objects u32 | (name length u32, name, bytes u64, bytes)* | SHA-256 of everything before
 *
 * The objects are those the manifest names, the manifest itself last, so that a file that was cut off brings no archive. No key
 * is needed either way. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/archive/archive.h"
#include "src/archive/bytes.h"

#define OBJECT_MOST (UINT64_C(4) << 30) /* bytes */
enum { NAME_ROOM = 160, HEAD = 16 };
static const char magic[8] = { 'B', 'A', 'U', 'T', 'A', 'O', 'N', 'E' };

struct stream {
    FILE *file;
    const char *path;
    EVP_MD_CTX *sum;
};

static bau_status start(struct stream *s, struct bau_error *err)
{
    s->sum = EVP_MD_CTX_new();
    return s->sum && EVP_DigestInit_ex(s->sum, EVP_sha256(), NULL) == 1
               ? BAU_OK
               : bau_error_set(err, BAU_E_BUG, "SHA-256 is not available");
}

static bau_status give(struct stream *s, const void *bytes, size_t n, struct bau_error *err)
{
    EVP_DigestUpdate(s->sum, bytes, n);
    return fwrite(bytes, 1, n, s->file) == n
               ? BAU_OK
               : bau_error_set(err, BAU_E_IO, "%s: %s", s->path, strerror(errno));
}

static bau_status take(struct stream *s, void *bytes, size_t n, struct bau_error *err)
{
    if (fread(bytes, 1, n, s->file) != n)
        return bau_error_set(err, BAU_E_INTEGRITY, "%s is cut short", s->path);
    EVP_DigestUpdate(s->sum, bytes, n);
    return BAU_OK;
}

/* ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status give_object(struct stream *s, struct bau_place *place, const char *name,
                              struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    struct bau_slice bytes;
    uint8_t head[12];
    bau_status status = arena ? bau_place_whole(place, name, OBJECT_MOST, arena, &bytes, err)
                              : bau_error_set(err, BAU_E_NOMEM, "object %s", name);
    bau_put32(head, (uint32_t)strlen(name));
    if (status == BAU_OK)
        status = give(s, head, 4, err);
    if (status == BAU_OK)
        status = give(s, name, strlen(name), err);
    if (status == BAU_OK) {
        bau_put64(head + 4, bytes.len);
        status = give(s, head + 4, 8, err);
    }
    if (status == BAU_OK)
        status = give(s, bytes.data, bytes.len, err);
    bau_arena_free(arena);
    return status;
}

static bau_status give_all(struct stream *s, struct bau_place *place, const struct bau_manifest *m,
                           struct bau_error *err)
{
    uint8_t head[HEAD], sum[BAU_SUM_BYTES];
    char name[NAME_ROOM];
    memcpy(head, magic, sizeof magic);
    bau_put32(head + 8, BAU_ARCHIVE_VERSION);
    bau_put32(head + 12, m->n_packs + 2);
    BAU_TRY(start(s, err));
    BAU_TRY(give(s, head, sizeof head, err));
    for (uint32_t i = 0; i < m->n_packs; i++) {
        bau_pack_name(m->origins[m->packs[i].origin].id, m->packs[i].number, name);
        BAU_TRY(give_object(s, place, name, err));
    }
    (void)snprintf(name, sizeof name, BAU_ARCHIVES "%s/index", m->name);
    BAU_TRY(give_object(s, place, name, err));
    (void)snprintf(name, sizeof name, BAU_ARCHIVES "%s" BAU_MANIFEST, m->name);
    BAU_TRY(give_object(s, place, name, err));
    EVP_DigestFinal_ex(s->sum, sum, NULL);
    if (fwrite(sum, 1, sizeof sum, s->file) != sizeof sum || fflush(s->file) != 0 ||
        fsync(fileno(s->file)) != 0)
        return bau_error_set(err, BAU_E_IO, "%s: %s", s->path, strerror(errno));
    return BAU_OK;
}

bau_status bau_bundle_write(struct bau_place *place, const struct bau_manifest *manifest, const char *path,
                            struct bau_error *err)
{
    struct stream s = { .path = path };
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return bau_error_set(err, errno == EEXIST ? BAU_E_USAGE : BAU_E_IO, "%s: %s", path, strerror(errno));
    s.file = fdopen(fd, "wb");
    bau_status status =
        s.file ? give_all(&s, place, manifest, err) : bau_error_set(err, BAU_E_NOMEM, "%s", path);
    if (s.file ? fclose(s.file) != 0 : close(fd) != 0)
        status = status == BAU_OK ? bau_error_set(err, BAU_E_IO, "%s: %s", path, strerror(errno)) : status;
    EVP_MD_CTX_free(s.sum);
    if (status != BAU_OK)
        unlink(path);
    return status;
}

/* ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool all_of(const char *text, size_t n, const char *set)
{
    return strlen(text) >= n && strspn(text, set) >= n;
}

/* Only what an archive is made of; a place refuses names that lead elsewhere on its own. */
static bool good_object(const char *name)
{
    static const char hex[] = "0123456789abcdef",
                      word[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
    if (strncmp(name, "packs/", 6) == 0)
        return all_of(name + 6, 32, hex) && name[38] == '/' && all_of(name + 39, 8, hex) &&
               strlen(name) == 47;
    if (strncmp(name, BAU_ARCHIVES, sizeof BAU_ARCHIVES - 1) != 0)
        return false;
    const char *at = name + sizeof BAU_ARCHIVES - 1;
    const size_t n = strspn(at, word);
    return n > 0 && n <= BAU_ARCHIVE_NAME_MOST &&
           (strcmp(at + n, "/index") == 0 || strcmp(at + n, BAU_MANIFEST) == 0);
}

static bau_status take_object(struct stream *s, struct bau_arena *arena, char name[NAME_ROOM],
                              struct bau_slice *out, struct bau_error *err)
{
    enum { STEP = 1 << 20 };
    uint8_t head[8];
    BAU_TRY(take(s, head, 4, err));
    const uint32_t len = bau_get32(head);
    if (len >= NAME_ROOM)
        return bau_error_set(err, BAU_E_INTEGRITY, "%s: an object's name is too long", s->path);
    BAU_TRY(take(s, name, len, err));
    name[len] = '\0';
    BAU_TRY(take(s, head, 8, err));
    const uint64_t n = bau_get64(head);
    if (strlen(name) != len || !good_object(name) || n > OBJECT_MOST)
        return bau_error_set(err, BAU_E_INTEGRITY, "%s: it holds something that is no part of an archive",
                             s->path);
    BAU_AUTO_TEXT bytes = { 0 }; /* grows as bytes come: the length may be a lie */
    while (bytes.len < n) {
        const size_t step = n - bytes.len < STEP ? (size_t)(n - bytes.len) : STEP;
        if (!bau_text_reserve(&bytes, step))
            return bau_error_set(err, BAU_E_NOMEM, "object %s", name);
        BAU_TRY(take(s, bytes.data + bytes.len, step, err));
        bytes.len += step;
    }
    const char *copy = bau_arena_textn(arena, bytes.data ? bytes.data : "", bytes.len);
    if (!copy)
        return bau_error_set(err, BAU_E_NOMEM, "object %s", name);
    *out = (struct bau_slice){ (const uint8_t *)copy, bytes.len };
    return BAU_OK;
}

/* The manifest is put when the whole file was seen to be what it says. */
static bau_status take_all(struct stream *s, struct bau_place *place, struct bau_arena *arena,
                           char name[NAME_ROOM], struct bau_error *err)
{
    uint8_t head[HEAD], sum[BAU_SUM_BYTES], want[BAU_SUM_BYTES];
    struct bau_slice bytes = { 0 };
    bool made;
    BAU_TRY(start(s, err));
    BAU_TRY(take(s, head, sizeof head, err));
    const uint32_t n = bau_get32(head + 12);
    if (memcmp(head, magic, sizeof magic) != 0 || bau_get32(head + 8) != BAU_ARCHIVE_VERSION || n < 2)
        return bau_error_set(err, BAU_E_INTEGRITY, "%s is no archive of format %u", s->path,
                             BAU_ARCHIVE_VERSION);
    for (uint32_t i = 0; i < n; i++) {
        bau_arena_reset(arena);
        BAU_TRY(take_object(s, arena, name, &bytes, err));
        const size_t len = strlen(name), end = sizeof BAU_MANIFEST - 1;
        if ((len > end && strcmp(name + len - end, BAU_MANIFEST) == 0) != (i + 1 == n))
            return bau_error_set(err, BAU_E_INTEGRITY, "%s: its objects are out of order", s->path);
        if (i + 1 < n)
            BAU_TRY(place->kind->put(place->at, name, bytes.data, bytes.len, true, &made, err));
    }
    EVP_DigestFinal_ex(s->sum, sum, NULL);
    if (fread(want, 1, sizeof want, s->file) != sizeof want || !bau_bytes_same(sum, want, sizeof sum) ||
        fgetc(s->file) != EOF)
        return bau_error_set(err, BAU_E_INTEGRITY, "%s is damaged (SHA-256)", s->path);
    return place->kind->put(place->at, name, bytes.data, bytes.len, true, &made, err);
}

bau_status bau_bundle_read(const char *path, struct bau_place *place, struct bau_arena *arena,
                           const char **out_name, struct bau_error *err)
{
    struct stream s = { .path = path, .file = fopen(path, "rbe") };
    struct bau_arena *scratch = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    char name[NAME_ROOM] = "";
    bau_status status = !s.file    ? bau_error_set(err, BAU_E_IO, "%s: %s", path, strerror(errno))
                        : !scratch ? bau_error_set(err, BAU_E_NOMEM, "%s", path)
                                   : take_all(&s, place, scratch, name, err);
    if (s.file)
        fclose(s.file);
    EVP_MD_CTX_free(s.sum);
    bau_arena_free(scratch);
    BAU_TRY(status);
    *out_name = bau_arena_textn(arena, name + sizeof BAU_ARCHIVES - 1,
                                strlen(name) - (sizeof BAU_ARCHIVES - 1) - (sizeof BAU_MANIFEST - 1));
    return *out_name ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "%s", path);
}
