#!/bin/sh
# Without ns-3 the tests of the packet world are skipped, each by its name; with it they were built.
# usage: CGNSIM=PROGRAM test_available.sh
set -u
top=$(realpath "$(dirname "$0")/../..")
missing=$(sh "$top/sim/ns3/missing.sh" "${CXX:-g++}")
for test in "$top"/tests/ns3/test_*.c; do
	name=$(basename "$test" .c)
	if [ -n "$missing" ]; then
		echo "skip ns3 $name: $missing"
	fi
done
[ -n "$missing" ] || echo "ok ns-3 is here"
