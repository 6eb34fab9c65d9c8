/* The log of a stand, read back as its operator would: by address, port and an exact time. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/study/stand_state.h"

static bool holder(void *context, uint32_t outside, uint16_t port, uint32_t *inside)
{
	struct stand *s = context;

	outside %= s->ground.addresses; /* outside_of() */
	return s->setup.type->reverse(s->setup.config, s->setup.pool, outside, s->ground.slots->slot[port], inside);
}

void stand_log_open(struct stand *s)
{
	s->evidence = (struct evidence_config){ .resolution_ns = 1, .port_logged = 1,
		                                .clock_offset = { .kind = DIST_CONSTANT, .value = 0 } };
	s->rule = (struct rule){ .context = s, .holder = holder };
	s->attribution = attribution_create(&(struct attribution_setup){
		.evidence = &s->evidence,
		.log = &s->log,
		.rule = s->setup.type->reverse ? &s->rule : NULL,
		.port_only = true,
	});
}

/* Where numbers carry several mappings the log has destinations (log.destinations), and is asked with the destination:
 * each remote endpoint has the addresses to itself. */
static uint32_t outside_of(struct stand *s, const struct live *m)
{
	if (!s->ground.tuples)
		return m->address;
	return m->address + s->ground.addresses * stand_remote(s, m->remote, m->remote_port);
}

void stand_log_mapping(struct stand *s, const struct live *m, uint32_t subscriber, bool ends)
{
	uint16_t number = slots_number(s->ground.slots, m->slot);

	if (s->setup.type->logs_mappings)
		attribution_record(s->attribution, &(struct log_record){
			.time_ns = s->now_ns,
			.kind = ends ? LOG_MAPPING_DELETE : LOG_MAPPING_ADD,
			.protocol = (enum protocol)m->protocol,
			.inside = subscriber,
			.outside = outside_of(s, m),
			.inside_port = m->port,
			.lo = number,
			.hi = number,
		});
}

void stand_log_block(struct stand *s, const struct nat_event *e)
{
	if (e->kind == NAT_BLOCK_FREE)
		return;
	attribution_record(s->attribution, &(struct log_record){
		.time_ns = s->now_ns,
		.kind = e->kind == NAT_BLOCK_RETURNED ? LOG_BLOCK_DELETE : LOG_BLOCK_ADD,
		.inside = e->subscriber,
		.outside = e->address,
		.lo = slots_number(s->ground.slots, e->slot),
		.hi = slots_number(s->ground.slots, e->slot + (e->count - 1) * e->step),
		.step = (uint16_t)e->step,
	});
}

/* On a large address with all its numbers live an answer takes long: only some are asked for. */
#define SLOTS_LARGE 8192
#define ASKED_OF_LARGE 16

/* Who has this number now? The answer is looked at when the stand is done. */
void stand_log_ask(struct stand *s, const struct live *m, uint32_t subscriber)
{
	if (s->ground.slots->count > SLOTS_LARGE && s->asks++ % ASKED_OF_LARGE)
		return;
	s->asked = must_grow(s->asked, s->incidents + 1, sizeof(*s->asked));
	s->asked[s->incidents] = (struct asked){ .time_ns = s->now_ns, .subscriber = subscriber, .address = m->address,
	                                         .slot = m->slot, .protocol = m->protocol };
	attribution_incident(s->attribution, &(struct incident){
		.hash = s->incidents++,
		.time_ns = s->now_ns,
		.subscriber = subscriber,
		.outside = outside_of(s, m),
		.port = slots_number(s->ground.slots, m->slot),
		.protocol = (enum protocol)m->protocol,
		.reached = true,
	});
}

void stand_log_judge(struct stand *s)
{
	struct answers answers;

	attribution_finish(s->attribution, &answers);
	for (size_t i = 0; i < answers.count; i++) {
		const struct answer *a = &answers.items[i];

		s->checks[RULE_LOG]++;
		if (a->candidates[EVIDENCE_PORT] != 1 || !a->right[EVIDENCE_PORT]) {
			const struct asked *q = &s->asked[a->hash];

			stand_broken(s, RULE_LOG, "%.3f s: subscriber %u has %s slot %u of address %u; the log names %u subscribers, "
			             "and it is %s", seconds_from_ns(q->time_ns), q->subscriber, protocol_name[q->protocol], q->slot,
			             q->address, a->candidates[EVIDENCE_PORT],
			             a->right[EVIDENCE_PORT] ? "one of them" : "none of them");
		}
	}
	free(answers.items);
}

void stand_log_close(struct stand *s)
{
	attribution_destroy(s->attribution);
	free(s->asked);
}
