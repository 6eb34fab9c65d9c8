#!/bin/sh
# The flow world against the packet world: the same scenario and workload through ns-3, packet by packet, gives the same
# tables; exactly, where links take no time, and else within what docs/validation.md explains.
# usage: CGNSIM=PROGRAM test_worlds.sh
set -u
top=$(realpath "$(dirname "$0")/../..")
program=$(realpath "${CGNSIM:-$top/build/cgnsim}")
. "$top/tests/ns3/worlds.sh"
set -f

if [ ! -x "$(dirname "$program")/cgnsim-ns3" ]; then
	echo "skip worlds: there is no cgnsim-ns3 beside $program (make ns3)"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# judge NAME WHAT DIR OPTIONS
judge() {
	said=$("$program" compare "$3/flow" "$3/packet" $4 2>&1)
	if [ $? = 0 ]; then
		echo "ok worlds $1: $2"
	else
		echo "not ok worlds $1: $2"
		echo "$said" | grep -E 'outside|alone|cgnsim:' | head -20
		bad=1
	fi
}

set +f
for scenario in "$top"/scenarios/worlds/*.json; do
	set -f
	name=$(basename "$scenario" .json)
	case $program,$name in
	*/build/san/*,deterministic-mix | */build/san/*,limit-tcp-retry) ;; # every protocol, and refusals
	*/build/san/*,peers-short-timers) ;; # and what comes unasked
	*/build/san/*)
		echo "skip worlds $name: under a sanitizer three scenarios stand for all"
		continue
		;;
	esac
	if worlds_run "$program" "$scenario" "$dir/$name-same" --set packets.access.delay=0 --set packets.core.delay=0 2>"$dir/said" &&
	   worlds_run "$program" "$scenario" "$dir/$name-apart" 2>"$dir/said"; then
		judge "$name" "equal where links take no time" "$dir/$name-same" "$WORLDS_SAME"
		judge "$name" "within tolerances where they take some" "$dir/$name-apart" "$(worlds_options "$name")"
	else
		echo "not ok worlds $name: it could not be run"
		cat "$dir/said"
		bad=1
	fi
	rm -rf "$dir/$name-same" "$dir/$name-apart"
done
[ $bad = 0 ]
