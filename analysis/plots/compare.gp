# compare.svg - active and held ports over time in two runs: a panel for each
# scheme, all with the same axes; the first run solid and pale, the second dashed.

set datafile missing NaN # another row between two of a line is no gap
across = schemes <= 3 ? schemes : schemes == 4 ? 2 : 3
down = (schemes + across - 1) / across
panel = down == 1 ? 280 : 196
above = 84.0
below = 26.0
left = 74.0
right = 24.0
gap = across > 1 ? 52 : 0
height = above + down * panel + below
headline = 'Ports in use over time, in two runs, by scheme'
eval frame

stats $data using at_time_s nooutput name 'T'
stats $data using (positive(column(at_active))) nooutput name 'A'
stats $data using (positive(column(at_held))) nooutput name 'H'
high = larger(largest('H'), largest('A'))
low = some('A') ? least('A') : 1

# From 0 if that costs no more than half of the height: what differs is seen best close by.
low = low > 0.5 * high ? low : 0
step = step_of(high > low ? high - low : high, 5)
bottom = floor(low / step)
top_step = ceil(high / step)
if (top_step == bottom) { top_step = bottom + 1 }
set ytics ()
do for [d = bottom : top_step] { set ytics add (count(d * step) d * step) }
set yrange [bottom * step : top_step * step]
eval time_axis

# The first run broad and pale, so that the second shows on it where they agree.
array pale[2] = ['#9fcbe8', '#f5b78a']
array dark[2] = ['#0072b2', '#d55e00']
array kind[2] = ['active: with a live mapping', 'held: in use or in hold-down']
array at_x[4] = [left, left + 175, left + 350, left + 580]

# At most 1000 samples a line: a panel has no more pixels.
last = -1
slot(t) = floor(1000 * (t - from) / (till - from))
fresh(t) = slot(t) != last ? (last = slot(t), 1) : 0

set multiplot
y = 1 - 48.0 / height
set arrow 1 from screen at_x[1] / width, screen y to screen (at_x[1] + 34) / width, screen y nohead linewidth 3.5 linecolor rgb '#aaaaaa'
set arrow 2 from screen at_x[2] / width, screen y to screen (at_x[2] + 34) / width, screen y nohead linewidth 1.5 dashtype '-' linecolor rgb ink
do for [k = 1 : |runs|] { set label 1 + k short(runs[k], 16) at screen (at_x[k] + 42) / width, screen y }
do for [k = 1 : 2] {
	set arrow 2 + k from screen at_x[2 + k] / width, screen y to screen (at_x[2 + k] + 26) / width, screen y nohead \
		linewidth 4 linecolor rgb dark[k]
	set label 3 + k kind[k] at screen (at_x[2 + k] + 33) / width, screen y
}
set label 6 'ports of the busier protocol' at screen 16.0 / width, screen (below + down * panel / 2.0) / height center rotate by 90
set label 7 'time since the start of the measured window (' . unit_is . ')' at screen (left + width - right) / 2 / width, screen 14.0 / height center

of_run(i, r) = of(i) && column(at_run) == r
pitch = (width - left - right + gap) / across
do for [i = 1 : schemes] {
	x = left + (i - 1) % across * pitch
	y = above + (i - 1) / across * panel
	set lmargin at screen x / width
	set rmargin at screen (x + pitch - gap) / width
	set tmargin at screen 1 - (y + 12) / height
	set bmargin at screen 1 - (y + panel - 44) / height
	protocol = ''
	stats $data using (of(i) ? (protocol = strcol(at_protocol), 1) : NaN) nooutput name 'P'
	set label 8 short(names[i], 100 / across - 3) . (protocol eq '' ? ': no samples' : ' (' . protocol . ')') \
		at graph 0, graph 1 offset character 0.2, 0.55 font subheading
	plot for [r = 1 : |runs|] for [k = 1 : 2] $data \
		using (of_run(i, r) && fresh(column(at_time_s)) ? column(at_time_s) : NaN):(column(k == 1 ? at_held : at_active)) \
		with lines linewidth (r == 1 ? 3.5 : 1.5) dashtype r linecolor rgb (r == 1 ? pale[3 - k] : dark[3 - k])
	if (i == 1) { unset arrow; do for [l = 1 : 7] { unset label l } }
}
unset multiplot
