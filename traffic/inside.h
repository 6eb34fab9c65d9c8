/* inside - which end of a flow is inside: the rules, in the order in which they
 * are asked. The first one that knows decides. */
#ifndef TRAFFIC_INSIDE_H
#define TRAFFIC_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/addr.h"

/* An IPv6 prefix; bits beyond the length are 0. */
struct prefix6 {
	uint8_t  bytes[16];
	unsigned length;
};
bool prefix6_parse(const char *text, struct prefix6 *out); /* "2001:db8::/32" or an address */

bool station_parse(const char *text, uint8_t out[6]);      /* "02:00:5e:10:00:01" */

struct inside_rules {
	struct addr_ranges prefixes;   /* IPv4 */
	struct prefix6 *prefixes6;
	size_t prefix6_count;
	uint8_t (*stations)[6];        /* a frame's sender or receiver that is one of them: so is its packet's */
	size_t station_count;
	bool   opener_only;            /* private addresses say nothing */
};

enum inside_rule {
	INSIDE_PREFIX,   /* one of the prefixes given; of a softwire the side at a tunnel's end in one, if the other's is not */
	INSIDE_STATION,  /* one of the stations given */
	INSIDE_PRIVATE,  /* RFC 1918, 100.64.0.0/10 (RFC 6598); IPv6: fc00::/7; of a softwire 192.0.0.0/29 too, and
	                    there nothing is said if both ends are such */
	INSIDE_SYN,      /* the opener, known by a SYN or a request */
	INSIDE_FIRST,    /* the sender of the first packet */
	INSIDE_PORT,     /* the end whose port is of the higher class (RFC 6335 section 6) */
	INSIDE_COUNT,
};
extern const char *const inside_rule_name[INSIDE_COUNT];
extern const char *const inside_rule_help[INSIDE_COUNT];

/* What the rules look at. */
struct inside_case {
	uint32_t address[2];
	const uint8_t *address6[2]; /* NULL: the flow is IPv4 */
	const uint8_t *tunnel_end[2]; /* of a softwire: the IPv6 address of the end at which that side is; NULL: not known */
	uint16_t port[2];
	uint8_t  opener;
	bool     opener_sure;       /* by SYN or request */
	bool     ported;            /* TCP, UDP */
	bool     cut;               /* it may have begun before the capture: its first packet says little */
	bool     softwire;
	uint8_t  stations;          /* bit s: side s is at a given station */
};

enum inside_verdict { SIDE_0, SIDE_1, SIDES_BOTH };

enum inside_verdict inside_decide(const struct inside_rules *rules, const struct inside_case *c, enum inside_rule *rule);

bool inside_is_station(const struct inside_rules *rules, const uint8_t *station); /* NULL: no */

#endif
