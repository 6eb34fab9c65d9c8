# timeseries.svg - active, held and reserved ports over time: a panel for each
# scheme, all with the same axes.

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
headline = 'Ports in use over time, by scheme'
eval frame

stats $data using at_time_s nooutput name 'T'
stats $data using (positive(column(at_active))) nooutput name 'A'
stats $data using (positive(column(at_reserved))) nooutput name 'R'
stats $data using (positive(column(at_held))) nooutput name 'H'
high = larger(largest('R'), larger(largest('H'), largest('A')))
low = some('A') ? least('A') : 1

# Ports: from 0, or by decades where small and large would not both be seen.
set ytics ()
if (high / low > 20) {
	set logscale y
	low = decade(low)
	high = decade(high) == high ? high : 10 * decade(high)
	do for [d = 0 : int(log10(high / low) + 0.5)] { set ytics add (count(low * 10.0 ** d) low * 10.0 ** d) }
	set yrange [0.999 * low : high]
} else {
	step = step_of(high, 5)
	top_step = ceil(high / step)
	do for [d = 0 : top_step] { set ytics add (count(d * step) d * step) }
	set yrange [0 : top_step * step]
}

eval time_axis

array kind[3] = ['reserved: cannot go to another subscriber', 'held: in use or in hold-down', 'active: with a live mapping']
array ink_of[3] = ['#56b4e9', '#d55e00', '#000000']
array broad[3] = [6, 3, 1.5]
array at_x[3] = [left, left + 330, left + 575]

# At most 1000 samples a line: a panel has no more pixels.
last = -1
slot(t) = floor(1000 * (t - from) / (till - from))
fresh(t) = slot(t) != last ? (last = slot(t), 1) : 0

set multiplot
y = 1 - 48.0 / height
do for [k = 1 : 3] {
	set arrow k from screen at_x[k] / width, screen y to screen (at_x[k] + 26) / width, screen y nohead linewidth broad[k] linecolor rgb ink_of[k]
	set label 1 + k kind[k] at screen (at_x[k] + 33) / width, screen y
}
set label 5 'ports of the busier protocol' at screen 16.0 / width, screen (below + down * panel / 2.0) / height center rotate by 90
set label 6 'time since the start of the measured window (' . unit_is . ')' at screen (left + width - right) / 2 / width, screen 14.0 / height center

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
	set label 7 short(names[i], 100 / across - 3) . (protocol eq '' ? ': no samples' : ' (' . protocol . ')') \
		at graph 0, graph 1 offset character 0.2, 0.55 font subheading
	plot for [k = 1 : 3] $data using (of(i) && fresh(column(at_time_s)) ? column(at_time_s) : NaN):(column(k == 1 ? at_reserved : k == 2 ? at_held : at_active)) \
		with lines linewidth broad[k] linecolor rgb ink_of[k]
	if (i == 1) { unset arrow; do for [l = 1 : 6] { unset label l } }
}
unset multiplot
