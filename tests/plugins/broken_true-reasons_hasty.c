/* Says that there is no block while its own range has free numbers. */
#define DEFECT_HASTY
#include "dynamic.h"
