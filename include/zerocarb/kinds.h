/* zerocarb/kinds.h - the words that host and plugins share, and the operations of the four kinds of
 * plugin: source, policy, trigger, sink. Included by zerocarb/plugin.h. */
#ifndef ZEROCARB_KINDS_H
#define ZEROCARB_KINDS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZC_ABI_MAJOR 1u
#define ZC_ABI_MINOR 4u

/* Whether the struct that p points to, made by the other side, is long enough to hold member m. */
#define ZC_HAS(T, p, m) ((p)->size >= offsetof(T, m) + sizeof((p)->m))

typedef struct zc_self zc_self;     /* one configured instance, as the host knows it */
typedef struct zc_op zc_op;         /* one asynchronous operation: a handle, never dereferenced */
typedef struct zc_config zc_config; /* validated options, defaults applied */
typedef struct zc_json zc_json;     /* a read-only JSON value */
typedef struct zc_decide_input zc_decide_input;
typedef int64_t zc_time; /* ms UTC */

/* Results. Functions return ZC_OK or one of these, all negative. */
enum {
  ZC_OK = 0,
  ZC_EINVAL = -1,     /* wrong argument or configuration */
  ZC_ENOMEM = -2,     /* memory refused */
  ZC_ETIMEDOUT = -3,  /* the deadline passed */
  ZC_ECANCELED = -4,  /* the host cancelled the operation */
  ZC_EAUTH = -5,      /* the remote refuses our credentials */
  ZC_ERATE = -6,      /* the remote asks us to slow down */
  ZC_EREMOTE = -7,    /* the remote failed or cannot be reached; nothing was done there */
  ZC_EDATA = -8,      /* the remote answered with what cannot be used */
  ZC_ENOTFOUND = -9,  /* there is no such thing */
  ZC_EIO = -10,       /* a local file, disk or process failed */
  ZC_ECONFLICT = -11, /* busy there: the same request may succeed later */
  ZC_EUNKNOWN = -12,  /* it cannot be told whether the remote did it */
  ZC_ESYSTEM = -13    /* a fault in the program itself */
};

enum { ZC_SOURCE = 1, ZC_POLICY = 2, ZC_TRIGGER = 3, ZC_SINK = 4 };
enum { ZC_LOG_ERROR = 1, ZC_LOG_WARNING = 2, ZC_LOG_INFO = 3, ZC_LOG_DEBUG = 4 };

/* ---- options ------------------------------------------------------------------------------- */

enum {
  ZC_STRING = 1,
  ZC_INTEGER,    /* int64 */
  ZC_NUMBER,     /* finite double */
  ZC_BOOLEAN,    /* true | false */
  ZC_DURATION,   /* 500ms 30s 15m 2h 7d; read with integer(), in ms */
  ZC_ENUM,       /* one of the words of `range` */
  ZC_URL,        /* http:// or https:// */
  ZC_PATH,       /* a file; relative ones lie beside the config file; read as absolute */
  ZC_STRING_LIST /* a YAML sequence of strings */
};

enum {
  ZC_REQUIRED = 1,
  ZC_SECRET = 2, /* never printed; `NAME_file` is accepted too and read by the host */
  ZC_DEPRECATED = 4,
  /* A ZC_STRING_LIST of "Name: value": values that come out of the environment, and those whose
   * name tells of a secret (token, key, authorization …), are hidden wherever they come back;
   * variables whose own name, or whose item's, tells of one are kept from commands (ABI 1.2). */
  ZC_SECRET_VALUES = 8
};

/* One row of an option table: checking, defaults, `zerocarb plugins`, the JSON Schema and
 * docs/CONFIG.md all come from it. */
typedef struct {
  const char *name; /* [a-z0-9_]+ */
  uint32_t type;    /* ZC_STRING … */
  uint32_t flags;   /* ZC_REQUIRED | … */
  const char *def;  /* default as YAML text, or NULL for none */
  /* "0..100", "30s..1h", "0..", ">0..10" (above 0); "a|b|c" for ZC_ENUM; of a list the count of its
   * items; or NULL */
  const char *range;
  const char *help; /* one sentence */
} zc_option;

/* ---- sources ------------------------------------------------------------------------------- */

enum {                        /* zc_signal.kind */
       ZC_GRID_INTENSITY = 1, /* average carbon intensity of the region's grid, gCO2eq/kWh */
       ZC_PUE = 2, /* power usage effectiveness, 1..10; from/to of its points are ignored */
       ZC_RENEWABLE_SHARE = 3 /* contracted renewable share, 0..1; from/to are ignored */
};

enum { /* zc_signal.basis: what a grid intensity counts; unlike bases cannot be compared */
       ZC_BASIS_UNKNOWN = 0,
       ZC_BASIS_OPERATIONAL = 1, /* emissions of generation ("direct") */
       ZC_BASIS_LIFECYCLE = 2,
       ZC_BASIS_MARGINAL = 3
};

enum { /* zc_point.flags; an intensity point carries exactly one of the first four */
       ZC_POINT_OBSERVED = 1,  /* the slot has begun, as for the next one */
       ZC_POINT_ESTIMATED = 2, /* the slot has begun; the value is modelled, not measured */
       ZC_POINT_FORECAST = 4,
       ZC_POINT_STATIC =
           8 /* a yearly average: from/to are ignored, it holds always, as last resort */
};

enum { /* zc_point.index: the source's own word, or none */
       ZC_INDEX_NONE = 0,
       ZC_INDEX_VERY_LOW,
       ZC_INDEX_LOW,
       ZC_INDEX_MODERATE,
       ZC_INDEX_HIGH,
       ZC_INDEX_VERY_HIGH
};

/* One slot [from, to) with one value. */
typedef struct {
  zc_time from, to;
  double value;   /* unit by the signal's kind; finite, never negative */
  uint32_t flags; /* ZC_POINT_… */
  uint32_t index; /* ZC_INDEX_… */
} zc_point;

/* What a run of points is about. */
typedef struct {
  uint32_t size;
  uint32_t kind;      /* ZC_GRID_INTENSITY … */
  uint32_t basis;     /* ZC_BASIS_…; grid intensity only */
  const char *region; /* NULL: the query's region */
  zc_time issued_at;  /* when the provider made the values; 0: now; 2000 to a day ahead */
} zc_signal;

/* What the host asks of a source: one region, one span. */
typedef struct {
  uint32_t size;
  const char *region; /* the region's name in the config; copy it where it is kept */
  /* Its row under `regions:`, checked against region_options; lives as long as the instance. */
  const zc_config *region_config;
  zc_time from, to; /* the span wanted; more or less may be given */
} zc_query;

/* Both operations are optional (NULL), one of them is not. Return ZC_OK and call done(), before or
 * after returning (the host goes on with it on a later turn of the loop either way), or refuse with
 * a negative result and never call done(); a positive result is a refusal with ZC_EINVAL. The query
 * is valid only until the call returns, its region_config as long as the instance. Points may come
 * in any order, with gaps and overlaps: the host sorts, drops doubles (the last one emitted wins),
 * cuts overlaps (a slot ends where the next one of the same emit() begins; what a later emit() says
 * of a time replaces what an earlier one did; an observation goes before a forecast), and refuses
 * NaN, infinite or negative values, and what is called observed or estimated and begins more than 5
 * minutes after now, naming the plugin: emit() takes all of its points or none of them. What was
 * emitted counts, also where done() then brings an error. An answer none of whose points lies in
 * the span counts as a failed one. */
typedef struct {
  uint32_t size;
  uint32_t flags;                                                 /* ZC_SOURCE_… */
  int (*observe)(void *state, const zc_query *query, zc_op *op);  /* slots already begun */
  int (*forecast)(void *state, const zc_query *query, zc_op *op); /* slots that end after now */
  /* Optional: the op is over without an answer, by the host's will or its deadline; forget it. */
  void (*cancel)(void *state, zc_op *op);
} zc_source_ops;

enum {
  ZC_SOURCE_RECORDED = 1, /* answers for any past instant as of then: `decide --at`, `simulate` */
  ZC_SOURCE_CONSTANT = 2  /* its values never change: asked once */
};

/* ---- policies ------------------------------------------------------------------------------ */

/* What a policy decides on. Region 0 is the pipeline's default region, the others are those of its
 * `relocate_to`, in the order of the config's regions. Figures are datacenter intensities,
 * gCO2eq/kWh.
 */
struct zc_decide_input {
  uint32_t size;
  uint32_t n_regions;         /* >= 1 */
  zc_time now;                /* the earliest start */
  zc_time requested_at;       /* <= now; earlier where a deferred run is decided again */
  zc_time deadline;           /* the latest start, >= now */
  int64_t duration_ms;        /* of the workload, > 0 */
  double min_savings_percent; /* the pipeline's min_savings_defer */
  uint32_t has_baseline;      /* whether baseline_intensity is known */
  uint32_t reserved;
  double baseline_intensity; /* region 0 over [requested_at, requested_at + duration) */
};

/* A policy's proposal. Start later than requested_at: DEFER; else another region: RELOCATE; else
 * RUN_NOW. */
typedef struct {
  uint32_t size;
  uint32_t region; /* index into the input's regions */
  zc_time start;   /* now..deadline */
  /* Mean over [start, start + duration), NaN where it is not known. The host puts its own mean in
   * its place; where it has none, only the value at the start or the yearly average may stay. */
  double intensity;
} zc_proposal;

enum { ZC_ABSTAINED = 0, ZC_PROPOSED = 1 };

/* Pure functions of state and input: no operation, so no I/O, so a year can be replayed.
 * decide:  ZC_PROPOSED with *ret set, ZC_ABSTAINED, or a negative error.
 * explain: writes why decide() gave what it gave for this input, as one sentence that a person can
 *          check: figures, times, the region. `proposal` is NULL where decide() abstained. Always
 *          terminated, cut to `size`. Called for decisions that are recorded, not for every one. */
typedef struct {
  uint32_t size;
  uint32_t reserved;
  int (*decide)(void *state, const zc_decide_input *in, zc_proposal *ret);
  void (*explain)(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                  size_t size);
} zc_policy_ops;

/* ---- triggers ------------------------------------------------------------------------------ */

enum { /* zc_trigger_ops.idempotency: what the remote does with the same token sent twice */
       ZC_IDEMPOTENCY_NONE =
           0, /* starts twice: an ambiguous answer is left to a person (UNKNOWN) */
       ZC_IDEMPOTENCY_NATIVE = 1, /* takes our token and starts once: resend */
       ZC_IDEMPOTENCY_LOOKUP =
           2 /* find() can tell whether the token's run exists: look up, then resend */
};

/* The run to be started, or one that was. Strings are valid for the call only. */
typedef struct {
  uint32_t size;
  uint32_t attempt;         /* 1 for the first try */
  const char *execution_id; /* UUID text: the idempotency token, [0-9a-f-]{36} */
  const char *pipeline;
  const char *region; /* where to start it */
  const char *default_region;
  const char *decision; /* RUN_NOW | DEFER | RELOCATE */
  const char *reason;
  double intensity; /* planned mean, gCO2eq/kWh, rounded as the record has it, to one decimal; valid
                     * where has_intensity */
  uint32_t has_intensity;
  uint32_t reserved;
  int64_t timeout_ms; /* the pipeline's pipeline_timeout */
  zc_time requested_at, planned_start;
  const char *remote_id;   /* as given to run_started(); NULL before */
  const zc_config *config; /* the pipeline's `trigger:` mapping, checked; until the op's end */
} zc_run;

enum { /* run_status() */
       ZC_RUN_RUNNING = 1,
       ZC_RUN_SUCCEEDED,
       ZC_RUN_FAILED,
       ZC_RUN_TIMED_OUT,
       ZC_RUN_CANCELLED,
       ZC_RUN_SUPERSEDED
};

/* start   the side effect, journalled by the host beforehand. Calls host->run_started() once the
 *         remote has it. A remote run: then done(), and the host polls. An attended run (a local
 *         process): keeps the op until the run ends, calls run_status() and then done().
 *         done() with ZC_ECONFLICT, ZC_ERATE, ZC_EREMOTE or ZC_ENOMEM: nothing was started; tried
 *         again with backoff, ten times in all, until the deadline or 5 minutes
 *         after the planned start, whichever is later. retry_after() before it: no
 *         sooner than the remote asks for. ZC_EUNKNOWN or ZC_ETIMEDOUT: it cannot be told
 *         whether it started; settled by the idempotency class. Any other error: the run FAILED at
 *         once. The same for a negative return; a positive one counts as ZC_EUNKNOWN.
 *         A run that was reported (run_started, run_status) goes on all the same.
 *         One call of a remote trigger has 60 s; an attended start the run's timeout and 30 s more.
 * poll    run_status() with what is known, then done(). NULL for attended triggers. Nothing known
 *         (done(ZC_OK) alone) or an error: asked again, until the run's timeout ends it.
 * find    run_started() where the token's run exists, then done(); done(ZC_OK) alone where it
 * surely does not: it is started then. done(ZC_EUNKNOWN): it will never be told, a person has to.
 *         Other errors: asked again later. NULL unless idempotency is LOOKUP.
 * stop    asks the remote to stop the run, done() when it was asked. May be NULL.
 * cancel  the op is being cancelled; forget it. May be NULL.
 * check   since 1.1: what is wrong with the options of a pipeline's `trigger:` beyond their tables:
 *         a negative result with one sentence in `text` that begins with the option's name, or
 *         ZC_OK. Asked by `zerocarb check` and before the engine starts, so that a mistake is found
 *         then and not when the run is due. `regions` are those that the pipeline may run in, its
 *         default first. Pure. May be NULL. */
typedef struct {
  uint32_t size;
  uint32_t idempotency;
  uint32_t attended; /* 1: start's op lives as long as the run */
  uint32_t poll_ms;  /* how often to poll at first; backed off with jitter */
  int (*start)(void *state, const zc_run *run, zc_op *op);
  int (*poll)(void *state, const zc_run *run, zc_op *op);
  int (*find)(void *state, const zc_run *run, zc_op *op);
  int (*stop)(void *state, const zc_run *run, zc_op *op);
  void (*cancel)(void *state, zc_op *op);
  int (*check)(void *state, const zc_config *config, const char *const *regions, uint32_t n_regions,
               char *text, size_t size);
} zc_trigger_ops;

/* ---- sinks --------------------------------------------------------------------------------- */

/* A table of the store. Keys are top-level attributes (an attribute's name may contain a dot).
 * Sort keys are of type 'S' (text) or 'N' (number). */
typedef struct {
  const char *name;
  const char *partition_key, *sort_key;
  char partition_type, sort_type; /* 'S' | 'N' */
} zc_table_index;

typedef struct {
  uint32_t size;
  uint32_t n_indexes;
  zc_table_index primary;        /* its name is the table's */
  const zc_table_index *indexes; /* the secondary ones */
  const char *ttl_attribute;     /* epoch seconds */
  int64_t retention_s;           /* what ttl is made from */
  uint32_t flags;                /* ZC_TABLE_… */
  uint32_t reserved;
} zc_table;

enum { ZC_TABLE_RECOVERABLE = 1 }; /* zc_table.flags: worth point-in-time recovery */

/* One item, an idempotent put by its primary key. */
typedef struct {
  uint32_t size;
  uint32_t reserved;
  const zc_table *table;
  const char *text; /* the item as JSON, numbers in their final form */
  size_t length;
  const zc_json *json; /* the same, parsed; NULL for a sink with ZC_SINK_TEXT */
} zc_item;

enum {
  ZC_COMPARE_NONE = 0,
  ZC_COMPARE_EQUAL,
  ZC_COMPARE_BETWEEN,
  ZC_COMPARE_AT_LEAST,
  ZC_COMPARE_AT_MOST
};

/* One page of a query by table or index. Keys as text; numbers in their final form. */
typedef struct {
  uint32_t size;
  uint32_t limit; /* rows in the page, >= 1 */
  const zc_table *table;
  const zc_table_index *index; /* &table->primary or one of table->indexes */
  const char *partition;
  uint32_t compare; /* ZC_COMPARE_… on the sort key */
  uint32_t descending;
  const char *low, *high; /* EQUAL and AT_LEAST: low; AT_MOST: high; BETWEEN: both, inclusive */
  const char *page;       /* opaque, from the page before; NULL for the first */
  zc_time now;            /* items whose ttl lies before it are left out */
} zc_table_query;

/* init    makes ready (opens, creates where that is the sink's way), done(). May be NULL.
 * write   puts n items, all of them or an error; done(ZC_OK) only when they are durable. Items are
 *         valid until done(). One write at a time. ZC_EDATA: of a batch each item is then offered
 *         alone; one that is refused alone is gone for this sink, with an error in the log. A
 *         negative return is the same as done() with it.
 *         init and write have 2 minutes, a query 1.
 * query   host->row() for each, host->page() where more follow, done(). May be NULL.
 * create_tables, check_tables   for a store whose tables an operator makes: NULL elsewhere. `flags`
 *         are ZC_TABLES_…. Each step done, or each difference found, as one line of text through
 *         host->row(). Creating what is there already changes nothing. done(ZC_ECONFLICT) where
 *         the tables differ from what they should be. */
typedef struct {
  uint32_t size;
  uint32_t max_batch; /* items a write takes at the most */
  int (*init)(void *state, const zc_table *const *tables, size_t n, zc_op *op);
  int (*write)(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op);
  int (*query)(void *state, const zc_table_query *query, zc_op *op);
  void (*cancel)(void *state, zc_op *op);
  int (*create_tables)(void *state, const zc_table *const *tables, size_t n, uint32_t flags,
                       zc_op *op);
  int (*check_tables)(void *state, const zc_table *const *tables, size_t n, uint32_t flags,
                      zc_op *op);
  uint32_t flags; /* ZC_SINK_… */
  uint32_t reserved;
  /* Since 1.3, may be NULL: for `zerocarb check`, what keeps the sink from taking rows as things
   * stand, as one sentence in `text`. Changes nothing, and looks at local files only. ZC_EINVAL:
   * this can never work; any other: it may by the time of a run, and is a warning. */
  int (*check)(void *state, char *text, size_t size);
} zc_sink_ops;

enum {                   /* zc_sink_ops.flags */
       ZC_SINK_TEXT = 1, /* reads items' text alone: their json is NULL */
       /* query() answers without init(), for those who only read, and then makes and changes
        * nothing: done(ZC_ENOTFOUND) where there is no store yet */
       ZC_SINK_QUERY_ALONE = 2
};

enum {                                   /* flags of create_tables and check_tables */
       ZC_TABLES_STREAMS = 1,            /* a stream of changes on each */
       ZC_TABLES_DELETION_PROTECTION = 2 /* the tables cannot be deleted by mistake */
};

#ifdef __cplusplus
}
#endif
#endif
