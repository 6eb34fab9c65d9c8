# subscribers.svg - how many ports a subscriber had in use at its busiest
# moment: the share of subscribers at or below each number, a line for a scheme.

set datafile missing NaN # another row between two of a line is no gap
across = 3
down = (schemes + across - 1) / across
above = 52.0
below = 66.0 + down * 22
left = 74.0
right = 30.0
height = above + 340 + below

peak_of(i) = of(i) && strcol(at_measure) eq 'peak' ? column(at_ports) : NaN
peak_of_any(q) = any_scheme(0) && strcol(at_measure) eq 'peak' && (q < 0 || column(at_quantile) == q) ? column(at_ports) : NaN
stats $data using (peak_of_any(-1)) nooutput name 'P'
stats $data using (positive(peak_of_any(0.5))) nooutput name 'M'
array seen[schemes]
do for [i = 1 : schemes] {
	stats $data using (peak_of(i)) nooutput name 'S'
	seen[i] = some('S')
	undefine S_*
}

headline = 'Share of subscribers whose peak stays at or below a number of ports'
eval frame

high = largest('P') > 0 ? largest('P') : 1
middle = some('M') ? least('M') : high
set xtics ()
if (high > 20 * middle) {
	set logscale x
	floor_at = 0.5
	high = decade(high) == high ? high : 10 * decade(high)
	set xtics add ('0' floor_at)
	do for [d = 0 : int(log10(high) + 0.5)] { set xtics add (count(10.0 ** d) 10.0 ** d) }
	set xrange [0.999 * floor_at : high]
} else {
	floor_at = 0
	low = some('P') && least('P') > 0.5 * high ? least('P') : 0
	step = larger(1, step_of(high - low, 10))
	first = floor(low / step)
	last = larger(first + 1, ceil(high / step))
	do for [d = first : last] { set xtics add (count(d * step) d * step) }
	set xrange [first * step : last * step]
}
set yrange [0 : 1.02]
set ytics ('0 %%' 0, '25 %%' 0.25, '50 %%' 0.5, '75 %%' 0.75, '100 %%' 1)
set ytics add ('90 %%' 0.9)
set label 2 'share of subscribers' at screen 16.0 / width, screen (below + 170) / height center rotate by 90
set label 3 'largest number of ports in use at once in the window (ports)' \
	at screen (left + width - 30) / 2 / width, screen (below - 42) / height center

# Lines may coincide: the first are the widest, so that each shows beside those drawn over it.
broad(i) = 1.75 + (schemes > 1 ? 5.0 * (schemes - i) / (schemes - 1) : 0)
cell = (width - left - 10.0) / across
do for [i = 1 : schemes] {
	x = left + ((i - 1) % across) * cell
	y = below - 70 - ((i - 1) / across) * 22
	set arrow i from screen x / width, screen y / height to screen (x + 28) / width, screen y / height nohead \
		linewidth broad(i) dashtype dashes(i) linecolor rgb colour(i)
	set label 10 + i short(names[i], 34) . (seen[i] ? '' : ' (no values)') at screen (x + 35) / width, screen y / height
}
if (!some('P')) { set label 4 'no values' at graph 0.5, graph 0.5 center textcolor rgb muted }
plot NaN, for [i = 1 : schemes] $data using (shown(peak_of(i), floor_at)):at_quantile with steps \
	linewidth broad(i) dashtype dashes(i) linecolor rgb colour(i)
