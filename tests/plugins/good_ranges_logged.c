/* Nothing is wrong: every mapping is logged, though a rule would do. */
#define LOGS_MAPPINGS
#include "ranges.h"
