/* A sound scheme of blocks that does what it must not in one of its hooks: -DWHERE=IN_TICK -DDOES=crash. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define BLOCKS_HOOKS_ONLY
#include "blocks.h"

enum where { IN_NONE, IN_LOAD, IN_CREATE, IN_ALLOC, IN_RELEASE, IN_TICK, IN_REVERSE, IN_HOME, IN_ROOM, IN_PROMISE, IN_DESTROY };

#ifndef DOES
#define DOES nothing
#define WHERE IN_NONE
#endif

static volatile int zero;

static void nothing(void)
{
}

static void hang(void)
{
	for (;;)
		zero = 0;
}

static void nap(void)
{
	for (;;)
		pause();
}

static void crash(void)
{
	*(volatile int *)(zero + 8L) = 1;
}

static void divide(void)
{
	zero = 100 / zero;
}

static void leave(void)
{
	_exit(0);
}

static void quit(void)
{
	exit(0);
}

static void garble(void)
{
	printf("a line of the plugin's own\n");
}

static int recurse(volatile int n)
{
	volatile char room[4096];

	room[0] = (char)n;
	return n < 0 ? 0 : recurse(n + 1) + room[0];
}

static void deep(void)
{
	recurse(zero);
}

static void leak(void)
{
	void *volatile lost = malloc(24);

	(void)lost;
}

static void at(enum where where)
{
	static void (*const all[])(void) = { nothing, hang, nap, crash, divide, leave, quit, garble, deep, leak, abort };

	(void)all;
	if (where == WHERE)
		DOES();
}

__attribute__((constructor)) static void load(void)
{
	at(IN_LOAD);
}

static void *create(const struct cgnsim_host *host)
{
	at(IN_CREATE);
	return blocks_create(host);
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	at(IN_ALLOC);
	return blocks_alloc(state, r, grant);
}

static void release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	at(IN_RELEASE);
	blocks_release(state, now_ns, subscriber, address, slot, protocol);
}

static void tick(void *state, int64_t now_ns)
{
	at(IN_TICK);
	blocks_tick(state, now_ns);
}

static bool reverse(void *state, uint32_t address, uint32_t slot, uint32_t *subscriber)
{
	(void)state, (void)address, (void)slot, (void)subscriber;
	at(IN_REVERSE);
	return false;
}

static uint32_t home(void *state, uint32_t subscriber)
{
	struct blocks *b = state;

	at(IN_HOME);
	return subscriber % b->host->addresses;
}

static bool room(void *state, uint32_t address, int protocol)
{
	at(IN_ROOM);
	return blocks_room(state, address, protocol);
}

static void promise(void *state, struct cgnsim_promise *promised)
{
	at(IN_PROMISE);
	blocks_promise(state, promised);
}

static void destroy(void *state)
{
	at(IN_DESTROY);
	blocks_destroy(state);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI,
	.name = "hostile",
	.params = blocks_params,
	.logs = CGNSIM_LOGS_BLOCKS,
	.create = create,
	.alloc = alloc,
	.release = release,
	.tick = tick,
	.reverse = WHERE == IN_REVERSE ? reverse : 0,
	.home = WHERE == IN_REVERSE || WHERE == IN_HOME ? home : 0,
	.destroy = destroy,
	.room = room,
	.promise = promise,
};
