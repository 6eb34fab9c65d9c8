#include <stddef.h>

#include "traffic/mix.h"

#define ENDS(field, value, text) \
	{ .name = #field, .type = PARAM_REAL, .unit = "", .preset = value, .min = 0, .max = 1e12, \
	  .offset = offsetof(struct mix_ends, field), .help = text }
static const struct param end_params[] = {
	ENDS(fin, "1", "FIN both ways (TCP; another protocol's flows just end)"),
	ENDS(half, "0", "FIN one way, then silence (TCP)"),
	ENDS(reset, "0", "a reset (TCP)"),
	ENDS(silent, "0", "nothing: the flow falls silent"),
	ENDS(unanswered, "0", "no packet ever comes back"),
	{ 0 },
};

#define AT(field) offsetof(struct mix_protocol, field)
static const struct param protocol_params[] = {
	{ .name = "share", .type = PARAM_REAL, .unit = "", .preset = "0", .min = 0, .max = 1e12, .offset = AT(share),
	  .help = "of the sockets that are of this protocol, relative to the others" },
	{ .name = "fan_out", .type = PARAM_DISTRIBUTION, .unit = "flows", .preset = "1", .offset = AT(fan_out),
	  .help = "flows of a socket, rounded up to a whole number" },
	{ .name = "spacing", .type = PARAM_DISTRIBUTION, .unit = "s", .preset = "\"1s\"", .offset = AT(spacing),
	  .help = "from one flow of a socket to its next" },
	{ .name = "duration", .type = PARAM_DISTRIBUTION, .unit = "s", .preset = "\"0s\"", .offset = AT(duration),
	  .help = "from a flow's first packet to its last" },
	{ .name = "well_known", .type = PARAM_REAL, .unit = "", .preset = "0", .min = 0, .max = 1, .offset = AT(well_known),
	  .help = "share of the flows that go to remote ports below 1024" },
	{ .name = "ends", .type = PARAM_OBJECT, .unit = "", .object = end_params, .offset = AT(ends),
	  .help = "how flows end, each relative to the others" },
	{ 0 },
};
#undef AT

#define PROTOCOL(n, p) \
	{ .name = n, .type = PARAM_OBJECT, .unit = "", .object = protocol_params, .offset = sizeof(struct mix_protocol) * p, \
	  .help = "its sockets and flows" }
static const struct param protocols_params[] = {
	PROTOCOL("tcp", PROTO_TCP), PROTOCOL("udp", PROTO_UDP), PROTOCOL("icmp", PROTO_ICMP), { 0 },
};

static const struct param capture_params[] = {
	{ .name = "duration", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"",
	  .offset = offsetof(struct mix_capture, duration_ns), .help = "how long the capture behind the mix lasted; 0: there is none" },
	{ .name = "hosts", .type = PARAM_U32, .unit = "hosts", .preset = "0", .min = 0, .max = 4294967295.0,
	  .offset = offsetof(struct mix_capture, hosts), .help = "how many hosts it showed" },
	{ 0 },
};

#define AT(field) offsetof(struct mix, field)
const struct param mix_params[] = {
	{ .name = "mix", .type = PARAM_U32, .unit = "", .min = MIX_VERSION, .max = MIX_VERSION, .offset = AT(version),
	  .help = "the version of the format" },
	{ .name = "capture", .type = PARAM_OBJECT, .unit = "", .object = capture_params, .offset = AT(capture),
	  .help = "what stands behind the mix" },
	{ .name = "sockets_per_day", .type = PARAM_DISTRIBUTION, .unit = "sockets/day", .offset = AT(sockets_per_day),
	  .help = "sockets that a subscriber opens in a day, over subscribers" },
	{ .name = "gaps", .type = PARAM_DISTRIBUTION, .unit = "mean gaps",
	  .preset = "{ \"distribution\": \"exponential\", \"mean\": 1 }", .offset = AT(gaps),
	  .help = "from one socket of a subscriber to its next, in units of the subscriber's mean" },
	{ .name = "protocols", .type = PARAM_OBJECT, .unit = "", .object = protocols_params, .offset = AT(protocols),
	  .help = "what is different in each protocol" },
	{ .name = "destinations", .type = PARAM_OBJECT, .unit = "", .object = server_params, .offset = AT(destinations),
	  .help = "the servers that flows go to" },
	{ .name = "fit", .type = PARAM_JSON, .unit = "", .help = "for the reader: how well the laws fit; no run looks at it" },
	{ 0 },
};
