/* A block in which one number alone is used is given to a second subscriber. */
#define DEFECT_TWO_OWNERS
#include "blocks.h"
