#!/bin/sh
# trade.svg: schemes that reserve and log the same stand at one place, and no point hides one of another colour.
# usage: test_trade.sh [PROGRAM], or CGNSIM=PROGRAM test_trade.sh
set -u
export LC_ALL=C
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
run=$(realpath "$(dirname "$0")/../../results/reference/all-schemes")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if ! command -v gnuplot >/dev/null; then
	echo "skip no point hides another: gnuplot is not there"
	exit 0
fi
cp "$run"/* "$dir" && rm -f "$dir"/*.svg && "$program" report "$dir" --quiet || exit 1

# Points in the order in which they are drawn: x, y, radius, colour.
sed -n "s/.*'#gpPt6' transform='translate(\([0-9.]*\),\([0-9.]*\)) scale(\([0-9.]*\))' color='rgb(\([^)]*\))'.*/\1 \2 \3 \4/p" \
	"$dir/trade.svg" | tr -d ',' >"$dir/points"
awk '{
	x[NR] = $1; y[NR] = $2; radius[NR] = $3; colour[NR] = $4 " " $5 " " $6
} END {
	for (i = 1; i < NR; i++)
		for (j = i + 1; j <= NR; j++) {
			far = sqrt((x[i] - x[j]) ^ 2 + (y[i] - y[j]) ^ 2)
			if (colour[i] == colour[j])
				continue
			rings += far < 0.1
			if (far + radius[i] <= radius[j]) {
				print "  at " x[i] ", " y[i] " " colour[j] " lies over " colour[i]
				hidden++
			}
		}
	exit !(NR && rings && !hidden)
}' "$dir/points" >"$dir/said"
status=$?
if [ $status -eq 0 ]; then
	echo "ok no point hides one of another colour"
else
	echo "not ok no point hides one of another colour"
	cat "$dir/said"
fi
exit $status
