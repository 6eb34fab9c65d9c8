#!/bin/sh
# Plugins that crash, never end, end the program or print: conform says which call did what, and a run leaves nothing.
# usage: test_hostile.sh [PROGRAM], or CGNSIM=PROGRAM test_hostile.sh
set -u
export LC_ALL=C
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

case $program in
*/san/*)
	echo "skip hostile plugins: a sanitizer catches their signals itself"
	exit 0
	;;
esac

check() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >out 2>err; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		sed 's/^/  /' out err
		bad=1
	fi
}

build() { # NAME FLAGS... of hostile.c
	name=$1
	shift
	${CC:-cc} -std=gnu11 -O1 -Wall -Wextra -Werror -shared -fPIC -I"$top/include" "$@" -o "$name.so" "$top/tests/plugins/hostile.c"
}

# caught NAME STATUS TEXT: what conform said of it.
caught() {
	if [ "$2" = 1 ] && grep -q '^broken  *calls ' "$1.out" && grep -qF -- "$3" "$1.out"; then
		echo "ok $1: $3"
	else
		echo "not ok $1: status $2, and not: $3"
		sed 's/^/  /' "$1.out"
		bad=1
	fi
}

check "without a defect it is sound" build sound
check "and conforms" "$program" conform --plugin sound.so --quiet

# --- calls that never end: at the same time, since they only wait
hooks="LOAD CREATE ALLOC RELEASE TICK REVERSE HOME ROOM PROMISE DESTROY"
begin=$(date +%s)
for hook in $hooks; do
	build nap_$hook -DDOES=nap -DWHERE=IN_$hook
	(
		"$program" conform --plugin nap_$hook.so --quiet >nap_$hook.out 2>&1
		echo $? >nap_$hook.status
	) &
done
wait
for hook in $hooks; do
	name=$(echo $hook | tr A-Z a-z)
	[ $hook = LOAD ] && name="loading it" || name="$name()"
	caught nap_$hook "$(cat nap_$hook.status)" "$name does not end: it was given up after 2 s"
done
seconds=$(($(date +%s) - begin))
check "all in 30 s: $seconds" test $seconds -le 30
build hang -DDOES=hang -DWHERE=IN_ALLOC
"$program" conform --plugin hang.so --quiet >hang.out 2>&1
caught hang $? "alloc() does not end"
check "the rest is left out" grep -q "a call did not end, so the rest was left out" hang.out
check "the way there is shown" grep -q ' s: create: ' hang.out

# --- crashes
for hook in $hooks; do
	build crash_$hook -DDOES=crash -DWHERE=IN_$hook
	"$program" conform --plugin crash_$hook.so --quiet >crash_$hook.out 2>&1
	status=$?
	name=$(echo $hook | tr A-Z a-z)
	[ $hook = LOAD ] && name="loading it" || name="$name()"
	caught crash_$hook $status "$name crashes: signal 11, Segmentation fault"
done
check "the calls up to a crash are shown" sh -c "grep -q ' s: release udp\\|release tcp\\|release icmp' crash_RELEASE.out"
check "and are few" sh -c '[ $(grep -c "^             " crash_TICK.out) -le 10 ]'
for what in "divide signal 8" "abort signal 6" "deep signal 11" "quit calls exit()" "leave ends the program with status 0"; do
	does=${what%% *}
	build $does -DDOES=$does -DWHERE=IN_ALLOC
	"$program" conform --plugin $does.so --quiet >$does.out 2>&1
	caught $does $? "${what#* }"
	check "$does: two lines show it" sh -c "[ \$(grep -c '^             ' $does.out) = 2 ]"
done
for hook in LOAD CREATE DESTROY; do
	build leave_$hook -DDOES=leave -DWHERE=IN_$hook
	"$program" conform --plugin leave_$hook.so --quiet >leave_$hook.out 2>&1
	caught leave_$hook $? "ends the program with status 0"
done

# --- memory that destroy() does not give back
for hook in CREATE ALLOC DESTROY; do
	build leak_$hook -DDOES=leak -DWHERE=IN_$hook
	"$program" conform --plugin leak_$hook.so --quiet >leak.out 2>&1
	check "leak in $hook is caught" sh -c "[ $? = 1 ] && grep -q '^broken  *nothing-leaked ' leak.out && grep -q 'bytes are taken' leak.out"
done

# --- what it prints is no part of the answer
for hook in LOAD CREATE ALLOC; do
	build garble_$hook -DDOES=garble -DWHERE=IN_$hook
	check "prints in $hook: conforms" sh -c "'$program' conform --plugin garble_$hook.so --json --quiet >json 2>err"
	check "and the answer is clean" sh -c "! grep -q 'a line of' json && head -1 json | grep -q '^{'"
done

# --- in a run: one line, status 2, nothing left
cat >run.json <<'END'
{ "subscribers": { "count": 2000 }, "duration": "5s", "warmup": "1s",
  "pool": { "prefixes": ["192.0.2.0/30"], "instances": 4 }, "nat": { "hold_down": "1s", "timeouts": { "udp": "2s", "udp_well_known": "2s" } },
  "schemes": [ { "name": "h", "type": "plugin", "library": "it.so", "parameters": { "size": 32, "guard": "1s" } } ] }
END
in_run() { # PLUGIN TEXT
	cp "$1.so" it.so
	rm -rf run
	"$program" run run.json -o run --quiet --threads 4 >out 2>err
	status=$?
	if [ $status = 2 ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "$2" err && [ ! -e run ]; then
		echo "ok a run: $1"
	else
		echo "not ok a run: $1: status $status"
		sed 's/^/  /' out err
		bad=1
	fi
}
for hook in ALLOC RELEASE TICK HOME ROOM REVERSE DESTROY CREATE LOAD; do
	name=$(echo $hook | tr A-Z a-z)
	[ $hook = LOAD ] && name="loading it" || name="$name()"
	in_run crash_$hook "it.so: $name crashes: signal 11, Segmentation fault"
done
in_run divide "it.so: alloc() crashes: signal 8"
in_run abort "it.so: alloc() crashes: signal 6"
in_run deep "it.so: alloc() crashes: signal 11"
in_run quit "it.so: alloc() calls exit()"
check "nothing is left but what --resume goes on from" sh -c '[ -z "$(ls -d run* | grep -v "^run.json$\|^run.unfinished$")" ]'
cp crash_REVERSE.so it.so
"$program" map run.json --outside 192.0.2.1:2000 >map.out 2>&1
check "map tells of it too" sh -c "[ $? = 2 ] && grep -q 'reverse() crashes' map.out"

# --- what is no scheme at all
cat >wrong.c <<'END'
#ifdef SHORT
const unsigned cgnsim_scheme = 1;
#elif defined FUNCTION
int cgnsim_scheme(void) { return 1; }
#else
#include <cgnsim/scheme.h>
static int alloc(void *s, const struct cgnsim_request *r, struct cgnsim_grant *g) { (void)s; (void)r; (void)g; return 7; }
const struct cgnsim_scheme cgnsim_scheme = { .abi = CGNSIM_SCHEME_ABI, SCHEME };
#endif
END
wrong() { # NAME TEXT FLAGS...
	name=$1 text=$2
	shift 2
	${CC:-cc} -std=gnu11 -shared -fPIC -I"$top/include" "$@" -o wrong.so wrong.c
	"$program" conform --plugin wrong.so --quiet >out 2>err
	status=$?
	if [ $status = 2 ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "$text" err; then
		echo "ok $name is refused"
	else
		echo "not ok $name: status $status"
		sed 's/^/  /' out err
		bad=1
	fi
}
wrong "a struct of another size" "has 4 bytes" -DSHORT
wrong "a function" "bytes, and a struct cgnsim_scheme has" -DFUNCTION
wrong "no alloc()" "has no alloc()" '-DSCHEME=.name="x"'
wrong "no name" "has no name" '-DSCHEME=.alloc=alloc'
wrong "another kind of log" "logs is 9" '-DSCHEME=.name="x",.alloc=alloc,.logs=9'
wrong "nothing logged and no rule" "nobody could be found" '-DSCHEME=.name="x",.alloc=alloc,.logs=CGNSIM_LOGS_NOTHING'
${CC:-cc} -std=gnu11 -shared -fPIC -I"$top/include" '-DSCHEME=.name="x",.alloc=alloc' -o nonsense.so wrong.c
"$program" conform --plugin nonsense.so --quiet >nonsense.out 2>&1
check "an answer that is none is caught" sh -c "[ $? = 1 ] && grep -q 'alloc() answers 7, which is none' nonsense.out"

exit $bad
