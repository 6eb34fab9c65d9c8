/* import_report - what `import` says of an import, as text and as JSON. */
#ifndef SIM_COMMAND_IMPORT_REPORT_H
#define SIM_COMMAND_IMPORT_REPORT_H

#include "traffic/import.h"

/* `t` is the trace that was written to `path`; its records are not looked at. */
void import_print_json(const struct import_report *r, const struct trace *t, const char *path);
void import_print_text(const struct import_report *r, const struct trace *t, const char *path);

#endif
