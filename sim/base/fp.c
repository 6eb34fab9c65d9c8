/* Real functions from + - * / and square root.
 *
 * log and exp reduce their argument to a short interval around 1 or 0 and sum a
 * Taylor series there: its coefficients are plain fractions, and the few terms
 * more than a minimax polynomial would need cost nothing that matters here.
 * What must not be lost to rounding is the leading term, so that is kept apart
 * and the rest, much smaller, is added to it last.
 *
 * pow must know y log x to 64 bits, since exp turns its absolute error into a
 * relative one: it is carried as an unevaluated sum of two doubles (Dekker, "A
 * floating-point technique for extending the available precision", 1971). */
#include "sim/base/fp.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define INFINITE __builtin_inf()

/* ln 2 = HIGH + LOW; HIGH has 32 bits, so a product with an exponent is exact. */
static const double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33;

static const double LOG2_E = 0x1.71547652b82fep+0, LOG2_E_LOW = 0x1.777d0ffda0d24p-56;

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static double from_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* x = m * 2^result with m from sqrt(1/2) to sqrt(2). x > 0. */
static int split(double x, double *m)
{
	const uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd);
	int exponent = 0;
	uint64_t bits;

	if (x < 0x1p-1022) {        /* subnormal */
		x *= 0x1p54;
		exponent = -54;
	}
	bits = bits_of(x) - sqrt_half;
	*m = from_bits((bits & UINT64_C(0x000fffffffffffff)) + sqrt_half);
	return exponent + (int)((int64_t)bits >> 52);
}

static double power_of_2(int exponent) /* -1022 .. 1023 */
{
	return from_bits((uint64_t)(1023 + exponent) << 52);
}

/* (artanh(s) / s - 1) / z - 1/3, over z: 1/5 + z/7 + z^2/9 + ... for z = s^2 up to 0.0295. */
static double artanh_tail(double z)
{
	double zz = z * z;
	double even = 1. / 5 + zz * (1. / 9 + zz * (1. / 13 + zz * (1. / 17 + zz * (1. / 21))));
	double odd = 1. / 7 + zz * (1. / 11 + zz * (1. / 15 + zz * (1. / 19 + zz * (1. / 23))));

	return even + z * odd;
}

/* log(1 + f) = f - f^2/2 + s (f^2/2 + 2 z (1/3 + z (1/5 + ...))), s = f / (2 + f), z = s^2 */
double fp_log(double x)
{
	double m, f, s, z, half_square;
	double k;

	if (x <= 0)
		return -INFINITE;
	k = split(x, &m);
	f = m - 1;
	s = f / (2 + f);
	z = s * s;
	half_square = 0.5 * f * f;
	s *= half_square + 2 * z * (1. / 3 + z * artanh_tail(z));
	return k * LN2_HIGH - ((half_square - (s + k * LN2_LOW)) - f);
}

double fp_exp(double x)
{
	double k, r, low, rr, odd, even;
	int exponent;

	if (x > 0x1.62e42fefa39efp+9)
		return INFINITE;
	if (x < -0x1.74910d52d3052p+9)
		return 0;
	exponent = (int)(x * LOG2_E + (x < 0 ? -0.5 : 0.5));
	k = exponent;
	low = k * LN2_LOW;
	r = x - k * LN2_HIGH;
	rr = r - low;
	low = (r - rr) - low;
	r = rr;
	rr = r * r;
	/* 1/2 + r/6 + r^2/24 + ..., |r| <= 0.3466 */
	even = 1. / 2 + rr * (1. / 24 + rr * (1. / 720 + rr * (1. / 40320 + rr * (1. / 3628800 + rr * (1. / 479001600)))));
	odd = 1. / 6 + rr * (1. / 120 + rr * (1. / 5040 + rr * (1. / 362880 + rr * (1. / 39916800 + rr * (1. / 6227020800)))));
	r = 1 + (r + (low + rr * (even + r * odd)));
	return r * power_of_2(exponent / 2) * power_of_2(exponent - exponent / 2);
}

/* One instruction, exact by IEEE 754. Where it can be named it is: the compiler's
 * own builtin leaves a call to the C library beside it, to set errno. */
double fp_sqrt(double x)
{
#ifdef __SSE2__
	__m128d v = _mm_set_sd(x);

	return _mm_cvtsd_f64(_mm_sqrt_sd(v, v));
#else
	return __builtin_sqrt(x);
#endif
}

/* --- twice the precision ------------------------------------------------- */

struct twice {
	double high, low; /* the value is their sum; low is below the last bit of high */
};

/* Exact if |a| >= |b|. */
static struct twice sum_of(double a, double b)
{
	double high = a + b;

	return (struct twice){ high, b - (high - a) };
}

/* Exact, if nothing over- or underflows: halves of 26 bits. */
static struct twice product_of(double a, double b)
{
	double ta = 134217729 * a, tb = 134217729 * b;
	double ah = ta - (ta - a), bh = tb - (tb - b);
	double al = a - ah, bl = b - bh;
	double high = a * b;

	return (struct twice){ high, ((ah * bh - high) + ah * bl + al * bh) + al * bl };
}

static struct twice times(struct twice a, struct twice b)
{
	struct twice p = product_of(a.high, b.high);

	return sum_of(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static struct twice plus(struct twice a, struct twice b) /* |a| >= |b| */
{
	struct twice s = sum_of(a.high, b.high);

	return sum_of(s.high, s.low + (a.low + b.low));
}

static struct twice over(double a, struct twice b)
{
	double q = a / b.high;
	struct twice p = times((struct twice){ q, 0 }, b);

	return sum_of(q, ((a - p.high) - p.low) / b.high);
}

/* log m = 2 s (1 + z (1/3 + z (1/5 + ...))) for m of split(); the tail past 1/3
 * is small enough for a plain double. */
static struct twice log_of_split(double m)
{
	static const struct twice one = { 1, 0 }, third = { 0x1.5555555555555p-2, 0x1.5555555555555p-56 };
	double f = m - 1;
	struct twice s = over(f, sum_of(2, f));
	struct twice z = times(s, s);
	struct twice series = plus(third, times(z, (struct twice){ artanh_tail(z.high), 0 }));

	series = plus(one, times(z, series));
	s = times(s, series);
	return (struct twice){ 2 * s.high, 2 * s.low };
}

double fp_log2(double x)
{
	double m, k;
	struct twice l;

	if (x <= 0)
		return -INFINITE;
	k = split(x, &m);
	l = times(log_of_split(m), (struct twice){ LOG2_E, LOG2_E_LOW });
	if (k == 0)
		return l.high;
	l = plus((struct twice){ k, 0 }, l);
	return l.high;
}

double fp_pow(double x, double y)
{
	double m, k, e;
	struct twice l;

	if (y == 0 || x == 1)
		return 1;
	if (x == 0)
		return y > 0 ? 0 : INFINITE;
	k = split(x, &m);
	l = log_of_split(m);
	if (k != 0)
		l = plus((struct twice){ k * LN2_HIGH, 0 }, plus(l, (struct twice){ k * LN2_LOW, 0 }));
	if (l.high * y > 800 || l.high * y < -800)   /* also keeps the product exact */
		return l.high * y > 0 ? INFINITE : 0;
	l = times(l, (struct twice){ y, 0 });
	e = fp_exp(l.high);
	return e == 0 || e == INFINITE ? e : e + e * l.low;
}

/* --- Student's t --------------------------------------------------------- */

double fp_t95(unsigned degrees)
{
	static const double table[31] = {
		[1] = 12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
		2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
		2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
	};
	const double z = 1.959963984540054, n = degrees;
	const double zz = z * z;

	if (degrees <= 30)
		return table[degrees < 1 ? 1 : degrees];
	/* Abramowitz and Stegun 26.7.5 */
	return z * (1 + (zz + 1) / (4 * n) + ((5 * zz + 16) * zz + 3) / (96 * n * n) +
	            (((3 * zz + 19) * zz + 17) * zz - 15) / (384 * n * n * n));
}
