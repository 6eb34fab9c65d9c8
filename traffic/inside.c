#include "traffic/inside.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const inside_rule_name[INSIDE_COUNT] = {
	[INSIDE_PREFIX] = "prefix", [INSIDE_STATION] = "mac", [INSIDE_PRIVATE] = "private",
	[INSIDE_SYN] = "syn", [INSIDE_FIRST] = "first-packet", [INSIDE_PORT] = "port-class",
};

const char *const inside_rule_help[INSIDE_COUNT] = {
	[INSIDE_PREFIX] = "one end is in a prefix of --inside",
	[INSIDE_STATION] = "one end is at a station of --inside-mac",
	[INSIDE_PRIVATE] = "one end is of RFC 1918 or 100.64.0.0/10",
	[INSIDE_SYN] = "opened it: SYN or echo request",
	[INSIDE_FIRST] = "sent the first packet",
	[INSIDE_PORT] = "has the port of the higher class, as clients do",
};

static const struct addr_range private_ranges[] = {
	{ 0x0a000000, 0x0affffff }, /* RFC 1918 */
	{ 0xac100000, 0xac1fffff },
	{ 0xc0a80000, 0xc0a8ffff },
	{ 0x64400000, 0x647fffff }, /* RFC 6598 */
};
static const struct addr_range softwire_range = { 0xc0000000, 0xc0000007 }; /* RFC 6333 section 5.7 */

bool prefix6_parse(const char *text, struct prefix6 *out)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN + 1], *end = NULL;
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long bits = 128;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		bits = strtoul(slash + 1, &end, 10);
		if (*end || bits > 128)
			return false;
	}
	if (inet_pton(AF_INET6, address, out->bytes) != 1)
		return false;
	out->length = (unsigned)bits;
	for (unsigned b = out->length; b < 128; b++)
		if (out->bytes[b / 8] & (0x80 >> b % 8))
			return false;
	return true;
}

bool station_parse(const char *text, uint8_t out[6])
{
	for (int i = 0; i < 6; i++) {
		unsigned value = 0;

		for (int digit = 0; digit < 2; digit++, text++) {
			char c = *text;

			if (c >= '0' && c <= '9')
				value = value * 16 + (unsigned)(c - '0');
			else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
				value = value * 16 + (unsigned)((c | 0x20) - 'a') + 10;
			else
				return false;
		}
		out[i] = (uint8_t)value;
		if (i < 5 ? *text != ':' && *text != '-' : *text != '\0')
			return false;
		text++;
	}
	return true;
}

bool inside_is_station(const struct inside_rules *rules, const uint8_t *station)
{
	for (size_t i = 0; station && i < rules->station_count; i++)
		if (!memcmp(rules->stations[i], station, 6))
			return true;
	return false;
}

static bool within6(const struct prefix6 *p, const uint8_t *address)
{
	unsigned whole = p->length / 8, rest = p->length % 8;

	return !memcmp(p->bytes, address, whole) &&
	       (!rest || ((p->bytes[whole] ^ address[whole]) & (0xff00 >> rest & 0xff)) == 0);
}

static bool in_prefixes6(const struct inside_rules *r, const uint8_t *address)
{
	for (size_t i = 0; address && i < r->prefix6_count; i++)
		if (within6(&r->prefixes6[i], address))
			return true;
	return false;
}

static bool in_prefixes(const struct inside_rules *r, const struct inside_case *c, int side)
{
	bool ends[2] = { in_prefixes6(r, c->tunnel_end[0]), in_prefixes6(r, c->tunnel_end[1]) };

	if (ends[0] != ends[1]) /* a softwire's home is the end of the tunnel, whatever addresses it carries */
		return ends[side];
	if (c->address6[side])
		return in_prefixes6(r, c->address6[side]);
	for (size_t i = 0; i < r->prefixes.count; i++)
		if (range_has(r->prefixes.items[i], c->address[side]))
			return true;
	return false;
}

static bool is_private(const struct inside_rules *r, const struct inside_case *c, int side)
{
	if (r->opener_only)
		return false;
	if (c->address6[side])
		return (c->address6[side][0] & 0xfe) == 0xfc;
	if (c->softwire && range_has(softwire_range, c->address[side]))
		return true;
	for (size_t i = 0; i < sizeof(private_ranges) / sizeof(private_ranges[0]); i++)
		if (range_has(private_ranges[i], c->address[side]))
			return true;
	return false;
}

/* System, user and dynamic ports. */
static int port_class(uint16_t port)
{
	return port < 1024 ? 0 : port < 49152 ? 1 : 2;
}

static enum inside_verdict opener(const struct inside_case *c, enum inside_rule *rule)
{
	int classes[2] = { port_class(c->port[0]), port_class(c->port[1]) };

	if (c->opener_sure) {
		*rule = INSIDE_SYN;
	} else if (c->ported && c->cut && classes[0] != classes[1]) {
		*rule = INSIDE_PORT;
		return classes[0] > classes[1] ? SIDE_0 : SIDE_1;
	} else {
		*rule = INSIDE_FIRST;
	}
	return c->opener ? SIDE_1 : SIDE_0;
}

enum inside_verdict inside_decide(const struct inside_rules *rules, const struct inside_case *c, enum inside_rule *rule)
{
	bool in[INSIDE_SYN][2];

	for (int s = 0; s < 2; s++) {
		in[INSIDE_PREFIX][s] = in_prefixes(rules, c, s);
		in[INSIDE_STATION][s] = c->stations & 1 << s;
		in[INSIDE_PRIVATE][s] = is_private(rules, c, s);
	}
	for (int r = 0; r < INSIDE_SYN; r++) {
		*rule = (enum inside_rule)r;
		if (in[r][0] && in[r][1]) {
			if (c->softwire && r == INSIDE_PRIVATE) /* it left its home all the same */
				continue;
			return SIDES_BOTH;
		}
		if (in[r][0] || in[r][1])
			return in[r][0] ? SIDE_0 : SIDE_1;
	}
	return opener(c, rule);
}
