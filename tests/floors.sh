#!/bin/sh
# Folders are floors: a file includes only from a lower floor or from its own
# folder. Fails on any other include, and names it.
set -eu
cd "$(dirname "$0")/.."

floor() {
	case $1 in
	sim/base | include/cgnsim) echo 0 ;;
	sim/engine | sim/nat | traffic) echo 1 ;;
	sim/scheme) echo 2 ;;
	analysis) echo 3 ;;
	sim/world | sim/dut) echo 4 ;;
	sim/scenario | sim/ns3) echo 5 ;;
	sim/study) echo 6 ;;
	sim/command) echo 7 ;;
	sim) echo 8 ;;
	*) echo none ;;
	esac
}

bad=0
for file in include/*/*.h sim/*.[ch] sim/*/*.[ch] sim/*/*.cc traffic/*.[ch] analysis/*.[ch]; do
	[ -e "$file" ] || continue
	folder=${file%/*}
	mine=$(floor "$folder")
	if [ "$mine" = none ]; then
		echo "floors: $file lies in a folder that has no floor"
		bad=1
		continue
	fi
	for header in $(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file"); do
		from=${header%/*}
		[ "$from" = "$folder" ] && continue
		its=$(floor "$from")
		if [ "$its" = none ]; then
			echo "floors: $file includes \"$header\": write the path from the top (sim/..., traffic/..., analysis/...)"
			bad=1
		elif [ "$its" -ge "$mine" ]; then
			echo "floors: $file (floor $mine) includes $header (floor $its)"
			bad=1
		fi
	done
done
[ $bad = 0 ] && echo "floors: every include points down"
exit $bad
