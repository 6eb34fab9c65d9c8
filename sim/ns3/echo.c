/* Echoes are sent and answered by hand, no stack sees them: so what was cut is put together here. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/ns3/train.h"

#define WAIT_NS (30 * NS_PER_S) /* for the rest of a packet, as ns-3's stacks wait */
#define ICMP_HEADER 8

/* A packet of which not all has come. */
struct echo_part {
	const void *at;          /* who gets it: a host, or NULL: a server */
	uint32_t source, destination;
	uint16_t id;
	bool begun;              /* its first fragment is there, and with it: */
	struct head head;
	uint32_t have, whole;    /* bytes; 0: not known */
	int64_t until_ns;
};

/* What echoes carry at least (packets.datagram). An answer has the same bytes as what it answers. */
static bool take_head(const uint8_t *icmp, uint32_t length, struct head *head)
{
	if (length < ICMP_HEADER + HEAD_BYTES)
		return false;
	*head = head_read(icmp + ICMP_HEADER);
	head->answer = icmp[0] == ICMP_ECHO_REPLY;
	return true;
}

static void drop(struct echo_parts *e, uint32_t i)
{
	e->parts[i] = e->parts[--e->count];
}

static struct echo_part *part_of(struct scene *s, const void *at, const struct datagram *d)
{
	struct echo_parts *e = &s->echoes;

	for (uint32_t i = e->count; i-- > 0;)
		if (e->parts[i].until_ns <= scene_now(s))
			drop(e, i);
	for (uint32_t i = 0; i < e->count; i++)
		if (e->parts[i].at == at && e->parts[i].source == d->ends.source && e->parts[i].id == d->id &&
		    e->parts[i].destination == d->ends.destination)
			return &e->parts[i];
	e->parts = must_grow(e->parts, e->count + 1, sizeof(*e->parts));
	e->parts[e->count] = (struct echo_part){
		.at = at, .source = d->ends.source, .destination = d->ends.destination, .id = d->id,
		.until_ns = scene_now(s) + WAIT_NS,
	};
	return &e->parts[e->count++];
}

bool echo_whole(struct scene *s, const void *at, const struct datagram *d, const uint8_t *bytes, struct head *head,
                uint32_t *data)
{
	uint32_t header = (bytes[0] & 15u) * 4, length = ipv4_length(bytes) - header;
	struct echo_part *part;

	if (!datagram_is_fragment(d)) {
		*data = length - ICMP_HEADER;
		return take_head(bytes + header, length, head);
	}
	part = part_of(s, at, d);
	part->have += length;
	if (!d->more)
		part->whole = d->offset + length;
	if (datagram_begins(d))
		part->begun = take_head(bytes + header, length, &part->head);
	if (!part->begun || part->have != part->whole)
		return false;
	*head = part->head;
	*data = part->whole - ICMP_HEADER;
	drop(&s->echoes, (uint32_t)(part - s->echoes.parts));
	return true;
}

void echo_answer(struct scene *s, const struct datagram *d, uint8_t *bytes)
{
	uint8_t swap[4], *icmp = bytes + (bytes[0] & 15) * 4;
	struct head head;
	uint32_t sum, data;

	if (echo_whole(s, NULL, d, bytes, &head, &data)) {
		s->packets.sums[PACKETS_DATAGRAMS_UP]++;
		s->packets.sums[PACKETS_BYTES_UP] += data;
	}
	memcpy(swap, bytes + 12, 4);
	memcpy(bytes + 12, bytes + 16, 4);
	memcpy(bytes + 16, swap, 4);
	if (!datagram_begins(d))
		return;
	icmp[0] = ICMP_ECHO_REPLY;
	sum = ((uint32_t)icmp[2] << 8 | icmp[3]) + (ICMP_ECHO << 8); /* 8 less in the word that it sums */
	sum = (sum & 0xffff) + (sum >> 16);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
}

void echoes_close(struct scene *s)
{
	free(s->echoes.parts);
}
