/* fp - the few functions of real numbers that results need, computed from
 * + - * / and square root alone.
 *
 * The C library's exp, log and pow give different last bits on processors with
 * and without fused multiply-add, so no result path calls them: these give the
 * same bits everywhere (all of the project is compiled with -ffp-contract=off).
 * Error: below 2 units in the last place for log and exp over the ranges given. */
#ifndef SIM_BASE_FP_H
#define SIM_BASE_FP_H

double fp_log(double x);  /* natural; x > 0 and finite (0 gives -infinity) */
double fp_log2(double x);
double fp_exp(double x);  /* 0 below -745, infinity above 709.7 */
double fp_pow(double x, double y); /* x >= 0 */
double fp_sqrt(double x); /* IEEE 754: exact to the last bit */

/* Quantile of Student's t, two-sided 95%: the half-width of an interval is this
 * times the standard error. degrees >= 1. Exact to 4 digits. */
double fp_t95(unsigned degrees);

#endif
