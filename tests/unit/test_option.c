/* Options: what is typed, what is read from a file, what is refused and how, and what is printed from the table. */
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/option.h"
#include "check.h"

static const fd_option table[] = {
    {.name = "output", .letter = 'o', .type = FD_OPT_TEXT, .metavar = "FILE", .group = "Files", .help = "The file that is written."},
    {.name = "list", .type = FD_OPT_TEXT, .metavar = "FILE", .group = "Files", .help = "A file of paths; - reads them from stdin."},
    {.name = "config", .type = FD_OPT_TEXT, .metavar = "FILE", .group = "Files", .help = "Options from an INI file."},
    {.name = "save-config", .type = FD_OPT_ACTION, .metavar = "FILE", .group = "Files", .help = "Write the options to an INI file."},
    {.name = "threads", .letter = 't', .type = FD_OPT_INT, .metavar = "N", .low = 1, .high = 64, .group = "Speed",
     .help = "Worker threads of each rank; the default is a fair share of the cores that the rank may run on, which is what one wants."},
    {.name = "seed", .type = FD_OPT_INT, .fallback = "-7", .metavar = "N", .group = "Speed", .help = "Any number."},
    {.name = "memory", .type = FD_OPT_BYTES, .fallback = "2G", .metavar = "BYTES", .low = 0, .high = 1LL << 40, .group = "Speed", .help = "Memory of each rank."},
    {.name = "max-pixels", .type = FD_OPT_COUNT, .fallback = "64M", .metavar = "N", .low = 1000, .high = INFINITY, .group = "Limits",
     .help = "Largest image."},
    {.name = "device", .type = FD_OPT_CHOICE, .fallback = "auto", .choices = "auto|cpu|ref", .group = "Speed", .help = "Engine."},
    {.name = "factor", .type = FD_OPT_REAL, .fallback = "0.709", .metavar = "X", .low = 0.1, .high = 0.99, .group = "Limits", .help = "Step."},
    {.name = "thresholds", .type = FD_OPT_REALS, .metavar = "T,T,T", .low = 0, .high = 1, .effect = FD_AFFECTS_RESULT, .group = "Limits",
     .help = "Scores to keep."},
    {.name = "strict", .letter = 's', .type = FD_OPT_FLAG, .group = "Limits", .help = "Failures fail."},
    {.name = "journal", .type = FD_OPT_FLAG, .fallback = "true", .group = "Limits", .help = "Keep no journal."},
    {.name = "secret", .type = FD_OPT_FLAG, .help = "Not shown."},
};

static const fd_program program = {.name = "face-test", .summary = "a program for the test", .usage = "face-test [options] FILE... -o FILE\nmpirun face-test",
                                   .description = "First paragraph\nof two lines.\n\nSecond.\n\nEXIT STATUS\n\n.dot 'quote' back\\slash",
                                   .options = table, .n = sizeof table / sizeof *table, .min_positional = 1, .max_positional = 3,
                                   .default_config = "face-test.ini"};

static fd_options *options;
static char folder[] = "/tmp/facesdist-test-XXXXXX";

/* Parses n words; `out` gets what is printed. */
static fd_error *parse_words(const char *const *words, int n, FILE *out, fd_parsed *parsed)
{
    char name[] = "face-test", *argv[64] = {name};
    memcpy(argv + 1, words, (size_t)n * sizeof *words);
    fd_options_free(options);
    return fd_options_parse(&program, n + 1, argv, out, &options, parsed);
}

/* The same of a text split at blanks. */
static fd_error *parse_to(char *text, FILE *out, fd_parsed *parsed)
{
    const char *words[63];
    char *rest;
    int n = 0;
    for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        words[n++] = w;
    return parse_words(words, n, out, parsed);
}

static fd_error *parse(const char *words)
{
    char copy[1024];
    fd_parsed parsed = FD_PARSED_ANSWERED;
    snprintf(copy, sizeof copy, "%s", words);
    fd_error *err = parse_to(copy, NULL, &parsed);
    assert_true(err || parsed == FD_PARSED_RUN);
    return err;
}

/* What an answering call prints. free() it. */
static char *answer_of(const char *words)
{
    char copy[1024], *text = NULL;
    size_t n;
    fd_parsed parsed = FD_PARSED_RUN;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    snprintf(copy, sizeof copy, "%s", words);
    assert_ok(parse_to(copy, out, &parsed));
    assert_int_equal(parsed, FD_PARSED_ANSWERED);
    fclose(out);
    return text;
}

static void defaults_come_from_the_table(void **state)
{
    (void)state;
    assert_ok(parse("a"));
    assert_false(fd_opt_set(options, "output"));
    assert_null(fd_opt_text(options, "output"));
    assert_false(fd_opt_set(options, "threads"));
    assert_false(fd_opt_given(options, "seed"));
    assert_true(fd_opt_int(options, "seed") == -7);
    assert_true(fd_opt_int(options, "memory") == 2LL << 30);
    assert_true(fd_opt_int(options, "max-pixels") == 64000000);
    assert_true(fd_opt_real(options, "factor") == 0.709);
    assert_int_equal(fd_opt_choice(options, "device"), 0);
    assert_false(fd_opt_flag(options, "strict"));
    assert_true(fd_opt_flag(options, "journal"));
    assert_int_equal(fd_opt_reals(options, "thresholds", NULL, 0), 0);
    assert_int_equal(fd_option_verbosity(options), 0);
    assert_int_equal(fd_positionals(options), 1);
    assert_string_equal(fd_positional(options, 0), "a");
}

static void every_way_of_typing_is_understood(void **state)
{
    (void)state;
    double values[2];
    assert_ok(parse("-o x.h5 a --threads=3 --memory 1.5G b --no-journal --strict --device=ref --seed -5"));
    assert_string_equal(fd_opt_text(options, "output"), "x.h5");
    assert_true(fd_opt_int(options, "threads") == 3 && fd_opt_int(options, "memory") == 3LL << 29 && fd_opt_int(options, "seed") == -5);
    assert_false(fd_opt_flag(options, "journal"));
    assert_true(fd_opt_flag(options, "strict") && fd_opt_given(options, "strict"));
    assert_int_equal(fd_opt_choice(options, "device"), 2);
    assert_string_equal(fd_opt_text(options, "device"), "ref");
    assert_int_equal(fd_positionals(options), 2);
    assert_ok(parse("-sox.h5 -vt5 -v -- -a --strict"));
    assert_string_equal(fd_opt_text(options, "output"), "x.h5");
    assert_true(fd_opt_int(options, "threads") == 5 && fd_opt_flag(options, "strict"));
    assert_int_equal(fd_option_verbosity(options), 2);
    assert_string_equal(fd_positional(options, 1), "--strict");
    assert_ok(parse("-o=x --list - - --output=-y --strict --strict=no -vvvv"));   /* the last one counts */
    assert_string_equal(fd_opt_text(options, "output"), "-y");
    assert_string_equal(fd_opt_text(options, "list"), "-");
    assert_string_equal(fd_positional(options, 0), "-");
    assert_false(fd_opt_flag(options, "strict"));
    assert_int_equal(fd_option_verbosity(options), 2);
    assert_ok(parse("a -q --output= --thresholds=.6,0.7,0.70"));
    assert_int_equal(fd_option_verbosity(options), -1);
    assert_string_equal(fd_opt_text(options, "output"), "");
    assert_int_equal(fd_opt_reals(options, "thresholds", values, 2), 3);
    assert_true(values[0] == 0.6 && values[1] == 0.7);
}

static void bad_usage_names_what_is_meant(void **state)
{
    (void)state;
    const struct { const char *words, *message; } cases[] = {
        {"a --thread 3", "unknown option --thread; did you mean --threads?"},
        {"a --thresh=3", "unknown option --thresh; did you mean --thresholds?"},
        {"a --hlep", "did you mean --help?"},
        {"a --no-strct", "unknown option --no-strct; did you mean --no-strict?"},
        {"a --banana", "unknown option --banana"},
        {"a --secre", "unknown option --secre"},
        {"a --\x1b[31m", "unknown option --\\x1B[31m"},
        {"a -x", "unknown option -x"},
        {"a -5", "unknown option -5"},
        {"a -sx", "unknown option -x"},
        {"a --=3", "unknown option --"},
        {"a -o", "--output needs a value: FILE"},
        {"a --output --strict", "--output needs a value: FILE; \"--strict\" is an option (write --output=--strict if it is meant)"},
        {"a -o -s", "\"-s\" is an option"},
        {"a -o --", "needs a value"},
        {"a -o --no-strict", "needs a value"},
        {"a --device", "--device needs a value: auto|cpu|ref"},
        {"a --no-output", "--output cannot be negated"},
        {"a --no-strict=yes", "--no-strict takes no value"},
        {"a --help=yes", "--help takes no value"},
        {"a --strict=maybe", "--strict: \"maybe\" is neither true nor false"},
        {"a --threads=0", "--threads: \"0\" is out of range: 1..64"},
        {"a --threads=65", "out of range: 1..64"},
        {"a --threads=3.0", "--threads: \"3.0\" is not a whole number"},
        {"a --threads=", "is not a whole number"},
        {"a --threads=0x3", "is not a whole number"},
        {"a --threads=99999999999999999999", "beyond 64 bits"},
        {"a --max-pixels=0", "--max-pixels: \"0\" is out of range: at least 1K"},
        {"a --max-pixels=big", "--max-pixels: \"big\" is not a size"},
        {"a --memory=2T", "--memory: \"2T\" is out of range: 0..1T"},
        {"a --factor=nan", "--factor: \"nan\" is not a number"},
        {"a --factor=inf", "is not a number"},
        {"a --factor=0x0.8", "is not a number"},
        {"a --factor=1", "--factor: \"1\" is out of range: 0.1..0.99"},
        {"a --thresholds=0.6,x", "--thresholds: \"0.6,x\" is not a list of numbers"},
        {"a --thresholds=,", "is not a list of numbers"},
        {"a --thresholds=0.6;0.7", "is not a list of numbers"},
        {"a --thresholds=0.6,1.7", "--thresholds: \"0.6,1.7\" is out of range: 0..1"},
        {"a --device=gpu", "--device: \"gpu\" is not one of auto|cpu|ref; did you mean cpu?"},
        {"a --device=cuda:17", "--device: \"cuda:17\" is not one of auto|cpu|ref"},
        {"a --device=", "is not one of"},
        {"a --generate=html", "--generate makes man or bash"},
        {"-s", "nothing to work on: usage: face-test [options] FILE... -o FILE"},
        {"a b c d", "4 arguments are too many: usage: face-test"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].words);
        assert_fails(parse(cases[i].words), FD_USAGE, cases[i].message);
        assert_null(options);
    }
    fd_error *err = parse("--banana");
    assert_null(strstr(fd_error_message(err), "did you mean"));
    fd_error_free(err);
}

static const char *text_of(const char *name)
{
    const char *value;
    for (int i = 0;; i++) {
        const fd_option *option = fd_opt_at(options, i, &value);
        assert_non_null(option);
        if (!strcmp(option->name, name))
            return value;
    }
}

static void equal_values_have_equal_text(void **state)
{
    (void)state;
    const char *value;
    int n = 0;
    assert_ok(parse("a --threads=+007 --memory=1024M --max-pixels=64000K --factor=.50 --thresholds=0.60,.7 --strict=yes"));
    assert_string_equal(text_of("threads"), "7");
    assert_string_equal(text_of("memory"), "1G");
    assert_string_equal(text_of("max-pixels"), "64M");
    assert_string_equal(text_of("factor"), "0.5");
    assert_string_equal(text_of("thresholds"), "0.6 0.7");
    assert_string_equal(text_of("strict"), "true");
    assert_null(text_of("output"));
    while (fd_opt_at(options, n, &value))
        n++;
    assert_int_equal(n, program.n - 1);   /* all but the action */
    assert_ok(parse("a --memory=0 --factor=0.30000000000000004 --max-pixels=1001"));
    assert_string_equal(text_of("memory"), "0");
    assert_string_equal(text_of("factor"), "0.30000000000000004");
    assert_string_equal(text_of("max-pixels"), "1001");
}

static void open_values_are_resolved(void **state)
{
    (void)state;
    assert_ok(parse("a"));
    assert_ok(fd_opt_resolve(options, "threads", "2"));
    assert_ok(fd_opt_resolve(options, "device", "cpu"));
    assert_ok(fd_opt_resolve(options, "output", "faces.h5"));
    assert_true(fd_opt_int(options, "threads") == 2 && fd_opt_set(options, "threads") && !fd_opt_given(options, "threads"));
    assert_int_equal(fd_opt_choice(options, "device"), 1);
    assert_string_equal(fd_opt_text(options, "output"), "faces.h5");
    assert_fails(fd_opt_resolve(options, "device", "quantum"), FD_USAGE, "quantum");
    assert_string_equal(fd_opt_text(options, "device"), "cpu");
    assert_ok(parse("a"));
    assert_ok(fd_opt_default(options, "threads", 3));
    assert_true(fd_opt_int(options, "threads") == 3 && !fd_opt_given(options, "threads"));
    assert_ok(parse("a --threads 5"));
    assert_ok(fd_opt_default(options, "threads", 3));   /* what the user says stands */
    assert_int_equal(fd_opt_int(options, "threads"), 5);
}

static void put_file(const char *name, const char *text)
{
    assert_ok(fd_file_replace(name, text, strlen(text)));
}

static void a_config_yields_to_the_command_line(void **state)
{
    (void)state;
    put_file("c.ini", "input = one\ninput = two\nthreads = 4\n[face-test]\nmemory = 3G\nstrict = yes\ndevice = ref\n[face-other]\nunknown = 1\n");
    assert_ok(parse("--config c.ini --device=cpu --no-strict"));
    assert_true(fd_opt_int(options, "threads") == 4 && fd_opt_int(options, "memory") == 3LL << 30);
    assert_true(fd_opt_given(options, "threads"));
    assert_string_equal(fd_opt_text(options, "device"), "cpu");
    assert_false(fd_opt_flag(options, "strict"));
    assert_int_equal(fd_positionals(options), 2);
    assert_string_equal(fd_positional(options, 1), "two");
    assert_ok(parse("three --config=c.ini"));   /* inputs typed replace those of the file */
    assert_int_equal(fd_positionals(options), 1);
    assert_string_equal(fd_positional(options, 0), "three");
}

static void faults_of_a_config_name_file_and_line(void **state)
{
    (void)state;
    const struct { const char *text, *message; } cases[] = {
        {"threads = 4\nthreads = 5\n", "c.ini:2: \"threads\" is given twice"},
        {"\nthread = 4\n", "c.ini:2: unknown key \"thread\"; did you mean \"threads\"?"},
        {"inptu = 4\n", "c.ini:1: unknown key \"inptu\"; did you mean \"input\"?"},
        {"banana = 4\n", "c.ini:1: unknown key \"banana\""},
        {"help = 1\n", "c.ini:1: unknown key \"help\""},
        {"save-config = x\n", "c.ini:1: unknown key \"save-config\""},
        {"config = x\n", "c.ini:1: a configuration cannot name another"},
        {"threads = 400\n", "c.ini:1: --threads: \"400\" is out of range: 1..64"},
        {"device = x\n", "c.ini:1: --device: \"x\" is not one of"},   /* though --device is typed, too */
        {"[other]\nthreads = 4\n", "c.ini:2: unknown section [other]; the options of face-test belong into [face-test]"},
        {"nonsense\n", "c.ini:1: neither"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_file("c.ini", cases[i].text);
        assert_fails(parse("a --config c.ini --device cpu"), FD_USAGE, cases[i].message);
    }
    assert_fails(parse("a --config no-such.ini"), FD_IO, "cannot open no-such.ini");
}

static void a_bare_call_takes_the_default_config(void **state)
{
    (void)state;
    fd_log_init(0, 1, "h", FD_QUIET);
    assert_fails(parse(""), FD_USAGE, "nothing to work on");
    put_file("face-test.ini", "[face-test]\ninput = photos\nthreads = 9\n");
    assert_ok(parse(""));
    assert_true(fd_opt_int(options, "threads") == 9);
    assert_string_equal(fd_positional(options, 0), "photos");
    assert_ok(parse("a"));   /* an argument: not a bare call */
    assert_false(fd_opt_set(options, "threads"));
    put_file("face-test.ini", "nonsense");
    assert_fails(parse(""), FD_USAGE, "face-test.ini:1:");
    assert_int_equal(unlink("face-test.ini"), 0);
}

static void what_is_saved_is_read_back(void **state)
{
    (void)state;
    const char *words[] = {"--output", " blank, \"quoted\" ", "--list=\"all\"", "--threads", "3", "--thresholds=0.1 0.2", "--no-journal",
                           "caf\xe9; # x = y", "\tb", "\"", "--save-config", "saved.ini"};
    fd_parsed parsed;
    FILE *null = fopen("/dev/null", "w");
    assert_ok(parse_words(words, 12, NULL, &parsed));   /* not this rank's to write */
    assert_int_equal(parsed, FD_PARSED_ANSWERED);
    assert_int_not_equal(access("saved.ini", F_OK), 0);
    assert_ok(parse_words(words, 12, null, &parsed));
    assert_int_equal(parsed, FD_PARSED_ANSWERED);
    assert_ok(parse("--config saved.ini"));
    assert_string_equal(fd_opt_text(options, "output"), " blank, \"quoted\" ");
    assert_string_equal(fd_opt_text(options, "list"), "\"all\"");
    assert_string_equal(text_of("thresholds"), "0.1 0.2");
    assert_false(fd_opt_flag(options, "journal"));
    assert_false(fd_opt_given(options, "memory"));   /* a default is not written down */
    assert_int_equal(fd_positionals(options), 3);
    assert_string_equal(fd_positional(options, 0), "caf\xe9; # x = y");
    assert_string_equal(fd_positional(options, 1), "\tb");
    assert_string_equal(fd_positional(options, 2), "\"");
    words[7] = "line\nbreak";
    assert_fails(parse_words(words, 12, null, &parsed), FD_USAGE, "cannot hold input \"line\\x0Abreak\": a line break");
    char large[5000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    words[7] = large;
    assert_fails(parse_words(words, 12, null, &parsed), FD_USAGE, "longer than a line may be");
    fclose(null);
}

static void help_is_whole_and_narrow(void **state)
{
    (void)state;
    char *help = answer_of("--help"), *rest;
    const char *const wanted[] = {"face-test: a program for the test", "Usage: face-test [options] FILE... -o FILE\n       mpirun face-test\n",
                                  "\nFiles:\n", "\nSpeed:\n",
                                  "\nLimits:\n", "\nHelp and messages:\n", "  -o, --output FILE ", "      --device auto|cpu|ref\n", "--no-journal",
                                  "[default auto]", "[at least 1K, default 64M]", "[0.1..0.99, default 0.709]", "[0..1T, default 2G]", "[1..64]",
                                  "powers of 1024 for bytes"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(help, wanted[i]))
            fail_msg("%s is not in\n%s", wanted[i], help);
    assert_null(strstr(help, "secret"));
    assert_null(strstr(help, "generate"));
    assert_true(strstr(help, "\nSpeed:\n") < strstr(help, "--memory") && strstr(help, "--memory") < strstr(help, "\nLimits:\n"));
    for (char *line = strtok_r(help, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        assert_true(strlen(line) <= 80);
        assert_int_not_equal(line[strlen(line) - 1], ' ');
    }
    free(help);
    char *version = answer_of("--version --banana");   /* the first that answers, answers */
    assert_memory_equal(version, "face-test ", 10);
    assert_non_null(strstr(version, " ("));
    free(version);
}

static void help_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    fd_parsed parsed;
    char words[] = "--help";
    assert_non_null(full);
    assert_fails(parse_to(words, full, &parsed), FD_IO, "No space left");
    fclose(full);
    char again[] = "--help";
    assert_ok(parse_to(again, NULL, &parsed));   /* another rank's to print */
    assert_int_equal(parsed, FD_PARSED_ANSWERED);
}

/* Exit status of a shell command. */
static int shell(const char *command)
{
    return system(command);
}

static void the_man_page_is_accepted_by_groff(void **state)
{
    (void)state;
    char *page = answer_of("--generate man");
    assert_non_null(strstr(page, ".SH EXIT STATUS\n.PP\n\\&.dot \\(aqquote\\(aq back\\eslash"));
    assert_non_null(strstr(page, ".PP\nSecond.\n"));
    assert_true(strstr(page, "Second.") < strstr(page, ".SH OPTIONS") && strstr(page, ".SH OPTIONS") < strstr(page, ".SH EXIT"));
    put_file("page.1", page);
    free(page);
    if (shell("command -v groff >/dev/null"))
        skip();
    assert_int_equal(shell("groff -man -Tascii -P-cbou -ww page.1 2>warnings >shown && test ! -s warnings || { cat warnings; exit 1; }"), 0);
    assert_int_equal(shell("grep -q -e --max-pixels shown"), 0);
}

static void the_completion_works_in_bash(void **state)
{
    (void)state;
    char *script = answer_of("--generate=bash");
    put_file("complete.bash", script);
    free(script);
    if (shell("command -v bash >/dev/null"))
        skip();
    assert_int_equal(shell("bash -n complete.bash"), 0);
    put_file("try.bash", ". ./complete.bash || exit 1\n"
                         "try() { COMP_WORDS=(face-test \"$@\"); COMP_CWORD=$#; _face_test; echo \"${COMPREPLY[*]}\"; }\n"
                         "try --devi; try --device ''; try --device c; try --device = r; try --device =; try --no-st; try -o ''; try pho\n");
    assert_int_equal(shell("bash try.bash > got; printf '%s\\n' --device 'auto cpu ref' cpu ref 'auto cpu ref' --no-strict '' '' | diff - got"), 0);
}

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[128];
    fd_options_free(options);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") || system(command) ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(every_way_of_typing_is_understood),
        cmocka_unit_test(bad_usage_names_what_is_meant),
        cmocka_unit_test(equal_values_have_equal_text),
        cmocka_unit_test(open_values_are_resolved),
        cmocka_unit_test(a_config_yields_to_the_command_line),
        cmocka_unit_test(faults_of_a_config_name_file_and_line),
        cmocka_unit_test(a_bare_call_takes_the_default_config),
        cmocka_unit_test(what_is_saved_is_read_back),
        cmocka_unit_test(help_is_whole_and_narrow),
        cmocka_unit_test(help_that_cannot_be_written_is_an_error),
        cmocka_unit_test(the_man_page_is_accepted_by_groff),
        cmocka_unit_test(the_completion_works_in_bash),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
