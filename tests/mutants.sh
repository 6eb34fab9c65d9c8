#!/bin/sh
# LIBS=... mutants.sh BUILD JOBS [FILE...]: breaks sim/nat in one place at a time (mutate.awk) and runs the tests of tests/nat on each:
# does any notice? BUILD's library and tests are made. Says who lived and was not to be
# expected (tests/mutants.txt); exit 1 if one is not explained there, or more than 5 in 100 live.
#
# A mutant is sim/nat as a shared library of which only what it breaks is compiled again, so the tests are linked once.
# One that compiles to the same code as the original is none, nor is one that does not compile.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
build=$1 jobs=$2
shift 2
out=$build/mutants
cc="gcc -std=c11 -w -O1 -fPIC -ffp-contract=off -D_GNU_SOURCE -I."
link="gcc -shared -Wl,-soname,libnat.so"

# Turned round: see mutate.awk.
cc_mutant() {
	$cc '-Dif_not(...)=if (!(__VA_ARGS__))' '-Dwhile_not(...)=while (!(__VA_ARGS__))' "$@"
}

# The library and tests that run with it, fastest first.
prepare() {
	for source in sim/nat/*.c; do
		name=$(basename "$source" .c)
		(cd "$out/src" && $cc -MMD -c -o "$out/$name.o" "$source")
	done
	$link -o "$out/libnat.so" "$out"/*.o
	for test in tests/nat/test_*.c; do
		name=$(basename "$test" .c)
		[ -e "$build/tests/nat/$name.o" ] || { echo "mutants: $build/tests/nat/$name.o is not built" >&2; exit 2; }
		gcc -fno-lto -o "$out/$name" "$build/tests/nat/$name.o" "$build"/tests/*.o "$out/libnat.so" \
			"$build/libcgnsim.a" $LIBS
		begin=$(date +%s%N)
		LD_LIBRARY_PATH=$out timeout 600 "$out/$name" >"$out/log" 2>&1 || { echo "mutants: $name fails unbroken" >&2; exit 2; }
		printf '%d %s\n' $((($(date +%s%N) - begin) / 1000000)) "$name"
	done | sort -n >"$out/tests"
}

# file, line, column, length, replacement: one mutant a line.
list() {
	for file in "$@"; do
		awk -f tests/mutate.awk "$out/src/$file" | awk -v file="$file" '{ print file "\t" $0 }'
	done >"$out/list"
}

# $1: file, $2: line, $3: column, $4: length, $5: replacement; the broken file on stdout.
broken() {
	awk -v line="$2" -v column="$3" -v size="$4" -v new="$5" '
		NR == line { $0 = substr($0, 1, column - 1) new substr($0, column + size) }
		{ print }' "$1"
}

# Does a test notice the library in $1? Says which. One that takes much longer than it should, or much memory, does.
noticed() {
	while read -r ms test; do
		if ! (ulimit -v 4000000 && MALLOC_PERTURB_=165 LD_LIBRARY_PATH=$1 timeout $((5 + ms / 50)) "$out/$test") \
			>"$1/log" 2>&1; then
			echo "$test"
			return 0
		fi
	done <"$out/tests"
	return 1
}

# A mutant's end: killed, lived, same or invalid.
try() {
	at=$out/work$1 file=$2
	rm -rf "$at"
	mkdir -p "$at/sim/nat"
	broken "$out/src/$file" "$3" "$4" "$5" "$6" >"$at/$file"
	line=$(sed -n "$3p" "$at/$file" | sed 's/^[ 	]*//')
	[ "$6" = ";" ] && line="left out: $(sed -n "$3p" "$out/src/$file" | sed 's/^[ 	]*//')"
	changed=
	case $file in
	*.c) sources=$file ;;
	*) sources=$(grep -l "$file" "$out"/*.d | sed "s|.*/\(.*\)\.d|sim/nat/\1.c|") ;;
	esac
	objects=
	for source in sim/nat/*.c; do
		name=$(basename "$source" .c)
		case " $(echo $sources) " in
		*" $source "*)
			[ -e "$at/$source" ] || cp "$out/src/$source" "$at/$source"
			# The original under the same name, so that they can differ in code alone.
			if ! (cd "$at" && cc_mutant -iquote "$at" -I"$out/src" -c -o "$name.o" "$source") 2>/dev/null; then
				printf 'invalid\t%s: %s\t-\n' "$file" "$line"
				return
			fi
			cmp -s "$at/$name.o" "$out/plain/$name.o" || changed=1
			objects="$objects $at/$name.o"
			;;
		*) objects="$objects $out/$name.o" ;;
		esac
	done
	if [ -z "$changed" ]; then
		printf 'same\t%s: %s\t-\n' "$file" "$line"
		return
	fi
	$link -o "$at/libnat.so" $objects
	if by=$(noticed "$at" 2>/dev/null); then # where the shell says that a test was aborted
		printf 'killed\t%s: %s\t%s\n' "$file" "$line" "$by"
	else
		printf 'lived\t%s: %s\t%s:%s\n' "$file" "$line" "$file" "$3"
	fi
}

worker() {
	n=0
	while IFS='	' read -r file line column size new; do
		n=$((n + 1))
		[ $((n % jobs)) = "$1" ] && try "$1" "$file" "$line" "$column" "$size" "$new"
	done <"$out/list" >"$out/said$1"
}

# What the compiler makes of the originals where a mutant would lie.
plain() {
	mkdir -p "$out/plain/sim/nat"
	for source in sim/nat/*.c; do
		cp "$out/src/$source" "$out/plain/$source"
		(cd "$out/plain" && cc_mutant -iquote "$out/plain" -I"$out/src" -c -o "$(basename "$source" .c).o" "$source")
	done
}

out=$(realpath -m "$out")
rm -rf "$out"
mkdir -p "$out/src/sim" # as it is now: whoever goes on working meanwhile disturbs nothing
cp -r sim/base sim/nat "$out/src/sim"
prepare
[ -s "$out/tests" ] || exit 2
plain
[ $# -gt 0 ] || set -- sim/nat/*.[ch]
list "$@"
n=0
while [ $n -lt "$jobs" ]; do
	worker $n &
	n=$((n + 1))
done
wait
cat "$out"/said* >"$out/result"
awk -F'\t' -v explained=tests/mutants.txt '
	BEGIN {
		while ((getline line < explained) > 0)
			if (line ~ /^sim\/nat\//)
				known[line] = 1
	}
	{ tried[substr($2, 1, index($2, ":") - 1)] = 1 }
	$1 == "killed" { killed++; by[$3]++ }
	$1 == "lived" { lived++; if ($2 in known) used[$2] = 1; else { new++; print "lived: " $2 " (" $3 ")" } }
	END {
		for (line in known)
			if (!(line in used) && substr(line, 1, index(line, ":") - 1) in tried)
				print "explained, but did not live: " line
		for (test in by)
			printf "%6d killed by %s\n", by[test], test
		share = killed + lived ? 100 * lived / (killed + lived) : 0
		printf "%d mutants: %d killed, %d lived (%.1f %%), %d of them not explained\n", killed + lived, killed, lived, share, new
		exit new > 0 || share > 5
	}' "$out/result"
