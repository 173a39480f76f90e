/* operation.h - what instance.c, operation.c, part.c, services.c and fault.c share; for
 * core/plugin only.
 *
 * A handle is a slot's position and its generation in one pointer-sized number. A slot that is
 * freed gets the next generation and goes to the end of the queue of free ones, so that a stale
 * handle is recognised, and mostly with the reason why it is stale. */
#ifndef ZC_PLUGIN_OPERATION_H
#define ZC_PLUGIN_OPERATION_H

#include "core/base/random.h"
#include "core/io/child.h"
#include "core/io/work.h"
#include "core/plugin/instance.h"

#define ZC_UNDECLARED_MAX 8 /* names of options that one instance is told about */

#define ZC_SLOT_BITS 17
#define ZC_SLOTS_MAX ((size_t)1 << ZC_SLOT_BITS) /* operations live at once, of all instances */

typedef struct zc_slot_entry zc_slot_entry;
typedef struct zc_part zc_part;

/* Whether it is ZC_OK or one of the errors of kinds.h. */
static inline bool zc_is_status(int status) {
  return status <= ZC_OK && status >= ZC_ESYSTEM;
}

/* ---- faults ---- */

typedef enum {
  ZC_FAULT_DOUBLE,     /* answered twice */
  ZC_FAULT_LATE,       /* answered, or used, an operation that is over */
  ZC_FAULT_SILENT,     /* never answered */
  ZC_FAULT_BAD_POINTS, /* emitted what cannot be taken */
  ZC_FAULT_REQUEST,    /* asked http() for what cannot be sent */
  ZC_FAULT_MISUSE,     /* wrong arguments, or a service of another kind of plugin */
  ZC_FAULTS
} zc_fault;

typedef struct {
  bool logged;
  int64_t logged_at; /* clock's elapsed ms */
  uint64_t since;    /* how often since then */
} zc_fault_record;

/* Counts it, and logs it with the instance's and the plugin's name, once a minute at most. */
void zc_fault_note(zc_instance *instance, zc_fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- instances ---- */

typedef struct {
  int64_t since; /* of the minute that is counted; clock's elapsed ms */
  uint32_t lines, dropped;
} zc_log_allowance;

struct zc_instance {
  zc_host_context *context;
  const zc_plugin *plugin;
  char *name, *component; /* component: "source:NAME" */
  void *state;
  zc_config *options; /* held; NULL: none */
  bool closing;       /* destroyed as soon as its work is over */
  bool without;       /* it is told of work whose operation is over: it has no handle to give */
  size_t n_live, n_works;
  uint64_t faults;
  zc_fault_record fault_records[ZC_FAULTS];
  zc_log_allowance allowance;
  char undeclared[ZC_UNDECLARED_MAX][64]; /* options it asked for and does not have; logged */
  size_t n_undeclared;
  char why[600]; /* within one call: its last fault, or its lines of level error */
};

struct zc_host_context {
  zc_loop *loop;
  zc_http *http;
  zc_random random;
  zc_host host;
  zc_slot_entry **slots;
  size_t n_slots, slots_capacity;
  zc_slot_entry *free_first, *free_last;
  size_t n_instances; /* with those that are closing */
  bool closing;
};

/* Frees what zc_instance_destroy() and zc_host_context_destroy() left for later. */
void zc_instance_finish_closing(zc_instance *instance);

/* A line of the plugin's own, counted. */
void zc_instance_log(zc_instance *instance, int level, const char *message);
/* Says how many lines were dropped, where any were. */
void zc_instance_end_allowance(zc_instance *instance);

/* Brackets every call of plugin code. */
typedef struct {
  zc_instance *instance, *previous;
  const char *what; /* NULL: whoever calls us watches the time */
  zc_loop_watch begun;
} zc_plugin_call;

zc_plugin_call zc_plugin_call_begin(zc_instance *instance, const char *what);
void zc_plugin_call_end(const zc_plugin_call *call);
/* Whose code is being run on this thread; NULL where it is no plugin's, or not the loop's thread. A
 * zc_op says nothing of its context: this does. */
zc_instance *zc_plugin_running(void);

/* Brackets work's run() on its thread. Host calls from there, and from any thread on which no
 * plugin was called, are refused and named in the log. */
void zc_plugin_thread_begin(zc_instance *instance);
void zc_plugin_thread_end(void);
bool zc_plugin_on_thread(const char *what);

/* From now on an exit() that plugin code calls is named, and ends the program with 70. */
void zc_plugin_guard_exit(void);

/* ---- operations ---- */

typedef enum {
  ZC_SLOT_FREE,
  ZC_SLOT_LIVE,
  ZC_SLOT_ANSWERED,  /* done() came; the event is yet to be delivered */
  ZC_SLOT_CANCELLED, /* the plugin is yet to be told */
  ZC_SLOT_STOPPED,   /* and has been: the event is yet to be delivered */
  ZC_SLOT_EXPIRED    /* likewise, at its deadline */
} zc_slot_state;

/* Items that a sink writes: they outlive the operation where its work is still on a thread. */
typedef struct {
  size_t references, n;
  zc_item items[];
} zc_batch;

/* parse: fills the items' json. The texts lie behind the items, in the same memory. */
int zc_batch_create(const zc_item *items, size_t n, bool parse, zc_batch **ret);
void zc_batch_drop(zc_batch *batch); /* NULL is fine */

struct zc_slot_entry {
  zc_host_context *context;
  zc_instance *instance; /* NULL while free */
  size_t position;
  uintptr_t generation;
  zc_slot_state state, ended_as; /* ended_as: of the generation before */
  bool ending;                   /* inside the plugin's cancel call */
  zc_operation_events events;
  int64_t deadline_ms, due; /* due: clock's elapsed ms */
  zc_timer timer;           /* the deadline, then the delivery of done */
  zc_part *parts;
  size_t n_parts;
  zc_batch *batch;
  const char *what;       /* "observe" … */
  char *about;            /* the region, or the run's pipeline, that it is about; NULL */
  const char *ended_what; /* of the generation before, as these */
  char *ended_about;
  bool started;  /* run_started() came */
  bool reported; /* that, or run_status(): the plugin cannot refuse the operation any more */
  int error;     /* of the event that is yet to be delivered, with message */
  char *message;
  zc_slot_entry *next_free;
};

/* The live operation behind the handle that the running plugin gave, or NULL: then what it did
 * (`what`, e.g. "emitted points for") is noted as its fault. */
zc_slot_entry *zc_operation_of(zc_op *op, const char *what);
zc_op *zc_operation_handle(const zc_slot_entry *slot);
/* ": observe of eu-west-2", or "" where it is not known. */
#define ZC_NAMED_SIZE 120
const char *zc_operation_named(const char *what, const char *about, char text[ZC_NAMED_SIZE]);
void zc_operation_cancel_all(zc_instance *instance);
int64_t zc_operation_remaining(const zc_slot_entry *slot); /* ms until the deadline, >= 0 */

/* zc_host's done(). */
void zc_operation_answer(zc_op *op, int error, const char *message);
/* Of an operation that is over: delivers its event on the next turn, where no process of it is
 * left. */
void zc_operation_conclude(zc_slot_entry *slot);

/* ---- parts ---- */

/* Ends all parts of an operation: no more callbacks but work's after(), with ZC_ECANCELED.
 * Processes are asked to end and left to the loop. */
void zc_parts_end(zc_slot_entry *slot);
/* Likewise, but processes stay until they have gone: then zc_operation_conclude(). */
void zc_parts_leave(zc_slot_entry *slot);

/* zc_host's http(), timer(), work(), process(). */
int zc_part_http(zc_op *op, const zc_http_request *request,
                 void (*callback)(void *user, zc_op *op, const zc_http_response *response),
                 void *user);
int zc_part_timer(zc_op *op, int64_t ms, void (*callback)(void *user, zc_op *op), void *user);
int zc_part_work(zc_op *op, void (*run)(void *user),
                 void (*after)(void *user, zc_op *op, int status), void *user);
int zc_part_process(zc_op *op, const zc_process *process,
                    void (*callback)(void *user, zc_op *op, const zc_process_result *result),
                    void *user);

/* ---- services ---- */

void zc_services_fill(zc_host *host);

#endif
