/* Runs a fuzz target once over every file of the folders it is given, and over every file with a byte changed and cut short:
 * what a build without libFuzzer can do. Exit code 0 when no input crashed it; 2 when there was no input. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bauta/mem.h"

#define INPUT_MOST ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t read_input(const char *path, uint8_t *to)
{
    FILE *file = fopen(path, "rb");
    const size_t n = file ? fread(to, 1, INPUT_MOST, file) : 0;
    if (file)
        fclose(file);
    return n;
}

/* A copy as long as the input, so that a sanitizer sees the first byte read past it. */
static void run(const uint8_t *data, size_t n)
{
    uint8_t *exact = bau_alloc(n);
    if (!exact)
        abort();
    if (n)
        memcpy(exact, data, n);
    (void)LLVMFuzzerTestOneInput(exact, n);
    bau_free(exact);
}

static void run_changed(uint8_t *data, size_t n)
{
    static const uint8_t bytes[] = { 0x00, '\n', '"', '\'', '{', '[', '*', ':', 0xff };
    const size_t step = n / 97 + 1;
    run(data, n);
    for (size_t i = 0; i < n; i += step) {
        const uint8_t was = data[i];
        run(data, i);
        data[i] = bytes[i / step % sizeof bytes];
        run(data, n);
        data[i] = was;
    }
}

int main(int argc, char **argv)
{
    unsigned inputs = 0;
    uint8_t *data = bau_alloc(INPUT_MOST);
    for (int a = 1; data && a < argc; a++) {
        DIR *folder = opendir(argv[a]);
        for (struct dirent *e; folder && (e = readdir(folder));) {
            BAU_AUTO_TEXT path = { 0 };
            bau_text_addf(&path, "%s/%s", argv[a], e->d_name);
            if (e->d_name[0] == '.' || path.failed)
                continue;
            run_changed(data, read_input(path.data, data));
            inputs++;
        }
        if (folder)
            closedir(folder);
    }
    bau_free(data);
    printf("%u inputs\n", inputs);
    return inputs ? 0 : 2;
}
