#!/bin/sh
# compare: what it says of two runs, its exit status, what it writes, and what it refuses.
# usage: test_compare.sh [PROGRAM], or CGNSIM=PROGRAM test_compare.sh
set -u
program=$(realpath "${1:-${CGNSIM:-build/cgnsim}}")
top=$(realpath "$(dirname "$0")/../..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
ln -s "$program" cgnsim
PATH=$dir:$PATH
bad=0

# check NAME COMMAND...: the command must succeed.
check() {
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

# says STATUS TEXT NAME ARGUMENTS...: compare's exit status, and a line of its output that begins so.
says() {
	status=$1 text=$2 name=$3
	shift 3
	cgnsim compare "$@" >out 2>err
	got=$?
	cp out said
	if [ $got = "$status" ] && awk -v text="$text" 'index($0, text) == 1 { found = 1 } END { exit !found }' out err; then
		echo "ok $name"
	else
		echo "not ok $name: status $got, wanted $status and: $text"
		sed 's/^/  /' out err
		bad=1
	fi
}

# refuses TEXT NAME ARGUMENTS...: exit 2, one line, on standard error alone, and nothing new here.
refuses() {
	text=$1 name=$2
	shift 2
	before=$(find . ! -name out ! -name err | sort)
	cgnsim compare "$@" >out 2>err
	got=$?
	if [ $got = 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "cgnsim: $text" err &&
		[ "$before" = "$(find . ! -name out ! -name err | sort)" ]; then
		echo "ok $name"
	else
		echo "not ok $name: status $got, wanted 2 and: $text"
		sed 's/^/  /' out err
		bad=1
	fi
}

# run DIR OPTIONS...
run() {
	cgnsim run "$top/scenarios/quickstart.json" --set duration=2m --set warmup=1m --set subscribers.count=300 \
		--set pool.addresses=8 --quiet -o "$@" 2>/dev/null || echo "not ok run $*"
}
run a
run again --threads 1
run other --seed 2
run size --set 'schemes[1].size=128'
run two --scheme per-session --scheme rfc7422
run three --set replications=3
run four --set replications=3 --seed 9
run limited --set nat.limits.ports_per_subscriber=40

# --- verdicts and the exit status
says 0 'a | again: the same workload' "equal runs" a again
says 0 'all schemes: 456 equal, 0 within, 0 outside' "and every measure is equal" a again --exact
says 0 'A | B: the same workload' "a run against itself" a a
says 0 './a | a: the same' "the same name by another way" ./a a
says 1 'a | other: different workloads: the numbers need not agree' "another seed" a other
says 1 '  seed: 1 | 2' "and it says which" a other
says 1 'rfc7768: 1' "a changed parameter of one scheme" a size
says 1 '  scenario.schemes.rfc7768.size: 256 | 128' "and which" a size
says 1 'per-session: 152 equal, 0 within, 0 outside' "and the others are untouched" a size
says 0 'a | size' "unless all may differ" a size --tolerance '*=100%,1e9'
says 0 'a | size' "or is ignored" a size --ignore timeseries.reserved --ignore 'ports.*reserved_mean' --ignore 'ports.*efficiency' --ignore ports.guess_bits
says 1 '  ports.reserved_mean' "the last tolerance counts" a size --tolerance '*=100%,1e9' --tolerance 'ports.reserved_mean=1%'
cp -r a packets && jq '.schemes[].packets = { syns: 3, syn_retries: 1 }' a/summary.json >packets/summary.json
says 0 '  2 more are of the world of packets alone (--all shows them)' "what only packets show" a packets
says 0 '  packets.syns ' "is shown on request" a packets --all
run grid --set sample_interval=20s
says 1 '  timeseries.active    13 points, time_s 0 to 120  7 points, time_s 0 to 120' "curves over other moments are not compared" a grid
says 1 '  timeseries.active ' "the moment at which ports are furthest apart" a other
check "is said" grep -Eq 'timeseries.active .*(within|outside), at time_s [0-9]+$' said
says 1 'rfc7768: only a has this scheme' "a scheme that only one has" a two
says 1 'rfc7768: only a has this scheme' "the other one" two a
says 1 'all schemes: 304 equal, 0 within, 0 outside; 1 of 3 schemes in one run only' "and the count of it" a two
says 1 'per-session: ' "replications" three four
check "their half-widths are said" grep -q 'ports.active_mean .*(ci95 ' said
says 1 '  ports.refused_by.subscriber-limit ' "a reason that did not occur is 0" a limited
check "as a number" grep -Eq 'ports.refused_by.subscriber-limit +0 +[0-9]+ ' said
cgnsim compare a other >1
cgnsim compare other a >2
check "the order changes no verdict" sh -c "[ \"\$(awk '/^  / && NF > 5 { print \$1, \$NF }' 1)\" = \"\$(awk '/^  / && NF > 5 { print \$1, \$NF }' 2)\" ] && grep -q outside 1"
cgnsim compare a other --all >3
check "--all shows the equal ones too" sh -c '[ $(grep -c " equal$" 3) -gt 200 ] && ! grep -q " equal$" 1'
says 1 '  measure ' "names of the runs" a other --names flow,packet
check "head the columns" grep -Eq '^  measure +flow +packet +difference +tolerance +verdict$' said

# --- JSON, Markdown
cgnsim compare a size --json >json
check "--json is JSON, and adds up" jq -e '
	.format == 1 and .runs == ["a", "size"] and .same_workload and (.agrees | not) and (.schemes | length) == 3 and
	([.schemes[].measures[].verdict] | map(select(. == "outside")) | length) == .outside and
	([.schemes[].measures[]] | length) == .equal + .within + .outside + .alone + .own + .ignored and
	([.schemes[].measures[] | select(.a != null and (.a | type) == "number") | select((.b - .a) != .difference)] | length) == 0' json
check "and has every number of both runs" sh -c "
	jq -c '[.schemes[] | del(.warnings) | [paths(numbers)] | length]' a/summary.json >want &&
	jq -c '[.schemes[] | [.measures[] | select((.a | type) == \"number\" and .at == null)] | length]' json >got && cmp want got"
check "what is ignored has no tolerance" sh -c "cgnsim compare a size --ignore '*reserved*' --json |
	jq -e '[.schemes[].measures[] | select(.verdict == \"ignored\") | .tolerance] | length > 0 and all(. == null)'"
check "--markdown is a table" sh -c "cgnsim compare a size --markdown | awk -F'|' '/^\\|/ { n++; if (NF != 8) exit 1 } END { exit n < 3 }'"
check "with what is outside in bold" sh -c "cgnsim compare a size --markdown | grep -q '^| .ports.reserved_mean. | .* | \\*\\*-'"

# --- the directory
says 1 'a | size' "-o" a size -o d
check "holds its files" sh -c '[ "$(ls d | tr "\n" " ")" = "compare.csv compare.json compare.svg measures.csv " ]'
check "compare.json is what --json says" cmp d/compare.json json
check "measures.csv has a row for each measure" sh -c '[ $(tail -n +2 d/measures.csv | wc -l) = $(jq "[.schemes[].measures[]] | length" json) ]'
check "compare.csv has both runs" sh -c '
	[ "$(head -1 d/compare.csv)" = scheme,run,time_s,protocol,active,held ] &&
	[ "$(tail -n +2 d/compare.csv | cut -d, -f1,2 | uniq | tr "\n" " ")" = "per-session,a per-session,size rfc7768,a rfc7768,size rfc7422,a rfc7422,size " ] &&
	[ $(tail -n +2 d/compare.csv | wc -l) = $(tail -qn +2 a/timeseries.csv size/timeseries.csv | wc -l) ]'
if command -v gnuplot >/dev/null; then
	check "the figure is drawn: a solid and a dashed line of each kind, in each panel" sh -c '
		grep -q "rfc7768 (udp)" d/compare.svg && grep -q ">size<" d/compare.svg && [ $(grep -c "<path.*stroke-dasharray" d/compare.svg) -ge 6 ]'
	check "report draws it again" sh -c 'cp d/compare.csv again.csv && cgnsim report again.csv && cmp again.svg d/compare.svg'
else
	echo "skip the figure: gnuplot is not installed"
fi
cp -r d first && echo changed >d/measures.csv
says 1 'a | size' "in place of what a comparison made" a size -o d
check "the same bytes again" diff -r first d
mkdir foreign && echo mine >foreign/notes.txt
refuses 'foreign: holds what no comparison made (notes.txt)' "a directory of others" a size -o foreign
refuses 'a: holds what no comparison made' "a run's directory" a size -o a
says 1 'a | size' "unless forced" a size -o foreign --force
check "and then what was there stays" sh -c 'grep -q mine foreign/notes.txt && [ -s foreign/compare.json ]'

# --- bad input
refuses 'nowhere/summary.json' "a directory that is not there" a nowhere
mkdir empty
refuses "empty: is no run's directory: there is no summary.json in it" "a directory of no run" empty a
refuses 'a/summary.json/summary.json' "a file" a/summary.json a
damage() {
	rm -rf damaged && cp -r a damaged
}
damage && head -c 5000 a/summary.json >damaged/summary.json
refuses 'damaged/summary.json: line ' "a summary that breaks off" a damaged
damage && sed -i 's/"format":	1/"format":	2/' damaged/summary.json
refuses 'damaged/summary.json: $.format: is 2; this cgnsim reads 1' "another format" a damaged
damage && echo '[]' >damaged/summary.json
refuses 'damaged/summary.json: $: must be an object' "no object" damaged a
damage && jq '.schemes = []' a/summary.json >damaged/summary.json
refuses 'damaged/summary.json: $.schemes: must be a list' "no scheme" damaged a
damage && jq '.schemes[1].name = "per-session"' a/summary.json >damaged/summary.json
refuses 'damaged/summary.json: $.schemes[1].name: "per-session" is the name of a scheme before it' "two schemes of a name" damaged a
damage && jq '.schemes[1].name = 3' a/summary.json >damaged/summary.json
refuses 'damaged/summary.json: $.schemes[1].name: must be a text' "a name that is none" damaged a
damage && sed -i 's/"addresses":	8,/"addresses":	1e999,/' damaged/summary.json
refuses 'damaged/summary.json: line ' "a number beyond all" damaged a
damage && rm damaged/manifest.json
refuses 'damaged/manifest.json' "no manifest" a damaged
damage && rm damaged/timeseries.csv
refuses 'damaged/timeseries.csv' "no time series" a damaged
damage && rm damaged/subscribers.csv
refuses 'damaged/subscribers.csv' "no quantiles" damaged a
damage && sed -i '1s/held/hold/' damaged/timeseries.csv
refuses 'damaged/timeseries.csv: line 1: there is no column "held"' "a column that is missing" a damaged -o e
damage && sed -i '5s/,/,"/' damaged/timeseries.csv
refuses 'damaged/timeseries.csv: line 5' "a damaged table" a damaged -o e
damage && sed -i '5s/udp,/udp,x/' damaged/timeseries.csv
refuses 'damaged/timeseries.csv: row 4: active: "x' "a cell that is no number" a damaged -o e
damage && jq '.schemes[0].name = "\u001b[31mred"' a/summary.json >damaged/summary.json
says 1 '?[31mred: only damaged has this scheme' "a name that would steer the terminal" a damaged

refuses 'compare: ' "one directory" a
refuses 'compare: ' "three" a a a
refuses '--tolerance: "ports" is not PATH=REL[,ABS]' "a tolerance that is none" a a --tolerance ports
refuses '--tolerance: no measure is called "port.*"' "a pattern that fits nothing" a a --tolerance 'port.*=1'
refuses '--ignore: no measure is called "logs"' "another" a a --ignore logs
refuses '--names: "x" is not two names' "one name" a a --names x
refuses '--names: "x,x" are one name' "the same name twice" a a --names x,x
refuses 'compare: --json and --markdown exclude each other' "two forms" a a --json --markdown
exit $bad
