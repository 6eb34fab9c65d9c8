/* The insides of a stand, shared by what runs it (stand.c) and what judges it (judge.c). */
#ifndef SIM_STUDY_STAND_STATE_H
#define SIM_STUDY_STAND_STATE_H

#include "analysis/attribution.h"
#include "sim/nat/holddown.h"
#include "sim/scheme/guard.h"
#include "sim/study/stand.h"

#define NOBODY UINT32_MAX

struct live {             /* a live mapping */
	uint32_t address, slot;
	uint32_t next;        /* of the same subscriber; NOBODY: none */
	int64_t  since_ns;
	uint32_t remote;      /* where numbers carry several mappings */
	uint16_t remote_port;
	uint16_t port;
	uint8_t  protocol;
};

struct remote_book {
	uint32_t address;
	uint16_t port;
};

/* What blocks a subscriber has. Those that somebody was given who had none are known as
 * first ones: a scheme may keep others for further ones, and gives somebody who kept
 * such a one a first block again. */
struct estate {
	uint32_t blocks, firsts;
};

struct tenant_book {
	uint32_t address;             /* ADDRESS_NONE: not paired */
	uint32_t first, active;       /* of its live mappings */
	uint32_t held[PROTO_COUNT];   /* live and in hold-down */
	bool     refused[PROTO_COUNT]; /* since any number was released */
	struct estate has;            /* what blocks it has */
	int64_t  next_block_ns;       /* no block before this, as promised */
	struct own_number { uint32_t address, slot; } *mine; /* its numbers by rule; NULL: not asked for yet; owned */
	size_t   mine_count;
};

struct cell_book {
	uint32_t holder;      /* NOBODY: free */
	bool     live;
};

struct block_book {       /* a block as first seen */
	uint32_t address, first, count, step;
	uint32_t next;        /* with the same first slot; NOBODY: none */
	uint32_t owner;       /* NOBODY: free */
	bool     opens;       /* was given to one who had none */
	bool     guarded;
	struct estate beside; /* the most that one had who was given it and had a known first block; zero: nobody */
};

struct asked {            /* a question put to the log */
	int64_t  time_ns;
	uint32_t subscriber, address, slot;
	uint8_t  protocol;
};

struct stand {
	struct stand_setup setup;
	struct ground ground;
	struct allocator allocator;
	struct guard *guard;          /* the allocator's */
	struct scheme_promise promise;
	struct finding finding;
	bool silent;
	uint64_t checks[RULES];
	uint64_t trace;
	int64_t now_ns;
	uint64_t events, events_most; /* told of blocks, */
	bool     cut;                 /* and once there were as many */

	struct live *lives;           /* a pool, chained when free; owned */
	uint32_t live_room, live_free, live_count;
	struct tenant_book *tenants;  /* owned */
	uint32_t *tenants_on;         /* by address; owned */
	uint32_t **ruled;             /* [address][slot]: whose it is by rule; NULL: not asked yet; owned */
	bool     *is_home;            /* by address, of anybody; NULL: not asked yet; owned */
	struct cell_book *cells;      /* [(address * PROTO_COUNT + protocol) * slots + slot]; owned */
	struct holddown held;
	struct block_book *blocks;    /* every block ever seen; owned */
	size_t block_count;
	uint32_t *blocks_from;        /* [address * slots + first slot]: a block there, + 1; NULL: no block yet; owned */
	uint32_t asking;              /* whose request is answered now; NOBODY: nobody's */
	bool     given;               /* it was given a block, */
	struct estate before;         /* and had this before: a block may be told of in pieces */
	struct remote_book *remotes;  /* endpoints seen, where numbers carry several mappings; owned */
	uint32_t remote_count;
	uint32_t refused_in_a_row[PROTO_COUNT]; /* subscribers */

	struct guesses *guesses;      /* judge_guess.c; NULL: no odds were declared yet; owned */

	struct evidence_config evidence;
	struct log_config log;
	struct rule rule;
	struct attribution *attribution;
	struct asked *asked;          /* [incidents]; owned */
	uint64_t incidents, asks;
};

static inline struct cell_book *cell_of(struct stand *s, uint32_t address, uint32_t protocol, uint32_t slot)
{
	return &s->cells[((size_t)address * PROTO_COUNT + protocol) * s->ground.slots->count + slot];
}

/* Tells of a breach, unless one was told; returns false. */
bool stand_broken(struct stand *s, enum rule_id rule, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* stand.c */
uint64_t stand_looked(const struct stand *s); /* at slots, so far */
void stand_tell(struct stand *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void stand_trace_add(struct stand *s, uint64_t a, uint64_t b);
bool stand_still_good(struct stand *s);
/* Hold-downs and the scheme's own timers, in order of time, up to and including `until_ns`, which it then is. */
void stand_advance(struct stand *s, int64_t until_ns);
/* Of many that ask or end, one does after the other: the log is slow to answer for what many do in the same moment. */
#define STAND_APART_NS 1000

/* stand_flow.c: a flow begins (was it given a number?), as many as are given begin, one ends; a number is free again. */
bool stand_open(struct stand *s, const struct operation *op);
void stand_fill(struct stand *s, const struct operation *op);
void stand_close(struct stand *s, const struct operation *op);
void stand_release(struct stand *s, const struct held_number *held);
void stand_part_if_idle(struct stand *s, uint32_t subscriber); /* nothing holds it on its address any more? */

/* stand_overload.c: where numbers carry several mappings. */
uint32_t stand_remote(struct stand *s, uint32_t address, uint16_t port);           /* its number */
bool stand_carry(struct stand *s, const struct live *m, uint32_t at);               /* is it the number's first one? */
bool stand_uncarry(struct stand *s, const struct held_number *n);                   /* was it the number's last one? */
bool stand_is_free_for(const struct stand *s, uint32_t address, uint32_t slot, const struct request *r);

/* judge.c and judge_refusal.c: each is called at its moment, and tells. */
void judge_grant(struct stand *s, const struct request *r, const struct binding *b);
void judge_refusal(struct stand *s, const struct request *r, enum outcome o);
const struct tenant_book *judge_own(struct stand *s, uint32_t subscriber, uint32_t address); /* with its numbers by rule */
void judge_newcomer(struct stand *s, const struct request *r); /* no address has room for it */
void judge_release(struct stand *s);
void judge_block(struct stand *s, const struct nat_event *e);
void judge_end(struct stand *s);
void judge_work(struct stand *s, const char *hook, uint64_t since, uint64_t most); /* `most` and the draws, since stand_looked() */

/* judge_guess.c: a number is given, one is free again, and what came of the guesses. */
void judge_guess(struct stand *s, const struct request *r, const struct binding *b);
void judge_guess_release(struct stand *s, uint32_t subscriber, uint32_t address, enum protocol protocol, uint32_t slot);
void judge_guesses(struct stand *s);
void guesses_destroy(struct stand *s);

/* stand_log.c: the log, and what it says of a live mapping now. */
void stand_log_open(struct stand *s);
void stand_log_mapping(struct stand *s, const struct live *m, uint32_t subscriber, bool ends);
void stand_log_block(struct stand *s, const struct nat_event *e);
void stand_log_ask(struct stand *s, const struct live *m, uint32_t subscriber);
void stand_log_judge(struct stand *s);  /* every answer, at the end */
void stand_log_close(struct stand *s);

#endif
