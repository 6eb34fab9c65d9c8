/* Nothing is wrong. */
#include "dynamic.h"
