/* The journal: where it lies, who may read it, one JSON object a line; a folder that cannot be made is no failure. */
#include "src/lane/journal.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bauta-journal-XXXXXX";

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    bau_log_setup(BAU_LOG_SILENT, BAU_ERROR, STDERR_FILENO, "0");
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(journal, .init = setup, .fini = teardown);

Test(journal, lines)
{
    char path[128], line[1024];
    struct stat st;
    snprintf(path, sizeof path, "%s/deep/er", folder);
    setenv("BAUTA_STATE", path, 1);
    for (int i = 0; i < 2; i++) { /* the second one appends */
        struct bau_journal *journal = bau_journal_open("0123456789abcdef");
        cr_assert_not_null(journal);
        bau_journal_add(journal, "part done", BAU_NAME("dataset", "public.\"odd\"\n"),
                        BAU_U64("rows", UINT64_MAX), BAU_I64_ITEM("n", -3), BAU_F64_ITEM("x", 0.5),
                        BAU_NAME("none", NULL));
        bau_journal_close(journal);
    }
    snprintf(path + strlen(path), sizeof path - strlen(path), "/runs/0123456789abcdef.jsonl");
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777u, 0600u);
    FILE *in = fopen(path, "r");
    int n = 0;
    while (fgets(line, sizeof line, in)) {
        json_t *object = json_loads(line, JSON_DECODE_INT_AS_REAL, NULL);
        cr_assert_not_null(object, "%s", line);
        cr_assert_str_eq(json_string_value(json_object_get(object, "event")), "part done");
        cr_assert_str_eq(json_string_value(json_object_get(object, "dataset")), "public.\"odd\"\n");
        cr_assert_eq(json_real_value(json_object_get(object, "n")), -3);
        cr_assert_eq(strlen(json_string_value(json_object_get(object, "time"))), 20);
        json_decref(object);
        n++;
    }
    fclose(in);
    cr_assert_eq(n, 2);
    *strrchr(path, '/') = '\0';
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777u, 0700u);
}

Test(journal, folders_by_environment)
{
    char want[160];
    unsetenv("BAUTA_STATE");
    setenv("XDG_STATE_HOME", folder, 1);
    struct bau_journal *journal = bau_journal_open("a");
    snprintf(want, sizeof want, "%s/bauta/runs/a.jsonl", folder);
    cr_assert_str_eq(bau_journal_path(journal), want);
    bau_journal_close(journal);
    setenv("XDG_STATE_HOME", "", 1);
    setenv("HOME", folder, 1);
    journal = bau_journal_open("b");
    snprintf(want, sizeof want, "%s/.local/state/bauta/runs/b.jsonl", folder);
    cr_assert_str_eq(bau_journal_path(journal), want);
    bau_journal_close(journal);
}

Test(journal, unwritable_is_no_failure)
{
    setenv("BAUTA_STATE", "/dev/null/nowhere", 1);
    struct bau_journal *journal = bau_journal_open("a");
    cr_assert_null(journal);
    cr_assert_null(bau_journal_path(journal));
    bau_journal_add(journal, "nothing", BAU_U64("n", 1));
    bau_journal_close(journal);
}
