/* Every third block is given without a word. */
#define DEFECT_SILENT
#include "blocks.h"
