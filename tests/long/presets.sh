#!/bin/sh
# Forward then reverse, for every number of every subscriber of every preset that has a rule: how many, preset by preset.
# Those without a rule have nothing to reverse: whose a number is stands in their logs, which the battery of `conform` judges.
set -eu
top=$(realpath "$(dirname "$0")/../..")
out=$(mktemp)
trap 'rm -f "$out"' EXIT
make -s -C "$top" build/tests/scheme/test_presets
if CGNSIM_EXHAUSTIVE=1 "$top/build/tests/scheme/test_presets" >"$out" 2>&1; then
	grep '^preset ' "$out" | sed 's/^/ok /'
else
	cat "$out"
	echo "not ok every number of every preset"
	exit 1
fi
