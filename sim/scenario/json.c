#include "sim/scenario/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

struct scan {
	const char *text, *end;
	const char *at;
	const char *name;
	struct err *e;
};

static void position(const struct scan *s, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (const char *c = s->text; c < s->at; c++) {
		if (*c == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)*c & 0xc0) != 0x80) { /* characters, not bytes */
			++*column;
		}
	}
}

static bool wrong(const struct scan *s, const char *what)
{
	size_t line, column;

	position(s, &line, &column);
	return fail(s->e, "%s: line %zu, column %zu: %s", s->name, line, column, what);
}

static bool expected(const struct scan *s, const char *what)
{
	char text[80];

	if (s->at == s->end)
		snprintf(text, sizeof(text), "the text ends where %s should be", what);
	else if (*s->at > 0x20 && *s->at < 0x7f)
		snprintf(text, sizeof(text), "expected %s, not '%c'", what, *s->at);
	else
		snprintf(text, sizeof(text), "expected %s, not byte 0x%02x", what, (unsigned)(unsigned char)*s->at);
	return wrong(s, text);
}

static void skip_blank(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool next_is(const struct scan *s, char c)
{
	return s->at < s->end && *s->at == c;
}

static bool take(struct scan *s, char c)
{
	if (!next_is(s, c))
		return false;
	s->at++;
	return true;
}

/* One character of more than one byte: no overlong form, no surrogate, at most U+10FFFF (RFC 3629). */
static bool take_utf8(struct scan *s)
{
	const unsigned char *c = (const unsigned char *)s->at;
	size_t length = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : 2;
	unsigned low = 0x80, high = 0xbf;

	if (*c < 0xc2 || *c > 0xf4 || (size_t)(s->end - s->at) < length)
		return wrong(s, "not valid UTF-8");
	if (*c == 0xe0)
		low = 0xa0;
	else if (*c == 0xed)
		high = 0x9f;
	else if (*c == 0xf0)
		low = 0x90;
	else if (*c == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return wrong(s, "not valid UTF-8");
	for (size_t i = 2; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return wrong(s, "not valid UTF-8");
	s->at += length;
	return true;
}

static bool take_hex4(struct scan *s, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		char c = s->at < s->end ? *s->at : '?';
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (unsigned)(c - 'A') + 10;
		else
			return expected(s, "four hexadecimal digits after \\u");
		*out = *out << 4 | digit;
	}
	return true;
}

/* What follows a backslash. */
static bool take_escape(struct scan *s)
{
	unsigned unit, second;

	if (s->at < s->end && strchr("\"\\/bfnrt", *s->at) && *s->at) {
		s->at++;
		return true;
	}
	if (!take(s, 'u'))
		return expected(s, "one of \"\\/bfnrtu after a backslash");
	if (!take_hex4(s, &unit))
		return false;
	if (!unit)
		return wrong(s, "\\u0000 has no place in a text");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return wrong(s, "half a surrogate pair");
	if (unit < 0xd800 || unit > 0xdfff)
		return true;
	if (!take(s, '\\') || !take(s, 'u'))
		return wrong(s, "half a surrogate pair");
	if (!take_hex4(s, &second))
		return false;
	return (second >= 0xdc00 && second <= 0xdfff) || wrong(s, "half a surrogate pair");
}

static bool take_string(struct scan *s)
{
	const char *start = s->at++;

	while (s->at < s->end) {
		unsigned char c = (unsigned char)*s->at;

		if (c == '"') {
			s->at++;
			return true;
		}
		if (c < 0x20)
			return wrong(s, c == '\n' ? "a text goes on past the end of its line"
			                          : "a control character inside a text");
		if (c >= 0x80) {
			if (!take_utf8(s))
				return false;
			continue;
		}
		s->at++;
		if (c == '\\' && !take_escape(s))
			return false;
	}
	s->at = start;
	return wrong(s, "this text has no end");
}

static bool take_digits(struct scan *s)
{
	const char *start = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > start || expected(s, "a digit");
}

static bool take_number(struct scan *s)
{
	const char *start = s->at;
	char copy[JSON_NUMBER_MAX + 1];
	double value;

	take(s, '-');
	if (take(s, '0')) {
		if (s->at < s->end && *s->at >= '0' && *s->at <= '9')
			return wrong(s, "a number does not begin with 0");
	} else if (!take_digits(s)) {
		return false;
	}
	if (take(s, '.') && !take_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (!take_digits(s))
			return false;
	}
	if (s->at - start > JSON_NUMBER_MAX) {
		s->at = start;
		return wrong(s, "a number of more than 60 characters");
	}
	memcpy(copy, start, (size_t)(s->at - start));
	copy[s->at - start] = '\0';
	value = strtod(copy, NULL);
	if (value > 1.7976931348623157e308 || value < -1.7976931348623157e308) {
		s->at = start;
		return wrong(s, "a number too large for anything");
	}
	return true;
}

static bool take_literal(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(s->end - s->at) >= length && !memcmp(s->at, words[i], length)) {
			s->at += length;
			return true;
		}
	}
	return expected(s, "a value");
}

/* No recursion: the open brackets are a stack, so depth is a number and not a crash. */
static bool check(struct scan *s)
{
	char open[JSON_DEPTH];
	size_t depth = 0;
	enum { VALUE, FIRST_VALUE, KEY, FIRST_KEY, AFTER } state = VALUE;

	for (;;) {
		skip_blank(s);
		if ((state == FIRST_VALUE && take(s, ']')) || (state == FIRST_KEY && take(s, '}'))) {
			depth--;
			state = AFTER;
			continue;
		}
		switch (state) {
		case VALUE:
		case FIRST_VALUE:
			if (next_is(s, '{') || next_is(s, '[')) {
				if (depth == JSON_DEPTH)
					return wrong(s, "nested deeper than 64 levels");
				open[depth++] = *s->at;
				state = *s->at++ == '{' ? FIRST_KEY : FIRST_VALUE;
				break;
			}
			if (next_is(s, '"') ? !take_string(s)
			    : s->at < s->end && (*s->at == '-' || (*s->at >= '0' && *s->at <= '9')) ? !take_number(s)
			                                                                           : !take_literal(s))
				return false;
			state = AFTER;
			break;
		case KEY:
		case FIRST_KEY:
			if (!next_is(s, '"'))
				return expected(s, "a key in quotes");
			if (!take_string(s))
				return false;
			skip_blank(s);
			if (!take(s, ':'))
				return expected(s, "':'");
			state = VALUE;
			break;
		case AFTER:
			if (!depth)
				return s->at == s->end || expected(s, "the end of the text");
			if (take(s, ',')) {
				state = open[depth - 1] == '{' ? KEY : VALUE;
			} else if (take(s, open[depth - 1] == '{' ? '}' : ']')) {
				depth--;
			} else {
				return expected(s, open[depth - 1] == '{' ? "',' or '}'" : "',' or ']'");
			}
			break;
		}
	}
}

cJSON *json_read(const char *text, size_t length, const char *name, struct err *e)
{
	struct scan s = { .text = text, .end = text + length, .at = text, .name = name, .e = e };
	cJSON *tree;

	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) /* a byte order mark */
		s.text = s.at = text + 3;
	if (!check(&s))
		return NULL;
	tree = cJSON_ParseWithLength(s.text, (size_t)(s.end - s.text));
	if (!tree)
		fail(e, "%s: is not JSON", name);
	return tree;
}

char *json_brief(const cJSON *value, char out[JSON_BRIEF])
{
	const int most = JSON_BRIEF - 16;
	int cut = most;

	if (cJSON_IsString(value)) {
		const char *text = value->valuestring;

		if (strlen(text) <= (size_t)most) {
			snprintf(out, JSON_BRIEF, "\"%s\"", text);
		} else {
			while (cut && ((unsigned char)text[cut] & 0xc0) == 0x80) /* not inside a character */
				cut--;
			snprintf(out, JSON_BRIEF, "\"%.*s...\"", cut, text);
		}
	} else if (cJSON_IsNumber(value)) {
		snprintf(out, JSON_BRIEF, "%.15g", value->valuedouble);
		if (strtod(out, NULL) != value->valuedouble)
			snprintf(out, JSON_BRIEF, "%.17g", value->valuedouble);
	} else {
		strcpy(out, cJSON_IsArray(value)    ? "a list"
		            : cJSON_IsObject(value) ? "an object"
		            : cJSON_IsTrue(value)   ? "true"
		            : cJSON_IsFalse(value)  ? "false"
		                                    : "null");
	}
	return out;
}

char *json_member_place(const char *place, const char *key)
{
	bool plain = *key && strlen(key) <= 60;

	for (const char *c = key; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' ||
		      *c == '-'))
			plain = false;
	return plain ? must_printf("%s.%s", place, key) : must_printf("%s[\"%.60s\"]", place, key);
}

char *json_item_place(const char *place, size_t index)
{
	return must_printf("%s[%zu]", place, index);
}
