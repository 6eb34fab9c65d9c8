#!/bin/sh
# The NAT against its model, a hundred times what `make test` does: 10^8 packets.
set -u
storm=${STORM:-build/tests/nat/test_storm}
packets=${CGNSIM_STORM_PACKETS:-100000000}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if CGNSIM_STORM_PACKETS=$packets "$storm" >"$log" 2>&1; then
	echo "ok storm of $packets packets"
else
	cat "$log"
	echo "not ok storm of $packets packets"
	exit 1
fi
