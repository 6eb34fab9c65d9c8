/* The rule is wrong of the last address, where there are more than two. */
#define DEFECT_LAST
#include "ranges.h"
