/* What a CE is provisioned with (RFC 7597 sections 5 and 6), and the way back from its prefix. */
#include <stdio.h>

#include "sim/base/must.h"
#include "sim/scheme/port_set.h"

static const struct port_set_config *config_of(const void *config)
{
	return config;
}

static struct addr6 end_user_prefix(const struct port_set_rule *r, uint32_t address, uint32_t psid)
{
	struct addr6 a = r->prefix;

	addr6_set_bits(&a, r->prefix.length, r->suffix_bits, address);
	addr6_set_bits(&a, r->prefix.length + r->suffix_bits, r->psid_bits, psid);
	a.length = r->prefix.length + r->ea_bits;
	return a;
}

/* The identifier first: a prefix of more than 64 bits lies over it (RFC 7597 section 6). */
static struct addr6 ce_address(const struct port_set_config *c, uint32_t address, uint32_t psid)
{
	const struct port_set_rule *r = &c->rule;
	struct addr6 a = { .length = 128 }, prefix = end_user_prefix(r, address, psid);
	unsigned at = c->interface_identifier == IDENTIFIER_DRAFT_03 ? 72 : 80;

	addr6_set_bits(&a, at, 32, r->ipv4.first + (address << r->spare_bits));
	addr6_set_bits(&a, at + 32, 16, psid);
	for (unsigned bit = 0; bit < prefix.length; bit++)
		addr6_set_bits(&a, bit, 1, addr6_bits(&prefix, bit, 1));
	return a;
}

struct teller {
	void (*each)(void *context, const char *name, const char *text);
	void *context;
};

static void tell_number(const struct teller *t, const char *name, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	t->each(t->context, name, text);
}

static void tell_ipv6(const struct teller *t, const struct port_set_config *c, uint32_t address, uint32_t psid)
{
	const struct port_set_rule *r = &c->rule;
	struct addr6 prefix = end_user_prefix(r, address, psid), ce = ce_address(c, address, psid);
	char text[PREFIX6_TEXT], range[RANGE_TEXT];

	t->each(t->context, "end_user_prefix", prefix6_format(&prefix, text));
	t->each(t->context, "ce", addr6_format(&ce, text));
	t->each(t->context, "rule_ipv6", prefix6_format(&r->prefix, text));
	t->each(t->context, "rule_ipv4", range_format(r->ipv4, range));
	tell_number(t, "ea_bits", r->ea_bits);
}

/* The bits of the set where the mask has ones: PRV. */
static uint32_t spread_bits(uint32_t set, uint32_t mask)
{
	uint32_t number = 0;

	for (unsigned bit = 0; bit < 16; bit++)
		if (mask >> bit & 1) {
			number |= (set & 1) << bit;
			set >>= 1;
		}
	return number;
}

void port_set_tell(const void *config, const struct scheme_pool *pool, uint32_t subscriber,
                   void (*each)(void *context, const char *name, const char *text), void *context)
{
	const struct port_set_config *c = config_of(config);
	const struct port_set_rule *r = &c->rule;
	const struct teller t = { each, context };
	uint32_t psid = r->psid[subscriber % r->each];

	(void)pool;
	if (r->spare_bits) {
		struct addr_range own = { .first = r->ipv4.first + (subscriber << r->spare_bits) };
		char text[RANGE_TEXT];

		own.last = own.first + ((1u << r->spare_bits) - 1);
		t.each(t.context, "ipv4_prefix", range_format(own, text));
	}
	if (c->masks) {
		tell_number(&t, "prv", spread_bits(psid, r->mask));
		tell_number(&t, "prm", r->mask);
		return;
	}
	tell_number(&t, "psid", psid);
	tell_number(&t, "psid_length", r->length);
	if (!c->key && r->length)
		tell_number(&t, "psid_offset", c->psid_offset);
	if (r->prefix.length)
		tell_ipv6(&t, c, subscriber / r->each, psid);
}

bool port_set_of_prefix(const void *config, const struct scheme_pool *pool, const struct addr6 *prefix,
                        uint32_t *subscriber)
{
	const struct port_set_rule *r = &config_of(config)->rule;
	uint32_t address, set;

	if (!r->prefix.length || prefix->length < r->prefix.length + r->ea_bits || !addr6_within(prefix, &r->prefix))
		return false;
	address = addr6_bits(prefix, r->prefix.length, r->suffix_bits) << r->spare_bits;
	set = r->psid_bits ? r->set_of_psid[addr6_bits(prefix, r->prefix.length + r->suffix_bits, r->psid_bits)] : 0;
	return set != PORT_SET_NONE && port_set_tenant(config, pool, address, set, subscriber);
}
