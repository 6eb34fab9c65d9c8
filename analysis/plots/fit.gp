# fit.svg - what was measured in a trace and the laws fitted to it: for each the
# share of values above x, both axes logarithmic. Dots: measured; line: fitted.

set datafile missing NaN # a point that is not there is no gap in the line
across = 3
down = (|names| + across - 1) / across
cell_width = 300.0
cell_height = 230.0
above = 44.0
width = across * cell_width
height = above + down * cell_height + 6
set terminal svg size width, height noenhanced font 'sans-serif,11' background rgb "white"

is(i) = column(at_law) == i
law_x(i) = is(i) && column(at_x) > 0 ? column(at_x) : NaN
law_y(i, at) = is(i) && column(at) > 1e-9 ? column(at) : NaN

number(x) = x >= 999.5 ? count(x) : sprintf('%g', x)

set multiplot
set label 1 'Share of values above x: measured (dots) and fitted (line)' at screen 16.0 / width, screen 1 - 22.0 / height font heading
set label 2 '' at screen 0, screen 0
do for [i = 1 : |names|] {
	column_at = (i - 1) % across
	row_at = (i - 1) / across
	x0 = column_at * cell_width
	y1 = height - above - row_at * cell_height
	set lmargin at screen (x0 + 46) / width
	set rmargin at screen (x0 + cell_width - 14) / width
	set tmargin at screen (y1 - 26) / height
	set bmargin at screen (y1 - cell_height + 30) / height
	set label 3 names[i] at screen (x0 + 16) / width, screen (y1 - 12) / height font subheading
	unset logscale # of the panel before: stats sees only what is in range
	set xrange [* : *]
	set yrange [* : *]
	stats $data using (law_x(i)) nooutput name 'X'
	stats $data using (law_y(i, at_measured)) nooutput name 'Y'
	low = some('X') ? least('X') : 1
	high = some('X') ? largest('X') : 1
	bottom = some('Y') ? least('Y') : 0.1
	undefine X_* Y_*
	if (high <= low) { low = low / 2; high = high * 2 }
	set logscale xy
	set xrange [low / 1.2 : high * 1.2]
	set yrange [(bottom < 0.14 ? bottom / 1.6 : 0.09) : 1.4] # two labels at least
	# A label for every first, second, third ... power of ten; for 1, 2, 5 where there are too few of those.
	first = int(floor(log10(low)))
	last = int(ceil(log10(high)))
	every = 1 + (last - first) / 7
	set xtics ()
	do for [d = first : last] { if (d % every == 0) { set xtics add (number(10.0 ** d) 10.0 ** d) } }
	if (last - first < 3) {
		do for [d = first : last] { set xtics add (number(2 * 10.0 ** d) 2 * 10.0 ** d, number(5 * 10.0 ** d) 5 * 10.0 ** d) }
	}
	set format y '%g'
	set ytics 10
	plot NaN, $data using (law_x(i)):(law_y(i, at_fitted)) with lines linewidth 2 linecolor rgb colour(2), \
		$data using (law_x(i)):(law_y(i, at_measured)) with points pointtype 7 pointsize 0.5 linecolor rgb colour(1)
	unset label 1
}
unset multiplot
