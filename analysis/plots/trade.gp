# trade.svg - ports reserved against log bytes, coloured by how many a complaint could mean:
# a point for each scheme, numbered as in the list beside it. Where points of several colours
# coincide, each colour is a ring, that of most candidates outermost: none hides another.

array reserved[schemes]
array day[schemes]
array met[schemes]
row(i, r, b, c) = (reserved[int(i)] = r, day[int(i)] = b, met[int(i)] = c, 1)
stats $data using (any_scheme(0) ? row(column(at_scheme), column(at_reserved), column(at_bytes_per_subscriber_day), \
	column(at_candidates_as_logged)) : NaN) nooutput name 'N'

above = 84.0
below = 64.0
left = 76.0
right = larger(150.0, name_room + 90)
rows_high = schemes * 19.0
height = above + larger(420.0, rows_high) + below
headline = 'Ports reserved against log written, coloured by how many a complaint could mean'
eval frame

low = 0.0
high = 0.0
most = 0.0
least_reserved = 0.0
do for [i = 1 : schemes] {
	if (day[i] > high) { high = day[i] }
	if (day[i] > 0 && (low == 0 || day[i] < low)) { low = day[i] }
	if (reserved[i] > most) { most = reserved[i] }
	if (reserved[i] > 0 && (least_reserved == 0 || reserved[i] < least_reserved)) { least_reserved = reserved[i] }
}

# Log by decades; nothing at all stands at the left edge.
set logscale x
low = low > 0 ? decade(low) / 10 : 0.1
top = high > 0 ? 10 * decade(high) : 10 * low
set xrange [low / 1.6 : top]
set xtics ('none' low)
do for [d = 1 : int(log10(top / low) + 0.5)] { set xtics add (bytes(low * 10.0 ** d) low * 10.0 ** d) }
set xlabel 'log, bytes a subscriber and day'
set logscale y
least_reserved = least_reserved > 0 ? decade(least_reserved) : 1
most = most > least_reserved ? 10 * decade(most) : 10 * least_reserved
set yrange [least_reserved : most]
set ytics ()
do for [d = 0 : int(log10(most / least_reserved) + 0.5)] { set ytics add (count(least_reserved * 10.0 ** d) least_reserved * 10.0 ** d) }
set ylabel 'ports reserved, mean'

# Four classes of candidates: one, hardly more, several, a crowd.
class(c) = c <= 1.01 ? 1 : c <= 3 ? 2 : c <= 20 ? 3 : 4
array class_colour[4] = ['#009e73', '#0072b2', '#e69f00', '#d55e00']
class_name(k) = k == 1 ? '1 candidate' : k == 2 ? 'up to 3' : k == 3 ? 'up to 20' : 'more'
colour_of(k) = k <= 4 ? class_colour[k] : muted
class_of(i) = met[i] == met[i] ? class(met[i]) : 5
set label 8010 'Points of one place are rings about one another, one of each colour.' at screen 16.0 / width, \
	screen 1 - 68.0 / height font 'sans-serif,11' textcolor rgb muted
do for [k = 1 : 4] {
	eval sample(8000 + 2 * k, 22.0 + (k - 1) * 130.0, 50.0, 7, 0.9, class_name(k))
	set label 8001 + 2 * k point pointtype 7 pointsize 0.9 linewidth 1.5 linecolor rgb class_colour[k]
}

# Points that fall together, as labels would, share one label, twelve numbers to a line, on the side where there is room.
at_x(i) = larger(low, day[i])
known(i) = reserved[i] > 0 && day[i] == day[i]
near(i, k) = abs(log10(at_x(i) / at_x(k))) < 0.05 * log10(top / low) && abs(log10(reserved[i] / reserved[k])) < 16.0 / (height - above - below) * log10(most / least_reserved)
apart(i, k) = larger(abs(log10(at_x(i) / at_x(k))) / log10(top / low) * (width - left - right), \
	abs(log10(reserved[i] / reserved[k])) / log10(most / least_reserved) * (height - above - below))
array numbers[schemes]
array rings[schemes]
array together[schemes]
do for [i = 1 : schemes] {
	numbers[i] = ''
	together[i] = 0
	rings[i] = 0
}
do for [i = 1 : schemes] {
	if (known(i)) {
		leader = i
		do for [k = 1 : i - 1] { if (leader == i && known(k) && together[k] > 0 && near(i, k)) { leader = k } }
		numbers[leader] = numbers[leader] . (together[leader] == 0 ? '' : together[leader] % 12 == 0 ? "\n" : ' ') . sprintf('%d', i)
		together[leader] = together[leader] + 1
		inside = ''
		do for [k = 1 : schemes] {
			if (known(k) && class_of(k) < class_of(i) && apart(i, k) < 5) {
				if (strstrt(inside, sprintf('%d', class_of(k))) == 0) { inside = inside . sprintf('%d', class_of(k)) }
			}
		}
		rings[leader] = larger(rings[leader], strlen(inside))
		eval mark(10000 * (6 - class_of(i)) + i, at_x(i), reserved[i], 7, 0.9 + 0.7 * strlen(inside), colour_of(class_of(i)))
	}
	set label 4000 + i sprintf('%2d  %s', i, short(names[i], name_length)) at screen 1 - (right - 24) / width, \
		screen 1 - (above + 8 + (i - 0.5) * 19.0) / height font 'sans-serif,11'
	set label 5000 + i '' at screen 1 - (right - 14) / width, screen 1 - (above + 8 + (i - 0.5) * 19.0) / height \
		point pointtype 7 pointsize 0.6 linecolor rgb (known(i) ? colour_of(class_of(i)) : muted)
}
do for [i = 1 : schemes] {
	if (together[i] > 0) {
		beside = 1.2 + 0.5 * rings[i]
		if (log10(at_x(i) / low) > 0.75 * log10(top / low)) {
			set label 1000 + i numbers[i] at at_x(i), reserved[i] right offset character -beside, 0.1 font 'sans-serif,10' front
		} else {
			set label 1000 + i numbers[i] at at_x(i), reserved[i] left offset character beside, 0.1 font 'sans-serif,10' front
		}
	}
}
plot NaN
