/* A subscriber whose range is nearly full takes from its neighbour's. */
#define DEFECT_NEIGHBOUR
#include "ranges.h"
