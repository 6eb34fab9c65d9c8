#include "sim/scenario/tables.h"

#include "sim/base/simtime.h"
#include "sim/scenario/scenario.h"

#define END { .name = NULL }
#define YEAR (366 * 86400.0)
#define LONGEST (36525 * 86400.0)
#define MILLION 1000000.0
#define U32_MAX 4294967295.0

const char *const access_choices[] = { "nat44", "nat444", NULL };

static const char *const dependence[] = { "endpoint-independent", "address-dependent", "address-and-port-dependent", NULL };
static const char *const pooling[] = { "paired", "soft-paired", "arbitrary", NULL };
static const char *const assignment[] = { "random", "round-robin", "least-used", "hash", NULL };
static const char *const hold[] = { "hold", "release", NULL };
static const char *const on_full[] = { "refuse", "evict-random", NULL };
static const char *const retry[] = { "none", "tcp", "ns3", NULL };
static const char *const events[] = { "create-delete", "create", NULL };
static const char *const draw[] = { "flow", NULL };
static const char *const clock_per[] = { "server", NULL };

#define FIELD(f) offsetof(struct workload, f)
static const struct param subscriber_params[] = {
	{ .name = "count", .type = PARAM_U32, .unit = "subscribers", .min = 1, .max = U32_MAX,
	  .offset = FIELD(subscribers),
	  .help = "how many subscribers there are" },
	{ .name = "prefix", .type = PARAM_RANGE, .preset = "\"100.64.0.0/10\"", .offset = FIELD(inside),
	  .help = "subscriber k has the k-th address of it, the first included" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct pool_config, f)
const struct param pool_params[] = {
	{ .name = "prefixes", .type = PARAM_RANGES, .offset = FIELD(prefixes),
	  .help = "the public addresses: a list of prefixes, in the order in which they are used" },
	{ .name = "addresses", .type = PARAM_U32, .unit = "addresses", .preset = "0", .min = 0, .max = U32_MAX,
	  .offset = FIELD(addresses),
	  .help = "use only the first so many addresses; 0: all" },
	{ .name = "ports", .type = PARAM_PORTS, .preset = "\"1024-65535\"", .offset = FIELD(ports),
	  .help = "numbers that may be given on each address, in each protocol" },
	{ .name = "exclude", .type = PARAM_PORT_LIST, .preset = "[]", .offset = FIELD(exclude),
	  .help = "numbers that are never given; they leave the list before anything is divided" },
	{ .name = "pooling", .type = PARAM_CHOICE, .preset = "\"paired\"", .choices = pooling, .offset = FIELD(pooling),
	  .help = "paired: all mappings of a subscriber use one address (RFC 6888 REQ-2); soft-paired: another if that is "
	          "full (RFC 7857 section 4); arbitrary: each mapping any" },
	{ .name = "assignment", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = assignment,
	  .offset = FIELD(assignment),
	  .help = "which address a newcomer gets, among those with room" },
	{ .name = "instances", .type = PARAM_U32, .unit = "instances", .preset = "\"auto\"", .min = 1, .max = U32_MAX,
	  .word = "auto",
	  .offset = FIELD(instances), .help = "parts that share nothing, as the cards of a real CGN do" },
	END,
};
#undef FIELD

#define TIMEOUT(n, field, value, text)                                                                   \
	{ .name = n, .type = PARAM_DURATION, .unit = "s", .preset = value, .min = 0.001, .max = LONGEST, \
	  .offset = offsetof(struct nat_timeouts, field), .help = text }
static const struct param timeout_params[] = {
	TIMEOUT("udp", udp, "\"300s\"", "an idle UDP session's life (RFC 4787 REQ-5)"),
	TIMEOUT("udp_well_known", udp_well_known, "\"300s\"", "the same to remote ports 0 to 1023"),
	TIMEOUT("tcp_established", tcp_established, "\"7440s\"",
	        "an idle TCP connection's whole life, tcp_closing included (RFC 5382 REQ-5)"),
	TIMEOUT("tcp_open", tcp_open, "\"240s\"", "a TCP connection that is not yet open both ways (RFC 5382 REQ-5)"),
	TIMEOUT("tcp_closing", tcp_closing, "\"240s\"",
	        "a TCP connection after FIN both ways or a reset (RFC 6146 section 4)"),
	TIMEOUT("tcp_incoming_syn", tcp_incoming_syn, "\"6s\"",
	        "an unsolicited inbound SYN is kept so long (RFC 5382 REQ-4)"),
	TIMEOUT("icmp", icmp, "\"60s\"", "an idle ICMP query session's life (RFC 5508 REQ-2)"),
	TIMEOUT("fragment", fragment, "\"2s\"", "fragments wait so long for the first (RFC 6146 section 3.4)"),
	END,
};

#define FIELD(f) offsetof(struct nat_hold_down, f)
static const struct param hold_down_params[] = {
	{ .name = "time", .type = PARAM_DURATION, .unit = "s", .preset = "\"120s\"", .min = 0, .max = LONGEST,
	  .offset = FIELD(time),
	  .help = "a number is nobody's for so long after its last session (RFC 6888 REQ-8); 0: not at all" },
	{ .name = "tcp", .type = PARAM_CHOICE, .preset = "\"hold\"", .choices = hold, .offset = FIELD(tcp),
	  .help = "release: the number of a TCP connection that was seen to close is free at once (RFC 6888 REQ-8 A)" },
	{ .name = "same_subscriber", .type = PARAM_CHOICE, .preset = "\"hold\"", .choices = hold,
	  .offset = FIELD(same_subscriber),
	  .help = "release: a subscriber who finds no number may have a held one of its own back (RFC 6888 REQ-8 B)" },
	{ .name = "filtered", .type = PARAM_CHOICE, .preset = "\"hold\"", .choices = hold, .offset = FIELD(filtered),
	  .help = "release: numbers are not held where filtering depends on the remote (RFC 6888 REQ-8 C)" },
	{ .name = "max_ports", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = U32_MAX,
	  .offset = FIELD(max_ports),
	  .help = "most held numbers of an instance, the longest held goes first; 0: no bound" },
	END,
};
#undef FIELD

#define LIMIT(n, field, u, text)                                                            \
	{ .name = n, .type = PARAM_U32, .unit = u, .preset = "0", .min = 0, .max = U32_MAX, \
	  .offset = offsetof(struct nat_limits, field), .help = text }
static const struct param limit_params[] = {
	LIMIT("ports_per_subscriber", ports_per_subscriber, "ports",
	      "most active numbers of a subscriber, over all protocols; 0: none"),
	LIMIT("tcp", tcp, "ports", "most active TCP numbers of a subscriber; 0: none"),
	LIMIT("udp", udp, "ports", "most active UDP numbers of a subscriber; 0: none"),
	LIMIT("icmp", icmp, "ports", "most active ICMP identifiers of a subscriber; 0: none"),
	LIMIT("sessions_per_subscriber", sessions_per_subscriber, "sessions",
	      "most sessions of a subscriber; 0: none"),
	LIMIT("sessions_per_mapping", sessions_per_mapping, "sessions", "most sessions of a mapping; 0: none"),
	LIMIT("new_per_second", new_per_second, "1/s", "most new mappings of a subscriber a second, and at once; 0: none"),
	LIMIT("mappings_total", mappings_total, "mappings", "most mappings of an instance; 0: none"),
	LIMIT("state_bytes_per_subscriber", state_bytes_per_subscriber, "bytes",
	      "most memory of a subscriber's state: 64 bytes a mapping, 32 a further session; 0: none"),
	END,
};

#define DEPENDENCE(n, protocol)                                                                                \
	{ .name = n, .type = PARAM_CHOICE, .preset = "\"endpoint-independent\"", .choices = dependence,          \
	  .offset = (protocol) * sizeof(int), .help = "the same for " n }
static const struct param dependence_params[] = {
	DEPENDENCE("tcp", PROTO_TCP),
	DEPENDENCE("udp", PROTO_UDP),
	DEPENDENCE("icmp", PROTO_ICMP),
	END,
};

#define FIELD(f) offsetof(struct nat_notify, f)
static const struct param notify_params[] = {
	{ .name = "pool_high", .type = PARAM_REAL, .preset = "0", .min = 0, .max = 1, .offset = FIELD(pool_high),
	  .help = "tell when this share of an instance's numbers is in use in a protocol; 0: not" },
	{ .name = "pool_low", .type = PARAM_REAL, .preset = "0", .min = 0, .max = 1, .offset = FIELD(pool_low),
	  .help = "and when it has fallen to this share again" },
	{ .name = "mappings_high", .type = PARAM_U32, .unit = "mappings", .preset = "0", .min = 0, .max = U32_MAX,
	  .offset = FIELD(mappings_high), .help = "tell when an instance has so many mappings; 0: not" },
	{ .name = "subscriber_high", .type = PARAM_U32, .unit = "mappings", .preset = "0", .min = 0, .max = U32_MAX,
	  .offset = FIELD(subscriber_high), .help = "tell when a subscriber has so many mappings; 0: not" },
	{ .name = "interval", .type = PARAM_DURATION, .unit = "s", .preset = "\"1s\"", .min = 0, .max = LONGEST,
	  .offset = FIELD(interval), .help = "a kind of notice is not repeated sooner (RFC 6888 REQ-11)" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct nat_config, f)
const struct param nat_params[] = {
	{ .name = "mapping", .type = PARAM_OBJECT, .object = dependence_params, .shorthand = PARAM_ALL,
	  .offset = FIELD(mapping),
	  .help = "of what of the remote endpoint a mapping depends (RFC 4787 REQ-1); one word stands for all protocols" },
	{ .name = "filtering", .type = PARAM_OBJECT, .object = dependence_params, .shorthand = PARAM_ALL,
	  .offset = FIELD(filtering),
	  .help = "which remotes may send to a mapping (RFC 4787 REQ-8); one word stands for all protocols" },
	{ .name = "timeouts", .type = PARAM_OBJECT, .object = timeout_params, .offset = FIELD(timeouts),
	  .help = "how long idle sessions live" },
	{ .name = "hold_down", .type = PARAM_OBJECT, .object = hold_down_params, .shorthand = "time",
	  .offset = FIELD(hold_down),
	  .help = "what happens to a number after its last session; a bare duration is its time" },
	{ .name = "limits", .type = PARAM_OBJECT, .object = limit_params, .offset = FIELD(limits),
	  .help = "most of what a subscriber or the NAT may have" },
	{ .name = "exempt", .type = PARAM_EXEMPTS, .preset = "[]", .offset = FIELD(exempt),
	  .help = "destinations that are not translated (RFC 6888 REQ-6)" },
	{ .name = "on_full", .type = PARAM_CHOICE, .preset = "\"refuse\"", .choices = on_full, .offset = FIELD(on_full),
	  .help = "when there is no number left: refuse (RFC 6888 REQ-11), or end a random mapping (RFC 6269 section 5.1)" },
	{ .name = "inbound_refresh", .type = PARAM_BOOL, .preset = "false", .offset = FIELD(inbound_refresh),
	  .help = "inbound packets refresh UDP and ICMP sessions too (RFC 4787 REQ-6)" },
	{ .name = "retry", .type = PARAM_CHOICE, .preset = "\"none\"", .choices = retry, .offset = FIELD(retry),
	  .help = "none: a refused flow is lost, and its later packets are not offered; tcp: SYNs come again after 1, 3, 7, 15, 31 "
	          "and 63 s, as from Linux; ns3: after 3, 9, 21, 45 and 93 s" },
	{ .name = "icmp_per_second", .type = PARAM_U32, .unit = "1/s", .preset = "100", .min = 0, .max = U32_MAX,
	  .offset = FIELD(icmp_per_second),
	  .help = "most ICMP errors that the NAT sends by itself a second (RFC 6888 REQ-11); 0: none at all" },
	{ .name = "notify", .type = PARAM_OBJECT, .object = notify_params, .offset = FIELD(notify),
	  .help = "what the operator is told of (RFC 8158 section 4.4)" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct cpe_config, f)
static const struct param cpe_params[] = {
	{ .name = "nat", .type = PARAM_BOOL, .preset = "true", .offset = FIELD(nat),
	  .help = "the home's router translates too; under nat44 it never does" },
	{ .name = "timeouts", .type = PARAM_OBJECT, .object = timeout_params, .offset = FIELD(timeouts),
	  .help = "how long idle sessions live in the home's router" },
	{ .name = "ports", .type = PARAM_PORTS, .preset = "\"1024-65535\"", .offset = FIELD(ports),
	  .help = "numbers that the home's router may give" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct log_config, f)
const struct param log_params[] = {
	{ .name = "format", .type = PARAM_CHOICE, .preset = "\"syslog\"", .choices = log_format_choices,
	  .offset = FIELD(format),
	  .help = "how records are written; none: nothing is logged" },
	{ .name = "events", .type = PARAM_CHOICE, .preset = "\"create-delete\"", .choices = events,
	  .offset = FIELD(events),
	  .help = "log the end of mappings and blocks too, or their creation alone" },
	{ .name = "destinations", .type = PARAM_BOOL, .preset = "false", .only = "false", .offset = FIELD(destinations),
	  .help = "one record for each session, with its destination" },
	{ .name = "flush", .type = PARAM_DURATION, .unit = "s", .preset = "\"1s\"", .min = 0, .max = YEAR,
	  .offset = FIELD(flush_ns),
	  .help = "a message is sent after this at the latest" },
	{ .name = "keep", .type = PARAM_BOOL, .preset = "false", .offset = FIELD(keep),
	  .help = "write the log to a file too, beside counting it" },
	{ .name = "max_life", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"", .min = 0, .max = LONGEST,
	  .offset = FIELD(max_life_ns),
	  .help = "a record without an end is taken to cover at most this; 0: until the number is given again" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct evidence_config, f)
static const struct param clock_params[] = {
	{ .name = "offset", .type = PARAM_DISTRIBUTION, .unit = "s", .min = -LONGEST, .max = LONGEST,
	  .preset = "{ \"distribution\": \"uniform\", \"half_width\": \"1s\" }", .offset = FIELD(clock_offset),
	  .help = "how far a server's clock is off" },
	{ .name = "per", .type = PARAM_CHOICE, .preset = "\"server\"", .choices = clock_per, .offset = FIELD(clock_per),
	  .help = "whose clock it is" },
	{ .name = "assumed_error", .type = PARAM_DURATION, .unit = "s", .preset = "\"1s\"", .min = 0, .max = YEAR,
	  .offset = FIELD(assumed_error_ns), .help = "the operator takes a stamp to be off by at most this" },
	END,
};
static const struct param evidence_params[] = {
	{ .name = "incidents", .type = PARAM_U32, .unit = "flows", .preset = "10000", .min = 0, .max = 10 * MILLION,
	  .offset = FIELD(incidents), .help = "flows that a server complains about" },
	{ .name = "draw", .type = PARAM_CHOICE, .preset = "\"flow\"", .choices = draw, .offset = FIELD(draw),
	  .help = "what is drawn uniformly" },
	{ .name = "resolution", .type = PARAM_DURATION, .unit = "s", .preset = "\"1s\"", .min = 1e-6, .max = YEAR,
	  .offset = FIELD(resolution_ns), .help = "a server's stamp is rounded down to this" },
	{ .name = "port_logged", .type = PARAM_REAL, .preset = "0.5", .min = 0, .max = 1, .offset = FIELD(port_logged),
	  .help = "share of the servers that log the source port (RFC 6302)" },
	{ .name = "clock", .type = PARAM_OBJECT, .object = clock_params, .offset = 0, .help = "the servers' clocks" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct packet_config, f)
#define LINK(n, speed, wait)                                                                                             \
	{ .name = "rate", .type = PARAM_REAL, .unit = "bits/s", .preset = speed, .min = 1000, .max = 1e12,             \
	  .offset = FIELD(n.rate), .help = "how fast it takes bits" },                                               \
	{ .name = "delay", .type = PARAM_DURATION, .unit = "s", .preset = wait, .min = 0, .max = 60,                  \
	  .offset = FIELD(n.delay_ns), .help = "from one end to the other" },                                        \
	{ .name = "mtu", .type = PARAM_U32, .unit = "bytes", .preset = "1500", .min = 68, .max = 65535,               \
	  .offset = FIELD(n.mtu), .help = "longest IP packet that it takes" }
static const struct param access_link_params[] = { LINK(access, "1e9", "\"5ms\""), END };
static const struct param core_link_params[] = { LINK(core, "1e10", "\"10ms\""), END };
static const char *const on_icmp[] = { "go-on", "give-up", NULL };
static const struct param packet_params[] = {
	{ .name = "access", .type = PARAM_OBJECT, .object = access_link_params, .offset = 0,
	  .help = "the link from each home to the CGN" },
	{ .name = "core", .type = PARAM_OBJECT, .object = core_link_params, .offset = 0,
	  .help = "the link from the CGN to the servers" },
	{ .name = "queue", .type = PARAM_U32, .unit = "packets", .preset = "1000", .min = 1, .max = MILLION, .offset = FIELD(queue),
	  .help = "most packets that wait for a link" },
	{ .name = "request", .type = PARAM_U32, .unit = "bytes", .preset = "200", .min = 8, .max = MILLION, .offset = FIELD(request),
	  .help = "payload that a TCP connection sends, where the workload does not say" },
	{ .name = "response", .type = PARAM_U32, .unit = "bytes", .preset = "10000", .min = 0, .max = 1000 * MILLION,
	  .offset = FIELD(response), .help = "and is answered with" },
	{ .name = "datagram", .type = PARAM_U32, .unit = "bytes", .preset = "100", .min = 8, .max = 65507, .offset = FIELD(datagram),
	  .help = "payload of a UDP datagram or an echo request, and of its answer, where the workload does not say" },
	{ .name = "on_icmp", .type = PARAM_CHOICE, .preset = "\"go-on\"", .choices = on_icmp, .offset = FIELD(on_icmp),
	  .help = "what a host does whose SYN an ICMP error answers: go on trying (RFC 1122 section 4.2.3.9), or give up "
	          "(RFC 5461 section 4)" },
	END,
};
#undef LINK
#undef FIELD

#define FIELD(f) offsetof(struct plan_goals, f)
static const struct param plan_params[] = {
	{ .name = "refusal", .type = PARAM_REAL, .preset = "1e-4", .min = 0, .max = 1, .offset = FIELD(refusal),
	  .help = "largest refusal ratio that is still good" },
	{ .name = "confidence", .type = PARAM_REAL, .preset = "0.95", .min = 0.5, .max = 0.9999,
	  .offset = FIELD(confidence),
	  .help = "how sure the answer must be" },
	END,
};
#undef FIELD

#define FIELD(f) offsetof(struct scenario, f)
const struct param scenario_params[] = {
	{ .name = "name", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(name),
	  .help = "names the directory of results; without it, the file's name" },
	{ .name = "description", .type = PARAM_TEXT, .preset = "\"\"", .offset = FIELD(description),
	  .help = "the question that this scenario answers" },
	{ .name = "source", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(source),
	  .help = "where its figures come from (cgnsim list presets)" },
	{ .name = "assumed", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(assumed),
	  .help = "what in it is assumed" },
	{ .name = "seed", .type = PARAM_U64, .preset = "1", .offset = FIELD(workload.seed),
	  .help = "same seed, same bytes" },
	{ .name = "replications", .type = PARAM_U32, .preset = "1", .min = 1, .max = 10000,
	  .offset = FIELD(workload.replications),
	  .help = "independent repetitions; confidence intervals need two or more" },
	{ .name = "duration", .type = PARAM_DURATION, .unit = "s", .preset = "\"1h\"", .min = 0.001, .max = YEAR,
	  .offset = FIELD(workload.duration_ns), .help = "simulated time" },
	{ .name = "warmup", .type = PARAM_DURATION, .unit = "s", .preset = "\"auto\"", .min = 0, .max = YEAR,
	  .word = "auto",
	  .word_value = -1, .offset = FIELD(workload.warmup_ns),
	  .help = "measures start after it; auto: when every timer of the mix has run out once" },
	{ .name = "sample_interval", .type = PARAM_DURATION, .unit = "s", .preset = "\"10s\"", .min = 0.001,
	  .max = YEAR,
	  .offset = FIELD(workload.sample_interval_ns), .help = "grid of the time series and of peaks" },
	{ .name = "demand", .type = PARAM_BOOL, .preset = "false", .offset = FIELD(workload.demand),
	  .help = "run an unlimited scheme along, to see the ports wanted if nothing were ever refused" },
	{ .name = "subscribers", .type = PARAM_OBJECT, .object = subscriber_params, .offset = FIELD(workload),
	  .help = "who is behind the NAT" },
	{ .name = "access", .type = PARAM_CHOICE, .preset = "\"nat444\"", .choices = access_choices,
	  .offset = FIELD(common.access),
	  .help = "nat44: subscribers have no NAT of their own; nat444: each home has one" },
	{ .name = "traffic", .type = PARAM_JSON, .preset = "[{ \"source\": \"poisson\", \"rate_per_day\": 33000 }]",
	  .help = "a list of sources (cgnsim list sources)" },
	{ .name = "cpe", .type = PARAM_OBJECT, .object = cpe_params, .offset = FIELD(common.cpe),
	  .help = "the home's router" },
	{ .name = "pool", .type = PARAM_OBJECT, .object = pool_params, .offset = FIELD(common.pool),
	  .help = "the public addresses and the numbers on them" },
	{ .name = "nat", .type = PARAM_OBJECT, .object = nat_params, .offset = FIELD(common.nat),
	  .help = "the carrier's NAT" },
	{ .name = "schemes", .type = PARAM_JSON, .preset = "[{ \"type\": \"session\" }]",
	  .help = "a list of schemes (cgnsim list schemes), each on the same workload" },
	{ .name = "log", .type = PARAM_OBJECT, .object = log_params, .offset = FIELD(common.log),
	  .help = "what the NAT writes down" },
	{ .name = "evidence", .type = PARAM_OBJECT, .object = evidence_params, .offset = FIELD(workload.evidence),
	  .help = "what servers know of a flow that they complain about" },
	{ .name = "events", .type = PARAM_JSON, .preset = "[]", .only = "[]", .help = "what happens at a given time" },
	{ .name = "packets", .type = PARAM_OBJECT, .object = packet_params, .offset = FIELD(workload.packets),
	  .help = "links, sizes and hosts of the packet world; the flow world needs none of it" },
	{ .name = "plan", .type = PARAM_OBJECT, .object = plan_params, .offset = FIELD(plan), .help = "goals of plan" },
	END,
};
#undef FIELD

const struct param scheme_params[] = {
	{ .name = "name", .type = PARAM_TEXT, .preset = "null", .offset = offsetof(struct scheme_head, name),
	  .help = "names the scheme in results; without it, its type" },
	{ .name = "type", .type = PARAM_JSON, .preset = "\"session\"", .help = "which scheme (cgnsim list schemes)" },
	{ .name = "preset", .type = PARAM_JSON, .help = "a preset whose keys hold where the scheme says nothing itself (cgnsim list presets)" },
	{ .name = "access", .type = PARAM_CHOICE, .preset = "null", .choices = access_choices,
	  .offset = offsetof(struct scheme_head, access),
	  .help = "instead of the scenario's" },
	{ .name = "pool", .type = PARAM_JSON, .help = "keys that replace the scenario's" },
	{ .name = "nat", .type = PARAM_JSON, .help = "keys that replace the scenario's" },
	{ .name = "log", .type = PARAM_JSON, .help = "keys that replace the scenario's" },
	END,
};

const struct param source_params[] = {
	{ .name = "source", .type = PARAM_JSON, .preset = "\"poisson\"", .help = "which source (cgnsim list sources)" },
	END,
};
