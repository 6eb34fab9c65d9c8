#!/bin/sh
# Forward then reverse, for every number of every subscriber of every preset that has a rule.
set -eu
top=$(realpath "$(dirname "$0")/../..")
make -s -C "$top" build/tests/scheme/test_presets
CGNSIM_EXHAUSTIVE=1 "$top/build/tests/scheme/test_presets" 2>&1
echo "ok every number of every preset"
