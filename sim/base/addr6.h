/* addr6 - IPv6 addresses and prefixes as users write them (RFC 4291, RFC 5952). */
#ifndef SIM_BASE_ADDR6_H
#define SIM_BASE_ADDR6_H

#include <stdbool.h>
#include <stdint.h>

/* An address, or the prefix that its first `length` bits are (the rest is 0). Bytes in network order. */
struct addr6 {
	uint8_t bytes[16];
	unsigned length; /* 0 .. 128 */
};

#define ADDR6_TEXT 46
#define PREFIX6_TEXT 50

/* "2001:db8::/40" (host bits must be 0), or an address, whose length is 128. */
bool addr6_parse(const char *text, struct addr6 *out);
char *addr6_format(const struct addr6 *a, char text[ADDR6_TEXT]);     /* without the length; returns text */
char *prefix6_format(const struct addr6 *a, char text[PREFIX6_TEXT]); /* with it */

/* Bits first .. first+count-1, counted from the most significant; count <= 32. */
uint32_t addr6_bits(const struct addr6 *a, unsigned first, unsigned count);
void addr6_set_bits(struct addr6 *a, unsigned first, unsigned count, uint32_t value);

/* Do the first prefix->length bits of both agree? */
bool addr6_within(const struct addr6 *a, const struct addr6 *prefix);

#endif
