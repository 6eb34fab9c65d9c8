# mutate.awk: what could be broken in a C source, one small change a line of output:
# LINE, COLUMN, LENGTH of what is replaced, and what replaces it, between tabs.
#
#   a guard turned round      if (x) -> if_not (x), while, x ? -> x == 0 ?, !x -> x
#   a comparison moved        < <= > >= == !=
#   and for or                && ||  & |
#   one more, one less        + - ++ -- += -= << >>
#   another value returned    return x -> return !x
#   a step left out           f(x); -> ;
#
# Comments, texts, preprocessor lines, must() and what only gives memory back (`make SAN=1 test` sees that) are left alone. It leans on the house's style: a space on either side of
# an operator, a statement a line.

# The line with everything that is not code turned into blanks of the same length.
function code(line,    i, c, two, out, quote) {
	if (!comment && (directive || line ~ /^[ \t]*#/)) {
		directive = line ~ /\\$/
		return ""
	}
	out = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (comment) {
			if (two == "*/") {
				comment = 0
				i++
				out = out " "
			}
			out = out " "
		} else if (quote) {
			if (c == "\\") {
				i++
				out = out " "
			} else if (c == quote) {
				quote = ""
			}
			out = out " "
		} else if (two == "/*") {
			comment = 1
			i++
			out = out "  "
		} else if (c == "\"" || c == "'") {
			quote = c
			out = out " "
		} else {
			out = out c
		}
	}
	return out
}

function say(column, size, new) {
	printf "%d\t%d\t%d\t%s\n", FNR, column, size, new
}

# Every place where `old` stands in the code.
function every(text, old, new,    from, at) {
	from = 1
	while ((at = index(substr(text, from), old)) > 0) {
		say(from + at - 1, length(old), new)
		from += at + length(old) - 2
	}
}

BEGIN {
	n = split("<;<=;<=;<;>;>=;>=;>;==;!=;!=;==;&&;||;||;&&;+;-;-;+;+=;-=;-=;+=;|=;&=;&=;|=;<<;>>;>>;<<;|;&;&;|;%;/", pairs, ";")
}

{
	text = code($0)
	if (text ~ /(^|[^a-z_])must\(/ || text ~ /^[ \t]*$/)
		next
	for (i = 1; i < n; i += 2) {
		every(text " ", " " pairs[i] " ", " " pairs[i + 1] " ")
	}
	every(text " ", " ? ", " == 0 ? ")
	every(text, "++", "--")
	every(text, "--", "++")
	every(text, "if (", "if_not (")
	every(text, "while (", "while_not (")
	every(text, "return ", "return !")
	for (i = 1; i < length(text); i++)
		if (substr(text, i, 1) == "!" && substr(text, i + 1, 1) ~ /[a-z(*]/)
			say(i, 1, "")
	if (text ~ /^\t+[a-z_]+\(.*\);[ ]*$/ && text !~ /(free|_destroy|_clear)\(/) {
		match(text, /[a-z]/)
		say(RSTART, length(text) - RSTART + 1, ";")
	}
}
