#!/bin/sh
# run.sh TEST...: runs test programs (cmocka) and scripts (*.sh), and closes with
# one line "N passed, N failed, N skipped". A skipped test is named, with the
# reason that it printed. Exit 1 if anything failed.
set -u
export LC_ALL=C

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

count() { # how many tests the log says are in this state
	sed -n "s/^\[  $1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'
}

for test in "$@"; do
	begin=$(date +%s)
	case $test in
	*.sh) sh "$test" >"$log" 2>&1 ;;
	*) "$test" >"$log" 2>&1 ;;
	esac
	status=$?
	end=$(date +%s)
	case $test in
	*.sh)
		good=$(grep -c '^ok ' "$log")
		bad=$(grep -c '^not ok ' "$log")
		missed=$(grep -c '^skip ' "$log")
		;;
	*)
		good=$(count PASSED)
		bad=$(count FAILED)
		missed=$(count SKIPPED)
		;;
	esac
	[ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1 # it died before it could say so
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + missed))
	printf '  %-6s %s (%d tests, %d s)\n' "$([ "$bad" -eq 0 ] && echo ok || echo FAILED)" "$test" "$((good + bad + missed))" "$((end - begin))"
	if [ "$missed" -ne 0 ]; then
		grep -i '^skip' "$log" | sed 's/^/         /'
		sed -n 's/^\[  SKIPPED *\] \([A-Za-z_][A-Za-z_0-9]*\)$/         skipped: \1/p' "$log" | sort -u
	fi
	[ "$bad" -ne 0 ] && sed 's/^/    | /' "$log" | tail -n 60
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
