/* Captures of both sides of the CGN, as it sees them: raw IP, in nanoseconds of the workload's time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/ns3/scene.h"

static const char *const sides[] = { [SIDE_INSIDE] = "inside", [SIDE_OUTSIDE] = "outside" };
#define UNFINISHED ".unfinished"

bool captures_open(struct scene *s, struct err *e)
{
	if (!s->job->pcap)
		return true;
	s->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, 65535, PCAP_TSTAMP_PRECISION_NANO);
	must(s->pcap);
	for (int side = SIDE_INSIDE; side <= SIDE_OUTSIDE; side++) {
		s->capture_names[side] = must_printf("%s-%s.pcap" UNFINISHED, s->job->pcap, sides[side]);
		s->captures[side] = pcap_dump_open(s->pcap, s->capture_names[side]);
		if (!s->captures[side])
			return fail(e, "%s", pcap_geterr(s->pcap));
	}
	return true;
}

void capture_packet(struct scene *s, enum side side, const uint8_t *bytes, uint32_t length)
{
	int64_t now_ns = scene_now(s);
	struct pcap_pkthdr header = { .ts = { .tv_sec = now_ns / NS_PER_S, .tv_usec = now_ns % NS_PER_S }, .caplen = length, .len = length };

	if (s->captures[side])
		pcap_dump((u_char *)s->captures[side], &header, bytes);
}

bool captures_close(struct scene *s, struct err *e)
{
	bool good = true;

	for (int side = SIDE_INSIDE; side <= SIDE_OUTSIDE; side++) {
		if (s->captures[side]) {
			if (pcap_dump_flush(s->captures[side]) || ferror(pcap_dump_file(s->captures[side])))
				good = fail(e, "%s: not everything could be written", s->capture_names[side]);
			pcap_dump_close(s->captures[side]);
		}
		free(s->capture_names[side]);
	}
	if (s->pcap)
		pcap_close(s->pcap);
	return good;
}

bool packet_world_captured(const struct packet_job *job, bool good, struct err *e)
{
	for (int side = SIDE_INSIDE; job->pcap && side <= SIDE_OUTSIDE; side++) {
		char *name = must_printf("%s-%s.pcap", job->pcap, sides[side]), *unfinished = must_printf("%s" UNFINISHED, name);

		if (!good)
			unlink(unfinished);
		else if (rename(unfinished, name))
			good = fail(e, "%s: %s", name, strerror(errno));
		free(name);
		free(unfinished);
	}
	return good;
}
