/* Figures and columns of text tables. */
#include <stdio.h>
#include <string.h>

#include "src/refresh/run.h"

const char *bau_size_text(uint64_t bytes, char out[32])
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    double v = (double)bytes;
    size_t u = 0;
    while (v >= 999.5 && u + 1 < BAU_COUNT(units)) {
        v /= 1000;
        u++;
    }
    snprintf(out, 32, u && v < 99.5 ? "%.1f %s" : "%.0f %s", v, units[u]);
    return out;
}

const char *bau_count_text(uint64_t n, char out[32])
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    size_t used = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[used++] = ' ';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

void bau_text_add_column(struct bau_text *out, const char *text, uint32_t columns, bool fill)
{
    uint32_t width = bau_text_columns(text);
    size_t n = strlen(text);
    const bool cut = width > columns;
    while (n && width > columns - 1u && cut) { /* whole characters off the end until an ellipsis fits */
        BAU_AUTO_TEXT head = { 0 };
        do
            n--;
        while (n && ((unsigned char)text[n] & 0xC0u) == 0x80u);
        bau_text_addn(&head, text, n);
        width = head.data ? bau_text_columns(head.data) : 0;
    }
    for (size_t i = 0; i < n; i++) { /* a name may hold a line break or an escape sequence */
        const char c = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
        bau_text_addn(out, &c, 1);
    }
    if (cut) {
        bau_text_add(out, "…");
        width++;
    }
    for (; fill && width < columns; width++)
        bau_text_add(out, " ");
}
