/* replay_file - frames to a capture file: pcap, nanoseconds, Ethernet. */
#ifndef TRAFFIC_REPLAY_FILE_H
#define TRAFFIC_REPLAY_FILE_H

#include "traffic/replay.h"

struct replay_file; /* opaque */

/* The capture's times begin at epoch_ns (since 1970) and end duration_ns later. "-" is standard output, which gets what
 * there is as it comes. NULL with `e` set if a pcap cannot tell such a time (before 1970, after 2106), the file cannot
 * be written, or one is there that is no pcap: a trace named as the output by mistake. */
struct replay_file *replay_file_open(const char *path, int64_t epoch_ns, int64_t duration_ns, struct err *e);

struct replay_taker replay_file_taker(struct replay_file *f);

/* The file is whole now, or not there; it is gone either way. */
bool replay_file_commit(struct replay_file *f, struct err *e);

void replay_file_abandon(struct replay_file *f); /* nothing is left behind; NULL is fine */

#endif
