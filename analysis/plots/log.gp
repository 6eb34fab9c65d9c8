# log.svg - what a subscriber's day weighs in the log: a row for each scheme.

# The rows of the table, then the schemes that it does not name.
rows = 0
stats $data using (any_scheme(0) ? 1 : NaN) nooutput name 'N'
room = schemes + (some('N') ? N_records : 0)
array scheme_of[room]
array format_of[room]
array sent[room]   # bytes a subscriber-day
array packed[room] # the same through zstd
row(k, format, day, whole, zstd) = (rows = rows + 1, scheme_of[rows] = int(k), format_of[rows] = format, sent[rows] = day, \
	packed[rows] = whole > 0 && zstd > 0 ? day * zstd / whole : NaN, 1)
stats $data using (any_scheme(0) ? row(column(at_scheme), strcol(at_format), column(at_bytes_per_subscriber_day), \
	column(at_bytes), column(at_bytes_zstd)) : NaN) nooutput name 'N'
do for [i = 1 : schemes] {
	met = 0
	do for [r = 1 : rows] { if (scheme_of[r] == i) { met = 1 } }
	if (!met) { dummy = row(i, 'none', 0, 0, 0) }
}

above = 78.0
below = 64.0
left = name_room + 32
right = 150.0
height = above + rows * 30 + below
headline = 'Log written for one subscriber in one day'
eval frame

low = 0.0
high = 0.0
do for [r = 1 : rows] {
	if (sent[r] > high) { high = sent[r] }
	if (sent[r] > 0 && (low == 0 || sent[r] < low)) { low = sent[r] }
	if (packed[r] > 0 && packed[r] < low) { low = packed[r] }
}

# Bytes: from 0, or by decades where small and large would not both be seen;
# a log of nothing then stands at the left edge.
set xtics ()
if (low > 0 && high / low > 20) {
	set logscale x
	low = decade(low) / 10
	high = decade(high) == high ? high : 10 * decade(high)
	do for [d = 1 : int(log10(high / low) + 0.5)] { set xtics add (bytes(low * 10.0 ** d) low * 10.0 ** d) }
	set xrange [low : high]
} else {
	low = 0
	step = step_of(high, 6)
	do for [d = 0 : ceil(high / step)] { set xtics add (bytes(d * step) d * step) }
	set xrange [0 : high > 0 ? ceil(high / step) * step : 1]
}
set border 1
set yrange [rows + 0.5 : 0.5]
unset ytics
do for [r = 1 : rows] { set label 4000 + r short(names[scheme_of[r]], name_length) at graph 0, first r right offset character -1, 0 }
set xlabel 'bytes a subscriber and day'

eval sample(2, 22.0, 50.0, 7, 0.9, 'as written')
eval sample(4, 122.0, 50.0, 6, 0.9, 'compressed (zstd level 3)')

amount(r) = format_of[r] eq 'none' ? 'no log' : sent[r] > 0 ? bytes(sent[r]) : sent[r] == 0 ? '0 B in the window' : 'not measured'
do for [r = 1 : rows] {
	x = larger(low, sent[r])
	set label 1000 + r amount(r) at x, r offset character 1.2, 0
	if (sent[r] > 0) { set arrow r from low, r to x, r nohead linewidth 3 linecolor rgb colour(scheme_of[r]) }
	if (sent[r] >= 0) { eval mark(2000 + r, x, r, 7, 0.9, colour(scheme_of[r])) }
	eval mark(3000 + r, packed[r], r, 6, 0.9, ink)
}
plot NaN
