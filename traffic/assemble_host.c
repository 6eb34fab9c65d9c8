#include "traffic/assemble_host.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

enum { SCAN_FLOWS = 100, SCAN_SHARE = 90, PROBE_PACKETS = 3, HOME_HOSTS = 256 };
enum { MEMORY = 4 << 20 }; /* of a spool */

int span_compare(const void *a, const void *b)
{
	const struct span_end *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (int)x->end - (int)y->end; /* spans are closed: begin before end */
}

void span_add(struct spool *spans, int64_t first_ns, int64_t last_ns)
{
	*(struct span_end *)spool_add(spans) = (struct span_end){ .time_ns = first_ns, .end = 0 };
	*(struct span_end *)spool_add(spans) = (struct span_end){ .time_ns = last_ns, .end = 1 };
}

bool span_peak(struct spool *spans, uint64_t *most, struct err *e)
{
	const struct span_end *s;
	uint64_t alive = 0;

	*most = 0;
	if (!spool_sort(spans, e))
		return false;
	while ((s = spool_next(spans))) {
		alive += s->end ? -UINT64_C(1) : 1;
		if (alive > *most)
			*most = alive;
	}
	return spool_good(spans, e);
}

int placed_compare(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->is_home != y->is_home)
		return x->is_home < y->is_home ? -1 : 1;
	if (x->is_home) {
		int order = memcmp(x->home, y->home, sizeof(x->home));

		if (order)
			return order;
	} else if (x->address != y->address) {
		return x->address < y->address ? -1 : 1;
	}
	if (x->flow_ns != y->flow_ns)
		return x->flow_ns < y->flow_ns ? -1 : 1;
	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	if (x->record.train.start_ns != y->record.train.start_ns)
		return x->record.train.start_ns < y->record.train.start_ns ? -1 : 1;
	return 0;
}

static bool same_host(const struct placed *a, const struct placed *b)
{
	return a->is_home == b->is_home && (a->is_home ? !memcmp(a->home, b->home, sizeof(a->home)) : a->address == b->address);
}

struct socket_use {
	uint64_t socket;         /* protocol, host of the home, port */
	uint64_t remote;
};

/* The host being put together. One may have most flows of a capture, so they are sorted as all of them are. */
struct current {
	struct spool *records;   /* NULL: there are none yet */
	struct spool *uses;      /* struct socket_use, one a flow */
	uint64_t count, use_count;
	uint32_t inner[HOME_HOSTS];
	uint32_t inner_count;
	uint64_t unanswered, probes, packets; /* probes: flows unanswered, of PROBE_PACKETS at most */
};

static int by_start(const void *a, const void *b)
{
	const struct segment *x = &((const struct trace_record *)a)->train;
	const struct segment *y = &((const struct trace_record *)b)->train;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->flow > y->flow) - (x->flow < y->flow);
}

static int by_socket(const void *a, const void *b)
{
	const struct socket_use *x = a, *y = b;

	if (x->socket != y->socket)
		return x->socket < y->socket ? -1 : 1;
	return (x->remote > y->remote) - (x->remote < y->remote);
}

static bool count_sockets(struct current *c, struct assembly *out, struct err *e)
{
	const struct socket_use *use;
	struct socket_use before = { 0 };
	uint64_t remotes = 0;
	bool any = false;

	if (!spool_sort(c->uses, e))
		return false;
	while ((use = spool_next(c->uses))) {
		bool first = !any || use->socket != before.socket, new = first || use->remote != before.remote;

		if (first)
			remotes = 0;
		remotes += new;
		out->sockets += first;
		out->shared_sockets += remotes == 2 && new;
		if (remotes > out->most_remotes)
			out->most_remotes = remotes;
		before = *use;
		any = true;
	}
	return spool_good(c->uses, e);
}

/* Nothing of a host is left. */
static void current_clear(struct current *c)
{
	spool_destroy(c->records);
	spool_destroy(c->uses);
	c->records = c->uses = NULL;
	c->count = c->use_count = 0;
	c->inner_count = 0;
	c->unanswered = c->probes = c->packets = 0;
}

static void home_add(struct assembly_output *to, const struct current *c)
{
	struct trace *t = to->trace;

	if (t->inner_count + c->inner_count > to->inner_room) {
		to->inner_room = 2 * (t->inner_count + c->inner_count);
		t->inner = must_grow(t->inner, to->inner_room, sizeof(*t->inner));
	}
	memcpy(t->inner + t->inner_count, c->inner, c->inner_count * sizeof(*c->inner));
}

static void host_add(struct assembly_output *to, const struct placed *p, const struct current *c)
{
	struct trace *t = to->trace;
	struct trace_host h = { .address = p->address, .first = t->record_count, .count = (uint32_t)c->count };

	if (p->is_home) {
		memcpy(h.home, p->home, sizeof(h.home));
		h.address = c->inner[0];
		h.first_inner = t->inner_count;
		h.inner_count = c->inner_count;
	}
	if (to->writer) {
		trace_writer_host(to->writer, &h, c->inner);
	} else {
		if (t->host_count == to->host_room) {
			to->host_room = to->host_room ? 2 * to->host_room : 64;
			t->hosts = must_grow(t->hosts, to->host_room, sizeof(*t->hosts));
		}
		t->hosts[t->host_count] = h;
		if (h.inner_count)
			home_add(to, c);
	}
	t->host_count++;
	t->inner_count += h.inner_count;
}

static bool record_add(struct assembly_output *to, const struct trace_record *r, struct err *e)
{
	struct trace *t = to->trace;

	if (t->record_count >= UINT32_MAX / 2)
		return fail(e, "too many trains for one trace (2,147,483,647 at most): import a part of the capture");
	if (to->writer) {
		trace_writer_train(to->writer, r);
		t->record_count++;
		return true;
	}
	if (t->record_count == to->record_room) {
		to->record_room = to->record_room ? 2 * to->record_room : 256;
		t->records = must_grow(t->records, to->record_room, sizeof(*t->records));
	}
	t->records[t->record_count++] = *r;
	return true;
}

static bool host_finish(struct assembly_output *to, const struct placed *host, struct current *c, struct assembly *out,
                        struct err *e)
{
	uint32_t number = to->trace->host_count;
	const struct trace_record *next;

	if (!c->count)
		return true;
	host_add(to, host, c);
	if (!spool_sort(c->records, e))
		return false;
	while ((next = spool_next(c->records))) {
		struct trace_record r = *next;

		r.train.subscriber = number;
		if (!record_add(to, &r, e))
			return false;
	}
	if (!spool_good(c->records, e) || !count_sockets(c, out, e))
		return false;
	out->one_way += c->unanswered;
	out->single_hosts += c->use_count == 1 && c->unanswered == 1 && c->packets == 1;
	out->scanning_hosts += c->use_count >= SCAN_FLOWS && c->probes * 100 >= c->use_count * SCAN_SHARE;
	if (c->use_count > out->busiest_host_flows)
		out->busiest_host_flows = c->use_count;
	current_clear(c);
	return true;
}

/* The place of the address in the home's list; HOME_HOSTS: the list is full. */
static uint32_t inner_place(struct current *c, const struct placed *p)
{
	uint32_t i = 0;

	if (!p->is_home)
		return 0;
	while (i < c->inner_count && c->inner[i] != p->address)
		i++;
	if (i == c->inner_count && i < HOME_HOSTS)
		c->inner[c->inner_count++] = p->address;
	return i;
}

static void flow_begin(struct current *c, const struct placed *p, uint32_t place)
{
	const struct segment *s = &p->record.train;

	if (!c->uses) {
		c->uses = spool_create(sizeof(struct socket_use), by_socket, MEMORY);
		c->records = spool_create(sizeof(struct trace_record), by_start, MEMORY);
	}
	c->use_count++;
	*(struct socket_use *)spool_add(c->uses) = (struct socket_use){
		.socket = (uint64_t)s->protocol << 32 | (uint64_t)place << 16 | s->port,
		.remote = (uint64_t)s->remote << 16 | s->remote_port,
	};
}

/* One flow's trains, which come one after the other. */
struct one_flow {
	uint64_t number;
	bool taken, out, in; /* which sides spoke */
	int64_t first_ns, last_ns;
	uint64_t packets;
};

static void flow_finish(struct current *c, const struct one_flow *f, struct assembly_output *to, uint8_t protocol)
{
	if (!f->taken)
		return;
	c->unanswered += !(f->out && f->in);
	c->probes += !(f->out && f->in) && f->packets <= PROBE_PACKETS;
	if (protocol != PROTO_ICMP)
		span_add(to->spans, f->first_ns, f->last_ns);
	to->trace->flows[protocol]++;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b; /* NS_NONE is less than any time */
}

static void flow_train(struct current *c, const struct placed *p, uint32_t place, struct one_flow *f)
{
	const struct segment *s = &p->record.train;
	struct trace_record *r;

	c->count++;
	r = spool_add(c->records);
	*r = p->record;
	r->train.flow = (uint32_t)c->use_count - 1;
	r->train.host = (uint8_t)place;
	f->out = f->out || r->packets_out;
	f->in = f->in || r->packets_in;
	f->last_ns = later(f->last_ns, later(s->last_out_ns, s->last_in_ns));
	f->packets += (uint64_t)r->packets_out + r->packets_in;
	c->packets += (uint64_t)r->packets_out + r->packets_in;
}

bool assemble_hosts(struct spool *placed, struct assembly_output *to, struct assembly *out, struct err *e)
{
	struct current *c = must_alloc(1, sizeof(*c));
	struct placed host = { 0 };
	struct one_flow f = { 0 };
	uint8_t protocol = 0;
	const struct placed *p;
	bool good = true, any = false;
	uint32_t place = 0;

	while (good && (p = spool_next(placed))) {
		bool new_host = !any || !same_host(p, &host);

		if (new_host || p->flow != f.number) {
			flow_finish(c, &f, to, protocol);
			if (any && new_host)
				good = host_finish(to, &host, c, out, e);
			if (new_host)
				host = *p;
			place = inner_place(c, p);
			f = (struct one_flow){ .number = p->flow, .taken = place < HOME_HOSTS, .first_ns = p->flow_ns, .last_ns = NS_NONE };
			protocol = p->record.train.protocol;
			any = true;
			if (f.taken) {
				flow_begin(c, p, place);
				to->majority_flows += p->record.train.remote == to->majority;
			} else {
				out->crowded++;
			}
		}
		if (f.taken)
			flow_train(c, p, place, &f);
		else
			out->crowded_packets += (uint64_t)p->record.packets_out + p->record.packets_in;
	}
	flow_finish(c, &f, to, protocol);
	if (good && any)
		good = host_finish(to, &host, c, out, e);
	current_clear(c);
	free(c);
	return good && spool_good(placed, e);
}
