#include "analysis/html.h"

#include <stdbool.h>
#include <string.h>

#include "analysis/utf8.h"

void html_text(FILE *to, const char *text)
{
	for (const char *at = text; *at;) {
		size_t length = utf8_length(at);

		switch (*at) {
		case '&': fputs("&amp;", to); break;
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '"': fputs("&quot;", to); break;
		case '\'': fputs("&#39;", to); break;
		case '\t':
		case '\n': fputc(*at, to); break;
		default:
			if (length)
				fwrite(at, 1, length, to);
			else
				fputc('?', to);
		}
		at += length ? length : 1;
	}
}

void html_begin(FILE *to, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>", to);
	html_text(to, title);
	fputs("</title>\n<style>\n", to);
	for (const char *const *piece = html_styles; *piece; piece++)
		fputs(*piece, to);
	fputs("</style>\n</head>\n<body>\n<main>\n", to);
}

void html_end(FILE *to)
{
	fputs("</main>\n</body>\n</html>\n", to);
}

/* Is `at` the beginning of a tag with this name? */
static bool is_tag(const char *at, const char *name)
{
	size_t length = strlen(name);

	return at[0] == '<' && !strncmp(at + 1, name, length) && strchr(" \t\r\n>/", at[1 + length]);
}

/* The end of the tag, comment or declaration that begins at `at`, behind its '>'. */
static const char *tag_end(const char *at)
{
	char quote = 0;

	if (!strncmp(at, "<!--", 4)) {
		const char *end = strstr(at, "-->");

		return end ? end + 3 : at + strlen(at);
	}
	for (; *at; at++) {
		if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
		else if (*at == '>')
			return at + 1;
	}
	return at;
}

/* The length of an attribute at `at` that says what is so anyway; 0: another. Nearly every group of a figure has all three. */
static size_t idle_attribute(const char *at, const char *end)
{
	static const char *const idle[] = { " stroke-width=\"1.00\"", " stroke-linecap=\"butt\"", " stroke-linejoin=\"miter\"" };

	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle); i++)
		if ((size_t)(end - at) >= strlen(idle[i]) && !memcmp(at, idle[i], strlen(idle[i])))
			return strlen(idle[i]);
	return 0;
}

/* Writes a tag; the ids in it get their new name. */
static void write_tag(FILE *to, const char *at, const char *end, const char *name)
{
	static const char *const before_id[] = { " id=\"", " id='", "href=\"#", "href='#", "url(#" };

	while (at < end) {
		size_t length = 1;
		bool id = false;

		if (*at == ' ' && idle_attribute(at, end)) {
			at += idle_attribute(at, end);
			continue;
		}

		for (size_t i = 0; i < sizeof(before_id) / sizeof(*before_id) && !id; i++) {
			size_t long_ = strlen(before_id[i]);

			id = (size_t)(end - at) >= long_ && !memcmp(at, before_id[i], long_);
			if (id)
				length = long_;
		}
		fwrite(at, 1, length, to);
		if (id)
			fprintf(to, "%s-", name);
		at += length;
	}
}

/* Behind a group that begins at `at` and holds nothing; NULL: none does. */
static const char *empty_group_end(const char *at)
{
	const char *in;

	if (!is_tag(at, "g"))
		return NULL;
	in = tag_end(at);
	if (in[-2] == '/')
		return NULL;
	in += strspn(in, " \t\r\n");
	return is_tag(in, "/g") ? tag_end(in) : NULL;
}

void html_svg(FILE *to, const char *svg, const char *name, const char *says)
{
	const char *at = strstr(svg, "<svg");

	if (!at || !is_tag(at, "svg"))
		return;
	fputs("<svg role=\"img\" aria-label=\"", to);
	html_text(to, says);
	fputc('"', to);
	at += strlen("<svg");
	for (bool open = true; *at;) {
		const char *end = open || *at == '<' ? tag_end(at) : at + strcspn(at, "<");
		const char *skip = is_tag(at, "title") ? "</title>" : is_tag(at, "desc") ? "</desc>" : NULL;
		const char *behind = skip ? strstr(at, skip) : NULL, *empty = empty_group_end(at);

		if (behind)
			end = behind + strlen(skip);
		else if (empty)
			end = empty + strspn(empty, "\r\n");
		else if (open || *at == '<')
			write_tag(to, at, end, name);
		else
			fwrite(at, 1, (size_t)(end - at), to);
		at = end;
		open = false;
	}
}
