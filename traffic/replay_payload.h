/* replay_payload - bytes to fill made-up packets with, such that nobody who reads
 * them by their ports takes them for a broken message of some protocol. */
#ifndef TRAFFIC_REPLAY_PAYLOAD_H
#define TRAFFIC_REPLAY_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/packet.h"

/* The byte for a TCP or UDP packet between these ports. False: there is none for so few bytes. */
bool replay_payload(enum protocol protocol, uint16_t port, uint16_t other, uint32_t bytes, uint8_t *fill);

#endif
