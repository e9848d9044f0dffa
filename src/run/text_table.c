#include "run/text_table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

fd_error *fd_text_cell(fd_text_table *t, const char *format, ...)
{
    fd_error *err = NULL;
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return FD_FAIL(FD_NOMEM, "no memory for a table");
    FD_TRY(fd_grow(&t->cell, &t->capacity, t->n + 1, sizeof *t->cell));
    t->cell[t->n++] = text;
    text = NULL;
done:
    free(text);
    return err;
}

/* Characters of UTF-8 text. */
static int width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* Up to the last cell that has text, so that no line ends in spaces. */
static void print_row(const fd_text_table *t, char *const *cell, const int *widest, FILE *out)
{
    int n = t->columns;
    while (n > 0 && !*cell[n - 1])
        n--;
    for (int i = 0; i < n; i++) {
        int space = widest[i] - width(cell[i]), right = t->right >> i & 1;
        fprintf(out, "%*s%s%*s", right ? space : 0, "", cell[i], i == n - 1 ? 0 : right ? 2 : space + 2, "");
    }
    fputc('\n', out);
}

void fd_text_table_print(const fd_text_table *t, FILE *out)
{
    int widest[FD_TEXT_COLUMNS] = {0};
    for (size_t i = 0; i < t->n; i++) {
        int w = width(t->cell[i]), *column = &widest[i % (size_t)t->columns];
        *column = w > *column ? w : *column;
    }
    for (size_t row = 0; row < t->n; row += (size_t)t->columns)
        print_row(t, &t->cell[row], widest, out);
}

void fd_text_table_free(fd_text_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->cell[i]);
    free(t->cell);
    t->cell = NULL;
    t->n = t->capacity = 0;
}
