#!/bin/sh
# A run that is interrupted and resumed leaves, byte by byte, what an uninterrupted one leaves.
# usage: test_resume.sh [PROGRAM], or CGNSIM=PROGRAM test_resume.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

# Two replications of 24 jobs in two groups, so that every moment has a state of its own.
cat >s.json <<'END'
{ "name": "s", "seed": 7, "replications": 2, "duration": "5m", "warmup": "8m", "subscribers": { "count": 1200 },
  "traffic": [ { "source": "poisson", "rate_per_day": 33000 },
               { "source": "poisson", "rate_per_day": 9000, "protocol": "tcp" } ],
  "pool": { "prefixes": ["192.0.2.0/26"], "instances": 12 },
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

run() {
	"$program" run s.json -q --keep-logs "$@" 2>err
}

same() { # NAME: out is what whole is, and nothing else is left
	diff -r whole out >diff.txt && [ ! -e out.unfinished ] && [ -z "$(find . -name '*.new-*' -o -name '*.part*')" ]
	holds "$1" $?
	rm -rf out out.unfinished
}

run -o whole
holds 'an uninterrupted run' $?

for threads in 1 3 7; do
	run -o out --threads $threads
	same "$threads threads"
done

# interrupt SIGNAL SECONDS|work ARGUMENT...: a run that saves after every job
interrupt() {
	signal=$1 after=$2
	shift 2
	"$program" run s.json -o out -q --keep-logs --checkpoint 0s "$@" 2>err &
	pid=$!
	if [ "$after" = work ]; then # as soon as some jobs are done, however slow the machine is
		while kill -0 $pid 2>/dev/null && [ "$(ls out.unfinished/logs 2>/dev/null | grep -c 'blocks.0.*part$')" -lt 3 ]; do
			sleep 0.02
		done
	else
		sleep "$after"
	fi
	kill -"$signal" $pid 2>/dev/null
	wait $pid 2>/dev/null
}

for after in 0.05 0.5; do
	interrupt KILL $after --threads 2
	[ ! -e out ] || rm -rf out # it was faster
	run -o out --resume --threads 3
	same "killed after $after s"
done

# Killed again and again, with another number of threads each time
for threads in 2 1 3 7; do
	interrupt KILL 0.3 --threads $threads --resume
done
[ -e out ] || run -o out --resume
same 'killed many times'

for signal in INT TERM; do
	interrupt $signal work --threads 2
	status=$?
	if [ -e out ]; then
		echo "skip SIG$signal: the run was over before it came"
		rm -rf out
		continue
	fi
	[ $status = 2 ] && [ "$(cat err)" = 'cgnsim: stopped; --resume goes on from here' ]
	holds "SIG$signal ends the run and says how to go on" $?
	jobs=$(ls out.unfinished/logs | grep -c 'blocks.0.*part$')
	[ "$jobs" -gt 0 ]
	holds "SIG$signal leaves finished work" $?
	run -o out --resume
	same "resumed after SIG$signal"
done

# A finished part is not done again: its kept part is not written anew.
interrupt INT work --threads 1
if [ -e out.unfinished/logs/per-session.0.0.part ]; then
	before=$(stat -c %i out.unfinished/logs/per-session.0.0.part)
	interrupt INT 0.3 --threads 1 --resume
	[ ! -e out.unfinished/logs/per-session.0.0.part ] ||
		[ "$(stat -c %i out.unfinished/logs/per-session.0.0.part)" = "$before" ]
	holds 'what is finished is not repeated' $?
else
	echo 'skip what is finished is not repeated: this machine is too slow or too fast'
fi
rm -rf out out.unfinished

# What does not fit is refused, and says what differs; nothing of it is touched.
interrupt INT 0.4 --threads 2
if [ -e out.unfinished/now-0 ]; then
	run -o out --resume --seed 8
	[ $? = 2 ] && grep -q 'out.unfinished: cannot go on from there: scenario.seed was 7, and now is 8; without --resume' err
	holds 'another seed is refused' $?
	"$program" run s.json -o out -q --resume 2>err
	[ $? = 2 ] && grep -q 'keep_logs was true, and now is false' err
	holds 'another option is refused' $?
	run -o out --resume --scheme blocks
	[ $? = 2 ] && grep -q 'cannot go on from there: scenario.schemes' err
	holds 'another scheme is refused' $?
	cp out.unfinished/now-0 good
	printf 'x' | dd of=out.unfinished/now-0 bs=1 seek=40 conv=notrunc 2>/dev/null
	run -o out --resume
	[ $? = 2 ] && grep -q 'out.unfinished/now-0: is damaged: its checksum does not fit' err
	holds 'a damaged state is refused' $?
	head -c 100 good >out.unfinished/now-0
	run -o out --resume
	[ $? = 2 ] && grep -q 'out.unfinished/now-0: is damaged' err
	holds 'a state cut short is refused' $?
	cp good out.unfinished/now-0
	run -o out --resume
	same 'and the good one is taken'
else
	echo 'skip what does not fit is refused: the run was over before it was interrupted'
	rm -rf out out.unfinished
fi

# Without --resume it starts anew; with it, and nothing there, too.
interrupt INT 0.4 --threads 2
if [ -e out.unfinished/now-0 ]; then
	run -o out
	grep -q 'out.unfinished: an unfinished run is given up; --resume would have gone on from it' err
	holds 'a new run says that it gives an unfinished one up' $?
	same 'a new run in the place of an unfinished one'
fi
rm -rf out out.unfinished
run -o out --resume
grep -q 'there is nothing to go on from; the run starts anew' err
holds 'nothing to resume' $?
same 'nothing to resume gives the same'

# A directory of somebody else is not touched, and two runs do not meet in one.
mkdir out.unfinished
echo mine >out.unfinished/thesis.tex
run -o out
[ $? = 2 ] && [ "$(cat out.unfinished/thesis.tex)" = mine ] && [ ! -e out ]
holds 'what no run made is not touched' $?
rm -rf out.unfinished
"$program" run s.json -o out -q --keep-logs 2>err.first &
pid=$!
sleep 0.2
if [ -e out.unfinished ]; then
	run -o out
	[ $? = 2 ] && grep -q 'out.unfinished: another run is at work there' err
	holds 'two runs at once' $?
fi
wait $pid
same 'the first of two is not disturbed'

[ $bad = 0 ]
