#!/bin/sh
# The quickstart within its bounds: 30 s on two cores, 500 MB, and the committed result byte for byte.
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$top" || exit 1
bad=0

# Address space bounds resident memory from above.
if (ulimit -v 512000 && timeout 30 "$program" run scenarios/quickstart.json -o "$dir/q" --threads 2 --quiet); then
	echo "ok quickstart in 30 s and 500 MB"
else
	echo "not ok quickstart in 30 s and 500 MB: status $?"
	bad=1
fi
for file in timeseries.csv subscribers.csv ambiguity.csv summary.json; do
	# zstd's own figure may differ from version to version.
	grep -v bytes_zstd "$dir/q/$file" >"$dir/now" 2>/dev/null
	if grep -v bytes_zstd "results/reference/quickstart/$file" | cmp -s - "$dir/now"; then
		echo "ok $file is the committed one"
	else
		echo "not ok $file is not the committed one"
		bad=1
	fi
done
exit $bad
