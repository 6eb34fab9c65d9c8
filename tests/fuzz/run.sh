#!/bin/sh
# run.sh SECONDS FUZZER...: each fuzzer for so many seconds from its seeds, if it
# has any (tests/fuzz/seeds/NAME/). Exit 1, with what it said, at the first fault.
set -u
seconds=$1
shift
for fuzzer in "$@"; do
	name=${fuzzer##*/}
	work=$(mktemp -d)
	seeds=tests/fuzz/seeds/$name
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086
	if "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=4096 -timeout=20 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work" $seeds >"$work.log" 2>&1; then
		printf '  clean  %s (%s inputs in %s s)\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log")" "$seconds"
	else
		printf '  FAULT  %s\n' "$name"
		tail -n 60 "$work.log"
		mkdir -p build/fuzz/faults && find "$work" -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' | xargs -r cp -t build/fuzz/faults
		rm -rf "$work" "$work.log"
		exit 1
	fi
	rm -rf "$work" "$work.log"
done
