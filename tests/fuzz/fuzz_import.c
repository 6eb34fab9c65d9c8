/* Any bytes as a capture, pcap or pcapng, packed or not: one fault, or a trace that
 * can be written, in which every packet and every flow is accounted for. The last
 * byte says with which options. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/import.h"
#include "traffic/trace_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t known(const struct tuple_count *c)
{
	return c->tcp + c->udp + c->icmp;
}

static void flows_add_up(const struct trace *t, const struct import_report *r)
{
	const struct assembly *a = &r->all;
	uint64_t tuples = known(&a->outside), tuples6 = known(&a->outside6);

	for (int k = 0; k < TUNNEL_COUNT; k++) {
		tuples += known(&a->inside[k]);
		tuples6 += known(&a->inside6[k]);
	}
	must(t->flows[0] + t->flows[1] + t->flows[2] + a->local + a->unrouted + a->unanswered + a->crowded + a->carriers ==
	     tuples + a->splits);
	must(t->flow6_count + a->local6 + a->unrouted6 + a->unanswered6 + a->carriers6 == tuples6 + a->splits6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[ANONYMISE_KEY] = { 1, 2, 3 };
	static uint8_t station[1][6] = { { 2, 0, 0, 0, 0, 1 } };
	uint8_t options = size ? data[size - 1] : 0;
	struct import_options how = { .opener_only = options & 1, .answered = options & 2, .stations = station,
		                      .station_count = options >> 2 & 1 };
	struct anonymiser *anonymiser = options & 8 ? anonymiser_create(key) : NULL;
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t;
	int fd = memfd_create("capture", 0);
	char path[40];
	const char *paths[] = { path };
	uint64_t found = 0;

	how.anonymiser = anonymiser;
	for (int p = 0; p < PROTO_COUNT; p++)
		how.split_ns[p] = options & 16 ? 60 * NS_PER_S : 0;
	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = import_captures(paths, 1, &how, &r, &e);
	must(t ? e.count == 0 : e.count == 1);
	for (size_t i = 0; i < import_reason_count; i++)
		found += r.left_out[i];
	for (uint32_t i = 0; t && i < t->record_count; i++)
		found += t->records[i].packets_out + t->records[i].packets_in;
	must(!t || found == r.captures[0].packets);
	must(!t || !trace_fault(t).what);
	if (t)
		flows_add_up(t, &r);
	trace_destroy(t);
	anonymiser_destroy(anonymiser);
	import_report_clear(&r);
	err_clear(&e);
	close(fd);
	return 0;
}
