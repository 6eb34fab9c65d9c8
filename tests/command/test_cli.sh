#!/bin/sh
# The program as a user meets it: every message, on its stream, with its exit status.
# usage: test_cli.sh [PROGRAM], or CGNSIM=PROGRAM test_cli.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
full=$(realpath "$(dirname "$0")/../scenario/full.json")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
ln -s "$program" cgnsim
cp "$full" full.json
PATH=$dir:$PATH
bad=0
count=0

# expect STATUS STDOUT STDERR COMMAND...: a text of '*' is anything but nothing,
# and one that ends in '*' is only the beginning.
expect() {
	status=$1 out=$2 err=$3
	shift 3
	"$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	count=$((count + 1))
	fault=
	[ $got = "$status" ] || fault="status $got, not $status"
	matches "$out" "$dir/out" || fault="$fault; stdout"
	matches "$err" "$dir/err" || fault="$fault; stderr"
	if [ -z "$fault" ]; then
		echo "ok $count: $*"
		return
	fi
	bad=$((bad + 1))
	echo "not ok $count: $*: $fault"
	sed 's/^/  stdout: /' "$dir/out"
	sed 's/^/  stderr: /' "$dir/err"
}

matches() {
	text=$(cat "$2")
	case $1 in
	'*') [ -n "$text" ] ;;
	*'*') [ "${text#"${1%?}"}" != "$text" ] ;;
	*) [ "$text" = "$1" ] ;;
	esac
}

# --- the program
expect 2 '' 'usage: cgnsim COMMAND*' cgnsim
expect 0 'usage: cgnsim COMMAND*' '' cgnsim --help
expect 0 'usage: cgnsim COMMAND*' '' cgnsim -h
expect 0 'usage: cgnsim COMMAND*' '' cgnsim help
expect 0 'cgnsim 0.1.0' '' cgnsim --version
expect 2 '' 'cgnsim: there is no command "lst"; did you mean "list"?' cgnsim lst
expect 2 '' 'cgnsim: there is no command "frobnicate" (see cgnsim --help)' cgnsim frobnicate
expect 2 '' 'cgnsim: there is no command "--verison" (see cgnsim --help)' cgnsim --verison
expect 2 '' 'cgnsim: there is no command "xyzzyx" (see cgnsim --help)' cgnsim help xyzzyx
for command in run import trace generate map report list validate; do
	expect 0 "usage: cgnsim $command *" '' cgnsim $command --help
	expect 0 "usage: cgnsim $command *" '' cgnsim help $command
	expect 2 '' "cgnsim: $command: there is no option --frobnicate (see cgnsim $command --help)" cgnsim $command --frobnicate
done
expect 2 '' 'cgnsim: standard output: No space left on device' sh -c 'cgnsim --help >/dev/full'

# --- the line
expect 2 '' 'cgnsim: validate: something is missing: cgnsim validate SCENARIO [--set PATH=VALUE]... [--scheme NAME]... [--seed N] [--resolved | --json] (see cgnsim validate --help)' cgnsim validate
expect 2 '' 'cgnsim: validate: "b" is one word too many (see cgnsim validate --help)' cgnsim validate a b
expect 2 '' 'cgnsim: validate: there is no option --jsno; did you mean --json? (see cgnsim validate --help)' cgnsim validate a --jsno
expect 2 '' 'cgnsim: validate: there is no option -x (see cgnsim validate --help)' cgnsim validate a -x
expect 2 '' 'cgnsim: validate: --json takes no value (see cgnsim validate --help)' cgnsim validate a --json=1
expect 2 '' 'cgnsim: validate: --seed wants a value: N (see cgnsim validate --help)' cgnsim validate a --seed
expect 2 '' 'cgnsim: validate: --seed is given twice (see cgnsim validate --help)' cgnsim validate a --seed 1 --seed 2
expect 2 '' 'cgnsim: --seed: "x" is not a whole number from 0 to 9007199254740992' cgnsim validate a --seed x

# --- validate
expect 0 'full.json: good
  quickstart: 10000 subscribers, 160 public addresses, 1h after a warm-up of 10m
  source  poisson
  scheme  per-session (session)
  scheme  rfc7768 (block)
  scheme  rfc7422 (deterministic)' '' cgnsim validate full.json
expect 0 '*' '' cgnsim validate full.json --resolved
cgnsim validate full.json --resolved >resolved.json
cgnsim validate resolved.json --resolved >again.json
expect 0 '' '' cmp resolved.json again.json
expect 0 '{
	"file":	"full.json",
	"good":	true,
	"faults":	[],
	"warnings":	[],
	"resolved":	{*' '' cgnsim validate full.json --json
expect 2 '{
	"file":	"full.json",
	"good":	false,
	"faults":	["full.json: $.pool.ports: \"70000-80000\" is not a port range (LO-HI, 1 to 65535)"],
	"warnings":	[]
}' '' cgnsim validate full.json --json --set pool.ports=70000-80000
expect 2 '' 'cgnsim: full.json: $.pool.ports: "70000-80000" is not a port range (LO-HI, 1 to 65535)' \
	cgnsim validate full.json --set pool.ports=70000-80000
expect 2 '' 'cgnsim: full.json: $.subscribers.count: -1 is out of range (1 to 4294967295)
cgnsim: full.json: $.pool.prots: unknown key; the nearest known one is "ports"' \
	cgnsim validate full.json --set pool.prots=1 --set subscribers.count=-1
expect 2 '' 'cgnsim: --set seed: not of the form PATH=VALUE' cgnsim validate full.json --set seed
expect 2 '' 'cgnsim: --scheme x: there is no such scheme in the scenario; there are: per-session, rfc7768, rfc7422' \
	cgnsim validate full.json --scheme x
expect 2 '' 'cgnsim: no/such.json: No such file or directory' cgnsim validate no/such.json
expect 2 '' 'cgnsim: .: Is a directory' cgnsim validate .
printf '{ "name": "\033[31m" }' >escape.json
expect 2 '' 'cgnsim: escape.json: line 1, column 12: a control character inside a text' cgnsim validate escape.json
printf '{ "\\u001b[31m": 1, "subscribers": { "count": 1 }, "pool": { "prefixes": ["192.0.2.1"] } }' >escape.json
expect 2 '' 'cgnsim: escape.json: $["?[31m"]: unknown key; the nearest known one is "name"' cgnsim validate escape.json

# --- list
expect 0 '*' '' cgnsim list
for family in schemes sources distributions keys formats measures reasons; do
	expect 0 '*' '' cgnsim list $family
	expect 0 '[{*' '' cgnsim list $family --json
done
expect 0 'there is no catalogue of servers yet' '' cgnsim list servers
expect 0 'block: RFC 7768: numbers by the block; only blocks are logged
  size
      whole number, ports; default 256; 1 to 65535
      numbers in a block*' '' cgnsim list schemes block
expect 0 'duration: simulated time
      duration, s; default "1h"; 1ms to 366d' '' cgnsim list keys duration
expect 0 'no-port: no port is free on the subscriber'"'"'s address' '' cgnsim list reasons no-port
expect 2 '' 'cgnsim: list: there is no family "scheems"; the nearest is "schemes" (see cgnsim list --help)' cgnsim list scheems
expect 2 '' 'cgnsim: list: there is no "blokc" among the schemes; the nearest is "block" (see cgnsim list --help)' cgnsim list schemes blokc
expect 2 '' 'cgnsim: list: there is no "vpp-det" among the presets; the nearest is "vpp-det44" (see cgnsim list --help)' cgnsim list presets vpp-det

# --- run: the worlds
expect 2 '' 'cgnsim: --pcap: the flow world has no packets; --world ns3 has' cgnsim run full.json --pcap x
expect 2 '' 'cgnsim: --resume: not with --world ns3, which does not go on from where it was interrupted' \
	cgnsim run full.json --world ns3 --resume
cp "$program" alone
expect 3 '' 'cgnsim: --world ns3: there is no cgnsim-ns3 beside this program or in PATH; make ns3 builds it (it needs libns3-dev and g++)' \
	env PATH=/usr/bin:/bin ./alone run full.json --world ns3
expect 2 '' 'cgnsim: --world: "moon" is neither flow nor ns3' cgnsim run full.json --world=moon

# --- map: 63 shares of 1008 on each address, 5004, 5060 and 5061 left out
expect 2 '' 'cgnsim: map: give one of --inside, --outside and --all (see cgnsim map --help)' cgnsim map full.json
expect 2 '' 'cgnsim: map: give one of --inside, --outside and --all (see cgnsim map --help)' cgnsim map full.json --all --inside 1.2.3.4
expect 2 '' 'cgnsim: map: --port goes with --inside (see cgnsim map --help)' cgnsim map full.json --all --port 5
expect 2 '' 'cgnsim: map: full.json has 3 schemes: say which with --scheme' cgnsim map full.json --all
expect 2 '' 'cgnsim: map: rfc7768 is of type block, which has no rule: who holds a number is in its log alone' \
	cgnsim map full.json --scheme rfc7768 --all
rule="cgnsim map full.json --scheme rfc7422"
expect 2 '' 'cgnsim: map: --inside: "here" is not an IPv4 address, nor an IPv6 prefix (see cgnsim map --help)' $rule --inside here
expect 2 '' 'cgnsim: map: --outside: "192.0.2.0" is not ADDR:PORT (such as 192.0.2.1:40000) (see cgnsim map --help)' $rule --outside 192.0.2.0
expect 2 '' 'cgnsim: map: --outside: "192.0.2.0:0" is not ADDR:PORT (such as 192.0.2.1:40000) (see cgnsim map --help)' $rule --outside 192.0.2.0:0
expect 2 '' 'cgnsim: --port: "0" is not a whole number from 1 to 65535' $rule --inside 100.64.0.3 --port 0
expect 0 '100.64.0.3 -> 192.0.2.0 ports 4048-5003,5005-5056 (1008)' '' $rule --inside 100.64.0.3
expect 0 '100.64.0.3:1234 -> 192.0.2.0 ports 4048-5003,5005-5056 (1008)' '' $rule --inside 100.64.0.3 --port 1234
expect 0 '{
	"inside":	"100.64.0.3",
	"outside":	"192.0.2.0",
	"ports":	["4048-5003", "5005-5056"],
	"count":	1008
}' '' $rule --inside 100.64.0.3 --json
expect 0 '192.0.2.0:5056 -> 100.64.0.3' '' $rule --outside 192.0.2.0:5056
expect 0 '192.0.2.0:5057 -> 100.64.0.4' '' $rule --outside 192.0.2.0:5057
expect 0 '{
	"outside":	"198.51.100.0",
	"port":	1024,
	"inside":	"100.64.31.0"
}' '' $rule --outside 198.51.100.0:1024 --json --set subscribers.count=9000 --set schemes[2].ports_per_subscriber=1024
expect 1 '' 'cgnsim: 100.65.0.0 is no subscriber'"'"'s address: they are 100.64.0.0 to 100.64.39.15' $rule --inside 100.65.0.0
expect 1 '' 'cgnsim: 203.0.113.1 is not an address of the pool' $rule --outside 203.0.113.1:5000
expect 1 '' 'cgnsim: 5004 is not a number that the pool may give' $rule --outside 192.0.2.0:5004
expect 1 '' 'cgnsim: 80 is not a number that the pool may give' $rule --outside 192.0.2.0:80
expect 1 '' 'cgnsim: 192.0.2.0:65535 is nobody'"'"'s by the rule of rfc7422' $rule --outside 192.0.2.0:65535
expect 0 'inside,outside,lo,hi
100.64.0.0,192.0.2.0,1024,2031
100.64.0.1,192.0.2.0,2032,3039
100.64.0.2,192.0.2.0,3040,4047
100.64.0.3,192.0.2.0,4048,5003
100.64.0.3,192.0.2.0,5005,5056
100.64.0.4,192.0.2.0,5057,5059
100.64.0.4,192.0.2.0,5062,6066
*' '' $rule --all

# --all is the rule itself: no number is given twice, and each leads back to its subscriber
$rule --all --set subscribers.count=1000 >all.csv
expect 0 '' '' sh -c 'awk -F, "NR > 1 { for (p = \$3; p <= \$4; p++) if (seen[\$2, p]++) { print; exit 1 } }" all.csv'
expect 0 '*' '' sh -c 'awk -F, "NR == 2 || NR == 500 || NR == 900 { print \$1, \$2 \":\" \$4 }" all.csv | while read inside outside; do
	'"$rule"' --outside $outside | grep -qx -- "$outside -> $inside" || exit 1; echo same; done'

[ $bad = 0 ]
