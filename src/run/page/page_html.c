/* The frame of the page: its style, its policy, its tables. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/version.h"
#include "run/markup.h"
#include "run/page/page.h"

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--card:#f6f6f8;--line:#dcdce2;--ink:#1c1c21;--pale:#62626d;--link:#1d4ed8;--bar:#2563eb;"
    "--near:#047857}"
    "@media(prefers-color-scheme:dark){:root{--paper:#17181b;--card:#202226;--line:#373a41;--ink:#e7e7ea;--pale:#a0a2ab;--link:#8ab4ff;"
    "--bar:#6ea3ff;--near:#3ecf96}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:1080px;padding:24px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "h1{font-size:26px;line-height:1.25;margin:0;overflow-wrap:anywhere}"
    "h2{font-size:20px;margin:44px 0 10px;padding-bottom:6px;border-bottom:1px solid var(--line)}"
    "h3{font-size:15px;margin:22px 0 6px}p{margin:8px 0}.note{color:var(--pale);font-size:13.5px}"
    "nav{margin:14px 0 4px;display:flex;flex-wrap:wrap;gap:4px 18px}"
    "a,summary{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}details{margin:14px 0}summary{cursor:pointer}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:10px;margin:18px 0}"
    ".tile{background:var(--card);border-radius:8px;padding:10px 14px}.tile b{display:block;font-size:21px;font-weight:600;line-height:1.3}"
    ".tile span{color:var(--pale);font-size:13px}"
    "table{border-collapse:collapse;margin:10px 0;font-variant-numeric:tabular-nums}"
    "th,td{padding:4px 14px 4px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}th{color:var(--pale);font-weight:500}"
    ".numbers td:not(:first-child),.numbers th:not(:first-child){text-align:right}.numbers td{white-space:nowrap}"
    ".wide{width:100%}td{overflow-wrap:break-word}td bdi{overflow-wrap:anywhere}"
    ".scroll{overflow-x:auto}.bar{display:block;width:200px;height:12px;margin-top:5px;fill:var(--bar)}"
    "code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap;margin:0}.set{font-weight:600}"
    ".plot{display:block;max-width:100%;height:auto;margin:8px 0}"
    ".row{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:8px;padding:10px 0;border-bottom:1px solid var(--line)}"
    "figure{margin:0;min-width:0;font-size:12px;line-height:1.35}"
    "figure img,figure i{display:block;height:96px;max-width:100%;border-radius:6px}figure i{width:96px;background:var(--card)}"
    "figure img{width:auto}figure:first-child img{outline:3px solid var(--bar)}.pile figure:first-child img{outline:0}"
    "figcaption{color:var(--pale);margin-top:5px}figcaption bdi{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}"
    "figcaption b{color:var(--ink);font-weight:600}figcaption .near{color:var(--near)}"
    "footer{margin:48px 0 12px;color:var(--pale);font-size:13px}"
    "@media print{nav{display:none}section{break-inside:avoid-page}}";

/* Nothing is loaded and nothing runs: pictures are in the page, and the one style sheet is known by its hash. */
static fd_error *add_policy(fd_page *p)
{
    fd_error *err = NULL;
    fd_string sheet = {0};
    FD_TRY(fd_string_add(&sheet, "%s%s", style, fd_svg_style));
    fd_sha256 hash = fd_sha256_of(sheet.text, sheet.length);
    FD_TRY(fd_string_add(&p->html,
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'sha256-"));
    FD_TRY(fd_markup_base64(&p->html, hash.byte, sizeof hash.byte));
    FD_TRY(fd_string_add(&p->html, "'; base-uri 'none'; form-action 'none'\">\n<style>%s</style>\n", sheet.text));
done:
    free(sheet.text);
    return err;
}

fd_error *fd_page_open(fd_page *p, const char *title)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"));
    FD_TRY(add_policy(p));
    FD_TRY(fd_string_add(&p->html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                   "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n<title>"));
    FD_TRY(fd_page_text(p, title));
    FD_TRY(fd_string_add(&p->html, "</title>\n</head>\n<body>\n"));
done:
    return err;
}

fd_error *fd_page_close(fd_page *p)
{
    return fd_string_add(
        &p->html,
        "<footer>Made by facesdist-report %s from the result alone; this page loads nothing and runs nothing.</footer>\n</body>\n</html>\n",
        fd_version());
}

fd_error *fd_page_section(fd_page *p, const char *id, const char *title)
{
    return fd_string_add(&p->html, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
}

fd_error *fd_page_text(fd_page *p, const char *bytes)
{
    return fd_markup_text(&p->html, bytes);
}

fd_error *fd_page_say(fd_page *p, const char *kind, const char *format, ...)
{
    fd_error *err = NULL;
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return FD_FAIL(FD_NOMEM, "no memory for a paragraph");
    FD_TRY(fd_string_add(&p->html, "<p class=\"%s\">", kind));
    FD_TRY(fd_page_text(p, text));
    FD_TRY(fd_string_add(&p->html, "</p>\n"));
done:
    free(text);
    return err;
}

fd_error *fd_page_row(fd_page *p, const char *tag, const char *const *text, int n)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<tr>"));
    for (int i = 0; i < n; i++) {
        FD_TRY(fd_string_add(&p->html, "<%s>", tag));
        FD_TRY(fd_page_text(p, text[i]));
        FD_TRY(fd_string_add(&p->html, "</%s>", tag));
    }
    FD_TRY(fd_string_add(&p->html, "</tr>\n"));
done:
    return err;
}

fd_error *fd_page_name(fd_page *p, const char *key)
{
    fd_error *err = NULL;
    FD_TRY(fd_string_add(&p->html, "<bdi>"));
    FD_TRY(fd_page_text(p, key));
    FD_TRY(fd_string_add(&p->html, "</bdi>"));
done:
    return err;
}

fd_error *fd_page_picture(fd_page *p, fd_svg *s)
{
    fd_error *err = NULL;
    FD_TRY(fd_svg_close(s));
    FD_TRY(fd_string_add(&p->html, "<div class=\"scroll\">%s</div>\n", s->text.text));
done:
    free(s->text.text);
    s->text = (fd_string){0};
    return err;
}
