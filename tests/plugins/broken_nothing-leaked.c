/* Some blocks are kept for good. */
#define DEFECT_LEAK
#include "blocks.h"
