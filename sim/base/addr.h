/* addr - IPv4 addresses, prefixes and port lists as users write them.
 * Everything is in host order. */
#ifndef SIM_BASE_ADDR_H
#define SIM_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A closed run of addresses: a prefix, a single address, or A-B. */
struct addr_range {
	uint32_t first;
	uint32_t last; /* >= first */
};

#define ADDR_TEXT 16
#define RANGE_TEXT 36

bool addr_parse(const char *text, uint32_t *out);             /* "192.0.2.1" */
char *addr_format(uint32_t addr, char text[ADDR_TEXT]);       /* returns text */

/* "192.0.2.0/25" (host bits must be 0), "192.0.2.7" or "192.0.2.1-192.0.2.9". */
bool range_parse(const char *text, struct addr_range *out);
char *range_format(struct addr_range r, char text[RANGE_TEXT]); /* as a prefix if it is one */
static inline bool range_has(struct addr_range r, uint32_t addr)
{
	return addr >= r.first && addr <= r.last;
}
static inline uint64_t range_size(struct addr_range r)
{
	return (uint64_t)r.last - r.first + 1;
}

/* A closed run of port numbers. "1024-65535" or "5004"; 1 <= lo <= hi <= 65535. */
struct port_range {
	uint16_t lo;
	uint16_t hi;
};
bool port_range_parse(const char *text, struct port_range *out);

/* Lists, as configurations hold them; items are owned, free with free(). */
struct addr_ranges {
	struct addr_range *items;
	size_t count;
};
struct port_ranges {
	struct port_range *items;
	size_t count;
};

/* A destination that a NAT leaves alone (RFC 6888 REQ-6): "203.0.113.0/24",
 * "203.0.113.0/24:53" or ":53". */
struct exempt {
	struct addr_range addresses;
	uint16_t port; /* 0: any */
};
struct exempts {
	struct exempt *items;
	size_t count;
};
bool exempt_parse(const char *text, struct exempt *out);

#endif
