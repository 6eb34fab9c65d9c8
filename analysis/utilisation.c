#include "analysis/utilisation.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/nat/allocator.h"

/* The smallest k for which subscribers or ports, times the window, fit 63 bits in quanta of 2^k ns. */
static unsigned quantum_for(const struct usage_frame *f)
{
	uint64_t most = f->subscribers > PROTO_COUNT * f->ports ? f->subscribers : PROTO_COUNT * f->ports;
	uint64_t window = (uint64_t)(f->end_ns - f->begin_ns);
	unsigned k = 0;

	while ((window >> k) > (uint64_t)INT64_MAX / (most + 1))
		k++;
	return k;
}

struct usage *usage_create(const struct usage_frame *frame)
{
	struct usage *u = must_alloc(1, sizeof(*u));

	must(frame->end_ns > frame->begin_ns && frame->interval_ns > 0);
	u->frame = *frame;
	u->quantum = quantum_for(frame);
	u->level_time = must_alloc(USAGE_LEVELS, sizeof(*u->level_time));
	u->peak = must_alloc(USAGE_LEVELS, sizeof(*u->peak));
	for (int p = 0; p < PROTO_COUNT; p++)
		u->address_peak[p] = must_alloc(65536, sizeof(*u->address_peak[p]));
	u->sample_count = (size_t)((frame->end_ns - frame->begin_ns) / frame->interval_ns) + 1;
	u->samples = must_alloc(u->sample_count, sizeof(*u->samples));
	u->seconds = (size_t)((frame->end_ns - frame->begin_ns + NS_PER_S - 1) / NS_PER_S);
	u->created_per_second = must_alloc(u->seconds, sizeof(*u->created_per_second));
	return u;
}

void usage_destroy(struct usage *u)
{
	if (!u)
		return;
	free(u->level_time);
	free(u->peak);
	for (int p = 0; p < PROTO_COUNT; p++)
		free(u->address_peak[p]);
	free(u->samples);
	free(u->created_per_second);
	free(u);
}

static void add_all(uint64_t *to, const uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += from[i];
}

void usage_add(struct usage *to, const struct usage *from)
{
	must(to->sample_count == from->sample_count && to->quantum == from->quantum);
	add_all(to->active, from->active, PROTO_COUNT);
	add_all(to->held, from->held, PROTO_COUNT);
	to->blocks += from->blocks;
	add_all(to->level_time, from->level_time, USAGE_LEVELS);
	add_all(to->peak, from->peak, USAGE_LEVELS);
	for (int p = 0; p < PROTO_COUNT; p++)
		add_all(to->address_peak[p], from->address_peak[p], 65536);
	for (size_t i = 0; i < to->sample_count; i++) {
		struct usage_sample *t = &to->samples[i];
		const struct usage_sample *f = &from->samples[i];

		add_all(t->active, f->active, PROTO_COUNT);
		add_all(t->held, f->held, PROTO_COUNT);
		t->blocks += f->blocks;
		t->sessions += f->sessions;
		t->created += f->created;
		t->refused += f->refused;
	}
	for (size_t i = 0; i < to->seconds; i++)
		to->created_per_second[i] += from->created_per_second[i];
	add_all(to->flows, from->flows, PROTO_COUNT);
	add_all(to->attempted, from->attempted, PROTO_COUNT);
	add_all(to->created, from->created, PROTO_COUNT);
	add_all(to->refused_by, from->refused_by, OUT_COUNT);
	add_all(to->notices, from->notices, NOTICE_COUNT);
	to->retries += from->retries;
	to->created_late += from->created_late;
	to->recreated += from->recreated;
	to->recreate_refused += from->recreate_refused;
	to->exempt += from->exempt;
	to->inbound_unmatched += from->inbound_unmatched;
	to->inbound_filtered += from->inbound_filtered;
	to->crowded_out += from->crowded_out;
	add_all(to->cpe_refused_by, from->cpe_refused_by, OUT_COUNT);
	to->subscribers_attempted += from->subscribers_attempted;
	to->subscribers_refused += from->subscribers_refused;
	to->addresses_used += from->addresses_used;
	to->guess_count += from->guess_count;
	to->guess_sum += from->guess_sum;
	to->guess_lawless += from->guess_lawless;
	add_all(to->guess_hits, from->guess_hits, GUESSERS);
	to->jain_count += from->jain_count;
	to->jain_sum += from->jain_sum;
}

/* How many there are, and the integral of it over the window: the last value
 * times the window's end, less each change times its moment. So a change is one
 * sum and needs no earlier moment; on the way the sum may wrap around zero, but
 * not at the end. The time at each level is summed in the same way: what leaves
 * a level adds the moment there, what comes to it takes it off. */
struct level {
	uint64_t now, integral;
};

struct subscriber_meter {
	uint64_t integral;
	uint32_t active;      /* all protocols together */
	uint32_t peak;
	uint32_t address;     /* the last it had a mapping on */
	bool attempted, refused;
};

struct address_meter {
	uint32_t held[PROTO_COUNT], peak[PROTO_COUNT];
	bool used, refusal;
};

struct meter {
	struct usage *usage;
	struct subscriber_meter *of_subscriber; /* owned */
	struct address_meter *of_address;       /* owned */
	struct guess_past *past;                /* [subscriber * PROTO_COUNT + protocol]; NULL until a mapping has no law; owned */
	uint32_t subscribers, addresses;
	struct level active[PROTO_COUNT], held[PROTO_COUNT], blocks;
	uint64_t further;           /* sessions beyond one a live number */
	bool begun, counting;       /* the window has begun; and is not over */
	int64_t due_ns;             /* at this moment one of those below is due */
	int64_t sample_ns;          /* of the next sample, taken once this is past */
	size_t samples;             /* taken */
	int64_t second_ns;          /* when the next second of the window begins */
	uint32_t *second;           /* the current one's place in created_per_second */
	uint64_t created, refused;  /* since the last sample */
};

struct meter *meter_create(struct usage *usage, uint32_t subscribers, uint32_t addresses)
{
	struct meter *m = must_alloc(1, sizeof(*m));

	m->usage = usage;
	m->subscribers = subscribers;
	m->addresses = addresses;
	m->of_subscriber = must_alloc(subscribers, sizeof(*m->of_subscriber));
	m->of_address = must_alloc(addresses, sizeof(*m->of_address));
	for (uint32_t i = 0; i < subscribers; i++)
		m->of_subscriber[i].address = ADDRESS_NONE;
	m->due_ns = m->sample_ns = m->second_ns = usage->frame.begin_ns;
	return m;
}

/* Quanta since the window's begin, within the window. */
static uint64_t quanta(const struct usage *u, int64_t time_ns)
{
	if (time_ns <= u->frame.begin_ns)
		return 0;
	if (time_ns > u->frame.end_ns)
		time_ns = u->frame.end_ns;
	return (uint64_t)(time_ns - u->frame.begin_ns) >> u->quantum;
}

static void level_change(struct level *l, uint64_t now, int64_t by)
{
	l->now += (uint64_t)by;
	l->integral -= (uint64_t)by * now;
}

/* Records the state at every moment of the grid before `time_ns`. */
static void sample_until(struct meter *m, int64_t time_ns)
{
	struct usage *u = m->usage;

	while (m->sample_ns < time_ns && m->samples < u->sample_count) {
		struct usage_sample *s = &u->samples[m->samples++];

		s->sessions += m->further;
		for (int p = 0; p < PROTO_COUNT; p++) {
			s->active[p] += m->active[p].now;
			s->held[p] += m->held[p].now;
			s->sessions += m->active[p].now;
		}
		s->blocks += m->blocks.now;
		s->created += m->created;
		s->refused += m->refused;
		m->created = m->refused = 0;
		m->sample_ns += u->frame.interval_ns;
	}
	if (m->samples == u->sample_count)
		m->sample_ns = NS_NEVER - 1;
}

/* The first moment of the window: what is held over from before counts as peak. */
static void begin_window(struct meter *m)
{
	m->begun = true;
	m->created = m->refused = 0;
	for (uint32_t i = 0; i < m->subscribers; i++)
		m->of_subscriber[i].peak = m->of_subscriber[i].active;
	for (uint32_t i = 0; i < m->addresses; i++)
		for (int p = 0; p < PROTO_COUNT; p++) {
			m->of_address[i].peak[p] = m->of_address[i].held[p];
			m->of_address[i].used |= m->of_address[i].held[p] > 0;
		}
}

/* Finds the second in which `time_ns` lies, or that the window is over. */
static void turn_second(struct meter *m, int64_t time_ns)
{
	struct usage *u = m->usage;
	int64_t second = (time_ns - u->frame.begin_ns) / NS_PER_S;

	m->counting = time_ns < u->frame.end_ns;
	if (!m->counting) {
		m->second_ns = NS_NEVER;
		return;
	}
	m->second = &u->created_per_second[second];
	m->second_ns = u->frame.begin_ns + (second + 1) * NS_PER_S;
	if (m->second_ns > u->frame.end_ns)
		m->second_ns = u->frame.end_ns;
}

/* Something is due by `time_ns`, of an event that has not been counted yet. */
static __attribute__((noinline)) void fall_due(struct meter *m, int64_t time_ns)
{
	if (!m->begun && time_ns >= m->usage->frame.begin_ns)
		begin_window(m);
	sample_until(m, time_ns);
	if (time_ns >= m->second_ns)
		turn_second(m, time_ns);
	m->due_ns = m->sample_ns + 1 < m->second_ns ? m->sample_ns + 1 : m->second_ns;
}

static void subscriber_change(struct meter *m, struct subscriber_meter *s, uint64_t now, int by)
{
	uint64_t *level_time = &m->usage->level_time[s->active];

	level_time[0] += now;
	level_time[by] -= now;
	s->active += (uint32_t)by;
	s->integral -= (uint64_t)(int64_t)by * now;
}

/* A mapping whose scheme declares no law: guessers are set on it. */
static void guess(struct meter *m, const struct nat_event *e, bool counts)
{
	uint64_t elsewhere[GUESSERS];

	if (!m->past)
		m->past = must_alloc((size_t)m->subscribers * PROTO_COUNT, sizeof(*m->past));
	guess_add(&m->past[(size_t)e->subscriber * PROTO_COUNT + e->protocol], e->slot,
	          counts ? m->usage->guess_hits : memset(elsewhere, 0, sizeof(elsewhere)));
	m->usage->guess_lawless += counts;
}

static void mapping_created(struct meter *m, const struct nat_event *e, uint64_t now)
{
	struct usage *u = m->usage;
	struct subscriber_meter *s = &m->of_subscriber[e->subscriber];
	struct address_meter *a = &m->of_address[e->address];
	enum protocol p = e->protocol;

	level_change(&m->active[p], now, e->live);
	level_change(&m->held[p], now, e->taken);
	m->further += !e->live;
	subscriber_change(m, s, now, 1);
	if (s->active > s->peak)
		s->peak = s->active;
	s->address = e->address;
	a->held[p] += e->taken;
	if (a->held[p] > a->peak[p])
		a->peak[p] = a->held[p];
	if (e->odds == ODDS_UNKNOWN)
		guess(m, e, m->counting);
	if (!m->counting)
		return;
	a->used = true;
	m->created++;
	++*m->second;
	u->guess_count++;
	if (e->odds != ODDS_UNKNOWN)
		u->guess_sum += ((UINT64_C(1) << 32) + e->odds / 2) / e->odds;
}

/* A newcomer whom no address had room for was refused by every one of them. */
static void mark_refusal(struct meter *m, uint32_t address)
{
	if (address != ADDRESS_NONE) {
		m->of_address[address].refusal = true;
		return;
	}
	for (uint32_t a = 0; a < m->addresses; a++)
		m->of_address[a].refusal = true;
}

void meter_event(struct meter *m, const struct nat_event *e)
{
	uint64_t now;

	if (e->time_ns >= m->due_ns)
		fall_due(m, e->time_ns);
	now = quanta(m->usage, e->time_ns);
	switch (e->kind) {
	case NAT_MAPPING_CREATED:
		mapping_created(m, e, now);
		break;
	case NAT_MAPPING_ENDED:
		level_change(&m->active[e->protocol], now, -(int64_t)e->live);
		m->further -= !e->live;
		subscriber_change(m, &m->of_subscriber[e->subscriber], now, -1);
		break;
	case NAT_PORT_RELEASED:
		level_change(&m->held[e->protocol], now, -(int64_t)e->taken);
		m->of_address[e->address].held[e->protocol] -= e->taken;
		break;
	case NAT_BLOCK_GIVEN:
		level_change(&m->blocks, now, e->count);
		break;
	case NAT_BLOCK_FREE:
		level_change(&m->blocks, now, -(int64_t)e->count);
		break;
	case NAT_SESSION_CREATED:
		m->further++;
		break;
	case NAT_SESSION_ENDED:
		m->further--;
		break;
	case NAT_REFUSED:
		m->refused++;
		if (m->begun)
			mark_refusal(m, e->address);
		break;
	case NAT_NOTICE:
		if (m->begun)
			m->usage->notices[e->notice]++;
		break;
	case NAT_BLOCK_RETURNED:
	case NAT_BLOCK_INTERIM:
		break;
	}
}

void meter_flow(struct meter *m, int64_t time_ns, uint32_t subscriber, enum protocol protocol, enum outcome outcome,
                bool crowded_out)
{
	struct usage *u = m->usage;
	struct subscriber_meter *s = &m->of_subscriber[subscriber];

	if (time_ns < u->frame.begin_ns || time_ns >= u->frame.end_ns)
		return;
	if (outcome == OUT_CREATED || outcome_is_refusal(outcome)) {
		u->attempted[protocol]++;
		s->attempted = true;
	}
	if (outcome == OUT_CREATED)
		u->created[protocol]++;
	else if (outcome == OUT_EXEMPT)
		u->exempt++;
	else if (outcome_is_refusal(outcome)) {
		u->refused_by[outcome]++;
		u->crowded_out += crowded_out;
		s->refused = true;
	}
}

/* Jain's index over the mean active ports of the address's subscribers, as a share of 2^32. */
static void jain(struct meter *m)
{
	struct usage *u = m->usage;
	double *sum = must_alloc(m->addresses, sizeof(*sum));
	double *squares = must_alloc(m->addresses, sizeof(*squares));
	uint32_t *count = must_alloc(m->addresses, sizeof(*count));

	for (uint32_t i = 0; i < m->subscribers; i++) {
		const struct subscriber_meter *s = &m->of_subscriber[i];

		if (s->address == ADDRESS_NONE)
			continue;
		sum[s->address] += (double)s->integral;
		squares[s->address] += (double)s->integral * (double)s->integral;
		count[s->address]++;
	}
	for (uint32_t a = 0; a < m->addresses; a++) {
		if (!m->of_address[a].refusal || squares[a] <= 0)
			continue;
		u->jain_count++;
		u->jain_sum += (uint64_t)(sum[a] * sum[a] / (squares[a] * count[a]) * 0x1p32 + 0.5);
	}
	free(sum);
	free(squares);
	free(count);
}

/* The levels as they are at the end, and their integrals. */
static void close_levels(struct meter *m, uint64_t end)
{
	struct usage *u = m->usage;

	for (int p = 0; p < PROTO_COUNT; p++) {
		u->active[p] += m->active[p].integral + m->active[p].now * end;
		u->held[p] += m->held[p].integral + m->held[p].now * end;
	}
	u->blocks += m->blocks.integral + m->blocks.now * end;
	for (uint32_t i = 0; i < m->subscribers; i++) {
		struct subscriber_meter *s = &m->of_subscriber[i];

		u->level_time[s->active] += end;
		s->integral += s->active * end;
	}
}

void meter_finish(struct meter *m)
{
	struct usage *u = m->usage;

	fall_due(m, u->frame.end_ns);
	sample_until(m, u->frame.end_ns + 1);
	close_levels(m, quanta(u, u->frame.end_ns));
	for (uint32_t i = 0; i < m->subscribers; i++) {
		const struct subscriber_meter *s = &m->of_subscriber[i];

		u->peak[s->peak]++;
		u->subscribers_attempted += s->attempted;
		u->subscribers_refused += s->refused;
	}
	for (uint32_t a = 0; a < m->addresses; a++) {
		for (int p = 0; p < PROTO_COUNT; p++)
			u->address_peak[p][m->of_address[a].peak[p]]++;
		u->addresses_used += m->of_address[a].used;
	}
	jain(m);
	free(m->of_subscriber);
	free(m->of_address);
	free(m->past);
	free(m);
}
