#include "traffic/gap_law.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#define RATIO_MOST 1e7

const struct gap_parameter gap_parameters[LAW_COUNT][GAP_PARAMETERS + 1] = {
	[LAW_GAMMA] = { { "shape", GAP_POSITIVE } },
	[LAW_WEIBULL] = { { "shape", GAP_POSITIVE } },
	[LAW_LOGNORMAL] = { { "sigma", GAP_POSITIVE } },
	[LAW_PARETO] = { { "shape", GAP_ABOVE_1 } },
	[LAW_TWO_EXPONENTIAL] = { { "share", GAP_SHARE }, { "ratio", GAP_ABOVE_1 } },
	[LAW_TWO_LOGNORMAL] = { { "share", GAP_SHARE }, { "sigma", GAP_POSITIVE }, { "other sigma", GAP_POSITIVE },
	                        { "ratio", GAP_POSITIVE } },
};

size_t gap_parameter_count(enum law law)
{
	size_t n = 0;

	while (gap_parameters[law][n].name)
		n++;
	return n;
}

double gap_value(const struct gap_parameter *p, double free)
{
	return p->range == GAP_SHARE ? 1 / (1 + exp(-free)) : p->range == GAP_ABOVE_1 ? 1 + exp(free) : exp(free);
}

size_t gap_starts(enum law law)
{
	return law == LAW_TWO_LOGNORMAL ? 3 : 1;
}

void gap_free_start(enum law law, size_t which, double *free)
{
	static const double shares[] = { 0, -1.5, 1.5 };

	free[0] = free[1] = free[2] = 0;
	if (law == LAW_TWO_EXPONENTIAL)
		free[1] = 1;
	if (law == LAW_TWO_LOGNORMAL) {
		free[0] = shares[which];
		free[3] = 3;
	}
}

void gap_free_order(enum law law, double *free)
{
	double sigma = free[1];

	if (law != LAW_TWO_LOGNORMAL || free[3] >= 0)
		return;
	free[0] = -free[0];
	free[1] = free[2];
	free[2] = sigma;
	free[3] = -free[3];
}

/* A mixture's parts are large enough to be told, and no spikes. */
bool gap_possible(enum law law, const double *gap)
{
	bool parts = gap[0] > 0.005 && gap[0] < 0.995;

	switch (law) {
	case LAW_EXPONENTIAL:
		return true;
	case LAW_PARETO:
		return gap[0] > 1.001 && gap[0] < 1e3;
	case LAW_TWO_EXPONENTIAL:
		return parts && gap[1] < RATIO_MOST;
	case LAW_TWO_LOGNORMAL:
		return parts && gap[1] > 0.05 && gap[1] < 10 && gap[2] > 0.05 && gap[2] < 10 && gap[3] < RATIO_MOST && gap[3] * RATIO_MOST > 1;
	default:
		return gap[0] > 0.05 && gap[0] < 50;
	}
}

void gap_law_value(enum law law, const double *gap, double *value)
{
	value[0] = gap[0];
	value[1] = 1;
	switch (law) {
	case LAW_EXPONENTIAL:
		value[0] = 1;
		break;
	case LAW_WEIBULL:
		value[1] = 1 / gsl_sf_gamma(1 + 1 / gap[0]);
		break;
	case LAW_LOGNORMAL:
		value[0] = exp(-gap[0] * gap[0] / 2);
		value[1] = gap[0];
		break;
	case LAW_PARETO:
		value[0] = (gap[0] - 1) / gap[0];
		value[1] = gap[0];
		break;
	case LAW_TWO_EXPONENTIAL:
		value[1] = 1 / (gap[0] + (1 - gap[0]) * gap[1]);
		value[2] = value[1] * gap[1];
		break;
	case LAW_TWO_LOGNORMAL:
		value[1] = 1 / (gap[0] * exp(gap[1] * gap[1] / 2) + (1 - gap[0]) * gap[3] * exp(gap[2] * gap[2] / 2));
		value[2] = gap[1];
		value[3] = value[1] * gap[3];
		value[4] = gap[2];
		break;
	default:
		break;
	}
}

double gap_survival(enum law law, const double *gap, double x)
{
	double value[LAW_PARAMETERS];

	gap_law_value(law, gap, value);
	return law_types[law].survival(value, x);
}

static double lognormal_silence(const double *value, double x)
{
	double z = log(x / value[0]) / value[1];

	return value[0] * exp(value[1] * value[1] / 2) * gsl_cdf_ugaussian_Q(z - value[1]) - x * gsl_cdf_ugaussian_Q(z);
}

double gap_silence(enum law law, const double *gap, double x)
{
	double value[LAW_PARAMETERS];

	if (x <= 0)
		return 1;
	gap_law_value(law, gap, value);
	switch (law) {
	case LAW_GAMMA:
		return gsl_cdf_gamma_Q(x, gap[0] + 1, 1 / gap[0]) - x * law_types[law].survival(value, x);
	case LAW_WEIBULL:
		return gsl_cdf_gamma_Q(pow(x / value[1], gap[0]), 1 + 1 / gap[0], 1) - x * law_types[law].survival(value, x);
	case LAW_LOGNORMAL:
		return lognormal_silence(value, x);
	case LAW_PARETO:
		return x < value[0] ? 1 - x : x * pow(value[0] / x, value[1]) / (value[1] - 1);
	case LAW_TWO_EXPONENTIAL:
		return gap[0] * value[1] * exp(-x / value[1]) + (1 - gap[0]) * value[2] * exp(-x / value[2]);
	case LAW_TWO_LOGNORMAL:
		return gap[0] * lognormal_silence(value + 1, x) + (1 - gap[0]) * lognormal_silence(value + 3, x);
	default:
		return exp(-x);
	}
}
