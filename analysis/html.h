/* html - the parts of a page that do not depend on what it says.
 *
 * Whatever comes from a file goes through html_text(): it can be neither markup
 * nor an attribute's end. */
#ifndef ANALYSIS_HTML_H
#define ANALYSIS_HTML_H

#include <stdio.h>

/* Text, fit for an element's content and for a quoted attribute. Bytes that
 * are no character of HTML become '?'. */
void html_text(FILE *to, const char *text);

/* From the doctype to <main>, styles included; and the end. The page may load
 * nothing and run no script: its own policy forbids both. */
void html_begin(FILE *to, const char *title);
void html_end(FILE *to);

/* An SVG file as an element of the page: without the XML prologue, titles and
 * descriptions; `name`- is put before every id and every reference to one, so
 * that two drawings by one program do not share ids. `says` is its description
 * for those who cannot see it. Groups that hold nothing, and strokes of the default
 * width, cap and join, of which gnuplot writes many, are left out. Text without an <svg> element writes nothing. */
void html_svg(FILE *to, const char *svg, const char *name, const char *says);

extern const char *const html_styles[]; /* the style sheet in pieces, ended by NULL */

#endif
