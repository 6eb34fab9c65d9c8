/* anonymise - addresses that keep their prefixes and nothing else: Crypto-PAn
 * (Xu, Fan, Ammar, Moon: Prefix-preserving IP address anonymization, ICNP 2002).
 *
 * Two addresses share a prefix of n bits exactly if their images do. The same key
 * gives the same images, in any capture. AES-128 is nettle's. */
#ifndef TRAFFIC_ANONYMISE_H
#define TRAFFIC_ANONYMISE_H

#include <stdint.h>

#include "sim/base/err.h"

#define ANONYMISE_KEY 32 /* bytes: 16 of the cipher's key, 16 of the padding */

struct anonymiser; /* opaque */

struct anonymiser *anonymiser_create(const uint8_t key[ANONYMISE_KEY]);
void anonymiser_destroy(struct anonymiser *a); /* NULL is fine */

/* The key of a file: 32 bytes, or 64 hexadecimal digits and perhaps a line feed. NULL
 * with `e` set if it is anything else, cannot be read, or may be read by others than
 * its owner. */
struct anonymiser *anonymiser_open(const char *path, struct err *e);

uint32_t anonymise4(const struct anonymiser *a, uint32_t address);
void anonymise6(const struct anonymiser *a, const uint8_t address[16], uint8_t out[16]); /* may be the same place */

#endif
