/* must - a broken invariant is a bug of ours: say where, and abort, in release
 * builds too. Never for bad input (see err.h). */
#ifndef SIM_BASE_MUST_H
#define SIM_BASE_MUST_H

#include <stddef.h>

#define must(condition)                                        \
	do {                                                   \
		if (__builtin_expect(!(condition), 0))         \
			must_fail(__FILE__, __LINE__, #condition); \
	} while (0)

_Noreturn void must_fail(const char *file, int line, const char *condition);

/* Allocation that cannot fail: out of memory ends the program with one clear
 * line. All return memory the caller frees with free(); a size of 0 is fine. */
void *must_alloc(size_t count, size_t size);  /* zeroed */
void *must_grow(void *old, size_t count, size_t size); /* realloc; new bytes are not zeroed */
char *must_strdup(const char *text);
char *must_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
