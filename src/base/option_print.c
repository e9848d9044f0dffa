/* --help, the man page and the completion, all from the table. */
#include <ctype.h>
#include <string.h>

#include "base/option_private.h"
#include "base/version.h"

enum { WIDTH = 80, HELP_COLUMN = 28 };

/* Prints words from the current column on, breaking lines before WIDTH and indenting the next. Returns the column behind the last word. */
static int print_wrapped(FILE *out, const char *text, int column, int indent)
{
    bool first = true;
    while (*(text += strspn(text, " \n"))) {
        int n = (int)strcspn(text, " \n");
        if (!first && column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", n, text);
        column += n + !first;
        first = false;
        text += n;
    }
    return column;
}

/* "-o, --output FILE" as it is typed; `value` is what stands for the value, "" for none. */
typedef struct fd_spelling {
    char names[64], value[192];
} fd_spelling;

static fd_spelling spelling(const fd_option *option)
{
    fd_spelling s = {"", ""};
    const char *negation = option->type == FD_OPT_FLAG && option->fallback && !strcmp(option->fallback, "true") ? "no-" : "";
    if (option->letter)
        snprintf(s.names, sizeof s.names, "-%c, --%s%s", option->letter, negation, option->name);
    else
        snprintf(s.names, sizeof s.names, "--%s%s", negation, option->name);
    if (fd_option_takes_value(option))
        snprintf(s.value, sizeof s.value, "%s", option->choices ? option->choices : option->metavar ? option->metavar : "VALUE");
    return s;
}

/* Help with what the table knows besides: "... [1..64, default 4]". */
static void full_help(const fd_option *option, char *out, size_t size)
{
    char range[64];
    bool has_default = option->fallback && *option->fallback && fd_option_takes_value(option);
    fd_option_range(option, range);
    const char *comma = *range && has_default ? ", " : "";
    snprintf(out, size, "%s%s%s%s%s%s%s", option->help, *range || has_default ? " [" : "", range, comma, has_default ? "default " : "",
             has_default ? option->fallback : "", *range || has_default ? "]" : "");
}

static void print_option(const fd_option *option, FILE *out)
{
    char help[2048];
    fd_spelling s = spelling(option);
    full_help(option, help, sizeof help);
    int column = fprintf(out, "  %s%s%s%s", option->letter ? "" : "    ", s.names, *s.value ? " " : "", s.value);
    if (column + 2 > HELP_COLUMN)
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(out, "%*s", HELP_COLUMN - column, "");
    print_wrapped(out, help, HELP_COLUMN, HELP_COLUMN);
    fputc('\n', out);
}

/* Calls print for each group that is shown, in the order of first appearance. */
static void each_group(const fd_program *program, FILE *out, void (*print)(const fd_program *program, const char *group, FILE *out))
{
    const fd_option *option, *earlier;
    for (int i = 0; (option = fd_option_at(program, i)); i++) {
        bool first = option->group != NULL;
        for (int j = 0; first && j < i; j++) {
            earlier = fd_option_at(program, j);
            first = !earlier->group || strcmp(earlier->group, option->group) != 0;
        }
        if (first)
            print(program, option->group, out);
    }
}

static void print_help_group(const fd_program *program, const char *group, FILE *out)
{
    const fd_option *option;
    fprintf(out, "\n%s:\n", group);
    for (int i = 0; (option = fd_option_at(program, i)); i++)
        if (option->group && !strcmp(option->group, group))
            print_option(option, out);
}

static bool has_type(const fd_program *program, fd_option_type type)
{
    for (int i = 0; i < program->n; i++)
        if (program->options[i].type == type && program->options[i].group)
            return true;
    return false;
}

/* What the suffixes of sizes mean; "" when the program has none. */
static const char *size_note(const fd_program *program)
{
    bool counts = has_type(program, FD_OPT_COUNT), bytes = has_type(program, FD_OPT_BYTES);
    return counts && bytes ? "Sizes take K, M, G, T: powers of 1024 for bytes, of 1000 for all else."
           : bytes         ? "Sizes take K, M, G, T: powers of 1024."
           : counts        ? "Sizes take K, M, G, T: powers of 1000."
                           : "";
}

/* The usage has a way of calling on each line. Copies the first; returns the others. */
static const char *next_way(const char *usage, char way[512])
{
    usage += strspn(usage, " ");
    size_t n = strcspn(usage, "\n");
    snprintf(way, 512, "%.*s", (int)n, usage);
    return usage + n + (usage[n] != 0);
}

void fd_options_print_help(const fd_program *program, FILE *out)
{
    int column = fprintf(out, "%s: ", program->name);
    print_wrapped(out, program->summary, column, 4);
    fputs("\n\n", out);
    const char *heading = "Usage: ";
    for (const char *rest = program->usage; *rest; heading = "       ") {
        char way[512];
        rest = next_way(rest, way);
        column = fprintf(out, "%s", heading);
        print_wrapped(out, way, column, column + 4);
        fputc('\n', out);
    }
    each_group(program, out, print_help_group);
    const char *note = size_note(program);
    if (*note)
        fprintf(out, "\n%s\n", note);
}

/* Text for roff: dashes that copy as dashes, backslashes kept, no line taken for a request. */
static void print_roff(FILE *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\'')
            fputs("\\(aq", out);
        else if (*text == '`')
            fputs("\\(ga", out);
        else if (*text == '^')
            fputs("\\(ha", out);
        else if (*text == '~')
            fputs("\\(ti", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
}

static void print_man_group(const fd_program *program, const char *group, FILE *out)
{
    char help[2048];
    const fd_option *option;
    fputs(".SS ", out);
    print_roff(out, group);
    fputc('\n', out);
    for (int i = 0; (option = fd_option_at(program, i)); i++) {
        if (!option->group || strcmp(option->group, group) != 0)
            continue;
        fd_spelling s = spelling(option);
        full_help(option, help, sizeof help);
        fputs(".TP\n\\fB", out);
        print_roff(out, s.names);
        fputs("\\fR", out);
        if (*s.value) {
            fputs(" \\fI", out);
            print_roff(out, s.value);
            fputs("\\fR", out);
        }
        fputc('\n', out);
        print_roff(out, help);
        fputc('\n', out);
    }
}

/* A paragraph of capitals only is a heading. */
static bool is_heading(const char *text, size_t n)
{
    bool letter = false;
    for (size_t i = 0; i < n; i++) {
        if (!isupper((unsigned char)text[i]) && text[i] != ' ')
            return false;
        letter |= text[i] != ' ';
    }
    return letter;
}

/* Prints paragraphs up to the end, or before the first heading; returns what is left. */
static const char *print_paragraphs(FILE *out, const char *text, bool up_to_heading)
{
    char paragraph[4096];
    while (*(text += strspn(text, "\n"))) {
        const char *end = strstr(text, "\n\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);
        bool heading = is_heading(text, n);
        if (heading && up_to_heading)
            break;
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)n, text);
        fputs(heading ? ".SH " : ".PP\n", out);
        print_roff(out, paragraph);
        fputc('\n', out);
        text += n;
    }
    return text;
}

void fd_options_print_man(const fd_program *program, FILE *out)
{
    fprintf(out, ".TH \"%s\" 1 \"\" \"%s %s\" \"User Commands\"\n.SH NAME\n", program->name, program->name, fd_version());
    print_roff(out, program->name);
    fputs(" \\- ", out);
    print_roff(out, program->summary);
    fputs("\n.SH SYNOPSIS\n", out);
    const char *rest = program->usage;
    while (*rest) {
        char way[512];
        rest = next_way(rest, way);
        print_roff(out, way);
        fputs(*rest ? "\n.br\n" : "\n", out);
    }
    rest = program->description ? program->description : "";
    fputs(*rest ? ".SH DESCRIPTION\n" : "", out);
    rest = print_paragraphs(out, rest, true);
    fputs(".SH OPTIONS\nLong options take their value as \\-\\-name=value or \\-\\-name value; flags are undone by \\-\\-no\\-name.\n", out);
    fprintf(out, "%s%s", size_note(program), *size_note(program) ? "\n" : "");
    each_group(program, out, print_man_group);
    print_paragraphs(out, rest, false);
    if (program->default_config) {
        fputs(".SH FILES\n.TP\n\\fI", out);
        print_roff(out, program->default_config);
        fputs("\\fR\nOptions taken when the program is called without any argument.\n", out);
    }
}

/* The names that are typed for one option, separated by `between`. */
static void print_names(const fd_option *option, const char *between, FILE *out)
{
    fprintf(out, "--%s", option->name);
    if (option->letter)
        fprintf(out, "%s-%c", between, option->letter);
}

void fd_options_print_completion(const fd_program *program, FILE *out)
{
    char function[64];
    const fd_option *option;
    snprintf(function, sizeof function, "_%s", program->name);
    for (char *c = function; *c; c++)
        *c = isalnum((unsigned char)*c) ? *c : '_';
    fprintf(out, "# bash completion for %s\n%s()\n{\n", program->name, function);
    fputs("    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    if [[ $word == \"=\" ]]; then\n        word=\n"
          "    elif [[ $before == \"=\" ]]; then\n        before=${COMP_WORDS[COMP_CWORD-2]}\n    fi\n"
          "    COMPREPLY=()\n    case $before in\n", out);
    for (int i = 0; (option = fd_option_at(program, i)); i++)
        if (option->choices && option->group) {
            fputs("        ", out);
            print_names(option, "|", out);
            fputs(") mapfile -t COMPREPLY < <(compgen -W \"", out);
            for (const char *c = option->choices; *c; c++)
                fputc(*c == '|' ? ' ' : *c, out);
            fputs("\" -- \"$word\"); return ;;\n", out);
        }
    for (int i = 0; (option = fd_option_at(program, i)); i++)
        if (fd_option_takes_value(option) && !option->choices && option->group) {
            fputs("        ", out);
            print_names(option, "|", out);
            fputs(") return ;;\n", out);   /* a number, or a file by bash's default */
        }
    fputs("    esac\n    if [[ $word == -* ]]; then\n        mapfile -t COMPREPLY < <(compgen -W \"", out);
    for (int i = 0; (option = fd_option_at(program, i)); i++)
        if (option->group) {
            fputs(i ? " " : "", out);
            print_names(option, " ", out);
            if (option->type == FD_OPT_FLAG)
                fprintf(out, " --no-%s", option->name);
        }
    fprintf(out, "\" -- \"$word\")\n    fi\n}\ncomplete -o default -F %s %s\n", function, program->name);
}
