/* intern - byte strings of one fixed length to small numbers, each string once:
 * how IPv6 addresses find room in tables made for IPv4's. */
#ifndef TRAFFIC_INTERN_H
#define TRAFFIC_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern; /* opaque */

struct intern *intern_create(size_t length);
void intern_destroy(struct intern *in); /* NULL is fine */

/* 0 for the first string, 1 for the next one that is new, ... */
uint32_t intern_number(struct intern *in, const uint8_t *bytes);

const uint8_t *intern_bytes(const struct intern *in, uint32_t number); /* valid until the next intern_number() */
uint32_t intern_count(const struct intern *in);

#endif
