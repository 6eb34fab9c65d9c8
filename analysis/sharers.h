/* sharers - who has a number now, where several subscribers may have one at a
 * time, each with a remote endpoint of its own: their open records, by number. */
#ifndef ANALYSIS_SHARERS_H
#define ANALYSIS_SHARERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sharers;

struct sharers *sharers_create(void);
void sharers_destroy(struct sharers *s); /* NULL is fine */

void sharers_add(struct sharers *s, uint16_t number, uint32_t inside, int64_t begin_ns);

/* The subscriber's oldest open record of the number ends. False if it has none. */
bool sharers_remove(struct sharers *s, uint16_t number, uint32_t inside);

/* Has the subscriber an open record of the number that began at this moment? */
bool sharers_began_at(const struct sharers *s, uint16_t number, uint32_t inside, int64_t time_ns);

/* Whose records are open: a list that the caller frees, *count long. A subscriber comes as often as it has such records. */
uint32_t *sharers_of(const struct sharers *s, uint16_t number, size_t *count);

#endif
