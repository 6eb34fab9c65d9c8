/* Nothing is wrong. */
#include "blocks.h"
