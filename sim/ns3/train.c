#include "sim/ns3/train.h"

#define ANSWER  UINT32_C(0x80000000)
#define FURTHER UINT32_C(0x40000000)

#define DATAGRAM_MOST 65507u /* bytes that UDP carries in IPv4 */

int64_t evenly(int64_t length_ns, uint32_t count, uint32_t n)
{
	int64_t gaps = (int64_t)count - 1;

	return gaps > 0 ? length_ns / gaps * n + length_ns % gaps * n / gaps : 0;
}

uint64_t train_payload(const struct trace_record *r, uint64_t bytes, uint32_t packets, uint64_t unknown)
{
	uint64_t headers = (uint64_t)packets * (r->train.protocol == PROTO_TCP ? 40 : 28);

	return !packets ? unknown : bytes > headers ? bytes - headers : 0;
}

static uint32_t size_of(const struct scene *s, const struct trace_record *r, uint64_t bytes, uint32_t packets)
{
	uint64_t size = packets ? train_payload(r, bytes, packets, 0) / packets : s->config->datagram;

	return size < HEAD_BYTES ? HEAD_BYTES : size > DATAGRAM_MOST ? DATAGRAM_MOST : (uint32_t)size;
}

static uint32_t count_of(const struct scene *s, const struct trace_record *r, int64_t length_ns, uint32_t packets)
{
	uint32_t least = length_ns > 0 ? (uint32_t)(length_ns / s->keep_ns[r->train.protocol]) + 2 : 1;

	return packets > least || (packets && length_ns <= 0) ? packets : least;
}

static int64_t out_length(const struct trace_record *r)
{
	return r->train.last_out_ns - r->train.start_ns;
}

uint32_t train_out_count(const struct scene *s, const struct trace_record *r)
{
	return r->train.flags & SEG_INBOUND ? 0 : count_of(s, r, out_length(r), r->packets_out);
}

int64_t train_out_at(const struct scene *s, const struct trace_record *r, uint32_t n)
{
	return r->train.start_ns + evenly(out_length(r), train_out_count(s, r), n);
}

uint32_t train_out_size(const struct scene *s, const struct trace_record *r)
{
	return size_of(s, r, r->bytes_out, r->packets_out);
}

static int64_t in_length(const struct trace_record *r)
{
	return r->train.last_in_ns - r->train.first_in_ns;
}

/* One answer to each, where they are not counted. */
uint32_t train_in_count(const struct scene *s, const struct trace_record *r)
{
	if (r->train.first_in_ns == NS_NONE)
		return 0;
	if (r->train.flags & SEG_INBOUND)
		return count_of(s, r, in_length(r), r->packets_in);
	return r->packets_in ? r->packets_in : train_out_count(s, r);
}

int64_t train_in_at(const struct scene *s, const struct trace_record *r, uint32_t n)
{
	return r->train.first_in_ns + evenly(in_length(r), train_in_count(s, r), n);
}

uint32_t train_in_size(const struct scene *s, const struct trace_record *r)
{
	return size_of(s, r, r->bytes_in, r->packets_in);
}

uint32_t train_first_answer(const struct scene *s, const struct trace_record *r, uint32_t n)
{
	uint32_t low = 0, high = train_in_count(s, r);
	int64_t at_ns;

	if (n == 0 || n >= train_out_count(s, r))
		return n ? high : 0;
	at_ns = train_out_at(s, r, n);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (train_in_at(s, r, middle) < at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void put(uint8_t *out, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(word >> (24 - 8 * i));
}

static uint32_t get(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

void head_write(uint8_t out[HEAD_BYTES], struct head head)
{
	put(out, head.who | (head.answer ? ANSWER : 0) | (head.further ? FURTHER : 0));
	put(out + 4, head.what);
}

struct head head_read(const uint8_t in[HEAD_BYTES])
{
	uint32_t who = get(in);

	return (struct head){
		.who = who & ~(ANSWER | FURTHER), .what = get(in + 4), .answer = who & ANSWER, .further = who & FURTHER,
	};
}

struct head head_of(const struct scene *s, const struct trace_record *r, uint32_t n)
{
	return (struct head){ .who = (uint32_t)(r - s->job->trace->records), .what = n };
}

const struct trace_record *head_record(const struct scene *s, struct head head)
{
	return head.who < s->job->trace->record_count ? &s->job->trace->records[head.who] : NULL;
}
