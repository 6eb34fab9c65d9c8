/* What a server, or a host that another one speaks to by its public endpoint,
 * answers to a datagram: as many datagrams as the trace has come back before the
 * host's next one, a server each when the CGN is to see it. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/ns3/train.h"

/* Answers that are still to come. */
struct serving {
	struct scene *scene;
	struct serving *next, **link; /* in the list of all */
	struct ns3c_udp *udp;
	const struct trace_record *record;
	struct head head;
	uint32_t address;
	uint16_t port;
	uint32_t first, at, end;
};

static int64_t leaves_at(const struct serving *v)
{
	const struct scene *s = v->scene;

	return LEAD_NS + train_in_at(s, v->record, v->at) - s->config->core.delay_ns;
}

static void answer(struct serving *v)
{
	uint8_t bytes[65507];
	uint32_t size = train_in_size(v->scene, v->record);
	struct head head = v->head;

	memset(bytes, 0, size);
	head.answer = true;
	head.further = v->at > v->first;
	head_write(bytes, head);
	must(ns3c_udp_send(v->udp, v->address, v->port, bytes, size) == 0);
	v->at++;
}

static void answer_due(struct serving *v)
{
	while (v->at < v->end && leaves_at(v) <= ns3c_now(v->scene->sim))
		answer(v);
}

static void forget(struct serving *v)
{
	*v->link = v->next;
	if (v->next)
		v->next->link = v->link;
	free(v);
}

static void goes_on(void *user)
{
	struct serving *v = user;

	answer_due(v);
	if (v->at < v->end)
		must(ns3c_at(v->scene->sim, leaves_at(v), goes_on, v));
	else
		forget(v);
}

static void remember(const struct serving *begun)
{
	struct scene *s = begun->scene;
	struct serving *v = must_alloc(1, sizeof(*v));

	*v = *begun;
	v->next = s->servings;
	v->link = &s->servings;
	if (v->next)
		v->next->link = &v->next;
	s->servings = v;
	must(ns3c_at(s->sim, leaves_at(v), goes_on, v));
}

static bool begin(struct serving *v, struct scene *s, struct ns3c_udp *udp, uint32_t address, uint16_t port,
                  struct head head)
{
	const struct trace_record *r = head_record(s, head);

	if (!r || head.answer || r->train.flags & SEG_INBOUND)
		return false;
	*v = (struct serving){ .scene = s, .udp = udp, .record = r, .head = head, .address = address, .port = port,
	                       .first = train_first_answer(s, r, head.what), .end = train_first_answer(s, r, head.what + 1) };
	v->at = v->first;
	return true;
}

void serve_datagram(struct scene *s, struct ns3c_udp *udp, uint32_t address, uint16_t port, struct head head)
{
	struct serving v;

	if (!begin(&v, s, udp, address, port, head))
		return;
	answer_due(&v);
	if (v.at < v.end)
		remember(&v);
}

void serve_at_once(struct scene *s, struct ns3c_udp *udp, uint32_t address, uint16_t port, struct head head)
{
	struct serving v;

	if (!begin(&v, s, udp, address, port, head))
		return;
	while (v.at < v.end)
		answer(&v);
}

void servings_close(struct scene *s)
{
	while (s->servings)
		forget(s->servings);
}
