/* The one error type: see include/bauta/error.h. */
#include "bauta/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *sentence;
    int exit_code;
} statuses[] = {
#define BAU_STATUS_ROW(name, exit_code, sentence) [name] = { #name, sentence, exit_code },
    BAU_STATUS_LIST(BAU_STATUS_ROW)
#undef BAU_STATUS_ROW
};

/* Cuts at a character, so that a message never ends in half a UTF-8 sequence. */
static void finish_text(struct bau_error *err)
{
    size_t len = strlen(err->text);
    if (len == sizeof err->text - 1) {
        while (len > 0 && ((unsigned char)err->text[len] & 0xC0u) == 0x80u)
            len--;
        size_t start = len;
        while (start > 0 && ((unsigned char)err->text[start - 1] & 0xC0u) == 0x80u)
            start--;
        if (start > 0 && (unsigned char)err->text[start - 1] >= 0xC0u)
            len = start - 1;
        err->text[len] = '\0';
    }
    err->len = (uint16_t)len;
}

bau_status bau_error_set(struct bau_error *err, bau_status code, const char *format, ...)
{
    if (!err)
        return code;
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *err = (struct bau_error){ .code = code };
    memcpy(err->text, text, sizeof text);
    finish_text(err);
    return code;
}

void bau_error_note(struct bau_error *err, const char *format, ...)
{
    if (!err)
        return;
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    for (const char *c = ": "; *c && used < sizeof text - 1; c++)
        text[used++] = *c;
    for (const char *c = err->text; *c && used < sizeof text - 1; c++)
        text[used++] = *c;
    text[used] = '\0';
    memcpy(err->text, text, used + 1);
    finish_text(err);
}

int bau_status_exit(bau_status code)
{
    return statuses[code].exit_code;
}

const char *bau_status_name(bau_status code)
{
    return statuses[code].name;
}

const char *bau_status_sentence(bau_status code)
{
    return statuses[code].sentence;
}
