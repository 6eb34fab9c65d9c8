#!/bin/sh
# The packet world within its bounds: 100 subscribers for 600 s and 1,000 for 60 s, a connection each every 2 s, 10 kB down.
# usage: CGNSIM=PROGRAM ns3.sh
set -u
program=$(realpath "${CGNSIM:-build/cgnsim}")
world=$(dirname "$program")/cgnsim-ns3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

if [ ! -x "$world" ] || ! command -v /usr/bin/time >/dev/null; then
	echo "skip ns3 bounds: there is no cgnsim-ns3 beside $program (make ns3), or no /usr/bin/time"
	exit 0
fi
for shape in 100:600 1000:60; do
	subscribers=${shape%:*} seconds=${shape#*:}
	cat > "$dir/s.json" <<EOF
{ "duration": "${seconds}s", "warmup": "0s", "subscribers": { "count": $subscribers }, "access": "nat44",
  "traffic": [{ "source": "poisson", "rate_per_day": 43200, "protocol": "tcp", "duration": { "distribution": "exponential", "mean": "1s" } }],
  "pool": { "prefixes": ["192.0.2.0/29"] } }
EOF
	"$program" generate "$dir/s.json" -o "$dir/w.trace" -q || exit 1
	/usr/bin/time -f '%e %U %M' -o "$dir/took" "$world" "$dir/s.json" --workload "$dir/w.trace" -o "$dir/e" -q || exit 1
	read -r wall cpu kilobytes < "$dir/took"
	said="$subscribers subscribers, $seconds s: $wall s of wall time ($cpu s of CPU), $((kilobytes / 1024)) MB"
	if [ "${wall%.*}" -lt 15 ] && [ "$kilobytes" -lt 100000 ]; then
		echo "ok ns3 bounds: $said"
	else
		echo "not ok ns3 bounds: $said; 15 s and 100 MB are the bounds"
		bad=1
	fi
done
[ $bad = 0 ]
