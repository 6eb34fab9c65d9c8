#!/bin/sh
# docs/conformance.md is what the tests of requirements say.
set -u
cd "$(dirname "$0")/../.."
said=$(mktemp)
trap 'rm -f "$said"' EXIT

sh tests/conformance.sh "$(dirname "${CGNSIM:-build/cgnsim}")" >"$said"
status=$?
if [ $status = 3 ]; then
	echo "skip the page of conformance: not every test is built"
elif [ $status != 0 ]; then
	echo "not ok every requirement holds"
	grep -F '**broken**' "$said"
elif diff docs/conformance.md "$said"; then
	echo "ok the page of conformance is what the tests say"
else
	echo "not ok docs/conformance.md is stale: make conformance"
fi
[ $status = 3 ] || { [ $status = 0 ] && diff -q docs/conformance.md "$said" >/dev/null; }
