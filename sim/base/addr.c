#include "sim/base/addr.h"

#include <stdio.h>
#include <string.h>

/* A decimal number without sign, blank or leading zero at *text; moves past it. */
static bool take_number(const char **text, uint32_t max, uint32_t *out)
{
	const char *c = *text;
	uint32_t n = 0;

	if (*c == '0' && c[1] >= '0' && c[1] <= '9')
		return false; /* some would read it as octal */
	while (*c >= '0' && *c <= '9') {
		n = n * 10 + (uint32_t)(*c++ - '0');
		if (n > max)
			return false;
	}
	if (c == *text)
		return false;
	*text = c;
	*out = n;
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool take_addr(const char **text, uint32_t *out)
{
	uint32_t addr = 0, byte;

	for (int i = 0; i < 4; i++) {
		if (i && !take_char(text, '.'))
			return false;
		if (!take_number(text, 255, &byte))
			return false;
		addr = addr << 8 | byte;
	}
	*out = addr;
	return true;
}

/* The host bits of a prefix of this length. */
static uint32_t host_mask(uint32_t length)
{
	return length ? (uint32_t)((UINT64_C(1) << (32 - length)) - 1) : UINT32_MAX;
}

static bool take_range(const char **text, struct addr_range *out)
{
	uint32_t length;

	if (!take_addr(text, &out->first))
		return false;
	out->last = out->first;
	if (take_char(text, '-'))
		return take_addr(text, &out->last) && out->first <= out->last;
	if (take_char(text, '/')) {
		if (!take_number(text, 32, &length) || (out->first & host_mask(length)))
			return false;
		out->last = out->first | host_mask(length);
	}
	return true;
}

bool addr_parse(const char *text, uint32_t *out)
{
	uint32_t addr;

	if (!take_addr(&text, &addr) || *text)
		return false;
	*out = addr;
	return true;
}

char *addr_format(uint32_t addr, char text[ADDR_TEXT])
{
	snprintf(text, ADDR_TEXT, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
	return text;
}

bool range_parse(const char *text, struct addr_range *out)
{
	struct addr_range r;

	if (!take_range(&text, &r) || *text)
		return false;
	*out = r;
	return true;
}

char *range_format(struct addr_range r, char text[RANGE_TEXT])
{
	char first[ADDR_TEXT], last[ADDR_TEXT];

	addr_format(r.first, first);
	addr_format(r.last, last);
	if (r.first == r.last)
		return strcpy(text, first);
	for (uint32_t length = 0; length < 32; length++) {
		if (!(r.first & host_mask(length)) && r.last == (r.first | host_mask(length))) {
			snprintf(text, RANGE_TEXT, "%s/%u", first, length);
			return text;
		}
	}
	snprintf(text, RANGE_TEXT, "%s-%s", first, last);
	return text;
}

bool port_range_parse(const char *text, struct port_range *out)
{
	uint32_t lo, hi;

	if (!take_number(&text, 65535, &lo))
		return false;
	hi = lo;
	if (take_char(&text, '-') && !take_number(&text, 65535, &hi))
		return false;
	if (*text || !lo || lo > hi)
		return false;
	*out = (struct port_range){ .lo = (uint16_t)lo, .hi = (uint16_t)hi };
	return true;
}

bool exempt_parse(const char *text, struct exempt *out)
{
	struct exempt x = { .addresses = { .first = 0, .last = UINT32_MAX } };
	uint32_t port;

	if (*text != ':' && !take_range(&text, &x.addresses))
		return false;
	if (take_char(&text, ':')) {
		if (!take_number(&text, 65535, &port) || !port)
			return false;
		x.port = (uint16_t)port;
	}
	if (*text)
		return false;
	*out = x;
	return true;
}
