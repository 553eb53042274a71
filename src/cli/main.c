/* The program: sets the process up, parses, runs one verb, reports the error once. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bauta/log.h"
#include "src/cli/cli.h"

/* No core holds a row or a key, no file is readable by others, and a reader that went away is an error, not a death. */
static void set_up_process(void)
{
    const struct rlimit none = { 0 };
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

static void set_up_log(const struct bau_globals *globals)
{
    bau_log_setup(globals->log == BAU_CLI_LOG_JSON ? BAU_LOG_JSON : BAU_LOG_TEXT,
                  globals->quiet     ? BAU_WARN
                  : globals->verbose ? BAU_DEBUG
                                     : BAU_INFO,
                  STDERR_FILENO, NULL);
}

static bau_status show_page(const struct bau_cli *cli, struct bau_error *err)
{
    BAU_AUTO_TEXT page = { 0 };
    const struct bau_command *command = cli->command;
    if (cli->pages.version)
        bau_text_add(&page, "bauta " BAU_VERSION "\n");
    else if (cli->pages.man && command)
        bau_man_command(command, cli->arena, &page);
    else if (cli->pages.man)
        bau_man_all(cli->arena, &page);
    else if (cli->pages.markdown && command)
        bau_markdown_command(command, cli->arena, &page);
    else if (cli->pages.markdown)
        bau_markdown_all(cli->arena, &page);
    else if (command)
        bau_help_command(command, cli->arena, &page);
    else
        bau_help_all(cli->arena, &page);
    return bau_cli_print(cli, &page, err);
}

static bool asks_for_json(int argc, const char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

static bau_status run(int argc, const char *const *argv, struct bau_cli *cli, struct bau_error *err)
{
    void *config = NULL;
    cli->arena = bau_arena_new(16384, BAU_ARENA_PRIVATE);
    if (!cli->arena)
        return bau_error_set(err, BAU_E_NOMEM, "command line");
    const bau_status parsed = bau_cli_parse(argc, argv, cli, &config, err);
    if (parsed != BAU_OK) {
        cli->globals.json = asks_for_json(argc, argv); /* it may stand behind the mistake */
        return parsed;
    }
    set_up_log(&cli->globals);
    const struct bau_pages *pages = &cli->pages;
    if (pages->help || pages->man || pages->markdown || pages->version)
        return show_page(cli, err);
    if (!cli->command)
        return bau_error_set(err, BAU_E_USAGE,
                             "which verb? `bauta --help` lists them; `bauta init` starts a project file");
    return cli->command->run(config, cli, err);
}

/* The object goes out only when nothing else did: standard output holds one document at most. */
static void report(const struct bau_cli *cli, const struct bau_error *err, int code)
{
    BAU_AUTO_TEXT line = { 0 };
    struct bau_error ignored;
    fprintf(stderr, "bauta: %s\n", err->text);
    if (!cli->globals.json || cli->output->used)
        return;
    bau_text_add(&line, "{\"error\":");
    bau_text_add_json(&line, err->text);
    bau_text_addf(&line, ",\"code\":%d,\"status\":\"%s\"}\n", code, bau_status_name(err->code));
    if (bau_cli_print(cli, &line, &ignored) != BAU_OK)
        fprintf(stderr, "bauta: %s\n", ignored.text);
}

int main(int argc, char **argv)
{
    struct bau_output output = { 0 };
    struct bau_cli cli = { .output = &output };
    struct bau_error err = { 0 };
    set_up_process();
    const bau_status status = run(argc, (const char *const *)argv, &cli, &err);
    int code = bau_status_exit(status);
    if (status == BAU_E_CANCELLED && err.sys > 0 && err.sys < 64)
        code = 128 + err.sys; /* the signal that stopped it */
    if (status != BAU_OK)
        report(&cli, &err, code);
    bau_arena_free(cli.arena);
    return code;
}
