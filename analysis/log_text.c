#include "analysis/log_text.h"

#include "sim/base/must.h"

#define EPOCH_DAY 20454 /* 2026-01-01, counted from 1970-01-01 */
#define LAST_YEAR 2225  /* beyond what int64_t nanoseconds of simulated time need */

const char *const log_kind_name[LOG_KINDS] = {
	[LOG_MAPPING_ADD]    = "nat44-bib-create",
	[LOG_MAPPING_DELETE] = "nat44-bib-delete",
	[LOG_BLOCK_ADD]      = "port-block-allocate",
	[LOG_BLOCK_DELETE]   = "port-block-deallocate",
	[LOG_SESSION_ADD]    = "nat44-session-create",
	[LOG_SESSION_DELETE] = "nat44-session-delete",
};

static char *put_two(char *out, uint32_t v) /* v < 100 */
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	                            "8081828384858687888990919293949596979899";

	memcpy(out, pairs + 2 * v, 2);
	return out + 2;
}

/* Years are counted from March, in eras of 400, so that the leap day comes last
 * (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static char *put_date(char *out, uint32_t days)
{
	uint32_t day = days + EPOCH_DAY + 719468;
	uint32_t era = day / 146097, of_era = day % 146097;
	uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint32_t month_from_march = (5 * of_year + 2) / 153;
	uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	uint32_t year = era * 400 + year_of_era + (month <= 2);

	out = put_two(out, year / 100);
	out = put_two(out, year % 100);
	*out++ = '-';
	out = put_two(out, month);
	*out++ = '-';
	return put_two(out, of_year - (153 * month_from_march + 2) / 5 + 1);
}

static uint32_t days_from_date(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t y = year - (month <= 2);
	uint32_t month_from_march = month > 2 ? month - 3 : month + 9;
	uint32_t of_year = (153 * month_from_march + 2) / 5 + day - 1;
	uint32_t era = y / 400, of_era = y % 400;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468 - EPOCH_DAY;
}

char *put_time(char *out, int64_t time_ns)
{
	must(time_ns >= 0);
	uint64_t ms = (uint64_t)time_ns / (uint64_t)NS_PER_MS;
	uint32_t of_day = (uint32_t)(ms % 86400000);

	out = put_date(out, (uint32_t)(ms / 86400000));
	*out++ = 'T';
	out = put_two(out, of_day / 3600000);
	*out++ = ':';
	out = put_two(out, of_day / 60000 % 60);
	*out++ = ':';
	out = put_two(out, of_day / 1000 % 60);
	*out++ = '.';
	*out++ = (char)('0' + of_day / 100 % 10);
	out = put_two(out, of_day % 100);
	*out++ = 'Z';
	return out;
}

bool take_text(struct log_line *l, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(l->end - l->at) < n || memcmp(l->at, text, n) != 0)
		return false;
	l->at += n;
	return true;
}

/* At most `max`, no leading zero. */
static bool take_up_to(struct log_line *l, uint32_t max, uint32_t *out)
{
	const char *first = l->at;
	uint32_t v = 0;

	while (l->at < l->end && *l->at >= '0' && *l->at <= '9') {
		v = v * 10 + (uint32_t)(*l->at++ - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return l->at > first && (*first != '0' || l->at == first + 1);
}

bool take_number(struct log_line *l, uint16_t *out)
{
	uint32_t v;

	if (!take_up_to(l, UINT16_MAX, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

bool take_block_end(struct log_line *l, struct log_record *r)
{
	if (!take_number(l, &r->hi) || r->hi < r->lo)
		return false;
	r->step = 0;
	if (!take_text(l, "/"))
		return true;
	return take_number(l, &r->step) && r->step > 1 && (r->hi - r->lo) % r->step == 0;
}

bool take_address(struct log_line *l, uint32_t *out)
{
	uint32_t a = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t octet;

		if ((i > 0 && !take_text(l, ".")) || !take_up_to(l, 255, &octet))
			return false;
		a = a << 8 | octet;
	}
	*out = a;
	return true;
}

static bool digits_at(const char *at, size_t count, uint32_t *out)
{
	uint32_t v = 0;

	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(at[i] - '0');
	}
	*out = v;
	return true;
}

/* Written again, a time must give the same text: that rejects every date that
 * there is not, and every separator that is not ours. */
bool take_time(struct log_line *l, int64_t *out_ns)
{
	char again[LOG_TIME_LENGTH];
	uint32_t year, month, day, hour, minute, second, ms;
	const char *t = l->at;

	if (l->end - t < LOG_TIME_LENGTH || !digits_at(t, 4, &year) || !digits_at(t + 5, 2, &month) ||
	    !digits_at(t + 8, 2, &day) || !digits_at(t + 11, 2, &hour) || !digits_at(t + 14, 2, &minute) ||
	    !digits_at(t + 17, 2, &second) || !digits_at(t + 20, 3, &ms))
		return false;
	if (year < 2026 || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*out_ns = days_from_date(year, month, day) * NS_PER_DAY +
	          (int64_t)((hour * 60 + minute) * 60 + second) * NS_PER_S + ms * NS_PER_MS;
	put_time(again, *out_ns);
	if (memcmp(again, t, LOG_TIME_LENGTH) != 0)
		return false;
	l->at += LOG_TIME_LENGTH;
	return true;
}

bool take_kind(struct log_line *l, enum log_kind *out)
{
	for (int k = 0; k < LOG_KINDS; k++) {
		if (take_text(l, log_kind_name[k])) {
			*out = (enum log_kind)k;
			return true;
		}
	}
	return false;
}

bool take_protocol(struct log_line *l, enum protocol *out)
{
	for (int p = 0; p < PROTO_COUNT; p++) {
		if (take_text(l, protocol_name[p])) {
			*out = (enum protocol)p;
			return true;
		}
	}
	return false;
}
