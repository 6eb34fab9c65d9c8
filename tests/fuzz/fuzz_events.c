/* Any bytes as an event file. The first byte says how they are tried: as they are; with the checksums that would keep every
 * change out set right; or as the records of a section, which are read, or told to all that watches one scheme or another:
 * whatever a file says, it is refused with one fault, or taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/base/crc.h"
#include "sim/world/cut.h"
#include "sim/world/events_format.h"
#include "sim/world/events_measure.h"
#include "tests/support/trialbench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "{'seed':1,'duration':'60s','warmup':'30s','subscribers':{'count':6},"
	"'traffic':[{'source':'poisson','rate_per_day':9000}],'pool':{'prefixes':['192.0.2.0/31'],'ports':'1024-2047','instances':2},"
	"'evidence':{'incidents':50},'schemes':["
	"{'name':'s','type':'session'},{'name':'b','type':'block','size':64,'log':{'events':'create','max_life':'20s'}},"
	"{'name':'d','type':'deterministic'},{'name':'o','type':'bounded','overload':true,'nat':{"
	"'mapping':'address-and-port-dependent','filtering':'address-and-port-dependent'}}]}";
#define SCHEMES 4

static void seal(uint8_t *at, uint32_t crc)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(crc >> 8 * i);
}

static uint32_t word_at(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Sets the checksums of a file right, as far as it has the parts. */
static void seal_file(uint8_t *bytes, size_t size)
{
	uint64_t sections, front;

	if (size < EVENTS_HEAD)
		return;
	sections = word_at(bytes + 12);
	front = EVENTS_HEAD + word_at(bytes + 16) + sections * EVENTS_ENTRY;
	if (front <= size)
		seal(bytes + 20, crc32c(0, bytes + EVENTS_HEAD, (size_t)front - EVENTS_HEAD));
	seal(bytes + 28, crc32c(0, bytes, 28));
}

/* A file with these records in each section of one scheme. */
static void put_records(struct carry_out *file, const uint8_t *data, size_t size, uint32_t scheme)
{
	static const char json[] = "{\"made_by\":\"x\",\"world\":\"x\",\"workload\":1,\"scenario\":{}}";
	static const struct packets none;
	struct carry_out front = { 0 }, totals = { 0 };
	struct events_entry entry = { .length = size };
	struct carry_in in = { data, data + size };
	struct events_clock clock = { 0 };
	const struct events_bounds all = { 0, UINT32_MAX / 2, UINT32_MAX / 2, 65535, INT64_C(1) << 62 };
	struct events_record r;

	while (in.at < in.end && events_take(&in, &clock, &all, &r)) /* as many as could be meant */
		entry.records++;
	events_put_totals(&totals, &none);
	entry.totals = (uint32_t)totals.length;
	entry.crc = crc32c(crc32c(0, data, size), totals.bytes, totals.length);
	carry_bytes(&front, json, sizeof(json) - 1);
	for (uint32_t i = 0; i < 2; i++) {
		entry.place = (struct events_place){ scheme, i };
		events_entry_put(&front, &entry);
	}
	carry_bytes(file, EVENTS_MAGIC, EVENTS_MAGIC_BYTES);
	carry_half(file, EVENTS_VERSION);
	carry_half(file, 2);
	carry_half(file, sizeof(json) - 1);
	carry_half(file, crc32c(0, front.bytes, front.length));
	carry_half(file, 0);
	carry_half(file, crc32c(0, file->bytes, file->length));
	carry_bytes(file, front.bytes, front.length);
	for (int i = 0; i < 2; i++) {
		carry_bytes(file, data, size);
		carry_bytes(file, totals.bytes, totals.length);
	}
	free(front.bytes);
	free(totals.bytes);
}

static void no_event(void *context, const struct nat_event *event)
{
	(void)context;
	(void)event;
}

static void no_train(void *context, const struct segment *train, const struct verdict *v, unsigned sight)
{
	(void)context;
	(void)train;
	(void)v;
	(void)sight;
}

static void only_read(const char *path, uint32_t scheme)
{
	const struct events_bounds bounds = { 0, 6, 2, 1024, 90 * NS_PER_S };
	struct packets packets;
	struct err e = ERR_INIT;
	struct events *ev = events_open(path, &e);
	bool good = ev && events_read(ev, (struct events_place){ scheme, 0 }, &bounds, (struct events_taker){ NULL, no_event, no_train },
	                              &packets, &e);

	must(good ? !e.count : e.count == 1);
	events_close(ev);
	err_clear(&e);
}

static void measure(const char *path, uint32_t scheme)
{
	static struct trialbench bench;
	struct events_measure how = { .in_file = &scheme, .count = 1 };
	struct err e = ERR_INIT;

	if (!bench.scenario)
		trialbench_open(&bench, text);
	how.workload = &bench.scenario->workload;
	how.facts = &bench.facts;
	how.trials = &bench.scenario->trials[scheme];
	how.events = events_open(path, &e);
	if (how.events)
		must(events_measure(&how, &e) ? !e.count : e.count == 1);
	else
		must(e.count == 1);
	if (how.events && how.trials->measures) {
		if (!e.count)
			must(how.trials->measures->usage);
		measures_clear(how.trials->measures);
		free(how.trials->measures);
		how.trials->measures = NULL;
	}
	events_close(how.events);
	err_clear(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { AS_IT_IS, SEALED, READ, MEASURED, WAYS };
	struct carry_out file = { 0 };
	uint32_t scheme, way;
	char path[40];
	int fd;

	if (!size)
		return 0;
	way = *data % WAYS;
	scheme = *data / (uint32_t)WAYS % SCHEMES;
	if (way >= READ)
		put_records(&file, data + 1, size - 1, scheme);
	else
		carry_bytes(&file, data + 1, size - 1);
	if (way == SEALED)
		seal_file(file.bytes, file.length);
	fd = memfd_create("events", 0);
	must(fd >= 0 && write(fd, file.bytes, file.length) == (ssize_t)file.length);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (way == MEASURED)
		measure(path, scheme);
	else
		only_read(path, scheme);
	close(fd);
	free(file.bytes);
	return 0;
}
