/* bench - the parts of `make bench`. Each part measures one round and adds what
 * it found to the sheet; bench.c calls them in turn. Faults of our own end the
 * program: a bench that cannot measure has nothing to say. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/sheet.h"

struct bench {
	struct sheet *sheet;
	const char *build;    /* where the programs are, and where scratch files go */
	bool quick;           /* small sizes: is every row there? */
	unsigned cores;
	uint64_t capture_mb;  /* size of the capture that is imported */
	char *capture;        /* where it lies; NULL: nothing is imported */
};

/* Names of series that comparisons need. */
#define FLOWS_UNIT "flows/s"
#define FLOWS_SESSION_ONE "session, nat44, 1 thread"
#define FLOWS_SESSION_TWO "session, nat44, 2 threads"
#define FLOOR "floor: the draws and cache lines of a flow"
#define QUEUE_MILLION "event queue, 1,000,000 pending"
#define NS3_PRIORITY_MILLION "ns-3 PriorityQueue, 1,000,000 pending"
#define NS3_MAP_MILLION "ns-3 Map, 1,000,000 pending"
#define NS3_HEAP_MILLION "ns-3 Heap, 1,000,000 pending"
#define MEMORY_LEAST "resident memory, 10,000 subscribers"
#define MEMORY_MOST "resident memory, 1,000,000 subscribers"
#define IMPORT "import"
#define IMPORT_WANTED "import, wanted"
#define TSHARK "tshark -q -z conv,tcp -z conv,udp"
#define NFPCAPD "nfpcapd"
#define IMPORT_MEMORY_ONE "resident memory, import"
#define IMPORT_MEMORY_FOUR "resident memory, import of 4 times as much"

#define LOOKUPS_UNIT "lookups/s"
#define LOOKUPS_SLOWEST "map, the slowest of these"
#define LOOKUPS_WANTED "map, wanted of each"

void bench_flows(struct bench *b);  /* flows/s by scheme, access and threads */
/* Of quickstart's traffic, with a change of its window ("duration=5m"; NULL: none): how many flows, and how long one scheme
 * takes over them. `more`: one more change, such as another scheme; NULL: none. */
uint64_t flows_count(const struct bench *b, const char *window);
double flows_seconds(const struct bench *b, const char *scheme, const char *access, unsigned threads, const char *more,
                     const char *window);
void bench_variants(struct bench *b); /* flows/s of every scheme and variant */
void bench_floor(struct bench *b);
void bench_queues(struct bench *b); /* hold model: our queue and ns-3's */
void bench_lookups(struct bench *b); /* answers of map/s on one core, by kind of rule */
void bench_memory(struct bench *b); /* to be called first: see child.h */

/* A capture of `mb` million bytes, about, as `cgnsim replay` writes it, from a trace of the one that
 * capture_make() writes. The caller removes it. */
char *capture_replayed(const struct bench *b, const char *name, uint64_t mb);
void capture_make(const char *path, uint64_t bytes);

void bench_import_memory(struct bench *b); /* to be called first: see child.h */
void bench_import(struct bench *b, const char *capture);

/* One busy hour of a million subscribers, three schemes. */
void bench_million(struct bench *b);

/* Seconds of a clock that only runs on. */
double seconds_now(void);

/* Ends the program with one line. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
