/* state - what the files of the NAT share: its state, and the steps that trains
 * and datagrams have in common. Nobody above sim/nat includes it.
 *
 *   nat.c        timers, and the ends of sessions and mappings
 *   admit.c      a new mapping: limits, address, number; refusals
 *   session.c    a mapping's sessions and their filter; trains
 *   translate.c  datagrams; errors.c: the ICMP errors among them and of its own
 *   edge.h       what only datagrams need: who holds a public number, fragments, SYNs that wait */
#ifndef SIM_NAT_STATE_H
#define SIM_NAT_STATE_H

#include "sim/base/queue.h"
#include "sim/nat/edge.h"
#include "sim/nat/holddown.h"
#include "sim/nat/nat.h"
#include "sim/nat/notices.h"
#include "sim/nat/pairing.h"
#include "sim/nat/table.h"

struct nat {
	const struct nat_config *config;
	struct ground ground;
	struct allocator allocator;
	struct pairing pairing;
	int pooling;            /* enum pooling */
	struct table table;
	struct holddown holddown;
	struct queue *timers;   /* what: mapping * 2, or further session * 2 + 1 */
	uint32_t mappings;
	int64_t now_ns;
	struct sink sink;
	struct notices notices;
	struct holders *holders; /* who holds a public number; NULL: nobody asks */
	struct edge *edge;      /* NULL: only trains are shown */
	struct rng eviction;
};

static inline void nat_emit(struct nat *nat, const struct nat_event *event)
{
	nat->sink.event(nat->sink.context, event);
}

/* The key of the mapping that carries this inside endpoint to this remote one. */
static inline struct inside nat_inside(const struct nat *nat, uint32_t subscriber, uint8_t host, uint16_t port,
                                       enum protocol protocol, uint32_t remote, uint16_t remote_port)
{
	int depends = nat->config->mapping[protocol];

	return (struct inside){
		.subscriber = subscriber,
		.port = port,
		.protocol = (uint8_t)protocol,
		.host = host,
		.remote = depends == ENDPOINT_INDEPENDENT ? 0 : remote,
		.remote_port = depends == ADDRESS_AND_PORT_DEPENDENT ? remote_port : 0,
	};
}

/* ---- admit.c ---- */

/* Somebody's need of a new mapping. */
struct need {
	int64_t  time_ns;
	struct inside inside;
	uint32_t hash;          /* of it */
	uint32_t remote;
	uint16_t remote_port;
};

/* OUT_CREATED, with the mapping in *entry, still without a session; or why not, which has been told. */
struct verdict mapping_create(struct nat *nat, const struct need *need, uint32_t *entry);

/* Tells of a refusal. */
void mapping_refuse(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint32_t address, enum protocol protocol,
                    enum outcome why);

bool destination_is_exempt(const struct nat_config *config, uint32_t remote, uint16_t remote_port);

/* ---- nat.c ---- */

void mapping_end(struct nat *nat, int64_t now_ns, uint32_t entry, enum nat_end why, bool closed);

/* Ends a mapping and all its sessions. */
void mapping_cut(struct nat *nat, int64_t now_ns, uint32_t entry, enum nat_end why);

/* Releases a number that is held down, before its time. */
void holddown_cut_short(struct nat *nat, int64_t now_ns, uint32_t at);

/* ---- session.c ---- */

/* A mapping's session with this remote endpoint; NULL if it has none. *what is its number in the timer queue. */
struct session *session_find(struct nat *nat, uint32_t entry, uint32_t remote, uint16_t remote_port, uint32_t *what);

/* Begins one, which there is not yet; NULL, with the limit that stands against it in *why, told. Its timer does not
 * run yet: session_expires() must follow. */
struct session *session_begin(struct nat *nat, int64_t now_ns, uint32_t entry, uint32_t remote, uint16_t remote_port,
                              uint32_t *what, enum outcome *why);

/* Its life from `from_ns` on, by its protocol and state. */
int64_t session_timeout(const struct nat *nat, const struct session *s, enum protocol protocol);

/* It ends at this time unless refreshed. */
void session_expires(struct nat *nat, struct session *s, uint32_t what, int64_t expires_ns);

/* Does the mapping's filter let this remote in? */
bool filter_passes(struct nat *nat, uint32_t entry, uint32_t remote, uint16_t remote_port);

#endif
