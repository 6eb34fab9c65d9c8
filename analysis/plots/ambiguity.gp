# ambiguity.svg - how many subscribers a complaint could mean: for each kind of
# evidence, a row for each scheme.

# Rows by evidence in the order of the table, without those that only repeat another.
stats $data using (any_scheme(0) ? 1 : NaN) nooutput name 'N'
room = some('N') ? N_records : 1
array kinds[room]
count_of_kinds = 0
known(e) = sum [k = 1 : count_of_kinds] (kinds[k] eq e ? 1 : 0)
meet(e) = known(e) ? 0 : (count_of_kinds = count_of_kinds + 1, kinds[count_of_kinds] = e, 1)
repeats(e) = e ne 'NaN'
if (some('N')) {
	stats $data using (any_scheme(0) && !repeats(strcol(at_same_as)) ? (meet(strcol(at_evidence)), 1) : NaN) nooutput name 'N'
}

array scheme_of[room + schemes]
array place_of[room + schemes] # counted from the top, with room for a heading above each group
array mean[room + schemes]
array p50[room + schemes]
array p95[room + schemes]
array most[room + schemes]
array heading_at[room]
rows = 0
place = 0.0
row(k, a, b, c, d) = (rows = rows + 1, place = place + 1, scheme_of[rows] = int(k), place_of[rows] = place, \
	mean[rows] = a, p50[rows] = b, p95[rows] = c, most[rows] = d, 1)
do for [k = 1 : count_of_kinds] {
	place = place + 1.3
	heading_at[k] = place
	stats $data using (any_scheme(0) && strcol(at_evidence) eq kinds[k] && !repeats(strcol(at_same_as)) ? \
		row(column(at_scheme), column(at_candidates_mean), column(at_candidates_p50), \
		column(at_candidates_p95), column(at_candidates_max)) : NaN) nooutput name 'N'
}
place = place + 1

above = 84.0
below = 64.0
bar = '#bbbbbb'
left = larger(150.0, name_room + 32)
right = 90.0
height = above + (place > 3 ? place : 3) * 24 + below
headline = 'Subscribers whom a complaint could mean, by what the server recorded'
eval frame

high = 1.0
low = 1.0
do for [r = 1 : rows] {
	high = larger(high, larger(most[r], larger(p95[r], mean[r])))
	low = smaller(low, smaller(p50[r], mean[r]))
}

# Candidates: from 0, or by decades where one and many would not both be seen.
set xtics ()
if (high > 20) {
	set logscale x
	if (low < 1) { floor_at = 0.5; set xtics add ('0' floor_at) } else { floor_at = 0.9 }
	top = decade(high)
	do for [d = 0 : int(log10(top) + 0.5)] { set xtics add (count(10.0 ** d) 10.0 ** d) }
	do for [t in '2 5'] { do for [d = 0 : int(log10(top) + 0.5)] {
		if (high < 1000 && t * 10.0 ** d <= 1.1 * high) { set xtics add (count(t * 10.0 ** d) t * 10.0 ** d) }
	} }
	set xrange [0.999 * floor_at : high * 1.1]
} else {
	floor_at = 0
	step = step_of(high, 8)
	step = step < 1 ? 1 : step
	do for [d = 0 : ceil(high / step)] { set xtics add (count(d * step) d * step) }
	set xrange [0 : ceil(high / step) * step]
}
set border 1
set yrange [(place > 3 ? place : 3) : 0]
unset ytics
do for [r = 1 : rows] {
	set label 4000 + r short(names[scheme_of[r]], name_length) at graph 0, first place_of[r] right offset character -1, 0
}
set xlabel 'candidates (subscribers)'

eval sample(2, 22.0, 54.0, 7, 0.9, 'mean')
eval sample(4, 318.0, 54.0, 2, 0.7, 'most')
legend_y = 1 - 54.0 / height
set arrow 1 from screen 96.0 / width, screen legend_y to screen 126.0 / width, screen legend_y nohead linewidth 8 linecolor rgb bar
set label 6 'median to 95th percentile' at screen 134.0 / width, screen legend_y

do for [k = 1 : count_of_kinds] {
	set label 10 + k kinds[k] at screen 16.0 / width, first heading_at[k] font subheading
}
amount(r) = mean[r] >= 0 ? sprintf('%.3g', mean[r]) : 'not measured'
do for [r = 1 : rows] {
	y = place_of[r]
	furthest = larger(floor_at, larger(most[r], larger(p95[r], mean[r])))
	set label 1000 + r amount(r) at furthest, y offset character 1.2, 0
	if (p50[r] >= 0 && p95[r] >= p50[r]) {
		set arrow 10 + r from shown(p50[r], floor_at), y to shown(p95[r], floor_at), y nohead back linewidth 8 linecolor rgb bar
	}
	eval mark(2000 + r, shown(most[r], floor_at), y, 2, 0.7, ink)
	eval mark(3000 + r, shown(mean[r], floor_at), y, 7, 0.9, colour(scheme_of[r]))
}
if (rows == 0) { set label 9 'no incidents' at graph 0.5, graph 0.5 center textcolor rgb muted }
plot NaN
