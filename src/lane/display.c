/* The live display: a frame of lines at the bottom of the terminal, drawn five times a second and wiped before a log
 * line or the end. Nothing here takes part in the work: a display thread reads counters and writes one block a frame.
 *
 * The size is asked for at every frame, so that a resized window is right a moment later. After a window got narrower
 * the terminal has wrapped the old lines; how many lines they take then is computed from their widths. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include "bauta/log.h"
#include "src/lane/clock.h"
#include "src/lane/progress.h"

enum { FRAME_MS = 200, SAY_MS = 60000, KEPT_LINES = 200 };

struct bau_display {
    struct bau_progress *progress;
    int fd;
    bool live, colour, utf8;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the terminal and everything below: a log line and a frame must not mix */
    pthread_cond_t ended;
    bool over;
    uint32_t n_drawn;
    uint32_t widths[KEPT_LINES]; /* of the lines drawn */
};

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Length of the escape sequence of a colour at `s`; 0: none. */
static size_t escape_len(const char *s)
{
    if (s[0] != '\x1b' || s[1] != '[')
        return 0;
    size_t n = 2;
    while (s[n] && s[n] != 'm')
        n++;
    return s[n] ? n + 1 : n;
}

/* The next character: its length in bytes, its columns. Control characters and broken bytes count one. */
static size_t next_char(const char *s, uint32_t *out_columns)
{
    utf8proc_int32_t c;
    const utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c);
    if (n <= 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        *out_columns = 1;
        return n <= 0 ? 1 : (size_t)n;
    }
    const int width = utf8proc_charwidth(c);
    *out_columns = width < 0 ? 1 : (uint32_t)width;
    return (size_t)n;
}

uint32_t bau_text_columns(const char *text)
{
    uint32_t columns = 0;
    for (size_t i = 0, skip; text[i]; i += skip) {
        skip = escape_len(text + i);
        if (skip)
            continue;
        uint32_t width;
        skip = next_char(text + i, &width);
        columns += width;
    }
    return columns;
}

/* Adds a foreign name in exactly `columns` columns: cut with an ellipsis or filled with blanks. What a terminal could
 * take for a command becomes '?'. */
static void add_name(struct bau_text *out, const char *name, uint32_t columns, bool utf8)
{
    uint32_t used = 0;
    const bool cut = bau_text_columns(name) > columns;
    const uint32_t room = cut ? columns - (columns ? 1 : 0) : columns;
    for (size_t i = 0; name[i];) {
        uint32_t width;
        const size_t n = next_char(name + i, &width);
        if (used + width > room)
            break;
        const unsigned char c = (unsigned char)name[i];
        const bool broken = n == 1 && (c < 0x20 || c >= 0x7f);
        const bool control = n == 2 && c == 0xc2 && (unsigned char)name[i + 1] < 0xa0;
        if (broken || control || (n > 1 && !utf8))
            bau_text_addn(out, "?                ", width ? width : 0);
        else
            bau_text_addn(out, name + i, n);
        used += width;
        i += n;
    }
    if (cut && columns) {
        bau_text_add(out, utf8 ? "…" : "~");
        used++;
    }
    for (; used < columns; used++)
        bau_text_add(out, " ");
}

/* "12.3 M": at most 6 columns. */
static const char *count_text(uint64_t n, char out[32])
{
    static const char units[] = " kMGT";
    double v = (double)n;
    size_t u = 0;
    while (v >= 999.5 && u + 2 < sizeof units) {
        v /= 1000;
        u++;
    }
    if (u == 0)
        snprintf(out, 32, "%u", (unsigned)n);
    else
        snprintf(out, 32, v < 99.5 ? "%.1f%c" : "%.0f%c", v, units[u]);
    return out;
}

static const char *span_text(uint64_t ms, char out[32])
{
    const uint64_t s = ms / 1000u;
    if (s >= 3600)
        snprintf(out, 32, "%" PRIu64 ":%02u:%02u h", s / 3600u, (unsigned)(s / 60u % 60u),
                 (unsigned)(s % 60u));
    else
        snprintf(out, 32, "%u:%02u min", (unsigned)(s / 60u), (unsigned)(s % 60u));
    return out;
}

/* ── a frame ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_bar(struct bau_text *out, double fraction, uint32_t columns, struct bau_frame_look look)
{
    const uint32_t full = (uint32_t)((double)columns * fraction);
    if (look.colour)
        bau_text_add(out, "\x1b[32m");
    for (uint32_t i = 0; i < full; i++)
        bau_text_add(out, look.utf8 ? "━" : "#");
    if (look.colour)
        bau_text_add(out, "\x1b[2;39m");
    for (uint32_t i = full; i < columns; i++)
        bau_text_add(out, look.utf8 ? "─" : "-");
    if (look.colour)
        bau_text_add(out, "\x1b[0m");
}

/* What fits beside a name: from the right, each column of figures only where there is room for it. */
static void dataset_line(const struct bau_progress *p, const struct bau_progress_dataset *d,
                         struct bau_frame_look look, uint64_t now_ms, struct bau_text *out)
{
    const uint32_t width = look.columns - 1;
    const bool rate = width >= 64, rows = width >= 48;
    const uint32_t bar = width >= 32 ? width / 4 : 0;
    const uint32_t figures = 6u + (rows ? 13u : 0u) + (rate ? 12u : 0u) + (bar ? bar + 1u : 0u);
    const double fraction = bau_progress_fraction(d);
    const double seconds = (double)(now_ms - p->started_ms) / 1000;
    const double bytes = (double)atomic_load_explicit(&d->bytes, memory_order_relaxed);
    char number[32];
    add_name(out, d->name, width > figures ? width - figures : 1, look.utf8);
    if (bar) {
        bau_text_add(out, " ");
        add_bar(out, fraction, bar, look);
    }
    bau_text_addf(out, " %4u%%", (unsigned)(fraction * 100));
    if (rows)
        bau_text_addf(out, " %7s rows",
                      count_text(atomic_load_explicit(&d->rows, memory_order_relaxed), number));
    if (rate)
        bau_text_addf(out, " %6.1f MB/s", seconds > 0 ? bytes / 1e6 / seconds : 0);
    bau_text_add(out, "\n");
}

/* Adds a whole line cut to the width. */
static void add_cut(struct bau_text *out, const char *line, struct bau_frame_look look)
{
    const uint32_t columns = bau_text_columns(line), most = look.columns - 1;
    add_name(out, line, columns < most ? columns : most, look.utf8);
    bau_text_add(out, "\n");
}

static void total_line(const struct bau_progress *p, const struct bau_progress_total *t,
                       struct bau_frame_look look, struct bau_text *out)
{
    char rows[32], left[32], line[256];
    const double seconds = (double)t->elapsed_ms / 1000;
    snprintf(line, sizeof line, "%s: %s rows, %.0f MB, %.1f MB/s, %s%s, %u of %u lanes busy", p->store,
             count_text(t->rows, rows), (double)t->bytes / 1e6,
             seconds > 0 ? (double)t->bytes / 1e6 / seconds : 0,
             span_text(t->left_ms ? t->left_ms : t->elapsed_ms, left), t->left_ms ? " left" : " so far",
             t->lanes_busy, p->n_lanes);
    add_cut(out, line, look);
}

static bool phase_line(struct bau_progress *p, struct bau_frame_look look, struct bau_text *out)
{
    char line[320] = "";
    pthread_mutex_lock(&p->lock);
    if (p->phase[0] && p->phase_total)
        snprintf(line, sizeof line, "%s %" PRIu64 "/%" PRIu64 " %s", p->phase, p->phase_done, p->phase_total,
                 p->object);
    else if (p->phase[0])
        snprintf(line, sizeof line, "%s %s", p->phase, p->object);
    pthread_mutex_unlock(&p->lock);
    if (line[0])
        add_cut(out, line, look);
    return line[0] != '\0';
}

uint32_t bau_frame_draw(const struct bau_progress *progress, struct bau_frame_look look, uint64_t now_ms,
                        struct bau_text *out)
{
    struct bau_progress *p;
    memcpy(&p, &progress, sizeof p); /* only its lock is touched */
    look.columns = look.columns < 8 ? 8 : look.columns;
    const struct bau_progress_total t = bau_progress_sum(p, now_ms);
    const uint32_t most = look.lines > 8 ? look.lines - 6 : 2;
    uint32_t bars = 0, hidden = 0, lines = 0;
    for (uint32_t i = 0; i < p->n_datasets; i++) {
        const struct bau_progress_dataset *d = &p->datasets[i];
        if (d->n_parts == 0 || bau_progress_state_of(d) != BAU_PROGRESS_WORKING)
            continue;
        if (bars + 3 >= most) { /* three lines below the bars */
            hidden++;
            continue;
        }
        dataset_line(p, d, look, now_ms, out);
        bars++;
        lines++;
    }
    char line[128];
    snprintf(line, sizeof line, "%u of %u datasets done", t.datasets_done, t.datasets);
    if (hidden)
        snprintf(line + strlen(line), sizeof line - strlen(line), ", %u more in work", hidden);
    add_cut(out, line, look);
    total_line(p, &t, look, out);
    lines += 2;
    return lines + phase_line(p, look, out);
}

/* ── the terminal ────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put(int fd, const struct bau_text *text)
{
    for (size_t at = 0; !text->failed && at < text->len;) {
        const ssize_t n = write(fd, text->data + at, text->len - at);
        if (n <= 0)
            return; /* a terminal that went away is no reason to fail a run */
        at += (size_t)n;
    }
}

static struct bau_frame_look look_of(const struct bau_display *d)
{
    struct winsize size = { 0 };
    if (ioctl(d->fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
    return (struct bau_frame_look){
        .columns = size.ws_col, .lines = size.ws_row ? size.ws_row : 24, .colour = d->colour, .utf8 = d->utf8
    };
}

/* Back to where the last frame began, and everything from there on wiped. */
static void add_wipe(struct bau_display *d, uint32_t columns, struct bau_text *out)
{
    uint32_t up = 0;
    for (uint32_t i = 0; i < d->n_drawn; i++)
        up += d->widths[i] ? (d->widths[i] + columns - 1) / columns : 1;
    if (up)
        bau_text_addf(out, "\r\x1b[%uA\x1b[J", up);
    d->n_drawn = 0;
}

static void keep_widths(struct bau_display *d, const char *frame)
{
    d->n_drawn = 0;
    for (const char *at = frame; *at && d->n_drawn < KEPT_LINES;) {
        const char *end = strchr(at, '\n');
        BAU_AUTO_TEXT line = { 0 };
        bau_text_addn(&line, at, (size_t)(end - at));
        d->widths[d->n_drawn++] = line.data ? bau_text_columns(line.data) : 0;
        at = end + 1;
    }
}

static void draw(struct bau_display *d)
{
    const struct bau_frame_look look = look_of(d);
    BAU_AUTO_TEXT all = { 0 };
    BAU_AUTO_TEXT frame = { 0 };
    bau_frame_draw(d->progress, look, bau_now_ms(), &frame);
    bau_text_add(&all, "\x1b[?25l");
    add_wipe(d, look.columns, &all);
    if (frame.failed || !frame.data)
        return;
    bau_text_addn(&all, frame.data, frame.len);
    keep_widths(d, frame.data);
    put(d->fd, &all);
}

static void wipe(struct bau_display *d)
{
    BAU_AUTO_TEXT all = { 0 };
    add_wipe(d, look_of(d).columns, &all);
    bau_text_add(&all, "\x1b[?25h");
    put(d->fd, &all);
}

static void before_line(void *self)
{
    struct bau_display *d = self;
    pthread_mutex_lock(&d->lock);
    wipe(d);
}

static void after_line(void *self)
{
    struct bau_display *d = self;
    if (!d->over)
        draw(d);
    pthread_mutex_unlock(&d->lock);
}

static void say(const struct bau_progress *p)
{
    const struct bau_progress_total t = bau_progress_sum(p, bau_now_ms());
    bau_log(BAU_INFO, "progress", BAU_NAME("store", p->store), BAU_U64("rows", t.rows),
            BAU_BYTES_ITEM("bytes", t.bytes), BAU_U64("datasets", t.datasets),
            BAU_U64("datasets_done", t.datasets_done), BAU_U64("lanes_busy", t.lanes_busy),
            BAU_MS("elapsed", t.elapsed_ms), BAU_MS("left", t.left_ms));
}

static void *show(void *self)
{
    struct bau_display *d = self;
    const uint64_t step = d->live ? FRAME_MS : SAY_MS;
    uint64_t next = bau_now_ms() + (d->live ? 0 : step);
    pthread_mutex_lock(&d->lock);
    while (!d->over) {
        const struct timespec until = bau_at_ms(next);
        if (bau_now_ms() < next) {
            pthread_cond_timedwait(&d->ended, &d->lock, &until);
            continue;
        }
        if (d->live)
            draw(d);
        else
            say(d->progress);
        next = bau_now_ms() + step;
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

static bool says_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < BAU_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "utf-8") ||
                   strstr(value, "UTF8");
    }
    return false;
}

void bau_display_show(struct bau_progress *progress, int fd, bool plain, struct bau_display **out)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    *out = NULL;
    progress->say_done = true;
    struct bau_display *d = bau_alloc(sizeof *d);
    if (!d)
        return;
    d->progress = progress;
    d->fd = fd;
    d->live = !plain && isatty(fd) == 1 && term && *term && strcmp(term, "dumb") != 0;
    d->colour = !(no_colour && *no_colour);
    d->utf8 = says_utf8();
    pthread_mutex_init(&d->lock, NULL);
    if (!bau_cond_init(&d->ended) || pthread_create(&d->thread, NULL, show, d) != 0) {
        bau_free(d);
        return;
    }
    progress->say_done = !d->live;
    if (d->live)
        bau_log_hooks(before_line, after_line, d);
    *out = d;
}

void bau_display_hide(struct bau_display *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->over = true;
    pthread_cond_signal(&d->ended);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    if (d->live) {
        bau_log_hooks(NULL, NULL, NULL);
        wipe(d);
    }
    pthread_cond_destroy(&d->ended);
    pthread_mutex_destroy(&d->lock);
    bau_free(d);
}
