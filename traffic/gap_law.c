#include "traffic/gap_law.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

void gap_means(const double *gap, double *shorter, double *longer)
{
	*shorter = 1 / (gap[0] + (1 - gap[0]) * gap[1]);
	*longer = *shorter * gap[1];
}

double gap_weibull_scale(double shape)
{
	return 1 / gsl_sf_gamma(1 + 1 / shape);
}

double gap_survival(enum law law, const double *gap, double x)
{
	double a, b;

	switch (law) {
	case LAW_GAMMA:
		return gsl_cdf_gamma_Q(x, gap[0], 1 / gap[0]);
	case LAW_WEIBULL:
		return exp(-pow(x / gap_weibull_scale(gap[0]), gap[0]));
	case LAW_LOGNORMAL:
		return x > 0 ? gsl_cdf_ugaussian_Q(log(x) / gap[0] + gap[0] / 2) : 1;
	case LAW_TWO_EXPONENTIAL:
		gap_means(gap, &a, &b);
		return gap[0] * exp(-x / a) + (1 - gap[0]) * exp(-x / b);
	default:
		return exp(-x);
	}
}

double gap_silence(enum law law, const double *gap, double x)
{
	double a, b;

	switch (law) {
	case LAW_GAMMA:
		return gsl_cdf_gamma_Q(x, gap[0] + 1, 1 / gap[0]) - x * gap_survival(law, gap, x);
	case LAW_WEIBULL:
		return gsl_cdf_gamma_Q(pow(x / gap_weibull_scale(gap[0]), gap[0]), 1 + 1 / gap[0], 1) - x * gap_survival(law, gap, x);
	case LAW_LOGNORMAL:
		return gsl_cdf_ugaussian_Q(log(x) / gap[0] - gap[0] / 2) - x * gap_survival(law, gap, x);
	case LAW_TWO_EXPONENTIAL:
		gap_means(gap, &a, &b);
		return gap[0] * a * exp(-x / a) + (1 - gap[0]) * b * exp(-x / b);
	default:
		return exp(-x);
	}
}
