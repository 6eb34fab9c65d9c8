/* own - what the algorithmic schemes share: numbers that are a subscriber's own by
 * a rule (scheme.h), given from as they are asked for, and a dynamic pool of blocks
 * behind them for the subscribers whose own numbers are all taken. */
#ifndef SIM_SCHEME_OWN_H
#define SIM_SCHEME_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/scheme/blocks.h"
#include "sim/scheme/scheme.h"

enum own_select {
	OWN_RANDOM,    /* any of them, alike */
	OWN_PRESERVE,  /* the inside port if it is one of them and free, else any */
	OWN_MODULO,    /* the (inside port mod how many)-th, else the next free one */
};

struct own_setup {
	const struct scheme_type *type;   /* with a rule */
	const void *config;               /* settled */
	uint32_t addresses, subscribers;  /* of the whole pool */
	int  select;                      /* enum own_select */
	bool overload;    /* a number carries several mappings, each to a remote endpoint of its own; no `blocks` then */
	uint32_t hidden;  /* a key hides which numbers of so many are the subscriber's; 0: anybody can work it out */
	const struct blocks_config *blocks; /* of the dynamic pool, copied; NULL: none */
};

/* All hooks but next and tick. What `setup` points to must outlive it. */
struct allocator own_allocator(const struct own_setup *setup, struct ground *ground);

#endif
