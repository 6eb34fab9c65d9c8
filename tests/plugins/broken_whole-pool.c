/* What blocks leave over of an address is nobody's, and that is not said. */
#define DEFECT_REMAINDER
#define PRESET_SIZE 3
#include "blocks.h"
