/* A block is returned in two halves. */
#define DEFECT_HALVES
#include "blocks.h"
