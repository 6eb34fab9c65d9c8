#!/bin/sh
# Runs every scenario of scenarios/worlds in both worlds, and prints the table of docs/validation.md; leaves the figures'
# tables in docs/figures. usage: worlds.sh CGNSIM > TABLE
set -eu
program=$(realpath "$1")
top=$(realpath "$(dirname "$0")/..")
. "$top/tests/ns3/worlds.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# What is shown of each scheme, and why it may differ.
shown='ports.attempted ports.created ports.refused ports.retries ports.created_late ports.active_mean ports.active_peak ports.subscriber_peak.p99 log.records ambiguity.address+port+time.unique_ratio'

echo '| scenario, scheme | measure | flow world | packet world | difference | why |'
echo '|---|---|---|---|---|---|'
for scenario in "$top"/scenarios/worlds/*.json; do
	name=$(basename "$scenario" .json)
	worlds_run "$program" "$scenario" "$dir/$name" 2>/dev/null
	set -f
	"$program" compare "$dir/$name/flow" "$dir/$name/packet" $(worlds_options "$name") --names flow,packet -o "$dir/$name/compare" >/dev/null
	set +f
	awk -F, -v scenario="$name" -v shown="$shown" '
		BEGIN { count = split(shown, order, " ") }
		NR > 1 { a[$1, $2] = $3; b[$1, $2] = $4; verdict[$1, $2] = $10; if (!($1 in seen)) { seen[$1] = 1; schemes[++n] = $1 } }
		function tidy(x) { return x ~ /\./ ? sprintf("%.6g", x) : x }
		END {
			for (s = 1; s <= n; s++)
				{
					equal = ""
					for (i = 1; i <= count; i++) {
						k = schemes[s] SUBSEP order[i]
						if (!(k in a) || (a[k] == 0 && b[k] == 0))
							continue
						d = b[k] - a[k]
						size = d < 0 ? -d : d
						short = order[i]
						sub(/^ports\./, "", short)
						if (verdict[k] == "equal" || size <= 1e-6 * (a[k] < 0 ? -a[k] : a[k])) {
							equal = equal (equal ? ", " : "") "`" short "` " tidy(a[k])
							continue
						}
						why = scenario ~ /retry|full/ ? "chain" : short == "active_mean" ? "FIN" : short ~ /ambiguity/ ? "draw" : "edge"
						printf "| %s, %s | `%s` | %s | %s | %+.4g (%+.2g %%) | %s |\n", scenario, schemes[s], short, tidy(a[k]), \
							tidy(b[k]), d, a[k] ? 100 * d / a[k] : 0, why
					}
					printf "| %s, %s | %s | | | equal | |\n", scenario, schemes[s], equal
				}
		}' "$dir/$name/compare/measures.csv"
	case $name in
	limit-tcp-retry | homes) cp "$dir/$name/compare/compare.csv" "$top/docs/figures/worlds-$name.csv" ;;
	esac
done

# What the flow world does not show: an evicted connection that is under way comes back with its next packet.
echo
echo '| full-address, `on_full: evict-random`, nobody tries again | flow world | packet world |'
echo '|---|---|---|'
for world in flow ns3; do
	"$program" run "$top/scenarios/worlds/full-address.json" --world $world --set nat.on_full=evict-random --set nat.retry=none \
		-o "$dir/evict-$world" --quiet 2>/dev/null
done
"$program" compare "$dir/evict-flow" "$dir/evict-ns3" --ignore '*' -o "$dir/evict" >/dev/null
awk -F, '$2 == "ports.created" || $2 == "ports.recreated" || $2 == "ports.active_mean" {
	sub(/^ports\./, "", $2)
	printf "| `%s` | %s | %s |\n", $2, $3 ~ /\./ ? sprintf("%.6g", $3) : $3, $4 ~ /\./ ? sprintf("%.6g", $4) : $4
}' "$dir/evict/measures.csv"

# What only packets show: a limit's refusals with and without ICMP, hosts that give up, and a narrow core.
echo
echo '| limit-tcp-retry | SYNs | again | set up | of them late | failed | set-up mean | p99 | failure mean | ICMP delivered | fragments | goodput down |'
echo '|---|---|---|---|---|---|---|---|---|---|---|---|'
variant() {
	what=$1
	shift
	"$program" run "$top/scenarios/worlds/limit-tcp-retry.json" --world ns3 -o "$dir/variant" --quiet --force "$@"
	"$program" compare "$dir/limit-tcp-retry/flow" "$dir/variant" --ignore '*' -o "$dir/against" --force >/dev/null || :
	awk -F, -v what="$what" '
		$2 ~ /^packets\./ { sub(/^packets\./, "", $2); v[$2] = $4 }
		END {
			printf "| %s | %d | %d | %d | %d | %d | %.3f s | %.3f s | %.3f s | %d | %d | %.3g Mbit/s |\n", what, v["syns"], v["syn_retries"], \
				v["handshakes"], v["handshakes_late"], v["handshakes_failed"], v["setup_delay.mean"], v["setup_delay.p99"], \
				v["failure_delay.mean"], v["icmp_delivered"], v["fragments"], v["goodput_down_bps"] / 1e6
		}' "$dir/against/measures.csv"
}
variant 'as it is: hosts go on trying'
variant 'the CGN sends no ICMP' --set nat.icmp_per_second=0
variant 'hosts give up when ICMP tells them' --set packets.on_icmp=give-up
variant 'hosts try once' --set nat.retry=none
variant 'a core of 1,300 bytes' --set packets.core.mtu=1300
