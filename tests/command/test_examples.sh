#!/bin/sh
# Every scenario of examples/ is good, and answers its question as docs/guide.md says it does. Shorter
# than as committed: what is claimed must not hang on the length.
# usage: test_examples.sh [PROGRAM], or CGNSIM=PROGRAM test_examples.sh
set -u
export LC_ALL=C
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
examples=$(realpath "$(dirname "$0")/../../examples")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

verdict() { # STATUS NAME
	if [ "$1" -eq 0 ]; then
		echo "ok $2"
	else
		echo "not ok $2"
		bad=1
	fi
}

# Runs an example, shortened; what the program had to say is shown if it fails.
run() { # NAME [--set PATH=VALUE]...
	name=$1
	shift
	"$program" run "$examples/$name.json" -o "$dir/$name" --quiet "$@" >"$dir/said" 2>&1
	status=$?
	verdict $status "$name runs"
	[ $status -eq 0 ] || sed 's/^/  /' "$dir/said"
	return $status
}

for file in "$examples"/*.json; do
	"$program" validate "$file" >"$dir/said" 2>&1
	verdict $? "$(basename "$file") is good"
done

# Erlang's loss formula lies inside the 99.9% interval of five replications (Student's t, 4 degrees of
# freedom: 8.610), which is narrow enough to tell one limit from the next; without a limit nothing is refused.
if run port-limit --set duration=30m; then
	awk -F, '
		function erlang(n, load,   b, k) { b = 1; for (k = 1; k <= n; k++) b = load * b / (k + load * b); return b }
		$3 == "ports.refusal_ratio" { n[$1]++; sum[$1] += $4; squares[$1] += $4 * $4 }
		END {
			load = 33000 / 86400 * 120
			split("48 56 64", limits, " ")
			for (i in limits) {
				name = "limit-" limits[i]; mean = sum[name] / n[name]; want = erlang(limits[i], load)
				half = 8.610 * sqrt((squares[name] - n[name] * mean * mean) / (n[name] - 1) / n[name])
				printf "  %s: %.6f +- %.6f, Erlang B %.6f\n", name, mean, half, want
				if (n[name] != 5 || mean - want > half || want - mean > half || half > want / 2) fault = 1
			}
			exit fault || n["no-limit"] != 5 || sum["no-limit"] != 0
		}' "$dir/port-limit/replications.csv"
	verdict $? "port-limit refuses as Erlang says"
fi

# Only without hold-down does a complaint with a port find two subscribers; the price is numbers held for
# 10 s and 120 s more, at 33,000 flows a day of 200 subscribers: 764 and 9167.
if run hold-down --set duration=10m; then
	awk -F, '
		$3 == "ports.active_mean" { active[$1] = $4 }
		$3 == "ports.held_mean" { held[$1] = $4 }
		$3 == "ports.refused" { refused += $4 }
		$3 == "ambiguity.address+port+time.unique_ratio" { unique[$1] = $4 }
		$3 == "ambiguity.address+port+time.incidents" { incidents[$1] = $4 }
		function off(name, want,   d) { d = (held[name] - active[name]) / want; return d < 0.95 || d > 1.05 }
		END {
			for (name in unique) printf "  %s: %.0f active, %.0f held, %.4f unique\n", name, active[name], held[name], unique[name]
			exit !(incidents["none"] == 10000 && unique["none"] < 0.995 && unique["hold-10s"] == 1 && unique["hold-120s"] == 1 &&
			       held["none"] == active["none"] && !off("hold-10s", 763.9) && !off("hold-120s", 9166.7) && refused == 0)
		}' "$dir/hold-down/replications.csv"
	verdict $? "hold-down costs numbers, and makes a port mean one subscriber"
fi

# The smaller the block the fewer numbers are reserved, and the more is logged.
if run block-size --set duration=30m --set subscribers.count=250 --set pool.prefixes='["192.0.2.0/29"]'; then
	awk -F, '
		$3 == "ports.reserved_mean" { reserved[$1] = $4 }
		$3 == "log.records" { records[$1] = $4 }
		$3 == "ports.refused" { refused += $4 }
		END {
			for (name in reserved) printf "  %s: %.0f reserved, %d records\n", name, reserved[name], records[name]
			exit !(reserved[64] < reserved[128] && reserved[128] <= reserved[256] && reserved[256] < reserved[512] &&
			       records[64] > 10 * records[128] && records[128] >= records[256] && records[512] == 0 && refused == 0)
		}' "$dir/block-size/replications.csv"
	verdict $? "block-size trades numbers for records"
fi
[ $bad = 0 ]
