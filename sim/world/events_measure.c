#include "sim/world/events_measure.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/keep.h"
#include "sim/world/measuring.h"

/* Readers of the log, and whoever watches the progress, are told the time so often. */
#define ADVANCE_RECORDS 512

/* A section under way. */
struct section {
	const struct events_measure *how;
	struct watch *watch;
	int64_t event_ns, train_ns, end_ns; /* of the last of each */
	uint64_t records;                   /* of all sections so far */
	size_t done, all;                   /* sections */
	bool foreign;                       /* a train is of no flow of the workload */
};

static void advance(struct section *s)
{
	const struct events_measure *how = s->how;
	int64_t now_ns = s->event_ns < s->train_ns ? s->event_ns : s->train_ns;

	if (++s->records % ADVANCE_RECORDS)
		return;
	watch_advance(s->watch, now_ns);
	if (how->progress)
		how->progress(how->progress_context, ((double)s->done + (double)now_ns / (double)s->end_ns) / (double)s->all,
		              s->records);
}

static void take_event(void *context, const struct nat_event *event)
{
	struct section *s = context;

	watch_event(s->watch, event);
	s->event_ns = event->time_ns;
	advance(s);
}

static void take_train(void *context, const struct segment *train, const struct verdict *v, unsigned sight)
{
	struct section *s = context;
	struct segment own = *train;

	if (s->how->flows && !workload_flows_own(s->how->flows, &own))
		s->foreign = true;
	watch_train(s->watch, &own, v, sight);
	s->train_ns = train->start_ns;
	advance(s);
}

static bool close_section(struct section *s, bool good, struct tally *tally, struct err *e)
{
	struct log_weight log = { 0 };
	struct answers answers = { 0 };

	if (!good) {
		watch_abandon(s->watch);
		return false;
	}
	good = watch_finish(s->watch, &log, &answers, e);
	log_weight_add(&tally->log, &log);
	log_weight_clear(&log);
	answers_move(&tally->answers, &answers);
	return good;
}

static bool read_section(struct section *s, struct watch_ground *ground, struct share share, struct events_place place,
                         struct tally *tally, struct packets *packets, struct err *e)
{
	const struct events_measure *how = s->how;
	const struct events_bounds bounds = {
		.first_subscriber = share.first_subscriber,
		.subscribers = share.subscribers,
		.addresses = share.addresses,
		.slots = ground->slots->count,
		.end_ns = s->end_ns,
	};
	struct watch_setup setup = { .ground = ground, .share = share, .instance = place.instance, .usage = tally->usage };
	struct packets some;
	char *keep = NULL;
	bool good;

	if (ground->trial->log.keep && how->log_directory)
		keep = keep_part_path(how->log_directory, ground->trial, 0, place.instance);
	setup.keep_path = keep;
	s->watch = watch_create(&setup, e);
	free(keep);
	if (!s->watch)
		return false;
	s->event_ns = s->train_ns = 0;
	good = events_read(how->events, place, &bounds, (struct events_taker){ s, take_event, take_train }, &some, e);
	if (good && s->foreign)
		good = fail(e, "%s: the events are of flows that the workload does not have", ground->trial->name);
	if (good)
		packets_add(packets, &some);
	s->done++;
	return close_section(s, good, tally, e);
}

/* Flows that sources of these subscribers could not offer. */
static uint64_t left_out(const struct workload_flows *flows)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; flows && k < flows->hosts; k++)
		sum += flows->left_out[k];
	return sum;
}

static bool holds_any(const struct packets *p)
{
	uint64_t sum = 0;

	for (int s = 0; s < PACKETS_SUMS; s++)
		sum |= p->sums[s];
	return sum;
}

static void fill_measures(const struct events_measure *how, const struct watch_ground *ground, struct tally *tally,
                          const struct packets *packets, struct measures *m)
{
	tally->not_offered = left_out(how->flows);
	for (int p = 0; how->flows && p < PROTO_COUNT; p++)
		tally->usage->flows[p] = how->offered[p];
	measuring_take(ground, tally, m);
	if (!holds_any(packets))
		return;
	m->packets = must_alloc(1, sizeof(*m->packets));
	*m->packets = *packets;
}

static bool measure_trial(struct section *s, size_t n, struct err *e)
{
	const struct events_measure *how = s->how;
	struct trial *trial = &how->trials[n];
	struct cut cut = cut_of(how->workload, trial);
	struct packets *packets = must_alloc(1, sizeof(*packets));
	struct watch_ground ground;
	struct usage_frame frame;
	struct sums sums;
	bool good = true;

	watch_ground_init(&ground, how->workload, trial, how->facts, cut.instances);
	frame = measuring_frame(&ground);
	sums_open(&sums, 1, 1, &frame, NULL);
	for (uint32_t i = 0; good && i < cut.instances; i++) {
		struct share share = cut_share(&cut, i);
		struct events_place place = { how->in_file[n], i };

		if (share.subscribers)
			good = read_section(s, &ground, share, place, sums.tallies, packets, e);
	}
	trial->measures = must_alloc(1, sizeof(*trial->measures));
	if (good)
		fill_measures(how, &ground, sums.tallies, packets, trial->measures);
	if (good && trial->log.keep && how->log_directory)
		good = keep_join(how->log_directory, trial, 0, cut.instances, e);
	sums_close(&sums);
	watch_ground_clear(&ground);
	free(packets);
	return good;
}

bool events_measure(const struct events_measure *how, struct err *e)
{
	struct section s = { .how = how, .end_ns = how->workload->warmup_ns + how->workload->duration_ns };
	bool good = true;

	must(how->workload->replications == 1);
	for (size_t n = 0; n < how->count; n++)
		s.all += cut_of(how->workload, &how->trials[n]).instances;
	for (size_t n = 0; good && n < how->count; n++)
		good = measure_trial(&s, n, e);
	return good;
}
