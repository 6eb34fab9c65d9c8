/* A capture as a link of an access network would give it, the same bytes each
 * time: some thousand TCP and UDP flows at once between 2,000 inside hosts and
 * servers by Zipf's law, packets of mixed sizes, cut at 256 bytes. TCP flows
 * have their handshake and their FINs; how much flows carry is heavy-tailed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "bench/bench.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"

enum {
	SNAPLEN = 256,
	FLOWS = 4000,           /* at once */
	HOSTS = 2000,
	SERVERS = 20000,
	ETHERNET = 14,
	IP = 20,
	TCP = 20,
	UDP = 8,
	FULL = 1460,            /* payload of a full segment */
	TCP_SHARE = 70,         /* per cent of flows */
	BEGIN_S = 1700000000,   /* seconds since 1970 of the first packet */
	GAP_US = 60,            /* between packets, at most */
};

enum { FIN = 1, SYN = 2, PUSH = 8, ACK = 16 };

struct flow {
	uint32_t inside, remote;    /* host order */
	uint16_t inside_port, remote_port;
	bool tcp;
	uint32_t sent, all;         /* packets so far, and of the flow */
	uint32_t sequence[2];       /* next, outward and inward */
};

struct writer {
	pcap_dumper_t *out;
	struct rng rng;
	uint64_t time_us, bytes;
	uint16_t ip_id;
	uint8_t frame[SNAPLEN];
	struct flow flows[FLOWS];
};

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static void flow_begin(struct writer *w, struct flow *f)
{
	static const uint16_t tcp_ports[] = { 443, 443, 443, 80, 993, 8080 }, udp_ports[] = { 443, 3478, 27015, 51820 };
	double server = rng_unit(&w->rng), length = rng_unit(&w->rng);

	f->inside = 0x0a000000u + 2 + rng_below(&w->rng, HOSTS);
	f->remote = 0x2d000000u + (uint32_t)(SERVERS * server * server * server) * 7919u;
	f->tcp = rng_below(&w->rng, 100) < TCP_SHARE;
	f->inside_port = (uint16_t)(32768 + rng_below(&w->rng, 28232));
	f->remote_port = f->tcp ? tcp_ports[rng_below(&w->rng, 6)] : udp_ports[rng_below(&w->rng, 4)];
	f->sent = 0;
	/* Pareto's law with shape 1.2: half have 10 packets or fewer, a few have thousands. */
	f->all = 7;
	for (double reach = 0.56; length < reach && f->all < 20000; reach *= 0.56)
		f->all = f->all * 8 / 5;
	f->sequence[0] = (uint32_t)rng_next(&w->rng);
	f->sequence[1] = (uint32_t)rng_next(&w->rng);
}

/* Ones' complement sum of the IP header. */
static uint16_t checksum(const uint8_t *at, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_ip(struct writer *w, const struct flow *f, bool inward, uint32_t length)
{
	uint8_t *ip = w->frame + ETHERNET;

	memset(ip, 0, IP);
	ip[0] = 0x45;
	put16(ip + 2, length);
	put16(ip + 4, w->ip_id++);
	put16(ip + 6, 0x4000);
	ip[8] = inward ? 57 : 64;
	ip[9] = f->tcp ? 6 : 17;
	put32(ip + 12, inward ? f->remote : f->inside);
	put32(ip + 16, inward ? f->inside : f->remote);
	put16(ip + 10, checksum(ip, IP));
}

static void put_tcp(struct writer *w, struct flow *f, bool inward, unsigned flags, uint32_t payload)
{
	uint8_t *tcp = w->frame + ETHERNET + IP;

	put32(tcp + 4, f->sequence[inward]);
	put32(tcp + 8, flags & ACK ? f->sequence[!inward] : 0);
	tcp[12] = TCP / 4 << 4;
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, 64240);
	put32(tcp + 16, 0);
	f->sequence[inward] += payload + ((flags & (SYN | FIN)) != 0);
}

static void put_packet(struct writer *w, struct flow *f, bool inward, unsigned flags, uint32_t payload)
{
	static const uint8_t ethernet[2][ETHERNET] = {
		{ 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0 },
		{ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 },
	};
	uint32_t header = f->tcp ? TCP : UDP, length = ETHERNET + IP + header + payload;
	uint8_t *ports = w->frame + ETHERNET + IP;
	struct pcap_pkthdr record = { .len = length, .caplen = length < SNAPLEN ? length : SNAPLEN };

	w->time_us += 1 + rng_below(&w->rng, GAP_US);
	record.ts.tv_sec = (time_t)(BEGIN_S + w->time_us / 1000000);
	record.ts.tv_usec = (suseconds_t)(w->time_us % 1000000);
	memcpy(w->frame, ethernet[inward], ETHERNET);
	put_ip(w, f, inward, IP + header + payload);
	put16(ports, inward ? f->remote_port : f->inside_port);
	put16(ports + 2, inward ? f->inside_port : f->remote_port);
	if (f->tcp) {
		put_tcp(w, f, inward, flags, payload);
	} else {
		put16(ports + 4, UDP + payload);
		put16(ports + 6, 0);
	}
	pcap_dump((u_char *)w->out, &record, w->frame);
	w->bytes += 16 + record.caplen;
}

/* Handshake, then data mostly inward with an acknowledgement for every other
 * segment, then FIN both ways. */
static void step_tcp(struct writer *w, struct flow *f)
{
	uint32_t left = f->all - f->sent;

	if (f->sent == 0)
		put_packet(w, f, false, SYN, 0);
	else if (f->sent == 1)
		put_packet(w, f, true, SYN | ACK, 0);
	else if (f->sent == 2)
		put_packet(w, f, false, ACK, 0);
	else if (f->sent == 3)
		put_packet(w, f, false, PUSH | ACK, 200 + rng_below(&w->rng, 400));
	else if (left <= 3)
		put_packet(w, f, left == 2, left == 1 ? ACK : FIN | ACK, 0);
	else if (f->sent % 3 == 0)
		put_packet(w, f, false, ACK, 0);
	else
		put_packet(w, f, true, ACK, rng_below(&w->rng, 4) ? FULL : 1 + rng_below(&w->rng, FULL));
}

static void step_udp(struct writer *w, struct flow *f)
{
	bool inward = f->sent > 0 && rng_below(&w->rng, 3) > 0;

	put_packet(w, f, inward, 0, inward ? 200 + rng_below(&w->rng, 1051) : 30 + rng_below(&w->rng, 300));
}

void capture_make(const char *path, uint64_t bytes)
{
	pcap_t *kind = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct writer *w = must_alloc(1, sizeof(*w));

	must(kind);
	w->out = pcap_dump_open(kind, path);
	if (!w->out)
		give_up("%s", pcap_geterr(kind));
	rng_seed(&w->rng, 1);
	for (size_t i = 0; i < SNAPLEN; i++)
		w->frame[i] = (uint8_t)rng_next(&w->rng);
	for (size_t i = 0; i < FLOWS; i++)
		flow_begin(w, &w->flows[i]);
	while (w->bytes < bytes) {
		struct flow *f = &w->flows[rng_below(&w->rng, FLOWS)];

		if (f->tcp)
			step_tcp(w, f);
		else
			step_udp(w, f);
		if (++f->sent >= f->all)
			flow_begin(w, f);
	}
	if (pcap_dump_flush(w->out))
		give_up("%s: %s", path, strerror(errno));
	pcap_dump_close(w->out);
	pcap_close(kind);
	free(w);
}
