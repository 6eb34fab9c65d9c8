#include "sim/nat/notices.h"

const char *const nat_notice_name[NOTICE_COUNT] = {
	[NOTICE_ADDRESSES_EXHAUSTED] = "addresses-exhausted",
	[NOTICE_PORTS_EXHAUSTED]     = "ports-exhausted",
	[NOTICE_QUOTA_EXCEEDED]      = "quota-exceeded",
	[NOTICE_POOL_HIGH]           = "pool-high",
	[NOTICE_POOL_LOW]            = "pool-low",
	[NOTICE_MAPPINGS_HIGH]       = "mappings-high",
	[NOTICE_SUBSCRIBER_HIGH]     = "subscriber-high",
};

void notices_init(struct notices *n, const struct nat_notify *config, uint64_t numbers)
{
	*n = (struct notices){ .config = config, .high = UINT64_MAX, .low = 0 };
	if (config->pool_high > 0) {
		n->high = (uint64_t)(config->pool_high * (double)numbers);
		n->high += (double)n->high < config->pool_high * (double)numbers; /* so many are not yet that share */
		n->low = (uint64_t)(config->pool_low * (double)numbers);
	}
	n->watching = config->pool_high > 0 || config->mappings_high || config->subscriber_high;
	for (int i = 0; i < NOTICE_COUNT; i++)
		n->last_ns[i] = NS_NONE;
}

/* The same notice again only after the interval. */
static enum nat_notice give(struct notices *n, int64_t now_ns, enum nat_notice what)
{
	int64_t last_ns = n->last_ns[what];

	if (last_ns != NS_NONE && now_ns - last_ns < n->config->interval)
		return NOTICE_COUNT;
	n->last_ns[what] = now_ns;
	return what;
}

enum nat_notice notices_refused(struct notices *n, int64_t now_ns, enum outcome why)
{
	switch (why) {
	case OUT_NO_ADDRESS:
		return give(n, now_ns, NOTICE_ADDRESSES_EXHAUSTED);
	case OUT_NO_BLOCK:
	case OUT_NO_PORT:
	case OUT_TRIES_EXHAUSTED:
		return give(n, now_ns, NOTICE_PORTS_EXHAUSTED);
	default:
		return give(n, now_ns, NOTICE_QUOTA_EXCEEDED);
	}
}

uint32_t notices_taken(struct notices *n, int64_t now_ns, enum protocol protocol, uint32_t mappings, uint32_t of_subscriber)
{
	uint32_t bits = 0;

	if (++n->in_use[protocol] >= n->high && !n->above[protocol]) {
		n->above[protocol] = true;
		bits |= 1u << give(n, now_ns, NOTICE_POOL_HIGH);
	}
	if (mappings == n->config->mappings_high)
		bits |= 1u << give(n, now_ns, NOTICE_MAPPINGS_HIGH);
	if (of_subscriber == n->config->subscriber_high)
		bits |= 1u << give(n, now_ns, NOTICE_SUBSCRIBER_HIGH);
	return bits;
}

enum nat_notice notices_released(struct notices *n, int64_t now_ns, enum protocol protocol)
{
	if (--n->in_use[protocol] > n->low || !n->above[protocol])
		return NOTICE_COUNT;
	n->above[protocol] = false;
	return give(n, now_ns, NOTICE_POOL_LOW);
}
