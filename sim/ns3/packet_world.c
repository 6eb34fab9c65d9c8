#include "sim/ns3/packet_world.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/ns3/train.h"
#include "sim/world/instance.h"

/* How much of a timer a flow may be silent within a train, so that the timer does not run out. */
#define KEEP_SHARE(timer_ns) ((timer_ns) / 20 * 9)
#define PROGRESS_STEPS 200

/* What is wrong with a train for ns-3's stacks; NULL: nothing. They take port 0 for "any". */
static const char *not_of_stacks(const struct segment *t, uint32_t own)
{
	if (t->protocol != PROTO_ICMP && (!t->port || !t->remote_port))
		return "port 0";
	if (!t->remote || t->remote == UINT32_MAX || t->remote == own)
		return "an address that is no other host's";
	return NULL;
}

static bool trains_fit(const struct trace *trace, const struct trace_host *h, bool cpe, const char *trace_name, struct err *e)
{
	char address[ADDR_TEXT], remote[ADDR_TEXT];

	for (uint32_t k = h->first; k < h->first + h->count; k++) {
		const struct segment *t = &trace->records[k].train;
		const char *wrong = not_of_stacks(t, cpe ? 0 : h->address);

		if (t->host && !cpe)
			return fail(e, "%s: the home %s has several hosts: they need a NAT (access \"nat444\") in the packet world",
			            trace_name, addr_format(h->address, address));
		if (wrong)
			return fail(e, "%s: host %s, port %u, and %s, port %u (%s): %s is not to be had in the packet world", trace_name,
			            addr_format(h->address, address), t->port, addr_format(t->remote, remote), t->remote_port,
			            protocol_name[t->protocol], wrong);
	}
	return true;
}

static bool hosts_fit(const struct workload *workload, const struct trial *trial, const struct trace *trace, const char *trace_name,
                      struct err *e)
{
	for (uint32_t i = 0; i < trace->host_count; i++) {
		const struct trace_host *h = &trace->hosts[i];
		char address[ADDR_TEXT];

		if (h->address - workload->inside.first >= workload->subscribers)
			return fail(e, "%s: host %s is none of the scenario's subscribers", trace_name,
			            addr_format(h->address, address));
		if (!trains_fit(trace, h, behind_cpe(trial), trace_name, e))
			return false;
	}
	return true;
}

bool packet_world_takes(const struct workload *workload, const struct trial *trial, const struct trace *trace,
                        const char *name, const char *trace_name, struct err *e)
{
	size_t before = e->count;

	if (workload->replications > 1)
		fail(e, "%s: $.replications: the packet world runs one (a trace is one); leave it at 1", name);
	if (workload->demand)
		fail(e, "%s: $.demand: the packet world does not measure unlimited demand; leave it at false", name);
	if (workload->packets.access.delay_ns > LEAD_NS)
		fail(e, "%s: $.packets.access.delay: more than 1s", name);
	if (workload->packets.core.delay_ns > LEAD_NS)
		fail(e, "%s: $.packets.core.delay: more than 1s", name);
	if (trace->record_count >= HEADS_MOST)
		fail(e, "%s: %u trains, more than the %u of the packet world", trace_name, trace->record_count, HEADS_MOST);
	hosts_fit(workload, trial, trace, trace_name, e);
	return e->count == before;
}

static int64_t shorter(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void keep_times(struct scene *s)
{
	const struct nat_timeouts *timers[] = { &s->job->trial->nat.timeouts, &s->job->trial->cpe.timeouts };
	int count = behind_cpe(s->job->trial) ? 2 : 1;

	for (int p = 0; p < PROTO_COUNT; p++)
		s->keep_ns[p] = NS_PER_DAY;
	for (int i = 0; i < count; i++) {
		const struct nat_timeouts *t = timers[i];

		s->keep_ns[PROTO_UDP] = shorter(s->keep_ns[PROTO_UDP], KEEP_SHARE(shorter(t->udp, t->udp_well_known)));
		s->keep_ns[PROTO_ICMP] = shorter(s->keep_ns[PROTO_ICMP], KEEP_SHARE(t->icmp));
		s->keep_ns[PROTO_TCP] = shorter(s->keep_ns[PROTO_TCP], KEEP_SHARE(t->tcp_established));
	}
}

/* A host's SYNs as nat.retry has them. */
static struct ns3c_options options_of(const struct packet_job *job)
{
	struct ns3c_options o;

	ns3c_defaults(&o);
	o.seed = (uint32_t)(mix64(job->workload->seed, job->instance) % INT32_MAX) + 1;
	o.checksums = job->pcap != NULL;
	o.tcp.segment_life_ns = NS_PER_S;
	o.tcp.timestamps = false; /* a fifth of the time, and nothing that a NAT sees */
	o.tcp.syn_timeout_ns = 3 * NS_PER_S;
	o.tcp.syn_tries = job->trial->nat.retry == RETRY_NONE ? 1 : 6;
	if (job->trial->nat.retry == RETRY_TCP) {
		o.tcp.syn_timeout_ns = NS_PER_S;
		o.tcp.syn_tries = 7;
	}
	/* A segment fits the access link: headers of 40 bytes, 12 for options. */
	if (job->workload->packets.access.mtu < 1500)
		o.tcp.segment_size = job->workload->packets.access.mtu - 52;
	return o;
}

/* How many hosts each home has: as many as its trains name. */
static void count_hosts(struct scene *s)
{
	const struct trace *t = s->job->trace;
	uint32_t base = s->job->workload->inside.first + s->share.first_subscriber;

	for (uint32_t k = 0; k < s->share.subscribers; k++)
		s->homes[k].host_count = 1;
	for (uint32_t i = 0; i < t->host_count; i++) {
		uint32_t k = t->hosts[i].address - base;

		for (uint32_t r = t->hosts[i].first; k < s->share.subscribers && r < t->hosts[i].first + t->hosts[i].count; r++)
			if (t->records[r].train.host >= s->homes[k].host_count)
				s->homes[k].host_count = t->records[r].train.host + 1u;
	}
}

static bool open_scene(struct scene *s, struct err *e)
{
	struct ns3c_options options = options_of(s->job);
	struct ns3c_node *cgn;

	s->tcp = options.tcp;
	s->homes = must_alloc(s->share.subscribers, sizeof(*s->homes));
	count_hosts(s);
	keep_times(s);
	s->sim = ns3c_create(&options);
	if (!s->sim)
		return fail(e, "ns-3: %s", ns3c_error());
	s->section = events_section_open(s->job->section, (struct events_place){ s->job->trial_index, s->job->instance }, e);
	return s->section && captures_open(s, e) && homes_open(s, e) && cgn_open(s, &cgn, e) && internet_open(s, cgn, e) &&
	       flows_open(s, e);
}

static bool run(struct scene *s, struct err *e)
{
	int64_t end_ns = s->job->workload->warmup_ns + s->job->workload->duration_ns;

	for (int i = 1; i <= PROGRESS_STEPS; i++) {
		if (ns3c_run(s->sim, LEAD_NS + end_ns / PROGRESS_STEPS * i + end_ns % PROGRESS_STEPS * i / PROGRESS_STEPS))
			return fail(e, "ns-3: %s", ns3c_error());
		if (s->job->progress)
			s->job->progress(s->job->progress_context, (double)i / PROGRESS_STEPS);
	}
	nat_advance(s->nat, end_ns);
	return true;
}

static void count_losses(struct scene *s)
{
	uint64_t *lost = &s->packets.sums[PACKETS_LOST];

	for (uint32_t k = 0; k < s->share.subscribers; k++)
		*lost += ns3c_device_counts(s->homes[k].to_cgn).queue_dropped + ns3c_device_counts(s->inside[k]).queue_dropped;
	*lost += ns3c_device_counts(s->outside).queue_dropped + ns3c_device_counts(s->core).queue_dropped;
}

bool packet_world_run(const struct packet_job *job, struct err *e)
{
	struct cut cut = cut_of(job->workload, job->trial);
	struct scene s = { .job = job, .config = &job->workload->packets, .share = cut_share(&cut, job->instance) };
	bool good;

	if (!s.share.subscribers)
		return true;
	good = open_scene(&s, e) && run(&s, e);
	if (good) {
		count_losses(&s);
		flows_count_open(&s);
		internet_count_open(&s);
	}
	cgn_close(&s);
	if (s.section && good) {
		good = events_section_close(s.section, &s.packets, e);
	} else {
		events_section_abandon(s.section);
	}
	ns3c_destroy(s.sim);
	good = captures_close(&s, e) && good;
	internet_close(&s);
	servings_close(&s);
	flows_close(&s);
	homes_close(&s);
	echoes_close(&s);
	free(s.homes);
	return good;
}
