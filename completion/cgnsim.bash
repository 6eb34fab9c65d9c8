# bash completion for cgnsim: commands, options, families and their members,
# schemes of a scenario, files. Words come from the program itself, so they are
# always those of the version that is installed.

_cgnsim_commands()
{
	"$1" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p'
}

_cgnsim_options()
{
	"$1" "$2" --help 2>/dev/null | sed -n '/^options:/,$s/^  .\{4\}\(--[a-z-]*=\{0,1\}\).*/\1/p'
}

# The names of the schemes of the scenario on the line, if there is one.
_cgnsim_schemes()
{
	local word

	for word in "${COMP_WORDS[@]:2}"; do
		case $word in
		*.json)
			"$1" validate "$word" 2>/dev/null | sed -n 's/^  scheme  \(.*\) (.*)$/\1/p'
			return
			;;
		esac
	done
}

_cgnsim()
{
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-} word=${COMP_WORDS[COMP_CWORD]-} before=${COMP_WORDS[COMP_CWORD-1]-}
	local words= option=$before

	COMPREPLY=()
	# bash takes --scheme=NAME for three words
	if [ "$before" = = ]; then
		option=${COMP_WORDS[COMP_CWORD-2]-}
	elif [ "$word" = = ]; then
		word=
	fi
	if [ "$COMP_CWORD" = 1 ]; then
		words="$(_cgnsim_commands "$program") --help --version"
	elif [ "$option" = --scheme ] && [ "$command" = conform ]; then
		words=$({ "$program" list schemes; "$program" list presets; } 2>/dev/null | cut -d' ' -f1)
	elif [ "$option" = --scheme ]; then
		words=$(_cgnsim_schemes "$program")
	elif [ "$before" = --side ]; then
		words="inside outside"
	elif [ "$before" = --interface ]; then
		words=$(ls /sys/class/net 2>/dev/null)
	elif [ "$before" = -o ] || [ "$before" = --pcap ] || [ "$before" = --events ]; then
		compopt -o default
		return
	elif [[ $word == -* ]]; then
		words=$(_cgnsim_options "$program" "$command")
	elif [ "$command" = help ] && [ "$COMP_CWORD" = 2 ]; then
		words=$(_cgnsim_commands "$program")
	elif [ "$command" = list ] && [ "$COMP_CWORD" = 2 ]; then
		words=$("$program" list 2>/dev/null | cut -d' ' -f1)
	elif [ "$command" = list ] && [ "$COMP_CWORD" = 3 ]; then
		words=$("$program" list "$before" 2>/dev/null | cut -d' ' -f1)
	else
		compopt -o default
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	if [ "${#COMPREPLY[@]}" = 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}

# The packet world: a program of its own, with options and files only.
_cgnsim_ns3()
{
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]-} before=${COMP_WORDS[COMP_CWORD-1]-}
	local words=

	COMPREPLY=()
	if [ "$before" = --scheme ] || { [ "$before" = = ] && [ "${COMP_WORDS[COMP_CWORD-2]-}" = --scheme ]; }; then
		words=$(_cgnsim_schemes "${program%-ns3}")
	elif [[ $word == -* ]]; then
		words=$("$program" --help 2>/dev/null | sed -n '/^options:/,$s/^  .\{4\}\(--[a-z-]*=\{0,1\}\).*/\1/p')
	else
		compopt -o default
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	if [ "${#COMPREPLY[@]}" = 1 ] && [[ ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}

complete -F _cgnsim cgnsim
complete -F _cgnsim_ns3 cgnsim-ns3
