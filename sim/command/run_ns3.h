/* run_ns3 - `run --world ns3`: generate, cgnsim-ns3 and measure in one go. */
#ifndef SIM_COMMAND_RUN_NS3_H
#define SIM_COMMAND_RUN_NS3_H

#include "sim/command/command.h"

/* Runs what `run` was asked for in the packet world. Returns the exit status; messages are printed. */
int run_ns3(const struct arguments *args);

/* Its last step: `measure`, but that the results say that it was `run` (measure.c). */
int measure_as_run(int argc, char **argv);

#endif
