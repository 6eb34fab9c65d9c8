#!/bin/sh
# Any number of ranks leaves the same bytes, and a rank that dies leaves no results.
# Builds with MPI by itself. usage: CGNSIM=PROGRAM test_mpi.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
for tool in mpicc mpirun; do
	if ! command -v $tool >/dev/null 2>&1; then
		echo "skip mpi: there is no $tool here (apt-get install libopenmpi-dev openmpi-bin)"
		exit 0
	fi
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0
unset MAKEFLAGS MFLAGS MAKELEVEL SAN TSAN
if ! make -C "$top" MPI=1 >"$dir/make.log" 2>&1; then
	tail -n 20 "$dir/make.log"
	echo "not ok make MPI=1"
	exit 1
fi
echo "ok make MPI=1"
ranked=$top/build/mpi/cgnsim
cd "$dir" || exit 1

# Open MPI wants to be told that it may run as root, and on fewer cores than ranks.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl_base_warn_component_unused=0

cat >s.json <<'END'
{ "name": "s", "seed": 3, "replications": 2, "duration": "4m", "warmup": "6m", "subscribers": { "count": 1000 },
  "traffic": [ { "source": "poisson", "rate_per_day": 33000 } ],
  "pool": { "prefixes": ["192.0.2.0/26"], "instances": 10 },
  "schemes": [ { "name": "per-session", "type": "session" }, { "name": "blocks", "type": "block" },
               { "name": "ranges", "type": "deterministic", "ports_per_subscriber": 1000 } ],
  "demand": true, "evidence": { "incidents": 500 } }
END

holds() { # NAME STATUS-OF-A-CHECK
	if [ "$2" = 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		[ -s err ] && sed 's/^/  stderr: /' err
		bad=1
	fi
}

same() {
	diff -r whole out >diff.txt && [ ! -e out.unfinished ]
	holds "$1" $?
	rm -rf out out.unfinished
}

"$program" run s.json -o whole -q --keep-logs 2>err
holds 'a run without MPI' $?
for ranks in 1 2 3; do
	timeout 60 mpirun -n $ranks "$ranked" run s.json -o out -q --keep-logs 2>err
	same "$ranks ranks"
done
timeout 60 mpirun -n 2 "$ranked" run s.json -o out --threads 3 --keep-logs >table 2>err
grep -c '^out/report.html$' table >lines
[ "$(cat lines)" = 1 ]
holds 'one rank prints' $?
same '2 ranks with 3 threads each'

timeout 60 mpirun -n 3 "$ranked" run s.json -o out --set pool.prots=1 >table 2>err
[ $? = 2 ] && [ "$(grep -c '^cgnsim: s.json: $.pool.prots: unknown key' err)" = 1 ] && [ ! -e out ] && [ ! -e out.unfinished ]
holds 'bad input is said once' $?
timeout 60 mpirun -n 3 "$ranked" run --frobnicate >table 2>err
[ $? = 2 ] && [ "$(grep -c '^cgnsim: run: there is no option' err)" = 1 ]
holds 'a bad line is said once' $?

# kill_rank N: the N-th rank that mpirun started is killed a while after the run began
kill_rank() {
	timeout 60 mpirun -n 3 "$ranked" run s.json -o out -q --keep-logs --checkpoint 0s --threads 1 2>err &
	pid=$!
	tries=0
	until [ -n "$(ls out.unfinished 2>/dev/null | grep '^now-')" ] || [ $tries = 100 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	launcher=$(cat /proc/$pid/task/$pid/children 2>/dev/null) # timeout's child
	victim=$(for child in $(cat /proc/${launcher%% *}/task/*/children 2>/dev/null); do
		tr '\0' '\n' <"/proc/$child/cmdline" 2>/dev/null | grep -qx "$ranked" && echo "$child"
	done | sed -n "$1p")
	[ -n "$victim" ] && kill -KILL "$victim"
	wait $pid
}

for rank in 1 2; do
	kill_rank $rank
	status=$?
	if [ -e out ]; then
		echo "skip rank $rank dies: the run was over before"
		rm -rf out
		continue
	fi
	[ $status != 0 ] && grep -q 'signal 9' err && [ ! -e out ] && [ -z "$(ls -d out.new* out.old* out.unfinished/result 2>/dev/null)" ]
	holds "rank $rank dies: the run ends, says so, and leaves no results" $?
	"$program" run s.json -o out -q --keep-logs --resume 2>err
	same "and is gone on from without MPI"
	kill_rank $rank
	timeout 60 mpirun -n 2 "$ranked" run s.json -o out -q --keep-logs --resume 2>err
	same "and with another number of ranks"
done

[ $bad = 0 ]
