/* replay_scenario - a scenario's workload as a trace to replay: before its CGN, or after it. */
#ifndef SIM_COMMAND_REPLAY_SCENARIO_H
#define SIM_COMMAND_REPLAY_SCENARIO_H

#include "sim/command/opened.h"
#include "traffic/trace.h"

struct replay_scenario {
	const char *scheme;
	bool     outside;
	uint64_t flows;                    /* offered */
	uint64_t refused[OUT_COUNT];       /* flows that the CGN refused, by reason; */
	uint64_t refused_home;             /* or the NAT at home, which are on neither side */
	uint64_t dropped;                  /* inbound trains that met no mapping or no open filter: not outside */
};

/* What happens before until_ns. Hosts are the subscribers, or the public addresses; a flow whose mapping was made
 * anew is two outside. For replay() alone: it counts no flows. NULL with `e` set. */
struct trace *replay_scenario(const struct opened *o, const struct trial *trial, bool outside, int64_t until_ns,
                              struct replay_scenario *report, struct err *e);

#endif
