#include "sim/scenario/nearest.h"

#include <string.h>

#define LONGEST 64

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Three rows of the table are enough: a swap looks back two. */
unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][LONGEST + 1];
	size_t la = strnlen(a, LONGEST), lb = strnlen(b, LONGEST);

	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i - 1) % 3], *two = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned d = before[j - 1] + (a[i - 1] != b[j - 1]);

			d = smaller(d, smaller(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = smaller(d, two[j - 2] + 1);
			now[j] = d;
		}
	}
	return rows[la % 3][lb];
}

void nearest_show(struct nearest *n, const char *word)
{
	unsigned d = edit_distance(n->wanted, word);

	if (!n->best || d < n->distance) {
		n->best = word;
		n->distance = d;
	}
}

int nearest_is_near(const struct nearest *n)
{
	return n->best && n->distance <= 1 + strlen(n->wanted) / 3;
}
