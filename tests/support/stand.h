/* stand - a scheme alone on a ground of one address, with no NAT about it: for
 * tests of which number it gives. Header only. */
#ifndef TESTS_SUPPORT_STAND_H
#define TESTS_SUPPORT_STAND_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scheme/scheme.h"
#include "tests/support/schemeconf.h"

struct stand {
	const struct scheme_type *type;
	void *config;
	struct slots *slots;
	struct portset *ports[PROTO_COUNT];
	struct ground ground;
	struct allocator allocator;
};

static inline void stand_open(struct stand *s, const char *type, struct port_range range, uint64_t seed)
{
	*s = (struct stand){ .type = scheme_find(type) };
	s->config = conf_new(s->type);
	s->slots = slots_create(range, &(struct port_ranges){ 0 });
	for (int p = 0; p < PROTO_COUNT; p++)
		s->ports[p] = portset_create(s->slots->count);
	s->ground = (struct ground){ .slots = s->slots, .addresses = 1, .subscribers = 4, .ports = s->ports };
	rng_seed(&s->ground.rng, seed);
}

static inline void stand_begin(struct stand *s)
{
	s->allocator = s->type->create(s->config, &s->ground);
	if (s->allocator.overloads)
		s->ground.tuples = tuples_create(1, s->slots->count);
}

static inline void stand_close(struct stand *s)
{
	s->allocator.destroy(s->allocator.state);
	tuples_destroy(s->ground.tuples);
	for (int p = 0; p < PROTO_COUNT; p++)
		portset_destroy(s->ports[p]);
	slots_destroy(s->slots);
	free(s->config);
}

/* What a new flow of subscriber 0 is given; it is taken. */
static inline enum outcome stand_alloc(struct stand *s, uint16_t port, uint32_t remote, struct binding *out)
{
	struct portset *ports = s->ports[PROTO_UDP];
	struct request r = { .protocol = PROTO_UDP, .port = port, .remote = remote, .remote_port = 443,
	                     .held = s->slots->count - portset_free(ports) };
	enum outcome o = s->allocator.alloc(s->allocator.state, &r, out);

	if (o == OUT_CREATED && s->ground.tuples)
		tuples_take(s->ground.tuples, &(struct tuple){ 0, out->slot, remote, 443, PROTO_UDP }, 0);
	if (o == OUT_CREATED && !(s->ground.tuples && portset_has(ports, out->slot)))
		portset_take(ports, out->slot);
	return o;
}

static inline void set_choice(struct stand *s, const char *key, const char *value)
{
	for (const struct param *p = s->type->params; p->name; p++)
		for (int i = 0; !strcmp(p->name, key) && p->choices[i]; i++)
			if (!strcmp(p->choices[i], value)) {
				memcpy((char *)s->config + p->offset, &i, sizeof(i));
				return;
			}
	must(!"a choice that the scheme does not have");
}

#endif
