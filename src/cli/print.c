/* Standard output and standard error, and text that fits a terminal. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        const ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

bau_status bau_cli_print(const struct bau_cli *cli, const struct bau_text *text, struct bau_error *err)
{
    if (text->failed)
        return bau_error_set(err, BAU_E_NOMEM, "no memory for what is to be printed");
    if (text->len == 0)
        return BAU_OK;
    cli->output->used = true;
    if (write_all(STDOUT_FILENO, text->data, text->len))
        return BAU_OK;
    const int sys = errno;
    const bau_status status = bau_error_set(err, BAU_E_IO, "standard output: %s", strerror(sys));
    err->sys = sys;
    return status;
}

void bau_cli_note(const struct bau_cli *cli, const char *text)
{
    BAU_AUTO_TEXT line = { 0 };
    if (cli->globals.quiet)
        return;
    bau_text_addf(&line, "bauta: %s\n", text);
    if (!line.failed && !write_all(STDERR_FILENO, line.data, line.len)) {
        /* nobody listens: a note is no reason to fail */
    }
}

static size_t columns_of(const char *word, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n; i++)
        columns += ((unsigned char)word[i] & 0xC0u) != 0x80u;
    return columns;
}

static void new_line(struct bau_text *out, uint32_t indent)
{
    bau_text_add(out, "\n");
    for (uint32_t i = 0; i < indent; i++)
        bau_text_add(out, " ");
}

void bau_text_add_wrapped(struct bau_text *out, const char *text, uint32_t column, uint32_t indent)
{
    size_t at = column;
    bool first = true;
    for (const char *c = text; *c;) {
        if (*c == '\n' && c[1] == '\n') { /* a paragraph */
            bau_text_add(out, "\n");
            new_line(out, indent);
            at = indent;
            first = true;
        }
        if (*c == ' ' || *c == '\n') {
            c++;
            continue;
        }
        const size_t n = strcspn(c, " \n"), columns = columns_of(c, n);
        if (!first && at + 1 + columns > BAU_CLI_COLUMNS) {
            new_line(out, indent);
            at = indent;
            first = true;
        }
        bau_text_add(out, first ? "" : " ");
        bau_text_addn(out, c, n);
        at += columns + !first;
        first = false;
        c += n;
    }
}
