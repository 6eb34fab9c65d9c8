/* natbench - a NAT on a bench: one instance with a scheme on it, a witness that
 * watches every event, and short ways to send trains. Header only, for tests.
 *
 * The witness keeps its own book of who holds which number and stops the test
 * at the first that two hold at once, is released before its time, or is given
 * outside a block that the subscriber owns (where the scheme gives blocks). */
#ifndef TESTS_SUPPORT_NATBENCH_H
#define TESTS_SUPPORT_NATBENCH_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/nat/nat.h"
#include "sim/scheme/scheme.h"

#define S NS_PER_S
#define NOBODY UINT32_MAX

struct witness_cell {
	uint32_t holder;
	bool live;
	int64_t since_ns, ended_ns;
};

struct bench {
	struct nat_config config;
	struct slots *slots;
	struct nat *nat;
	uint32_t addresses, subscribers;
	bool blocks_only;                 /* every number must lie in an own block */
	struct witness_cell *cells;       /* [(address * PROTO_COUNT + protocol) * count + slot] */
	uint32_t *block_owner;            /* [address * count + slot] */
	uint64_t created, ended, released, refused, blocks_given, blocks_returned, blocks_interim;
	struct nat_event last;            /* of any kind but a notice */
	int64_t now_ns;
};

static inline void bench_event(void *context, const struct nat_event *e)
{
	struct bench *b = context;
	uint32_t count = b->slots->count;
	struct witness_cell *cell = &b->cells[((size_t)(e->address == ADDRESS_NONE ? 0 : e->address) * PROTO_COUNT + e->protocol) *
	                                      count + e->slot];

	must(e->time_ns >= b->now_ns);
	b->now_ns = e->time_ns;
	if (e->kind != NAT_NOTICE)
		b->last = *e;
	switch (e->kind) {
	case NAT_MAPPING_CREATED:
		must(cell->holder == NOBODY);
		must(!b->blocks_only || b->block_owner[(size_t)e->address * count + e->slot] == e->subscriber);
		*cell = (struct witness_cell){ .holder = e->subscriber, .live = true, .since_ns = e->time_ns };
		b->created++;
		break;
	case NAT_MAPPING_ENDED:
		must(cell->holder == e->subscriber && cell->live && cell->since_ns == e->since_ns);
		cell->live = false;
		cell->ended_ns = e->time_ns;
		b->ended++;
		break;
	case NAT_PORT_RELEASED:
		must(cell->holder == e->subscriber && !cell->live);
		must(e->time_ns >= cell->ended_ns + (b->config.hold_down.max_ports ? 0 : b->config.hold_down.time));
		cell->holder = NOBODY;
		b->released++;
		break;
	case NAT_BLOCK_GIVEN:
		for (uint32_t i = 0; i < e->count; i++) {
			must(b->block_owner[(size_t)e->address * count + e->slot + i * e->step] == NOBODY);
			b->block_owner[(size_t)e->address * count + e->slot + i * e->step] = e->subscriber;
		}
		b->blocks_given++;
		break;
	case NAT_BLOCK_RETURNED:
		b->blocks_returned++;
		break;
	case NAT_BLOCK_FREE:
		for (uint32_t i = 0; i < e->count; i++) {
			must(b->block_owner[(size_t)e->address * count + e->slot + i * e->step] == e->subscriber);
			b->block_owner[(size_t)e->address * count + e->slot + i * e->step] = NOBODY;
		}
		break;
	case NAT_BLOCK_INTERIM:
		must(b->block_owner[(size_t)e->address * count + e->slot] == e->subscriber);
		b->blocks_interim++;
		break;
	case NAT_REFUSED:
		b->refused++;
		break;
	default:
		break;
	}
}

/* The interface's defaults. */
static struct nat_config bench_defaults(void)
{
	return (struct nat_config){
		.timeouts = { .udp = 300 * S, .udp_well_known = 300 * S, .tcp_established = 7440 * S, .tcp_open = 240 * S,
		              .tcp_closing = 240 * S, .tcp_incoming_syn = 6 * S, .icmp = 60 * S, .fragment = 2 * S },
		.hold_down = { .time = 120 * S },
	};
}

static inline void bench_open(struct bench *b, struct nat_config config, struct port_range ports, uint32_t addresses,
                       uint32_t subscribers, const struct scheme_type *scheme, const void *scheme_config)
{
	size_t numbers;

	*b = (struct bench){ .config = config, .addresses = addresses, .subscribers = subscribers };
	b->slots = slots_create(ports, &(struct port_ranges){ 0 });
	numbers = (size_t)addresses * b->slots->count;
	b->cells = must_alloc(numbers * PROTO_COUNT, sizeof(*b->cells));
	b->block_owner = must_alloc(numbers, sizeof(*b->block_owner));
	for (size_t i = 0; i < numbers * PROTO_COUNT; i++)
		b->cells[i].holder = NOBODY;
	for (size_t i = 0; i < numbers; i++)
		b->block_owner[i] = NOBODY;
	b->nat = nat_create(&(struct nat_setup){
		.config = &b->config,
		.slots = b->slots,
		.addresses = addresses,
		.subscribers = subscribers,
		.rng_key = RNG_TEST,
		.sink = { .context = b, .event = bench_event },
		.scheme_create = scheme->create,
		.scheme_config = scheme_config,
	});
}

static inline void bench_close(struct bench *b)
{
	nat_destroy(b->nat);
	slots_destroy(b->slots);
	free(b->cells);
	free(b->block_owner);
}

/* A train: one packet out unless the caller changes it. */
static struct segment train_of(int64_t at_ns, uint32_t subscriber, enum protocol protocol, uint16_t port, uint8_t flags)
{
	return (struct segment){
		.start_ns = at_ns,
		.last_out_ns = flags & SEG_INBOUND ? NS_NONE : at_ns,
		.first_in_ns = flags & SEG_INBOUND ? at_ns : NS_NONE,
		.last_in_ns = flags & SEG_INBOUND ? at_ns : NS_NONE,
		.subscriber = subscriber,
		.remote = 0xc6120001,
		.remote_port = protocol == PROTO_ICMP ? 0 : 4433,
		.port = port,
		.protocol = (uint8_t)protocol,
		.flags = flags,
	};
}

static inline struct verdict bench_send(struct bench *b, int64_t at_ns, uint32_t subscriber, enum protocol protocol,
                                        uint16_t port, uint8_t flags)
{
	struct segment train = train_of(at_ns, subscriber, protocol, port, flags);

	return nat_show(b->nat, &train);
}

#endif
