#!/bin/sh
# The same bytes on other processors: the C library is told to do without the
# newer instructions, with which its exp, log and pow end in other last bits.
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

"$program" run "$top/tests/golden/small.json" -o "$dir/all" --quiet 2>/dev/null
for without in -AVX512F -AVX2,-FMA -AVX2,-FMA,-FMA4,-AVX,-SSE4_2,-SSE4_1,-SSSE3; do
	GLIBC_TUNABLES=glibc.cpu.hwcaps=$without "$program" run "$top/tests/golden/small.json" -o "$dir/less" --quiet 2>/dev/null
	for file in summary.json timeseries.csv subscribers.csv ambiguity.csv log.csv replications.csv; do
		if ! cmp -s "$dir/all/$file" "$dir/less/$file"; then
			echo "not ok $file with $without"
			bad=1
		fi
	done
	[ $bad = 0 ] && echo "ok the same bytes with $without"
done
exit $bad
