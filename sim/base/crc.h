/* crc - CRC-32C (Castagnoli, RFC 3720 section 12.1), for files that must show a flipped bit. */
#ifndef SIM_BASE_CRC_H
#define SIM_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 to begin) over `length` bytes. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
