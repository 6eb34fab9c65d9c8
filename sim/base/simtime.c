#include "sim/base/simtime.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	uint64_t ns;
} units[] = { /* falling */
	{ "d", 86400 * UINT64_C(1000000000) },
	{ "h", 3600 * UINT64_C(1000000000) },
	{ "m", 60 * UINT64_C(1000000000) },
	{ "s", UINT64_C(1000000000) },
	{ "ms", 1000000 },
	{ "us", 1000 },
	{ "ns", 1 },
};
#define UNITS (sizeof(units) / sizeof(units[0]))
#define SECONDS_UNIT 3

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Which unit the letters at *text name; UNITS if none. Moves past them. */
static size_t take_unit(const char **text)
{
	size_t length = 0;

	while ((*text)[length] >= 'a' && (*text)[length] <= 'z')
		length++;
	for (size_t u = 0; u < UNITS; u++) {
		if (strlen(units[u].name) == length && !memcmp(units[u].name, *text, length)) {
			*text += length;
			return u;
		}
	}
	return UNITS;
}

bool duration_parse(const char *text, int64_t *out_ns)
{
	const uint64_t longest = (uint64_t)NS_LONGEST;
	const char *start = text;
	uint64_t sum = 0;
	size_t last = 0; /* units before this one are used up */

	do {
		uint64_t whole = 0, billionths = 0, ns;
		bool bare = text == start;
		size_t u;

		if (!is_digit(*text))
			return false;
		for (; is_digit(*text); text++) {
			whole = whole * 10 + (uint64_t)(*text - '0');
			if (whole > longest)
				return false;
		}
		if (*text == '.') {
			uint64_t place = 100000000;

			if (!is_digit(*++text))
				return false;
			for (; is_digit(*text); text++, place /= 10)
				billionths += (uint64_t)(*text - '0') * place;
		}
		u = bare && !*text ? SECONDS_UNIT : take_unit(&text);
		if (u == UNITS || u < last)
			return false;
		last = u + 1;
		if (whole > longest / units[u].ns)
			return false;
		/* Neither product can overflow: 10^9 x 86,400 and 10^9 x 10^6. */
		ns = whole * units[u].ns + billionths * (units[u].ns / 1000000000) +
		     billionths * (units[u].ns % 1000000000) / 1000000000;
		sum += ns;
		if (sum > longest)
			return false;
	} while (*text);
	*out_ns = (int64_t)sum;
	return true;
}

bool duration_from_seconds(double seconds, int64_t *out_ns)
{
	if (!(seconds >= 0 && seconds <= (double)(NS_LONGEST / NS_PER_S)))
		return false;
	*out_ns = (int64_t)(seconds * 1e9 + 0.5);
	return true;
}

char *duration_format(int64_t ns, char text[DURATION_TEXT])
{
	const char *sign = ns < 0 ? "-" : "";
	uint64_t all = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, rest = all;
	char other[DURATION_TEXT];
	size_t length = 0;

	if (!all)
		return strcpy(text, "0s");
	for (size_t u = 0; u < UNITS; u++) {
		if (rest >= units[u].ns) {
			length +=
				(size_t)snprintf(text + length, DURATION_TEXT - length, "%s%llu%s", length ? "" : sign,
			                         (unsigned long long)(rest / units[u].ns), units[u].name);
			rest %= units[u].ns;
		}
	}
	for (size_t u = 0; u < UNITS; u++) {
		if (all % units[u].ns)
			continue;
		snprintf(other, sizeof(other), "%s%llu%s", sign, (unsigned long long)(all / units[u].ns),
		         units[u].name);
		if (strlen(other) < strlen(text))
			memcpy(text, other, sizeof(other));
		break;
	}
	return text;
}

double seconds_from_ns(int64_t ns)
{
	return (double)ns / 1e9;
}
