#include "sim/base/addr6.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "sim/base/must.h"

uint32_t addr6_bits(const struct addr6 *a, unsigned first, unsigned count)
{
	uint32_t value = 0;

	must(count <= 32 && first + count <= 128);
	for (unsigned i = first; i < first + count; i++)
		value = value << 1 | ((unsigned)a->bytes[i / 8] >> (7 - i % 8) & 1u);
	return value;
}

void addr6_set_bits(struct addr6 *a, unsigned first, unsigned count, uint32_t value)
{
	must(count <= 32 && first + count <= 128);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = first + count - 1 - i;
		uint8_t bit = (uint8_t)(1u << (7 - at % 8));

		a->bytes[at / 8] = (uint8_t)(value >> i & 1 ? a->bytes[at / 8] | bit : a->bytes[at / 8] & ~bit);
	}
}

bool addr6_within(const struct addr6 *a, const struct addr6 *prefix)
{
	for (unsigned i = 0; i < prefix->length; i++)
		if (addr6_bits(a, i, 1) != addr6_bits(prefix, i, 1))
			return false;
	return true;
}

/* "0" to "128", without a sign or leading zeros. */
static bool length_parse(const char *text, unsigned *out)
{
	unsigned value = 0;

	if (!*text || strlen(text) > 3 || (*text == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*out = value;
	return value <= 128;
}

bool addr6_parse(const char *text, struct addr6 *out)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char address[ADDR6_TEXT];

	*out = (struct addr6){ .length = 128 };
	if (length >= sizeof(address) || (slash && !length_parse(slash + 1, &out->length)))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET6, address, out->bytes) != 1)
		return false;
	for (unsigned i = out->length; i < 128; i++)
		if (addr6_bits(out, i, 1))
			return false;
	return true;
}

char *addr6_format(const struct addr6 *a, char text[ADDR6_TEXT])
{
	must(inet_ntop(AF_INET6, a->bytes, text, ADDR6_TEXT));
	return text;
}

char *prefix6_format(const struct addr6 *a, char text[PREFIX6_TEXT])
{
	char address[ADDR6_TEXT];

	snprintf(text, PREFIX6_TEXT, "%s/%u", addr6_format(a, address), a->length);
	return text;
}
