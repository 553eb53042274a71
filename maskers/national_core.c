/* Reading and writing ids by their scheme. See national.h. */
#include "maskers/national.h"

enum { SORTS = 1024, KEYS = 4096, DAYS = 1 << 19, CENTURY_DAYS = 36525, SCORE_DAYS = 7305, YEAR_DAYS = 366 };
static const uint32_t block_days[BAU_NID_BLOCKS] = { CENTURY_DAYS, SCORE_DAYS, YEAR_DAYS };
static const char omocodes[] = "LMNPQRSTUV";

/* ── the calendar: years that begin in March, from 1600-03-01 on ─────────────────────────────────────────────────── */

static uint32_t day_number(int32_t year, uint32_t month, uint32_t day)
{
    const uint32_t y = (uint32_t)(year - 1600) - (month <= 2), m = (month + 9) % 12;
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
}

static void day_date(uint32_t number, struct bau_nid_born *b)
{
    const uint32_t era = number / 146097, in_era = number % 146097;
    const uint32_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const uint32_t in_year = in_era - (365 * y + y / 4 - y / 100), m = (5 * in_year + 2) / 153;
    b->day = in_year - (153 * m + 2) / 5 + 1;
    b->month = m < 10 ? m + 3 : m - 9;
    b->year = (int32_t)(y + era * 400 + 1600 + (b->month <= 2));
}

static bool is_date(const struct bau_nid_born *b)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (b->year < 1700 || b->year > 2299 || b->month < 1 || b->month > 12 || b->day < 1)
        return false;
    const bool leap = b->year % 4 == 0 && (b->year % 100 != 0 || b->year % 400 == 0);
    return b->day <= (uint32_t)days[b->month - 1] + (b->month == 2 && leap);
}

/* The block of a date and its first day; a number of its own. */
static uint32_t block_of(const struct bau_nid_form *f, const struct bau_nid_born *b, struct bau_nid_value *v)
{
    if (f->scheme->two_digit_year || b->year < 2000) {
        const int32_t first = b->year / 100 * 100;
        v->block = BAU_NID_CENTURY;
        v->first_day = day_number(first, 1, 1);
        return (uint32_t)first;
    }
    v->block = b->year < 2020 ? BAU_NID_SCORE : BAU_NID_YEAR;
    const int32_t first = b->year < 2020 ? 2000 : b->year;
    v->first_day = day_number(first, 1, 1);
    return (uint32_t)first;
}

/* ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool stays(const struct bau_nid_form *f, const struct bau_nid_part *p)
{
    return (p->flags & BAU_NID_KEPT) || (f->birth_kept && (p->flags & BAU_NID_BIRTH));
}

static uint64_t part_size(const struct bau_nid_part *p)
{
    uint64_t size = 1;
    switch (p->kind) {
    case BAU_NID_NUMBER: return p->hi - p->lo + 1;
    case BAU_NID_SET:
        for (uint32_t i = 0; i < p->len; i++)
            size *= strlen(p->set);
        return size;
    case BAU_NID_WORD: return strlen(p->set) / p->len;
    case BAU_NID_CODE: return p->hi + 1;
    case BAU_NID_END: break;
    }
    return 1;
}

static bool read_number(const struct bau_nid_part *p, const uint8_t *sym, uint64_t *out)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < p->len; i++) {
        uint32_t digit = (uint32_t)sym[i] - '0';
        if (digit > 9) {
            const char *letter = p->flags & BAU_NID_OMOCODE ? strchr(omocodes, sym[i]) : NULL;
            if (!letter)
                return false;
            digit = (uint32_t)(letter - omocodes);
        }
        v = v * 10 + digit;
    }
    *out = v - p->lo;
    return v >= p->lo && v <= p->hi;
}

static void write_number(const struct bau_nid_part *p, uint8_t *sym, uint64_t index)
{
    uint64_t v = index + p->lo;
    for (uint32_t i = p->len; i-- > 0; v /= 10)
        sym[i] = (p->flags & BAU_NID_OMOCODE) && sym[i] > '9' ? (uint8_t)omocodes[v % 10]
                                                              : (uint8_t)('0' + v % 10);
}

static bool read_set(const char *set, uint32_t n_set, const uint8_t *sym, uint32_t len, uint64_t *out)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < len; i++) {
        const char *at = memchr(set, sym[i], n_set);
        if (!at)
            return false;
        v = v * n_set + (uint64_t)(at - set);
    }
    *out = v;
    return true;
}

static void write_set(const char *set, uint32_t n_set, uint8_t *sym, uint32_t len, uint64_t v)
{
    for (uint32_t i = len; i-- > 0; v /= n_set)
        sym[i] = (uint8_t)set[v % n_set];
}

static bool read_word(const struct bau_nid_part *p, const uint8_t *sym, uint64_t *out)
{
    for (const char *word = p->set; *word; word += p->len)
        if (memcmp(word, sym, p->len) == 0) {
            *out = (uint64_t)(word - p->set) / p->len;
            return true;
        }
    return false;
}

static bool read_part(const struct bau_nid_part *p, uint32_t n_set, const uint8_t *sym, uint64_t *index)
{
    switch (p->kind) {
    case BAU_NID_NUMBER: return read_number(p, sym + p->at, index);
    case BAU_NID_SET: return read_set(p->set, n_set, sym + p->at, p->len, index);
    case BAU_NID_WORD: return read_word(p, sym + p->at, index);
    case BAU_NID_CODE: return p->read(sym + p->at, index);
    case BAU_NID_END: break;
    }
    return false;
}

static void write_part(const struct bau_nid_part *p, uint32_t n_set, uint8_t *sym, uint64_t index)
{
    switch (p->kind) {
    case BAU_NID_NUMBER: write_number(p, sym + p->at, index); break;
    case BAU_NID_SET: write_set(p->set, n_set, sym + p->at, p->len, index); break;
    case BAU_NID_WORD: memcpy(sym + p->at, p->set + index * p->len, p->len); break;
    case BAU_NID_CODE: p->write(sym + p->at, index); break;
    case BAU_NID_END: break;
    }
}

static uint32_t count_parts(const struct bau_nid_scheme *s)
{
    uint32_t n = 0;
    while (n < BAU_NID_PARTS && s->part[n].kind != BAU_NID_END)
        n++;
    return n;
}

/* ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

void bau_nid_form_init(struct bau_nid_form *f, const struct bau_nid_scheme *s, bool birth_kept)
{
    *f = (struct bau_nid_form){ .scheme = s, .birth_kept = birth_kept, .rest = s->n_sexes ? s->n_sexes : 1 };
    f->n_parts = count_parts(s);
    for (uint32_t i = 0; i < f->n_parts; i++) {
        f->size[i] = part_size(&s->part[i]);
        f->stays[i] = stays(f, &s->part[i]);
        f->n_set[i] = s->part[i].set ? (uint32_t)strlen(s->part[i].set) : 0;
        f->rest *= f->stays[i] ? 1 : f->size[i];
    }
    for (uint32_t b = 0; b < BAU_NID_BLOCKS; b++)
        f->n[b] = f->rest * (s->read_born && !birth_kept ? block_days[b] : 1);
    f->n_check = s->check_set ? (uint32_t)strlen(s->check_set) : 0;
    f->all_checks = 1;
    for (uint32_t i = 0; i < s->check_len; i++)
        f->all_checks *= f->n_check;
}

static bool read_date(const struct bau_nid_form *f, const uint8_t *sym, struct bau_nid_born *born,
                      struct bau_nid_value *v)
{
    const struct bau_nid_scheme *s = f->scheme;
    if (!s->read_born(s, sym, born) || !is_date(born))
        return false;
    const uint32_t day = day_number(born->year, born->month, born->day);
    const uint32_t key = block_of(f, born, v);
    v->sort = born->sort;
    v->rank = v->rank * (s->n_sexes ? s->n_sexes : 1) + born->sex;
    v->kept = v->kept * SORTS + born->sort;
    if (f->birth_kept) {
        v->first_day = day;
        v->block = 0;
        v->kept = v->kept * DAYS + day;
        return true;
    }
    v->rank = v->rank * block_days[v->block] + (day - v->first_day);
    v->kept = v->kept * KEYS + key;
    return true;
}

/* What the check characters are and should be. */
static bool read_check(const struct bau_nid_form *f, const uint8_t *sym, int32_t year,
                       struct bau_nid_value *v)
{
    const struct bau_nid_scheme *s = f->scheme;
    uint8_t right[BAU_NID_SYMBOLS];
    uint64_t given, wanted = 0;
    if (!read_set(s->check_set, f->n_check, sym + s->check_at, s->check_len, &given))
        return false;
    v->unchecked = !s->check(s, sym, year, right);
    if (!v->unchecked && !read_set(s->check_set, f->n_check, right, s->check_len, &wanted))
        return false;
    v->wrong = (uint32_t)((given + f->all_checks - wanted) % f->all_checks);
    return true;
}

bool bau_nid_read(const struct bau_nid_form *f, const uint8_t *sym, struct bau_nid_value *v)
{
    const struct bau_nid_scheme *s = f->scheme;
    struct bau_nid_born born = { 0 };
    *v = (struct bau_nid_value){ 0 };
    for (uint32_t i = 0; i < f->n_parts; i++) {
        uint64_t index;
        if (!read_part(&s->part[i], f->n_set[i], sym, &index))
            return false;
        if (f->stays[i])
            v->kept = v->kept * f->size[i] + index;
        else
            v->rank = v->rank * f->size[i] + index;
    }
    if (s->read_born && !read_date(f, sym, &born, v))
        return false;
    if (s->check_len && !read_check(f, sym, born.year, v))
        return false;
    return !s->accept || s->accept(sym);
}

static int32_t write_date(const struct bau_nid_form *f, uint8_t *sym, const struct bau_nid_value *v,
                          uint64_t *rank)
{
    const struct bau_nid_scheme *s = f->scheme;
    struct bau_nid_born born = { .sort = v->sort };
    uint32_t day = v->first_day;
    if (!f->birth_kept) {
        day += (uint32_t)(*rank % block_days[v->block]);
        *rank /= block_days[v->block];
    }
    if (s->n_sexes) {
        born.sex = (uint32_t)(*rank % s->n_sexes);
        *rank /= s->n_sexes;
    }
    day_date(day, &born);
    s->write_born(s, sym, &born);
    return born.year;
}

static bool write_check(const struct bau_nid_form *f, uint8_t *sym, int32_t year,
                        const struct bau_nid_value *v)
{
    const struct bau_nid_scheme *s = f->scheme;
    uint8_t right[BAU_NID_SYMBOLS];
    uint64_t wanted = 0;
    if (s->check(s, sym, year, right) == v->unchecked)
        return false;
    if (!v->unchecked && !read_set(s->check_set, f->n_check, right, s->check_len, &wanted))
        return false;
    write_set(s->check_set, f->n_check, sym + s->check_at, s->check_len, (wanted + v->wrong) % f->all_checks);
    return true;
}

bool bau_nid_write(const struct bau_nid_form *f, uint8_t *sym, const struct bau_nid_value *v)
{
    const struct bau_nid_scheme *s = f->scheme;
    uint64_t rank = v->rank;
    struct bau_nid_value again;
    const int32_t year = s->read_born ? write_date(f, sym, v, &rank) : 0;
    for (uint32_t i = f->n_parts; i-- > 0;) {
        if (f->stays[i])
            continue;
        write_part(&s->part[i], f->n_set[i], sym, rank % f->size[i]);
        rank /= f->size[i];
    }
    if (s->check_len && !write_check(f, sym, year, v))
        return false;
    return bau_nid_read(f, sym, &again) && again.rank == v->rank && bau_nid_same_class(&again, v);
}

/* ── spelled ids ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

bool bau_nid_spell(const struct bau_nid_scheme *s, const uint8_t *text, size_t len, struct bau_nid_text *out)
{
    uint32_t n = 0;
    bool small = false, capital = false;
    if (len > BAU_NID_SPELLED)
        return false;
    for (uint32_t i = 0; i < len; i++) {
        const uint8_t c = text[i];
        const bool mark = s->marks && c && strchr(s->marks, c);
        if (is_letter(c)) {
            small = small || c >= 'a';
            capital = capital || c < 'a';
        } else if (!bau_is_digit(c) && !mark) {
            if (c != ' ' && c != '-' && c != '.' && c != '/')
                return false;
            continue;
        }
        if (n == s->n)
            return false;
        out->at[n] = (uint8_t)i;
        out->sym[n++] = is_letter(c) ? c & 0xDF : c;
    }
    out->lower = small && !capital;
    return n == s->n;
}

void bau_nid_unspell(const struct bau_nid_scheme *s, const struct bau_nid_text *id, uint8_t *text)
{
    for (uint32_t i = 0; i < s->n; i++)
        text[id->at[i]] = id->lower && is_letter(id->sym[i]) ? id->sym[i] | 0x20 : id->sym[i];
}

bool bau_nid_from_integer(const struct bau_nid_scheme *s, int64_t v, struct bau_nid_text *out)
{
    if (v < 0)
        return false;
    for (uint32_t i = s->n; i-- > 0; v /= 10)
        out->sym[i] = (uint8_t)('0' + v % 10);
    return v == 0;
}

int64_t bau_nid_to_integer(const struct bau_nid_scheme *s, const struct bau_nid_text *id)
{
    int64_t v = 0;
    for (uint32_t i = 0; i < s->n; i++)
        v = v * 10 + (id->sym[i] - '0');
    return v;
}

static bool digits_only(const char *set)
{
    return !set || strspn(set, "0123456789") == strlen(set);
}

bool bau_nid_all_digits(const struct bau_nid_scheme *s)
{
    for (uint32_t i = 0; i < count_parts(s); i++)
        if (!digits_only(s->part[i].set) || (s->part[i].flags & BAU_NID_OMOCODE) ||
            (s->part[i].kind == BAU_NID_CODE && !(s->part[i].flags & BAU_NID_DIGITS)))
            return false;
    return digits_only(s->check_set) && !s->marks;
}

const struct bau_nid_country *bau_nid_country_find(const char *name, size_t len)
{
    static const struct bau_nid_country *const lists[] = { bau_nids_americas, bau_nids_asia, bau_nids_west,
                                                           bau_nids_middle, bau_nids_north };
    for (size_t i = 0; i < BAU_COUNT(lists); i++)
        for (const struct bau_nid_country *c = lists[i]; c->name; c++)
            if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
                return c;
    return NULL;
}
