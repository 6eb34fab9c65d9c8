/* Every mapping is logged, and the rule beside the log says that all numbers are one subscriber's. */
#define LOGS_MAPPINGS
#define DEFECT_ONE
#include "ranges.h"
