/* Nothing is wrong. */
#include "ranges.h"
