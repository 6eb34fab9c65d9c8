#!/bin/sh
# run.sh TEST...: runs test programs (cmocka) and scripts (*.sh), as many at a time as there are cores, and closes with
# one line "N passed, N failed, N skipped". A skipped test is named, with the
# reason that it printed. Exit 1 if anything failed. JOBS=N: so many at a time.
set -u
export LC_ALL=C

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
jobs=${JOBS:-$(nproc 2>/dev/null || echo 1)}
here=$(dirname "$0")

# Scripts first: the longest are among them.
for test in "$@"; do case $test in *.sh) echo "$test" ;; esac; done > "$dir/list"
for test in "$@"; do case $test in *.sh) ;; *) echo "$test" ;; esac; done >> "$dir/list"
xargs -P "$jobs" -n 1 sh "$here/run_one.sh" "$dir" < "$dir/list"

cat "$dir"/*.count 2>/dev/null | awk -v wanted="$(wc -l < "$dir/list")" '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		if (NR != wanted) { printf "%d of %d tests did not run\n", wanted - NR, wanted; failed += wanted - NR }
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0
	}'
