/* wirebench - frames as hexadecimal text, decoded. Header only, for tests; it
 * includes cmocka.h, and so comes after our own. */
#ifndef TESTS_SUPPORT_WIREBENCH_H
#define TESTS_SUPPORT_WIREBENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "traffic/import.h"
#include "traffic/wire.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

/* Frames are written as hex, blanks free; these are the parts they share. */
#define MACS "02000000 0001 02000000 0002 "
#define IP_HEAD(rest) "45000028 1234" rest "c0000201 cb007107 " /* 192.0.2.1 > 203.0.113.7 */
#define TCP_IP IP_HEAD("4000 4006 0000 ")
#define SYN "c350 01bb 00000001 00000000 5002 ffff 0000 0000" /* 50000 > 443 */
#define TCP TCP_IP SYN
#define IPV6 "60000000 0000 3b40 00000000000000000000000000000001 00000000000000000000000000000002"
#define OUTER(protocol, length) "4500" length "0001 0000 40" protocol "0000 c0000202 c6336402 "
#define OUTER_6(next, length) "60000000" length next "40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define TEREDO_6 "6000000000083b40 20010000000000000000000000000001 20010db8000000000000000000000002 0000000000000000"

static inline size_t bytes_of(const char *hex, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (const char *c = hex; *c; c++) {
		char pair[3] = { c[0], c[0] == ' ' ? '\0' : c[1], '\0' };

		if (*c == ' ')
			continue;
		assert_true(n < room);
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		c++;
	}
	return n;
}

static inline enum reason decode(const char *hex, int link, struct wire_packet *p)
{
	uint8_t bytes[512];
	size_t n = bytes_of(hex, bytes, sizeof(bytes));
	uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too far */
	enum reason why;

	memcpy(exact, bytes, n);
	why = wire_decode(exact, n, n, link, p);
	free(exact);
	return why;
}

#endif
