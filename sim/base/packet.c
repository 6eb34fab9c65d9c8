#include "sim/base/packet.h"

const char *const protocol_name[PROTO_COUNT] = {
	[PROTO_TCP]  = "tcp",
	[PROTO_UDP]  = "udp",
	[PROTO_ICMP] = "icmp",
};

const uint8_t protocol_number[PROTO_COUNT] = {
	[PROTO_TCP]  = 6,
	[PROTO_UDP]  = 17,
	[PROTO_ICMP] = 1,
};
