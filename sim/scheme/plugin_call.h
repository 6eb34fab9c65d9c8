/* plugin_call - a call into a plugin's library, from which the program comes back
 * whatever happens there: what crashes, calls exit() or, if a limit is set, never
 * ends is given up, and told.
 *
 * While any library is open, SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT in a call
 * lead back to where the call began, on a stack of their own, so that endless
 * recursion does too. What the library held then (locks, memory) is lost: it must not
 * be called again. A crash anywhere else ends the program as it would have, after a
 * line that says that a plugin was loaded; so does exit() where several threads run.
 *
 * The state is the program's, as signals are. */
#ifndef SIM_SCHEME_PLUGIN_CALL_H
#define SIM_SCHEME_PLUGIN_CALL_H

#include <stdbool.h>

#define PLUGIN_CALL_HOW 160

struct plugin_call {
	const char *library;
	const char *hook;     /* "alloc"; with no instance: "loading it" */
	const void *who;      /* the instance that is called; NULL: none yet */
};

/* Runs body(context). False, with `how` ("alloc() crashes: signal 11, Segmentation fault"), if it was given up. */
bool plugin_call(const struct plugin_call *call, void (*body)(void *context), void *context, char how[PLUGIN_CALL_HOW]);

/* Which instance is being called in this thread; NULL: none. */
const void *plugin_call_who(void);

/* The signals are caught from the first begin to the last end. */
void plugin_call_begin(void);
void plugin_call_end(void);

/* From here on the program is of one thread, and a call is given up when it takes longer than this; 0: no limit. */
void plugin_call_limit(double seconds);

/* Which hook is under way is written here, for another process to read; NULL: not. */
void plugin_call_note(const char *volatile *where);

/* How the first call that was given up ended; NULL: all came back. */
const char *plugin_call_given_up(void);
bool plugin_call_endless(void);      /* it took longer than the limit */
void plugin_call_forget(void);

#endif
