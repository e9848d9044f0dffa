/* How the result was made: program, machine, model, options, as /run has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/page/page.h"
#include "run/run.h"

static fd_error *fact(fd_page *p, const char *what, const char *value)
{
    return *value ? fd_page_row(p, "td", (const char *[]){what, value}, 2) : NULL;
}

static fd_error *noted(fd_page *p, const char *what, const char *name)
{
    fd_error *err = NULL;
    char *value = NULL;
    FD_TRY(fd_page_ask(p, name, &value));
    FD_TRY(fact(p, what, value));
done:
    free(value);
    return err;
}

static fd_error *inputs(fd_page *p)
{
    fd_error *err = NULL;
    char **name = NULL;
    int64_t n = -1;
    FD_TRY(fd_page_column(p, "/run/inputs", FD_COL_TEXT, &n, &name));
    for (int64_t i = 0; name && i < n; i++)
        FD_TRY(fact(p, i ? "" : "inputs", name[i]));
done:
    free(name);
    return err;
}

static fd_error *facts(fd_page *p)
{
    fd_error *err = NULL;
    static const char *const what[][2] = {{"input", "input"},
                                          {"called in", "folder"},
                                          {"program", "program"},
                                          {"revision", "revision"},
                                          {"started", "started"},
                                          {"finished", "finished"},
                                          {"ranks", "ranks"},
                                          {"host of rank 0", "host"},
                                          {"processor", "processor"},
                                          {"engine", "engine"},
                                          {"NVIDIA driver", "NVIDIA driver"},
                                          {"libraries", "libraries"},
                                          {"model", "model name"},
                                          {"its version", "model version"},
                                          {"its licence", "model licence"},
                                          {"its source", "model source"},
                                          {"its metric", "model metric"},
                                          {"its threshold", "model threshold"},
                                          {"images from a journal", "images from the journal"},
                                          {"files passed over", "files passed over"},
                                          {"bounded by", "bounded by"}};
    FD_TRY(fd_string_add(&p->html, "<table>\n"));
    FD_TRY(inputs(p));
    for (size_t i = 0; i < sizeof what / sizeof *what; i++)
        FD_TRY(noted(p, what[i][0], what[i][1]));
    FD_TRY(fd_string_add(&p->html, "</table>\n"));
done:
    return err;
}

/* An option that is not as it would be without being given is set in bold. */
static fd_error *option_row(fd_page *p, const fd_option *option, const char *value)
{
    fd_error *err = NULL;
    const bool is_set = option->fallback && strcmp(option->fallback, value) != 0;
    FD_TRY(fd_string_add(&p->html, "<tr><td><code%s>--%s</code></td><td%s>", is_set ? " class=\"set\"" : "", option->name,
                         is_set ? " class=\"set\"" : ""));
    FD_TRY(fd_page_text(p, value));
    FD_TRY(fd_string_add(&p->html, "</td><td class=\"note\">"));
    FD_TRY(fd_page_text(p, option->help));
    FD_TRY(fd_string_add(&p->html, "</td></tr>\n"));
done:
    return err;
}

static fd_error *options(fd_page *p)
{
    fd_error *err = NULL;
    char *value = NULL, name[96];
    FD_TRY(fd_string_add(&p->html,
                         "<details><summary>Options</summary>\n<table class=\"wide\">\n<tr><th>option</th><th>value</th><th></th></tr>\n"));
    for (int i = 0; i < fd_faces_program.n; i++) {
        const fd_option *option = &fd_faces_program.options[i];
        snprintf(name, sizeof name, "option %s", option->name);
        free(value);
        FD_TRY(fd_page_ask(p, name, &value));
        if (*value)
            FD_TRY(option_row(p, option, value));
    }
    FD_TRY(fd_string_add(&p->html, "</table>\n<p class=\"note\">Bold: not the default.</p></details>\n"));
done:
    free(value);
    return err;
}

static fd_error *pin(fd_page *p)
{
    fd_error *err = NULL;
    char *text = NULL, *rest = NULL;
    FD_TRY(fd_page_ask(p, "pin", &text));
    if (!*text)
        goto done;
    FD_TRY(fd_string_add(&p->html, "<details><summary>What determines the bytes of the result</summary>\n<pre>"));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        FD_TRY(fd_page_text(p, line));
        FD_TRY(fd_string_add(&p->html, "\n"));
    }
    FD_TRY(fd_string_add(&p->html, "</pre></details>\n"));
done:
    free(text);
    return err;
}

fd_error *fd_page_run(fd_page *p)
{
    fd_error *err = NULL;
    FD_TRY(fd_page_section(p, "run", "The run"));
    if (fd_result_has(p->file, "/run")) {
        FD_TRY(facts(p));
        FD_TRY(options(p));
        FD_TRY(pin(p));
    } else {
        FD_TRY(fd_page_say(p, "", "The result does not say how it was made."));
    }
    FD_TRY(fd_string_add(&p->html, "</section>\n"));
done:
    return err;
}
