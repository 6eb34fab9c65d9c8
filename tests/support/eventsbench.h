/* eventsbench - an event file of drawn events and trains, and what was drawn.
 * Header only, for tests. */
#ifndef TESTS_SUPPORT_EVENTSBENCH_H
#define TESTS_SUPPORT_EVENTSBENCH_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/world/events.h"
#include "sim/world/watch.h"

enum { EVENTSBENCH_SUBSCRIBERS = 5, EVENTSBENCH_ADDRESSES = 2, EVENTSBENCH_SLOTS = 1000 };

static const struct events_bounds eventsbench_bounds = {
	.first_subscriber = 100,
	.subscribers = EVENTSBENCH_SUBSCRIBERS,
	.addresses = EVENTSBENCH_ADDRESSES,
	.slots = EVENTSBENCH_SLOTS,
	.end_ns = 3600 * NS_PER_S,
};

/* What there is to end. */
struct eventsbench_live {
	uint32_t active[EVENTSBENCH_SUBSCRIBERS];
	uint32_t held[EVENTSBENCH_ADDRESSES][PROTO_COUNT];
	uint64_t live[PROTO_COUNT], blocks, further;
};

/* One record, either kind. */
struct eventsbench_record {
	bool is_train;
	struct nat_event event;
	struct segment train;
	struct verdict verdict;
	unsigned sight;
};

struct eventsbench {
	struct eventsbench_record *records; /* owned */
	size_t count;
	struct packets packets;
};

static inline bool eventsbench_possible(struct eventsbench_live *l, struct nat_event *e)
{
	switch (e->kind) {
	case NAT_MAPPING_CREATED:
		l->active[e->subscriber]++;
		l->held[e->address][e->protocol] += e->taken;
		l->live[e->protocol] += e->live;
		l->further += !e->live;
		return true;
	case NAT_MAPPING_ENDED:
		if (!l->active[e->subscriber] || l->live[e->protocol] < e->live || l->further < !e->live)
			return false;
		l->active[e->subscriber]--;
		l->live[e->protocol] -= e->live;
		l->further -= !e->live;
		return true;
	case NAT_PORT_RELEASED:
		if (l->held[e->address][e->protocol] < e->taken)
			return false;
		l->held[e->address][e->protocol] -= e->taken;
		return true;
	case NAT_BLOCK_GIVEN:
		l->blocks += e->count;
		return true;
	case NAT_BLOCK_FREE:
		if (l->blocks < e->count)
			return false;
		l->blocks -= e->count;
		return true;
	case NAT_SESSION_CREATED:
		l->further++;
		return true;
	case NAT_SESSION_ENDED:
		return l->further && l->further--;
	default:
		return true;
	}
}

static inline struct nat_event eventsbench_event(struct rng *r, int64_t now_ns)
{
	struct nat_event e = { .kind = (enum nat_event_kind)rng_below(r, NAT_NOTICE + 1), .time_ns = now_ns };
	bool mapping = e.kind <= NAT_SESSION_ENDED, told = e.kind == NAT_REFUSED || e.kind == NAT_NOTICE;

	e.subscriber = rng_below(r, EVENTSBENCH_SUBSCRIBERS);
	e.address = told && rng_below(r, 2) ? ADDRESS_NONE : rng_below(r, EVENTSBENCH_ADDRESSES);
	if (mapping || told)
		e.protocol = (enum protocol)rng_below(r, PROTO_COUNT);
	if (mapping) {
		e.slot = rng_below(r, EVENTSBENCH_SLOTS);
		e.count = 1;
		e.port = e.kind == NAT_PORT_RELEASED ? 0 : (uint16_t)rng_below(r, 65536);
		e.live = e.kind <= NAT_MAPPING_ENDED && rng_below(r, 2);
		e.taken = (e.kind == NAT_MAPPING_CREATED || e.kind == NAT_PORT_RELEASED) && rng_below(r, 2);
	}
	if (e.kind == NAT_MAPPING_CREATED)
		e.odds = (uint32_t)rng_next(r);
	if (e.kind == NAT_MAPPING_ENDED)
		e.end = (uint8_t)rng_below(r, END_LOST + 1);
	if (e.kind == NAT_SESSION_CREATED || e.kind == NAT_SESSION_ENDED) {
		e.remote = (uint32_t)rng_next(r);
		e.remote_port = (uint16_t)rng_below(r, 65536);
	}
	if (!mapping && !told) {
		e.step = 1 + rng_below(r, 3);
		e.count = 1 + rng_below(r, 64);
		e.slot = rng_below(r, EVENTSBENCH_SLOTS - e.step * 64);
	}
	if (e.kind == NAT_MAPPING_ENDED || e.kind == NAT_PORT_RELEASED || (!mapping && !told))
		e.since_ns = (int64_t)(rng_unit(r) * (double)now_ns);
	if (told)
		e.outcome = (enum outcome)(OUT_FIRST_REFUSAL + rng_below(r, OUT_COUNT - OUT_FIRST_REFUSAL));
	if (e.kind == NAT_NOTICE)
		e.notice = (uint8_t)rng_below(r, NOTICE_COUNT);
	return e;
}

static inline void eventsbench_train(struct rng *r, int64_t now_ns, struct eventsbench_record *to)
{
	struct segment *t = &to->train;
	struct verdict *v = &to->verdict;

	to->is_train = true;
	*t = (struct segment){
		.start_ns = now_ns,
		.last_out_ns = rng_below(r, 3) ? now_ns + (int64_t)rng_below(r, 1u << 31) : NS_NONE,
		.first_in_ns = rng_below(r, 3) ? now_ns - (int64_t)rng_below(r, 1000) : NS_NONE,
		.last_in_ns = rng_below(r, 3) ? now_ns : NS_NONE,
		.subscriber = 100 + rng_below(r, EVENTSBENCH_SUBSCRIBERS),
		.flow = (uint32_t)rng_next(r),
		.remote = (uint32_t)rng_next(r),
		.remote_port = (uint16_t)rng_next(r),
		.port = (uint16_t)rng_next(r),
		.protocol = (uint8_t)rng_below(r, PROTO_COUNT),
		.flags = (uint8_t)rng_next(r),
		.source = (uint8_t)rng_next(r),
		.host = (uint8_t)rng_next(r),
	};
	*v = (struct verdict){ .outcome = (enum outcome)rng_below(r, OUT_COUNT), .crowded_out = rng_below(r, 2) };
	if (v->outcome <= OUT_REFRESHED) {
		v->address = rng_below(r, EVENTSBENCH_ADDRESSES);
		v->slot = rng_below(r, EVENTSBENCH_SLOTS);
		v->number = (uint16_t)rng_next(r);
	}
	to->sight = rng_below(r, 2 * SIGHT_RETRY);
}

/* So many records, drawn. */
static inline struct eventsbench eventsbench_draw(uint64_t seed, size_t count)
{
	struct eventsbench b = { .records = must_alloc(count, sizeof(*b.records)), .count = count };
	struct eventsbench_live live = { 0 };
	int64_t now_ns = 0;
	struct rng r;

	rng_seed(&r, mix64(seed, RNG_TEST));
	for (size_t i = 0; i < count; i++) {
		struct eventsbench_record *to = &b.records[i];

		now_ns += rng_below(&r, 1000000) * (rng_below(&r, 4) ? 1u : 0u);
		if (rng_below(&r, 3) == 0) {
			eventsbench_train(&r, now_ns, to);
			continue;
		}
		do
			to->event = eventsbench_event(&r, now_ns);
		while (!eventsbench_possible(&live, &to->event));
	}
	for (int s = 0; s < PACKETS_SUMS; s++)
		b.packets.sums[s] = rng_next(&r) >> rng_below(&r, 64);
	for (int d = 0; d < DELAYS; d++)
		for (int i = 0; i < 10; i++)
			delays_add(&b.packets.delays[d], (int64_t)(rng_next(&r) >> (1 + rng_below(&r, 62))));
	return b;
}

/* Writes it as a section. */
static inline void eventsbench_section(const struct eventsbench *b, struct events_place place, const char *path)
{
	struct err e = ERR_INIT;
	struct events_section *s = events_section_open(path, place, &e);

	must(s);
	for (size_t i = 0; i < b->count; i++) {
		const struct eventsbench_record *r = &b->records[i];

		if (r->is_train)
			events_section_train(s, &r->train, &r->verdict, r->sight);
		else
			events_section_event(s, &r->event);
	}
	must(events_section_close(s, &b->packets, &e));
}

#endif
