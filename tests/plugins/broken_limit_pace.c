/* Ten minutes are promised between two blocks of a subscriber, and are not kept. */
#define DEFECT_SOON
#include "blocks.h"
