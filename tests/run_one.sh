#!/bin/sh
# run_one.sh DIR TEST: runs one test for run.sh, says how it went, and leaves its counts in DIR.
set -u
dir=$1 test=$2
name=$(echo "$test" | tr / _)
log=$dir/$name.log

count() { # how many tests the log says are in this state
	sed -n "s/^\[  $1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'
}

begin=$(date +%s)
case $test in
*.sh) sh "$test" >"$log" 2>&1 </dev/null ;;
*) "$test" >"$log" 2>&1 </dev/null ;;
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
echo "$good $bad $missed" > "$dir/$name.count"
{
	printf '  %-6s %s (%d tests, %d s)\n' "$([ "$bad" -eq 0 ] && echo ok || echo FAILED)" "$test" "$((good + bad + missed))" "$((end - begin))"
	if [ "$missed" -ne 0 ]; then
		grep -i '^skip' "$log" | sed 's/^/         /'
		sed -n 's/^\[  SKIPPED *\] \([A-Za-z_][A-Za-z_0-9]*\)$/         skipped: \1/p' "$log" | sort -u
	fi
	[ "$bad" -ne 0 ] && sed 's/^/    | /' "$log" | tail -n 60
} > "$log.said"
cat "$log.said" # in one piece
exit 0
