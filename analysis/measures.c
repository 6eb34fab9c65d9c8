#include "analysis/measures.h"

#include <stdlib.h>

void measures_clear(struct measures *m)
{
	usage_destroy(m->usage);
	usage_destroy(m->demand);
	log_weight_clear(&m->log);
	free(m->packets);
	*m = (struct measures){ 0 };
}
