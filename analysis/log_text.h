/* log_text - the pieces of text that the log formats share: times, addresses
 * and numbers, written and read by hand, since a run writes millions of them.
 *
 * Simulated time 0 is 2026-01-01T00:00:00Z in every log. Writers put text at
 * `out` and return the byte after it; they may scribble up to LOG_TEXT_SLACK
 * bytes past that. Readers take exactly what a writer puts (no leading zeros,
 * no other spelling), so a line that can be read is the line that was written. */
#ifndef ANALYSIS_LOG_TEXT_H
#define ANALYSIS_LOG_TEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "analysis/log.h"

#define LOG_TEXT_SLACK 64
#define LOG_TIME_LENGTH 24 /* "2026-01-01T00:00:00.000Z" */

extern const struct log_format log_syslog, log_csv;

/* RFC 8158's events: "nat44-bib-create", "port-block-allocate", ... */
extern const char *const log_kind_name[LOG_KINDS];

static inline bool log_kind_is_block(enum log_kind k)
{
	return k == LOG_BLOCK_ADD || k == LOG_BLOCK_DELETE;
}
static inline bool log_kind_is_session(enum log_kind k)
{
	return k == LOG_SESSION_ADD || k == LOG_SESSION_DELETE;
}
static inline bool log_kind_is_delete(enum log_kind k)
{
	return k == LOG_MAPPING_DELETE || k == LOG_BLOCK_DELETE || k == LOG_SESSION_DELETE;
}

static inline size_t number_length(uint32_t v) /* v < 100000 */
{
	return 1u + (v >= 10) + (v >= 100) + (v >= 1000) + (v >= 10000);
}

/* An address's octets in four lanes of 16 bits, the first in the highest. */
#define EACH_LANE UINT64_C(0x0001000100010001)
static inline uint64_t address_lanes(uint32_t a)
{
	uint64_t lanes = ((uint64_t)a << 16 | a) & UINT64_C(0x0000ffff0000ffff);

	return (lanes << 8 | lanes) & UINT64_C(0x00ff00ff00ff00ff);
}

/* How many digits each octet has beyond its first: adding 256 - 10 (256 - 100)
 * carries into bit 8 of a lane whose octet takes a second (third) one. */
static inline uint64_t more_digits(uint64_t lanes)
{
	return ((lanes + EACH_LANE * 246) >> 8 & EACH_LANE) + ((lanes + EACH_LANE * 156) >> 8 & EACH_LANE);
}

/* Of two addresses together: eight digits and six dots, and what more there is. */
static inline size_t addresses_length(uint32_t a, uint32_t b)
{
	uint64_t more = more_digits(address_lanes(a)) + more_digits(address_lanes(b));

	return 14 + (size_t)(more * EACH_LANE >> 48);
}

static inline size_t address_length(uint32_t a)
{
	return addresses_length(a, 0) - 7;
}

/* Characters gathered in a word, the first in its lowest byte. */
static inline void put_word(char *out, uint64_t characters)
{
	characters = htole64(characters);
	memcpy(out, &characters, sizeof(characters));
}

/* All five digits, then shifted so that the first one wanted comes first: no branch to guess wrong. */
static inline char *put_number(char *out, uint32_t v) /* v < 100000 */
{
	size_t n = number_length(v);
	uint32_t hundreds = v / 100, ones = v % 100, tens_of_thousands = v / 10000;
	uint32_t thousands = hundreds - 100 * tens_of_thousands;
	uint64_t digits = tens_of_thousands | (uint64_t)(thousands / 10) << 8 | (uint64_t)(thousands % 10) << 16 |
	                  (uint64_t)(ones / 10) << 24 | (uint64_t)(ones % 10) << 32;

	put_word(out, (digits + UINT64_C(0x3030303030)) >> (8 * (5 - n)));
	return out + n;
}

/* The four octets are divided at once: 41/4096 and 205/2048 are near enough to
 * 1/100 and 1/10 for numbers below 256. Each is put with a dot after it. */
static inline char *put_address(char *out, uint32_t a)
{
	uint64_t octets = address_lanes(a), more = more_digits(octets);
	uint64_t hundreds = octets * 41 >> 12 & EACH_LANE * 15;
	uint64_t tens = octets * 205 >> 11 & EACH_LANE * 31;
	uint64_t ones = octets - 10 * tens;

	tens -= 10 * hundreds;
	for (int shift = 48; shift >= 0; shift -= 16) {
		uint64_t n = more >> shift & 3;
		uint64_t text = (hundreds >> shift & 15) | (tens >> shift & 15) << 8 | (ones >> shift & 15) << 16;

		put_word(out, (text + 0x2e303030u) >> (16 - 8 * n));
		out += n + 2;
	}
	return out - 1;
}

/* The last number of a block, and of a scattered one "/" and its step. */
static inline bool block_is_scattered(const struct log_record *r)
{
	return r->step > 1;
}
static inline char *put_block_end(char *out, const struct log_record *r)
{
	out = put_number(out, r->hi);
	if (!block_is_scattered(r))
		return out;
	*out++ = '/';
	return put_number(out, r->step);
}
static inline size_t block_end_length(const struct log_record *r)
{
	return number_length(r->hi) + (block_is_scattered(r) ? 1 + number_length(r->step) : 0);
}

/* A fixed piece of text, copied whole and cut after its length. */
struct log_piece {
	char text[LOG_TEXT_SLACK];
	uint8_t length;
};
#define LOG_PIECE(s) { .text = s, .length = sizeof(s) - 1 }

static inline char *put_piece(char *out, const struct log_piece *p)
{
	memcpy(out, p->text, sizeof(p->text));
	return out + p->length;
}

/* LOG_TIME_LENGTH bytes; time_ns >= 0, what is below a millisecond is cut off. */
char *put_time(char *out, int64_t time_ns);

/* A line being read. Each take_ moves past what it took; false if it is not there. */
struct log_line {
	const char *at, *end;
};
bool take_text(struct log_line *l, const char *text);
bool take_number(struct log_line *l, uint16_t *out);
bool take_block_end(struct log_line *l, struct log_record *r); /* after r->lo: not below it, and a whole number of steps away */
bool take_address(struct log_line *l, uint32_t *out);
bool take_time(struct log_line *l, int64_t *out_ns);
bool take_kind(struct log_line *l, enum log_kind *out);
bool take_protocol(struct log_line *l, enum protocol *out);
static inline bool take_end(const struct log_line *l)
{
	return l->at == l->end;
}

#endif
