#include "sim/scheme/plugin_call.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "sim/base/err.h"
#include "sim/base/must.h"

#define LOOKS 4 /* at a call, within its limit */
#define ENDED_BY_EXIT (-1)

struct frame {
	struct plugin_call call;
	struct frame *outer;      /* the host may ask the rule within a call */
	volatile sig_atomic_t ended_by; /* a signal, SIGALRM for the limit, or ENDED_BY_EXIT */
	sigjmp_buf back;
};

static _Thread_local struct frame *volatile current;
static _Thread_local volatile unsigned serial;
static _Thread_local bool ready;

static const int caught[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define CAUGHT (sizeof(caught) / sizeof(*caught))

/* The program's: changed under the lock, but by its one thread once a limit is set. */
static struct {
	pthread_mutex_t lock;
	unsigned begun;
	bool at_exit;
	struct sigaction before[CAUGHT];
	bool alone;               /* a limit was set: one thread */
	pthread_t thread;
	double limit_s;
	unsigned seen;            /* the serial at the last look */
	unsigned looks;           /* at the same call */
	const char *volatile *note;
	bool given_up, endless;
	char how[PLUGIN_CALL_HOW];
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void put(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* there is nobody to tell */
}

static _Noreturn void go_back(int ended_by)
{
	struct frame *f = current;

	f->ended_by = ended_by;
	siglongjmp(f->back, 1);
}

static void on_crash(int number)
{
	if (current)
		go_back(number);
	put("cgnsim: a crash outside a plugin's calls, while a plugin is loaded: in a thread of its own, or from memory that "
	    "it spoilt\n");
	signal(number, SIG_DFL);
	raise(number);
}

/* Has the same call been under way at so many looks? */
static void on_look(int number)
{
	if (!pthread_equal(pthread_self(), all.thread)) {
		pthread_kill(all.thread, number); /* a thread of the plugin's was interrupted */
		return;
	}
	if (!current || serial != all.seen) {
		all.seen = serial;
		all.looks = 0;
	} else if (++all.looks >= LOOKS) {
		all.looks = 0;
		go_back(number);
	}
}

static void on_exit_called(void)
{
	if (!current)
		return;
	if (all.alone) {
		atexit(on_exit_called); /* for the next time */
		go_back(ENDED_BY_EXIT);
	}
	put("cgnsim: ");
	put(current->call.library);
	put(": ");
	put(current->call.hook);
	put(current->call.who ? "()" : "");
	put(" calls exit(): a plugin must not end the program\n");
	_exit(EXIT_BAD_INPUT);
}

void plugin_call_begin(void)
{
	struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	pthread_mutex_lock(&all.lock);
	for (size_t i = 0; !all.begun && i < CAUGHT; i++)
		sigaction(caught[i], &action, &all.before[i]);
	if (!all.at_exit)
		atexit(on_exit_called);
	all.at_exit = true;
	all.begun++;
	pthread_mutex_unlock(&all.lock);
}

void plugin_call_end(void)
{
	pthread_mutex_lock(&all.lock);
	must(all.begun);
	all.begun--;
	for (size_t i = 0; !all.begun && i < CAUGHT; i++)
		sigaction(caught[i], &all.before[i], NULL);
	pthread_mutex_unlock(&all.lock);
}

/* A stack for the handlers of this thread, unless it has one. */
static void make_ready(void)
{
	static _Thread_local char stack[32768];
	stack_t had;

	ready = true;
	if (!sigaltstack(NULL, &had) && had.ss_flags & SS_DISABLE)
		sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
}

static void tell(const struct frame *f, char how[PLUGIN_CALL_HOW])
{
	const char *hook = f->call.hook, *brackets = f->call.who ? "()" : "";

	if (f->ended_by == ENDED_BY_EXIT)
		snprintf(how, PLUGIN_CALL_HOW, "%s%s calls exit(): a plugin must not end the program", hook, brackets);
	else if (f->ended_by == SIGALRM)
		snprintf(how, PLUGIN_CALL_HOW, "%s%s does not end: it was given up after %.2g s", hook, brackets, all.limit_s);
	else
		snprintf(how, PLUGIN_CALL_HOW, "%s%s crashes: signal %d, %s", hook, brackets, (int)f->ended_by,
		         strsignal((int)f->ended_by));
	pthread_mutex_lock(&all.lock);
	if (!all.given_up) {
		memcpy(all.how, how, PLUGIN_CALL_HOW);
		all.endless = f->ended_by == SIGALRM;
	}
	all.given_up = true;
	pthread_mutex_unlock(&all.lock);
}

static void set_current(struct frame *f)
{
	current = f;
	serial++;
	if (all.note)
		*all.note = f ? f->call.hook : NULL;
}

bool plugin_call(const struct plugin_call *call, void (*body)(void *context), void *context, char how[PLUGIN_CALL_HOW])
{
	struct frame f = { .call = *call, .outer = current };

	if (!ready)
		make_ready();
	if (sigsetjmp(f.back, 0)) {
		set_current(f.outer);
		tell(&f, how);
		return false;
	}
	set_current(&f);
	body(context);
	set_current(f.outer);
	return true;
}

const void *plugin_call_who(void)
{
	return current ? current->call.who : NULL;
}

void plugin_call_limit(double seconds)
{
	struct sigaction action = { .sa_handler = on_look, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_RESTART };
	long us = (long)(seconds * 1e6 / LOOKS);
	struct timeval look = { us / 1000000, us % 1000000 };

	sigemptyset(&action.sa_mask);
	all.alone = true;
	all.thread = pthread_self();
	all.limit_s = seconds;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){ look, look }, NULL);
}

void plugin_call_note(const char *volatile *where)
{
	all.note = where;
}

const char *plugin_call_given_up(void)
{
	return all.given_up ? all.how : NULL;
}

bool plugin_call_endless(void)
{
	return all.endless;
}

void plugin_call_forget(void)
{
	all.given_up = all.endless = false;
}
