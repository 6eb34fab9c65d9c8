/* port-set - numbers that are a subscriber's by some of their bits.
 *
 * RFC 7597 section 5.1 (MAP; lw4o6 is psid_offset 0): a number is
 * A (a bits) | PSID (k bits) | j (the rest). A subscriber's set is the numbers with
 * its PSID and, if a > 0, with A > 0. With N the lowest number of the pool, what begins below it is left out whole, so that
 * all sets are alike (appendix B): A < ceil(N / 2^(16-a)) if a > 0, PSID < ceil(N / 2^(16-k)) if a = 0. A pool from 1 on
 * leaves out nothing but number 0.
 * RFC 6431 section 2.1 (masks): the numbers p with p & PRM = PRV. Set s has the
 * bits of s, from the lowest, where PRM has its ones, from the lowest: a PSID is a
 * PRM whose ones follow one another.
 * RFC 6431 section 2.2 (a key): sets are runs of equal size, permuted by feistel.h.
 *
 * Without PSID bits an address is one subscriber's, whatever a is: it has all numbers
 * of the pool (appendix A, example 4). With fewer embedded bits than an address has in the pool's
 * prefix, 2^spare_bits addresses are: subscriber k has those from k 2^spare_bits on (section 5.2: an IPv4 prefix for a CE).
 * A provisioned PSID (example 5; the `psid` parameter) is the only set of each address,
 * and no part of the embedded bits.
 *
 * Sets with no number of the pool are left out; the rest are counted from 0. With
 * C of them on an address, subscriber k has set k mod C of address k div C. Sets
 * above C, if C is set by `sharing`, are a pool from which subscribers grow (A+P,
 * RFC 6346 section 5.2), by ranges that are logged.
 *
 * With a rule prefix of IPv6, length n, the embedded bits of a subscriber are the
 * suffix of its address in the pool's prefix and its PSID, if it is not provisioned. They follow the rule
 * prefix; together they are its end-user prefix. The CE address (RFC 7597 section
 * 6) is an interface identifier of 16 zero bits, the IPv4 address (the first, of several) and the PSID, behind 64 bits that
 * begin with that prefix; of a prefix longer than that the rest lies over the identifier. The drafts up to
 * draft-ietf-softwire-map-03, which equipment is still in use of, have 8 zero bits, the address, the PSID and 8 zero bits. */
#ifndef SIM_SCHEME_PORT_SET_H
#define SIM_SCHEME_PORT_SET_H

#include "sim/scheme/feistel.h"
#include "sim/scheme/scheme.h"

#define PORT_SET_AUTO UINT32_MAX
#define PORT_SET_NONE UINT32_MAX

enum port_set_identifier { IDENTIFIER_RFC7597, IDENTIFIER_DRAFT_03 };

struct port_set_config {
	uint32_t psid_offset;          /* a */
	uint32_t psid_length;          /* k, or PORT_SET_AUTO */
	uint32_t ea_bits;              /* or PORT_SET_AUTO */
	uint32_t psid;                 /* provisioned, or PORT_SET_AUTO */
	char *masks, *key, *ipv6_prefix; /* owned; NULL: not given */
	int interface_identifier;      /* enum port_set_identifier */
	uint32_t sharing;
	uint32_t growth, max_growth;
	int64_t growth_interval;

	/* By port_set_settle(). */
	struct port_set_rule {
		uint32_t subscribers, addresses;
		uint32_t numbers;      /* of an address */
		uint32_t length;       /* k */
		uint32_t mask;         /* PRM; 0 with a key */
		uint32_t sets;         /* of an address, those left out not counted */
		uint32_t each;         /* C: of them, subscribers' own */
		uint32_t *psid;        /* by set; owned */
		uint32_t *set_of_psid; /* PORT_SET_NONE: left out; owned */
		uint32_t *first;       /* by set, and one more: where its slots begin; owned */
		uint16_t *slots;       /* set after set; owned */
		uint32_t *set_of_slot; /* owned */
		struct feistel *keyed; /* by address; NULL: no key; owned */
		struct addr6 prefix;   /* of IPv6; length 0: none */
		struct addr_range ipv4;
		uint32_t ea_bits, suffix_bits, psid_bits; /* embedded: the suffix of the address, and the PSID's */
		uint32_t spare_bits;   /* of an address, not embedded: a subscriber has 2^spare_bits of them */
	} rule;
};

bool port_set_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e);
void port_set_unsettle(void *config);

uint32_t port_set_numbers(const void *config, const struct scheme_pool *pool, uint32_t subscriber);
void port_set_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
                      struct scheme_number *out);
bool port_set_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                      uint32_t *subscriber);
bool port_set_tenant(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
                     uint32_t *subscriber);
uint32_t port_set_whole(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t *first);

/* The names that RFC 7597 gives to what a CE is provisioned with; see struct scheme_type. */
void port_set_tell(const void *config, const struct scheme_pool *pool, uint32_t subscriber,
                   void (*each)(void *context, const char *name, const char *text), void *context);
bool port_set_of_prefix(const void *config, const struct scheme_pool *pool, const struct addr6 *prefix,
                        uint32_t *subscriber);

#endif
