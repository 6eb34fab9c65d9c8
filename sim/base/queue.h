/* queue - the event queue: integer-nanosecond time, ties in order of insertion.
 *
 * A ladder. Pending events lie unsorted in a ring of buckets of equal
 * width and, beyond its horizon, in one overflow list; a bucket is sorted only
 * when its turn comes. A push appends to one of a thousand places; a pop reads
 * on in a sorted run. Nothing is allocated once the queue has seen its largest size.
 * Memory: 20 KB when little is pending, else about 20 bytes an event (32 at most
 * when all are of one time).
 *
 * Promise: queue_pop() gives events by (time, order of push), exactly, for any
 * sequence of calls in which no event is pushed before the last one popped. */
#ifndef SIM_BASE_QUEUE_H
#define SIM_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue *queue_create(void); /* the caller owns it */
void queue_destroy(struct queue *q); /* NULL is fine */

/* 0 <= time_ns < NS_NEVER and not before the last popped event, else the program
 * aborts. At most 2^31 events pending. */
void queue_push(struct queue *q, int64_t time_ns, uint32_t what);

/* Time of the next event; NS_NEVER if there is none. */
int64_t queue_next(struct queue *q);

/* Takes the next event. False if there is none. */
bool queue_pop(struct queue *q, int64_t *time_ns, uint32_t *what);

/* What the n-th event from now is (0: the next one), if that is already known: a
 * hint of what to bring near. UINT32_MAX if it is not known, and perhaps wrong
 * if anything is pushed. */
uint32_t queue_hint(const struct queue *q, unsigned n);

size_t queue_count(const struct queue *q);

#endif
