#!/bin/sh
# Fits: in a hundred seeds each law's intervals hold what was drawn in 95 at least, and in twenty at most one law is
# mistaken for another; the same through a workload generated, gathered from its flows and fitted, and through its packets.
set -u
top=$(realpath "$(dirname "$0")/../..")
cd "$top" || exit 1
bad=0

for test in test_law_fit test_host_fit test_mix; do
	if CGNSIM_SEEDS=100 "build/tests/traffic/$test" >/dev/null 2>&1; then
		echo "ok $test with 100 seeds"
	else
		echo "not ok $test with 100 seeds"
		bad=1
	fi
done
if CGNSIM_SEEDS=100 sh tests/command/test_fit_captured.sh "${CGNSIM:-build/cgnsim}" >/dev/null 2>&1; then
	echo "ok through packets and back with 100 seeds"
else
	echo "not ok through packets and back with 100 seeds"
	bad=1
fi
exit $bad
