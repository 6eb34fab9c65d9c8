# What all figures share; cgnsim gives gnuplot this before the figure's own script.
#
# Given by then:
#   $data    the figure's CSV with its header line; the scheme column holds the
#            scheme's place in names[], so that names need no quoting;
#            an empty field is NaN
#   at_X     the number of the column that the header line calls X
#   names[]  the schemes' names, in the order of the scenario
#   runs[]   if there is a column run: what it says, likewise; the column holds the place
# The figure goes to standard output.

set encoding utf8
set datafile separator comma

schemes = |names|
width = 900
face = 'sans-serif,13'
heading = 'sans-serif,17'
subheading = 'sans-serif,14'

# Okabe and Ito's palette, which the colour-blind can tell apart, without its
# yellow (too faint on white). Schemes beyond the seventh are dashed.
array palette[7] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']
colour(i) = palette[(i - 1) % 7 + 1]
dashes(i) = i > 7 ? 2 : 1
ink = '#222222'
faint = '#dddddd'
muted = '#6b6b6b'

# A count in few characters: 950, 2.5k, 1.18M.
count(x) = x >= 999.5e6 ? sprintf('%.3gG', x / 1e9) : x >= 999.5e3 ? sprintf('%.3gM', x / 1e6) : \
           x >= 999.5 ? sprintf('%.3gk', x / 1e3) : sprintf('%.3g', x)
bytes(x) = x >= 999.5e9 ? sprintf('%.3g TB', x / 1e12) : x >= 999.5e6 ? sprintf('%.3g GB', x / 1e9) : \
           x >= 999.5e3 ? sprintf('%.3g MB', x / 1e6) : x >= 999.5 ? sprintf('%.3g kB', x / 1e3) : \
           sprintf('%.3g B', x)

# A name cut to n characters; its end stays, which may be what tells it from another.
short(name, n) = strlen(name) > n ? substr(name, 1, n / 2) . '…' . substr(name, strlen(name) - (n - n / 2) + 2, strlen(name)) : name

# The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most n steps.
decade(x) = 10.0 ** floor(log10(x))
round_up(x, d) = x <= d ? d : x <= 2 * d ? 2 * d : x <= 5 * d ? 5 * d : 10 * d
step_of(span, n) = span > 0 ? round_up(span / (n + 0.0), decade(span / (n + 0.0))) : 1

# The larger and the smaller of two, of which one may be NaN.
larger(a, b) = a > b || b != b ? a : b
smaller(a, b) = a < b || b != b ? a : b

# Is the row at hand of scheme i? Of any (the header line is not)?
of(i) = column(at_scheme) == i
any_scheme(unused) = column(at_scheme) >= 1
positive(x) = x > 0 ? x : NaN

# Least and largest number of a column expression; `some` is false if there is none.
some(n) = exists(n . '_records') && value(n . '_records') > 0
least(n) = some(n) ? value(n . '_min') : 1
largest(n) = some(n) ? value(n . '_max') : 1

set border 3 linecolor rgb muted
set tics nomirror scale 0.5
set grid linecolor rgb faint linewidth 1 linetype 1
unset key

# The sheet, once a script has set its headline, height, and the pixels around the plot.
frame = 'set terminal svg size width, height noenhanced font face background rgb "white"; ' . \
	'set lmargin at screen left / width; set rmargin at screen 1 - right / width; ' . \
	'set tmargin at screen 1 - above / height; set bmargin at screen below / height; ' . \
	'set label 1 headline at screen 16.0 / width, screen 1 - 20.0 / height font heading'

# The axis of time, from stats of the name T: steps that a clock has, in panels `across` a row.
time_axis = "seconds = '1 2 5 10 15 30 60 120 300 600 900 1800 3600 7200 10800 21600 43200 86400 172800 604800 1209600 2592000'; " . \
	"from = some('T') ? least('T') : 0; till = some('T') && largest('T') > from ? largest('T') : from + 1; " . \
	"ticks = across == 1 ? 12 : across == 2 ? 6 : 4; every = 31536000; " . \
	"do for [s in seconds] { if (every == 31536000 && (till - from) / (s + 0.0) <= ticks) { every = s + 0 } }; " . \
	"unit = every >= 86400 ? 86400.0 : every >= 3600 ? 3600.0 : every >= 60 ? 60.0 : 1.0; " . \
	"unit_is = unit == 86400 ? 'days' : unit == 3600 ? 'hours' : unit == 60 ? 'minutes' : 'seconds'; " . \
	"set xtics (); next = ceil(till / every) * every; if (next - till < 0.03 * (till - from)) { till = next }; " . \
	"do for [t = ceil(from / every) : floor(till / every)] { set xtics add (sprintf('%g', t * every / unit) t * every) }; " . \
	"set xrange [from : till]"

# A logarithmic axis has no place for 0: there it is shown at `floor`, left of all else.
shown(x, floor) = x > floor ? x : x >= 0 ? floor : NaN

# Room for the names at the left of a figure of rows, in pixels.
name_length = 30
name_room = 0
do for [i = 1 : schemes] { name_room = larger(name_room, strlen(names[i])) }
name_room = 7.6 * smaller(name_room, name_length)

# Commands that put a mark (point type t, size z) on the plot, or on the sheet in pixels from its top left.
mark(tag, x, y, t, z, c) = x != x ? '' : sprintf('set label %d "" at first %.9g, first %.9g front ' . \
	'point pointtype %d pointsize %g linewidth 1.5 linecolor rgb "%s"', tag, x, y, t, z, c)
sample(tag, x, y, t, z, text) = sprintf('set label %d "%s" at screen %g, screen %g offset character 1.5, 0; ' . \
	'set label %d "" at screen %g, screen %g point pointtype %d pointsize %g linewidth 1.5 linecolor rgb ink', \
	tag, text, x / width, 1 - y / height, tag + 1, x / width, 1 - y / height, t, z)
