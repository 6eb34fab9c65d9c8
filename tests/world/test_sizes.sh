#!/bin/sh
# Sizes beyond sense give a result or one clear refusal, never an overflow.
# usage: test_sizes.sh [PROGRAM], or CGNSIM=PROGRAM test_sizes.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

cat >s.json <<'END'
{ "name": "s", "duration": "2m", "warmup": "1m", "subscribers": { "count": 100 }, "access": "nat44",
  "traffic": [ { "source": "poisson", "rate_per_day": 20000 } ],
  "pool": { "prefixes": ["192.0.2.0/29"] }, "schemes": [ { "name": "per-session", "type": "session" } ] }
END

# size NAME STATUS WORDS ARGUMENT...: within 6 GB and 60 s; the words are in what it says
size() {
	name=$1 status=$2 words=$3
	shift 3
	(
		case $program in
		*/build/*san*/*) ;; # the sanitizers reserve more than any machine has
		*) ulimit -v 6000000 ;;
		esac
		timeout 60 "$program" run s.json -o out -q "$@" >text 2>&1
	)
	got=$?
	if [ $got = "$status" ] && grep -qF -- "$words" text && { [ "$status" = 0 ] || [ ! -e out ]; }; then
		echo "ok $name"
	else
		echo "not ok $name: status $got"
		sed 's/^/  /' text
		bad=1
	fi
	rm -rf out out.unfinished
}

size 'no subscriber' 2 '$.subscribers.count: 0 is out of range' --set subscribers.count=0
size 'one subscriber' 0 '' --set subscribers.count=1
size 'a thousand million subscribers in a prefix of four' 2 '$.subscribers.prefix: 100.64.0.0/10 holds 4194304 addresses' \
	--set subscribers.count=1000000000
size 'every IPv4 address a subscriber' 2 'overlaps subscribers.prefix' \
	--set subscribers.count=4294967295 --set subscribers.prefix=0.0.0.0/0
size 'more subscribers than a number holds' 2 'is out of range' --set subscribers.count=1e15
size 'a pool of one port' 0 '' --set pool.ports=5000-5000
size 'one port on one address' 0 '' --set pool.ports=5000-5000 --set 'pool.prefixes=["192.0.2.1"]'
size 'no port' 2 '$.pool.exclude: leaves nothing' --set pool.ports=5000-5000 --set 'pool.exclude=["5000"]'
size 'a pool of sixteen million addresses' 2 'at most' --set 'pool.prefixes=["8.0.0.0/5"]'
size 'a hundred years' 2 '$.duration: "36525d" is out of range' --set duration=36525d
size 'a year on a grid of milliseconds' 2 '$.sample_interval: 1ms over 366d1m gives more than 10000000 samples' \
	--set duration=366d --set sample_interval=1ms
size 'a millisecond' 0 '' --set duration=1ms
size 'a hundred thousand years' 2 '$.duration' --set duration=36525000d
size '65535 replications' 2 '$.replications: 65535 is out of range' --set replications=65535
size 'a million flows a second of one subscriber' 0 '' --set subscribers.count=1 \
	--set traffic[0].rate_per_day=86400000 --set duration=2s --set warmup=0
size 'more instances than addresses' 2 '$.pool.instances' --set pool.instances=4294967295
size 'a million idle subscribers in one instance' 0 '' --set subscribers.count=1000000 --set pool.instances=1 \
	--set traffic[0].rate_per_day=1
case $program in
*/build/*san*/*) echo 'skip more subscribers than fit in memory: not with sanitizers' ;;
*)
	size 'more subscribers than fit in memory' 2 'out of memory' --set subscribers.count=1000000000 \
		--set subscribers.prefix=0.0.0.0/2 --set traffic[0].rate_per_day=0.001
	# 47 GB if the many zeros of each were kept
	size 'a thousand replications' 0 '' --set replications=1000 --set subscribers.count=2 --set duration=1s --set warmup=0
	;;
esac

[ $bad = 0 ]
