/* cgnsim/scheme.h - a port-allocation scheme of your own, as a shared object.
 *
 * The object exports one constant:
 *
 *	#include <cgnsim/scheme.h>
 *
 *	const struct cgnsim_scheme cgnsim_scheme = { .abi = CGNSIM_SCHEME_ABI, .name = "mine", .alloc = my_alloc };
 *
 * and is built with
 *
 *	cc -shared -fPIC -o mine.so mine.c $(pkg-config --cflags cgnsim)
 *
 * A scenario names it, `cgnsim conform --plugin ./mine.so` judges it:
 *
 *	{ "type": "plugin", "library": "./mine.so", "parameters": { "size": 64 } }
 *
 * Who owns what. The NAT owns limits, timers, the hold-down clock, the pairing of
 * subscribers with addresses, and which numbers are taken; it draws random
 * numbers, so that the same seed gives the same bytes. The scheme owns which free
 * number a mapping is given, its blocks and their guard time.
 *
 * Words. Addresses count from 0 within the instance. Allowed numbers (ports, or
 * ICMP identifiers) count from 0 as slots: excluded ones have none, so slots have
 * no holes. Times are nanoseconds and never go back. A number is taken from the
 * moment it is given until its hold-down is over.
 *
 * One scheme serves many instances, on several threads at once: keep what changes
 * in what create() returns, and nothing in global variables. Call nothing that
 * reads a clock or draws random numbers of its own. Call the host only while a hook
 * of that instance runs, and from the thread that runs it; valid arguments are those in
 * range, and blocks that lie within an address. Every call returns, soon: a hook that
 * crashes or calls exit() ends the run with a line that names it. */
#ifndef CGNSIM_SCHEME_H
#define CGNSIM_SCHEME_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. A scheme of another version is refused. */
#define CGNSIM_SCHEME_ABI 1

#define CGNSIM_NONE UINT32_MAX /* no slot, no address */

enum cgnsim_protocol { CGNSIM_TCP, CGNSIM_UDP, CGNSIM_ICMP };

struct cgnsim_block;

/* What the NAT offers an instance; valid until destroy(). */
struct cgnsim_host {
	void *nat;                  /* the first argument of every function here */
	uint32_t addresses;
	uint32_t slots;             /* allowed numbers of each address */
	uint32_t subscribers;
	uint32_t first_subscriber;  /* the instance's number 0 is this one of the scenario, */
	uint32_t first_address;     /* and its address 0 is this one of the pool */
	const uint16_t *numbers;    /* slot -> port number, ascending */
	const int64_t *values;      /* of the parameters, in the order of their table; durations in nanoseconds */

	bool     (*taken)(void *nat, uint32_t address, int protocol, uint32_t slot);
	/* First free slot of lo..hi at or after `from`, wrapping to lo; CGNSIM_NONE if all are taken. */
	uint32_t (*find)(void *nat, uint32_t address, int protocol, uint32_t lo, uint32_t hi, uint32_t from);
	uint32_t (*free_slots)(void *nat, uint32_t address, int protocol); /* how many */
	uint32_t (*random)(void *nat, uint32_t below);                     /* uniform over 0 .. below-1 */

	/* What becomes of a block, as the log is to tell it; the NAT stamps the time. */
	void     (*emit)(void *nat, const struct cgnsim_block *block);
	/* tick() is to be called at this time; the earliest wish holds, until it is called. */
	void     (*wake)(void *nat, int64_t time_ns);
};

/* A block: slots first, first + step, ... (count of them) of an address, in all protocols. What becomes of it is told of
 * the whole of it, as it was given. It lies on the address that its subscriber is paired with. */
enum cgnsim_block_event {
	CGNSIM_BLOCK_GIVEN,     /* now the subscriber's: say so before alloc() gives a slot of it */
	CGNSIM_BLOCK_INTERIM,   /* still is: an interim record */
	CGNSIM_BLOCK_RETURNED,  /* no longer: none of its slots may be taken in any protocol */
	CGNSIM_BLOCK_FREE,      /* its guard time is over: it may be given again; right after RETURNED if there is none */
};
struct cgnsim_block {
	int event;              /* enum cgnsim_block_event */
	uint32_t subscriber;
	uint32_t address;
	uint32_t first, count, step; /* step >= 1 */
};

enum cgnsim_reason {
	CGNSIM_FLOW,            /* an outbound packet that no mapping carries */
};

struct cgnsim_request {
	int64_t  time_ns;
	int      protocol;      /* enum cgnsim_protocol */
	uint32_t subscriber;    /* within the instance */
	uint32_t inside;        /* its IPv4 address */
	uint16_t inside_port;
	uint16_t remote_port;
	uint32_t remote;        /* the server's IPv4 address */
	uint32_t address;       /* the public address that the subscriber is paired with */
	uint32_t suggested;     /* the slot of the inside port; CGNSIM_NONE if the pool does not have it */
	uint32_t count;         /* numbers wanted: 1 */
	uint32_t held;          /* numbers of this protocol that the subscriber has live or in hold-down */
	int      reason;        /* enum cgnsim_reason */
};

/* Filled by alloc() if it says CGNSIM_GIVEN. */
struct cgnsim_grant {
	uint32_t address;       /* set to the request's beforehand; leave it */
	uint32_t slot;          /* must be free: the NAT takes it */
	uint32_t odds;          /* set to 0 beforehand: no law declared. Else: who knows the subscriber's past numbers and the
	                           public configuration, and nothing of others, guesses right once in so many tries at best,
	                           while nobody else has a number of the address */
};

/* Why not. The reason must be true: `conform` looks. */
enum cgnsim_answer {
	CGNSIM_GIVEN,
	CGNSIM_NO_PORT,         /* no number of the address is free */
	CGNSIM_NO_BLOCK,        /* no block of the address is free, and all that is the subscriber's own is taken */
	CGNSIM_BLOCK_LIMIT,     /* its own numbers are all taken, and promise.most or promise.interval_ns allow no block more */
	CGNSIM_RANGE_FULL,      /* the range that is its own is full: see promise */
	CGNSIM_TRIES_EXHAUSTED, /* some are free, but no more tries are allowed: only with promise.partial */
};

/* What the NAT writes down of this scheme. */
enum cgnsim_logs {
	CGNSIM_LOGS_MAPPINGS,   /* every mapping */
	CGNSIM_LOGS_BLOCKS,     /* what emit() tells */
	CGNSIM_LOGS_NOTHING,    /* reverse() says whose a number is; blocks, if any are told of, are logged */
};

/* What the scheme promises of itself, beyond what all must keep. Zeroed: the whole of
 * an address for anybody, and no more than 64 draws. */
struct cgnsim_promise {
	uint32_t most;          /* most numbers of one protocol that a subscriber may get; 0: as many as there are */
	uint32_t draws;         /* slots looked at in a call beyond the most that it may: alloc() and room() each of the
	                           address in its protocol once, release() in each protocol, tick() of all addresses; 0: 64 */
	bool     partial;       /* it may refuse while numbers are free that somebody could have */
	int64_t  interval_ns;   /* a subscriber gets no block sooner than so long after its last one */
};

enum cgnsim_param_type { CGNSIM_WHOLE, CGNSIM_DURATION };

struct cgnsim_param {
	const char *name;
	int type;               /* enum cgnsim_param_type */
	int64_t preset, min, max; /* durations in nanoseconds */
	const char *help;       /* one sentence */
};

/* Hooks that are NULL are not called. `state` is what create() returned. */
struct cgnsim_scheme {
	uint32_t abi;           /* CGNSIM_SCHEME_ABI; always first */
	const char *name;
	const char *summary;
	const struct cgnsim_param *params; /* ended by a row with name NULL; NULL: none */
	int logs;               /* enum cgnsim_logs */

	/* Makes an instance's state; NULL refuses the parameters. Without it the state is `host` itself. */
	void *(*create)(const struct cgnsim_host *host);

	/* Finds a number for a new mapping; an enum cgnsim_answer. Must be there. */
	int (*alloc)(void *state, const struct cgnsim_request *request, struct cgnsim_grant *grant);

	/* Hold-down is over: the number is free again, and already not taken. */
	void (*release)(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol);

	/* The time asked for by wake() has come. */
	void (*tick)(void *state, int64_t now_ns);

	/* Whose a number is by rule, whether it is taken or not; false: nobody's. Must not
	 * depend on anything that happens. Needs home(); such a scheme is never cut into instances.
	 * Beside CGNSIM_LOGS_MAPPINGS it must agree with the log wherever it names somebody. */
	bool (*reverse)(void *state, uint32_t address, uint32_t slot, uint32_t *subscriber);

	void (*destroy)(void *state);

	/* The address that a subscriber must live on, always the same one. Without it the NAT chooses. */
	uint32_t (*home)(void *state, uint32_t subscriber);

	/* Could a newcomer get a number there now? Without it: if any number is free. */
	bool (*room)(void *state, uint32_t address, int protocol);

	void (*promise)(void *state, struct cgnsim_promise *promise); /* `promise` is zeroed beforehand */
};

/* The one symbol that is looked for, by this name: in C++ too, and where others are hidden. */
#ifdef __GNUC__
__attribute__((visibility("default")))
#endif
extern const struct cgnsim_scheme cgnsim_scheme;

#ifdef __cplusplus
}
#endif

#endif
