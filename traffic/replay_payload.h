/* replay_payload - bytes to fill made-up packets with, such that nobody who reads
 * them by their ports takes them for a broken message of some protocol. */
#ifndef TRAFFIC_REPLAY_PAYLOAD_H
#define TRAFFIC_REPLAY_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/packet.h"

/* Fills a TCP or UDP packet between these ports. `position`: bytes that its side has sent of the TCP connection before.
 * False: no filling makes so few bytes a message. */
bool replay_payload(enum protocol protocol, uint16_t port, uint16_t other, uint64_t position, uint8_t *payload,
                    uint32_t bytes);

#endif
