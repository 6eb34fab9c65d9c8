/* hold_ns3 - ns-3's schedulers on the hold model: hold_ns3 SCHEDULER PENDING HOLDS
 *
 * As lean as ns-3 allows: the Scheduler object itself, no simulator around it,
 * and events that do nothing. Prints the seconds that the holds took and the
 * time of the last event.
 *
 * A program of its own because ns-3 is GPL-2.0-only: it links neither cgnsim
 * nor what cgnsim links. */
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <ns3/heap-scheduler.h>
#include <ns3/map-scheduler.h>
#include <ns3/priority-queue-scheduler.h>

#include "hold.h"

static uint32_t table[HOLD_TABLE];

static ns3::Ptr<ns3::Scheduler> create(const std::string &name)
{
	if (name == "PriorityQueue")
		return ns3::CreateObject<ns3::PriorityQueueScheduler>();
	if (name == "Map")
		return ns3::CreateObject<ns3::MapScheduler>();
	if (name == "Heap")
		return ns3::CreateObject<ns3::HeapScheduler>();
	return nullptr;
}

/* Holds number first .. first + count - 1. Returns the time of the last event taken. */
static uint64_t hold(ns3::Scheduler &queue, uint64_t first, uint64_t count)
{
	uint64_t last = 0;

	for (uint64_t n = first; n < first + count; n++) {
		ns3::Scheduler::Event event = queue.RemoveNext();

		last = event.key.m_ts;
		event.key.m_ts += hold_increment(table, n);
		event.key.m_uid = static_cast<uint32_t>(n);
		queue.Insert(event);
	}
	return last;
}

int main(int argc, char **argv)
{
	ns3::Ptr<ns3::Scheduler> queue = argc == 4 ? create(argv[1]) : nullptr;
	uint64_t pending, holds, last;
	double begin;

	if (!queue) {
		fprintf(stderr, "usage: hold_ns3 PriorityQueue|Map|Heap PENDING HOLDS\n");
		return 2;
	}
	pending = strtoull(argv[2], nullptr, 10);
	holds = strtoull(argv[3], nullptr, 10);
	hold_table(table);
	for (uint64_t n = 0; n < pending; n++) {
		ns3::Scheduler::Event event;

		event.impl = nullptr;
		event.key.m_ts = hold_increment(table, n);
		event.key.m_uid = static_cast<uint32_t>(n);
		event.key.m_context = 0;
		queue->Insert(event);
	}
	hold(*PeekPointer(queue), pending, pending);
	begin = hold_clock();
	last = hold(*PeekPointer(queue), 2 * pending, holds);
	printf("%.9f %" PRIu64 "\n", hold_clock() - begin, last);
	return 0;
}
