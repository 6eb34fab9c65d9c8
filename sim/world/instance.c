#include "sim/world/instance.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/cpe.h"
#include "sim/world/keep.h"
#include "sim/world/workload.h"

/* Trains in a slab: few, so that they are still near when they are shown; but where
 * there are several NATs to show them to, enough that going from one to the next, each
 * of which fills the cache, costs little. */
#define SLAB_TRAINS 512.0
#define SLAB_TRAINS_SEVERAL 4096.0
/* Readers of the log are told the time so often: they keep what they read until then. */
#define ADVANCE_TRAINS 512
#define PREFETCH_TRAINS 6

/* One under way. */
struct instance {
	const struct instance_setup *setup;
	struct share share;            /* its subscribers */
	struct workload_stream *stream;
	struct cpe_bank *cpe;          /* NULL if no trial of the group needs it */
	struct lane **lanes;           /* by place in the group */
	struct segments raw;           /* a slab as the hosts send it */
	struct segments seen;          /* and as the CGN sees it behind the homes' NATs */
	uint8_t *home;                 /* enum outcome of each at its home's NAT */
	size_t home_room;
};

bool behind_cpe(const struct trial *t)
{
	return t->access == ACCESS_NAT444 && t->cpe.nat;
}

static struct events_section *open_section(const struct instance_setup *s, size_t trial, struct err *e)
{
	struct events_place place = { (uint32_t)trial, s->number };
	char *path = events_section_path(s->events_directory, place);
	struct events_section *section = events_section_open(path, place, e);

	free(path);
	return section;
}

static struct lane *make_lane(struct instance *in, size_t trial, struct err *e)
{
	const struct instance_setup *s = in->setup;
	const struct trial *t = &s->trials[trial];
	struct cut cut = cut_of(s->workload, t);
	struct events_section *events = NULL;
	char *keep = NULL;
	struct lane *lane;

	if (s->events_directory && !(events = open_section(s, trial, e)))
		return NULL;
	if (t->log.keep && s->log_directory)
		keep = keep_part_path(s->log_directory, t, s->replication, s->number);
	lane = lane_create(&(struct lane_setup){
		.watch = {
			.ground = &s->grounds[trial],
			.share = cut_share(&cut, s->number),
			.instance = s->number,
			.replication = s->replication,
			.usage = s->tallies[trial].usage,
			.keep_path = keep,
		},
		.demand = s->tallies[trial].demand,
		.events = events,
		.flows = s->flows,
	}, e);
	free(keep);
	return lane;
}

/* Shows the homes' NATs the slab: what they let through, and what became of the rest. */
static void pass_homes(struct instance *in)
{
	in->seen.count = 0;
	if (in->home_room < in->raw.count) {
		in->home_room = in->raw.room;
		in->home = must_grow(in->home, in->home_room, 1);
	}
	for (size_t i = 0; i < in->raw.count; i++) {
		struct segment *train = segments_add(&in->seen);

		*train = in->raw.items[i];
		train->subscriber -= in->share.first_subscriber;
		in->home[i] = (uint8_t)cpe_show(in->cpe, train);
		train->subscriber += in->share.first_subscriber;
	}
}

static void show_slab(struct instance *in, int64_t until_ns)
{
	const struct group *group = in->setup->group;

	if (in->cpe)
		pass_homes(in);
	for (size_t k = 0; k < group->count; k++) {
		struct lane *lane = in->lanes[k];
		bool cpe = in->cpe && behind_cpe(&in->setup->trials[group->trials[k]]);
		const struct segment *trains = cpe ? in->seen.items : in->raw.items;

		for (size_t i = 0; i < in->raw.count; i++) {
			if (i + PREFETCH_TRAINS < in->raw.count)
				lane_prefetch(lane, &trains[i + PREFETCH_TRAINS]);
			lane_show(lane, &trains[i], cpe ? in->home[i] : OUT_CREATED);
			if (i % ADVANCE_TRAINS == ADVANCE_TRAINS - 1)
				lane_advance(lane, trains[i].start_ns);
		}
		lane_advance(lane, until_ns);
	}
}

/* How long a slab is, in simulated time. Changes no result. */
static int64_t slab_length(const struct instance *in)
{
	const struct instance_setup *s = in->setup;
	bool several = s->group->count > 1 || in->cpe;
	double total = (double)(s->workload->warmup_ns + s->workload->duration_ns);
	double trains = s->facts->flows_expected * in->share.subscribers / s->workload->subscribers + 1;
	double length = total * (several ? SLAB_TRAINS_SEVERAL : SLAB_TRAINS) / trains;

	if (length >= total)
		return (int64_t)total;
	return length < (double)NS_PER_MS ? NS_PER_MS : (int64_t)length;
}

/* False if it was told to stop. */
static bool run_slabs(struct instance *in)
{
	const struct instance_setup *s = in->setup;
	int64_t end_ns = s->workload->warmup_ns + s->workload->duration_ns;
	int64_t slab_ns = slab_length(in);
	int64_t from_ns = 0;

	while (from_ns < end_ns) {
		int64_t until_ns = end_ns - from_ns <= slab_ns ? end_ns : from_ns + slab_ns;

		in->raw.count = 0;
		workload_next(in->stream, until_ns, &in->raw);
		show_slab(in, until_ns);
		if (!s->advanced(s->context, until_ns - from_ns, in->raw.count * s->group->count))
			return false;
		from_ns = until_ns;
	}
	return true;
}

static bool open_instance(struct instance *in, struct err *e)
{
	const struct instance_setup *s = in->setup;
	const struct trial *behind = NULL;

	in->stream = workload_stream(s->sources, s->replication, in->share.first_subscriber, in->share.subscribers);
	in->lanes = must_alloc(s->group->count, sizeof(*in->lanes));
	for (size_t k = 0; k < s->group->count; k++) {
		const struct trial *t = &s->trials[s->group->trials[k]];

		if (behind_cpe(t))
			behind = t;
		in->lanes[k] = make_lane(in, s->group->trials[k], e);
		if (!in->lanes[k])
			return false;
	}
	if (behind)
		in->cpe = cpe_create(&behind->cpe, s->cpe_slots, in->share.subscribers,
		                     mix64(mix64(s->workload->seed, RNG_CPE), s->number));
	return true;
}

static bool close_instance(struct instance *in, struct err *e)
{
	const struct instance_setup *s = in->setup;
	bool good = true;

	for (size_t k = 0; k < s->group->count; k++) {
		struct tally *tally = &s->tallies[s->group->trials[k]];
		struct log_weight log = { 0 };
		struct answers answers = { 0 };

		if (!in->lanes[k])
			continue;
		tally->not_offered += workload_left_out(in->stream);
		if (!lane_finish(in->lanes[k], &log, &answers, e))
			good = false;
		log_weight_add(&tally->log, &log);
		log_weight_clear(&log);
		answers_move(&tally->answers, &answers);
	}
	workload_end(in->stream);
	cpe_destroy(in->cpe);
	free(in->lanes);
	free(in->raw.items);
	free(in->seen.items);
	free(in->home);
	return good;
}

bool instance_run(const struct instance_setup *setup, struct err *e)
{
	struct instance in = { .setup = setup, .share = cut_share(&setup->group->cut, setup->number) };
	bool good;

	if (!in.share.subscribers)
		return true;
	good = open_instance(&in, e) && run_slabs(&in);
	return close_instance(&in, e) && good;
}
