#!/bin/sh
# Writes docs/cgnsim.1 from the program itself: commands and options from their
# tables, keys, schemes, sources and laws from theirs.
# usage: docs/man.sh build/cgnsim > docs/cgnsim.1
set -eu
program=$1

# Text to roff: backslashes, dashes, and a line that begins like a request.
roff() {
	sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\\([.']\\)/\\\\\\&\\1/"
}

# `cgnsim list FAMILY NAME`: a head line, parameters at two blanks, their text at six.
parameters() {
	"$program" list "$1" "$2" | roff | awk '
		NR == 1 { at = index($0, ": "); printf ".TP\n.B %s\n%s\n", substr($0, 1, at - 1), substr($0, at + 2); open = 0; next }
		/^      / { sub(/^ +/, ""); print (open ? ".br\n" : (NR == 2 ? ".br\n" : "")) $0; open = 1; next }
		/^  / { sub(/^ +/, ""); if (!inside) print ".RS"; inside = 1; printf ".TP\n.B %s\n", $0; open = 0; next }
		END { if (inside) print ".RE" }'
}

family() {
	for name in $("$program" list "$1" | cut -d' ' -f1); do
		parameters "$1" "$name"
	done
}

names() {
	"$program" list "$1" | cut -d' ' -f1 | while read -r name; do
		"$program" list "$1" "$name" | roff |
			awk 'NR == 1 { at = index($0, ": "); printf ".TP\n.B %s\n%s\n", substr($0, 1, at - 1), substr($0, at + 2) }'
	done
}

version=$("$program" --version | cut -d' ' -f2)
cat <<END
.\\" Written by docs/man.sh from the program's own tables.
.TH CGNSIM 1 "" "cgnsim $version" "User Commands"
.SH NAME
cgnsim \\- one workload, every way of sharing an IPv4 address: ports, logs, and who can still be told apart
.SH SYNOPSIS
.B cgnsim
.I COMMAND
[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]
.br
.B cgnsim
.I COMMAND
\\fB\\-\\-help\\fR
.br
.B cgnsim
\\fB\\-\\-help\\fR | \\fB\\-\\-version\\fR
.SH DESCRIPTION
.B cgnsim
simulates carrier\\-grade NAT: it runs one workload through several port\\-allocation schemes and says for each
how well it uses ports, what it logs, and how surely a public address, a port and a time still find one subscriber.
The same seed gives the same bytes, for any number of threads and, in a build with MPI (make MPI=1), of ranks under mpirun.
.SH COMMANDS
END
"$program" --help | sed -n '/^commands:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p' | while read -r command; do
	"$program" "$command" --help | roff | awk '
		/^usage: / { sub(/^usage: /, ""); usage = 1; printf ".SS %s\n", $2; print ".nf"; print; next }
		usage && /^ / { sub(/^ {7}/, ""); print; next }
		usage { print ".fi"; usage = 0; next }
		/^options:/ { next }
		/^  / {
			sub(/^ +/, ""); at = match($0, /  +/)
			if (at) printf ".TP\n.B %s\n%s\n", substr($0, 1, at - 1), substr($0, at + RLENGTH)
			else { cut = index($0, " "); printf ".TP\n.B %s\n%s\n", substr($0, 1, cut - 1), substr($0, cut + 1) }
			next
		}
		NF { print ".PP"; print }'
done
cat <<END
.SH SCENARIO
A scenario is a JSON object. Durations are texts with units ("90s", "2h4m", "250ms") or numbers of seconds.
Every key has a default but subscribers.count and pool.prefixes.
A scheme may give pool, nat, log and access inside its own object: its keys replace the scenario's, one by one.
END
family keys
echo .SH SCHEMES
family schemes
echo .SH SOURCES
family sources
echo .SH DISTRIBUTIONS
echo 'An object { "distribution": NAME, ... }, or a bare duration, which is constant.'
family distributions
echo .SH MEASURES
echo 'Names in summary.json, below each scheme.'
names measures
echo .SH REASONS
echo 'Why a flow was refused, or a packet of a capture left out.'
names reasons
cat <<END
.SH EXIT STATUS
.TP
.B 0
done; and everything that was asked about held
.TP
.B 1
the answer is no
.TP
.B 2
bad usage or bad input; nothing was written
.TP
.B 3
the environment lacks something; the message says what, and how to get it
.SH ENVIRONMENT
.TP
.B NO_COLOR
if it is set and not empty, the progress bar has no colour
.TP
.B TMPDIR
where import sorts what does not fit into memory; /var/tmp if it is not set
.SH EXAMPLES
.nf
cgnsim validate scenarios/quickstart.json
cgnsim run scenarios/quickstart.json \\-o results/quickstart
cgnsim run scenarios/quickstart.json \\-\\-set pool.ports=2048\\-65535 \\-\\-scheme rfc7768
cgnsim map scenarios/quickstart.json \\-\\-scheme rfc7422 \\-\\-inside 100.64.0.3
cgnsim list schemes block
.fi
END
