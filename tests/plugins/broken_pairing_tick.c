/* A timer gives a subscriber of the first address a block of the last one. */
#define DEFECT_ELSEWHERE
#include "blocks.h"
