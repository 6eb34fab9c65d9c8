#include "analysis/human.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Cuts the zeros that end a fraction: "7.30" is "7.3", "5.00" is "5". */
static void cut_zeros(char *text)
{
	char *end = text + strlen(text);

	if (!strchr(text, '.'))
		return;
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	*end = '\0';
}

/* Three significant digits for 1 <= |n| < 1000, in no other notation than digits. */
static void three_digits(double n, char out[HUMAN_TEXT])
{
	double size = fabs(n);

	snprintf(out, HUMAN_TEXT, "%.*f", size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2, n);
	cut_zeros(out);
}

/* n in the largest unit that leaves at least 1 of it. */
static char *scaled(double n, const char *const *units, char out[HUMAN_TEXT])
{
	double size = fabs(n);
	size_t unit = 0;

	if (!isfinite(n)) {
		snprintf(out, HUMAN_TEXT, "-");
		return out;
	}
	while (size >= 999.5 && units[unit + 1]) {
		size /= 1000;
		unit++;
	}
	if (size >= 999.5 || (size < 0.01 && size > 0))
		snprintf(out, HUMAN_TEXT, "%.3g", n < 0 ? -size : size);
	else
		three_digits(n < 0 ? -size : size, out);
	if (*units[unit]) {
		size_t length = strlen(out);

		snprintf(out + length, HUMAN_TEXT - length, " %s", units[unit]);
	}
	return out;
}

char *human_count(double n, char out[HUMAN_TEXT])
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", NULL };

	if (fabs(n) >= 999.5 && fabs(n) < 9999.5)
		return human_whole(n, out);
	return scaled(n, units, out);
}

char *human_whole(double n, char out[HUMAN_TEXT])
{
	char digits[HUMAN_TEXT];
	size_t length, sign = n < 0, at = 0;

	if (!(fabs(n) < 1e15)) {
		if (fabs(n) >= 1e15)
			return human_count(n, out);
		snprintf(out, HUMAN_TEXT, "-");
		return out;
	}
	snprintf(digits, sizeof(digits), "%.0f", n);
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		out[at++] = digits[i];
		if (i >= sign && i + 1 < length && (length - i - 1) % 3 == 0)
			out[at++] = ',';
	}
	out[at] = '\0';
	return out;
}

char *human_bytes(double n, char out[HUMAN_TEXT])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", NULL };

	return scaled(n, units, out);
}

char *human_share(double ratio, char out[HUMAN_TEXT])
{
	double percent = 100 * ratio;
	double rest = fmin(fabs(percent), fabs(100 - percent)); /* what rounding must not swallow */
	int decimals = 1;

	if (!isfinite(ratio) || fabs(percent) >= 1e6) {
		snprintf(out, HUMAN_TEXT, isfinite(ratio) ? "%.3g %%" : "-", percent);
		return out;
	}
	for (double digit = 10; decimals < 9 && rest < digit && rest > 0; digit /= 10)
		decimals++;
	snprintf(out, HUMAN_TEXT, "%.*f", decimals, percent);
	cut_zeros(out);
	strcat(out, " %");
	return out;
}
