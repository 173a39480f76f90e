/* zerocarb/plugin.h - everything that a ZeroCarb plugin sees.
 *
 * A plugin is one shared object (or, with ZC_STATIC_PLUGIN, one set of objects linked into the
 * program) that exports one symbol, the entry. The entry returns a descriptor: what the plugin is,
 * which options it takes, and its operations. The host (the program) hands every instance a table
 * of services. Nothing else crosses: no libuv, curl, json-c or SQLite type.
 *
 * Rules, for both sides
 *   - Every struct that may grow begins with its size; members are appended at the tail only.
 *     A minor version appends, a major version breaks and changes the entry symbol's name.
 *   - What one side allocates, that side frees. Pointers handed to a callback are valid only
 *     until it returns, unless said otherwise.
 *   - All calls come on the loop thread, one at a time; only zc_work's `run` runs elsewhere. A
 *     callback must return within 50 ms: the host names in its log whoever does not.
 *   - An operation (zc_op) is finished by exactly one done(). It has a deadline. A late or second
 *     done() is dropped, counted and logged with the plugin's name.
 *   - Times are milliseconds since 1970-01-01T00:00:00Z and come from host->now() only: under
 *     `simulate`, `decide --at` and in tests the clock is virtual.
 *
 * C99 and C++11 clean. docs/PLUGIN_GUIDE.md is the tutorial. */
#ifndef ZEROCARB_PLUGIN_H
#define ZEROCARB_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZC_ABI_MAJOR 1u
#define ZC_ABI_MINOR 0u

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
  ZC_DEPRECATED = 4
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
       ZC_PUE = 2, /* power usage effectiveness, ratio >= 1; from/to of its points are ignored */
       ZC_RENEWABLE_SHARE = 3 /* contracted renewable share, 0..1; from/to are ignored */
};

enum { /* zc_signal.basis: what a grid intensity counts; unlike bases cannot be compared */
       ZC_BASIS_UNKNOWN = 0,
       ZC_BASIS_OPERATIONAL = 1, /* emissions of generation ("direct") */
       ZC_BASIS_LIFECYCLE = 2,
       ZC_BASIS_MARGINAL = 3
};

enum { /* zc_point.flags; an intensity point carries exactly one of the first four */
       ZC_POINT_OBSERVED = 1,
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
  zc_time issued_at;  /* when the provider made the values; 0: now */
} zc_signal;

/* What the host asks of a source: one region, one span. */
typedef struct {
  uint32_t size;
  const char *region;             /* the region's name in the config */
  const zc_config *region_config; /* its row under `regions:`, checked against region_options */
  zc_time from, to;               /* the span wanted; more or less may be given */
} zc_query;

/* Both operations are optional (NULL), one of them is not. Return ZC_OK and call done() later (even
 * where the answer is at hand), or refuse with a negative result and never call done(). Points may
 * come in any order, with gaps and overlaps: the host sorts, drops doubles (the last one emitted
 * wins) and refuses NaN, infinite or negative values, naming the plugin. */
typedef struct {
  uint32_t size;
  uint32_t flags;                                                 /* ZC_SOURCE_… */
  int (*observe)(void *state, const zc_query *query, zc_op *op);  /* slots already begun */
  int (*forecast)(void *state, const zc_query *query, zc_op *op); /* slots that end after now */
  void (*cancel)(void *state, zc_op *op); /* optional: the op is being cancelled; forget it */
} zc_source_ops;

enum {
  ZC_SOURCE_RECORDED = 1, /* answers for any past instant as of then: `decide --at`, `simulate` */
  ZC_SOURCE_CONSTANT = 2  /* its values never change: asked once */
};

/* ---- policies ------------------------------------------------------------------------------ */

/* What a policy decides on. Region 0 is the pipeline's default region, the others are those of its
 * `relocate_to`, in that order. Figures are datacenter intensities, gCO2eq/kWh. */
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
  uint32_t region;  /* index into the input's regions */
  zc_time start;    /* now..deadline */
  double intensity; /* mean over [start, start + duration) */
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
  double intensity; /* planned mean, gCO2eq/kWh; valid where has_intensity */
  uint32_t has_intensity;
  uint32_t reserved;
  int64_t timeout_ms; /* the pipeline's pipeline_timeout */
  zc_time requested_at, planned_start;
  const char *remote_id;   /* as given to run_started(); NULL before */
  const zc_config *config; /* the pipeline's `trigger:` mapping, checked */
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
 *         done(ZC_EUNKNOWN): it cannot be told whether it started. Other errors: it did not start.
 * poll    run_status() with what is known, then done(). NULL for attended triggers.
 * find    run_started() where the token's run exists, then done(); done() alone where it surely
 * does not. NULL unless idempotency is LOOKUP. stop    asks the remote to stop the run, done() when
 * it was asked. May be NULL. cancel  the op is being cancelled; forget it. May be NULL. */
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
} zc_table;

/* One item, an idempotent put by its primary key. */
typedef struct {
  uint32_t size;
  uint32_t reserved;
  const zc_table *table;
  const char *text; /* the item as JSON, numbers in their final form */
  size_t length;
  const zc_json *json; /* the same, parsed */
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
 *         valid until done(). One write at a time.
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
} zc_sink_ops;

enum {                                   /* flags of create_tables and check_tables */
       ZC_TABLES_STREAMS = 1,            /* a stream of changes on each */
       ZC_TABLES_DELETION_PROTECTION = 2 /* the tables cannot be deleted by mistake */
};

/* ---- host services ------------------------------------------------------------------------- */

enum {                        /* zc_http_request.flags */
       ZC_HTTP_REPEATABLE = 1 /* does no harm where it arrives twice, whatever its method: a single
                                 attempt, too, may go over a connection that was kept open */
};

typedef struct {
  uint32_t size;
  uint32_t timeout_ms; /* one attempt; 0: 10 s */
  uint32_t max_body;   /* bytes of an answer; 0: 2 MiB */
  /* 0: 3 for GET and HEAD, 1 otherwise. Retried: no connection, 429, 5xx. Above 1 the request may
   * be sent twice, and may go over a kept connection; a single attempt at anything but GET and HEAD
   * gets a connection of its own, for a client may repeat what a dead connection swallowed. */
  uint32_t max_attempts;
  uint32_t n_headers;
  uint32_t flags;     /* ZC_HTTP_… */
  const char *method; /* NULL: GET, or POST where there is a body */
  const char *url;
  const char *const *headers; /* "Name: value" */
  const void *body;
  size_t body_length;
  const char *sigv4; /* "aws:amz:REGION:SERVICE" to have it signed, or NULL */
  const char *sigv4_access_key, *sigv4_secret_key; /* a session token goes in a header */
} zc_http_request;

typedef struct {
  uint32_t size;
  int32_t error;  /* ZC_OK where an answer came, whatever its status */
  int32_t status; /* HTTP status, 0 without an answer */
  uint32_t attempts;
  uint32_t latency_ms; /* of the last attempt */
  uint32_t sent;       /* 1: the last attempt may have reached the remote */
  const char *message; /* one sentence on what went wrong, with the host's name; never NULL */
  const char *body;    /* terminated */
  size_t length;
  const zc_json *json; /* the body where it is one JSON text, else NULL */
} zc_http_response;

typedef struct {
  uint32_t size;
  uint32_t timeout_ms; /* then TERM, 5 s later KILL; 0: until the op's deadline */
  uint32_t tail_bytes; /* how much of the end of stdout and stderr to keep; <= 64 KiB */
  uint32_t reserved;
  const char *const *command;     /* program and arguments, NULL-terminated; no shell */
  const char *const *environment; /* "NAME=value" added to the host's own, NULL-terminated */
  const char *directory;          /* NULL: the host's */
} zc_process;

typedef struct {
  uint32_t size;
  int32_t error;       /* ZC_OK: it ran and ended; ZC_EIO: it could not be started */
  int32_t exit_status; /* 0..255, -1 where a signal ended it */
  int32_t signal;      /* that signal, or 0 */
  uint32_t timed_out;
  uint32_t reserved;
  const char *message; /* one sentence; never NULL */
  const char *tail;    /* the end of its output, UTF-8 */
} zc_process_result;

enum {
  ZC_JSON_NULL = 1,
  ZC_JSON_BOOLEAN,
  ZC_JSON_NUMBER,
  ZC_JSON_STRING,
  ZC_JSON_ARRAY,
  ZC_JSON_OBJECT
};

/* The services. A plugin keeps the pointer that create() was given; the host may be newer (longer)
 * than the header it was built with, or older: ZC_HAS tells. */
typedef struct {
  uint32_t size;
  uint16_t abi_major, abi_minor;

  /* Any time. */
  void (*log)(zc_self *self, int level, const char *message);
  zc_time (*now)(zc_self *self);
  double (*random)(zc_self *self); /* [0, 1): jitter; seeded in tests */

  /* Options. `config` is create()'s, a query's region_config or a run's config. Absent options
   * without a default: text() NULL, integer() 0, number() 0; has() tells. */
  int (*has)(const zc_config *config, const char *name);
  const char *(*text)(const zc_config *config, const char *name);
  int64_t (*integer)(const zc_config *config, const char *name); /* also durations (ms), booleans */
  double (*number)(const zc_config *config, const char *name);
  size_t (*count)(const zc_config *config, const char *name); /* of a list */
  const char *(*item)(const zc_config *config, const char *name, size_t i);
  size_t (*n_regions)(const zc_config *config); /* of a source's `regions:` */
  const char *(*region_name)(const zc_config *config, size_t i);
  const zc_config *(*region_config)(const zc_config *config, size_t i);

  /* Asynchronous parts of an operation; each ends with it. The callback comes on a later turn of
   * the loop, exactly once, and never after the operation's end. Negative: refused, no callback. */
  int (*http)(zc_op *op, const zc_http_request *request,
              void (*callback)(void *user, zc_op *op, const zc_http_response *response),
              void *user);
  const char *(*http_header)(const zc_http_response *response, const char *name);
  int (*timer)(zc_op *op, int64_t ms, void (*callback)(void *user, zc_op *op), void *user);
  /* run() on a worker thread (no host call there but json_parse/json_free), then after() on the
   * loop. Where the operation ended meanwhile, after() is still called, with status ZC_ECANCELED
   * and op NULL, so that `user` can be freed. */
  int (*work)(zc_op *op, void (*run)(void *user), void (*after)(void *user, zc_op *op, int status),
              void *user);
  int (*process)(zc_op *op, const zc_process *process,
                 void (*callback)(void *user, zc_op *op, const zc_process_result *result),
                 void *user);

  /* JSON. Paths are keys and array positions joined by '/': "data/0/intensity/forecast". */
  const zc_json *(*json_at)(const zc_json *json, const char *path); /* NULL: no such member */
  int (*json_type)(const zc_json *json);                            /* ZC_JSON_…; 0 for NULL */
  size_t (*json_count)(const zc_json *json);                        /* members of array or object */
  const zc_json *(*json_member)(const zc_json *json, size_t i, const char **ret_key);
  int (*json_number)(const zc_json *json, double *ret); /* ZC_EDATA: null, "12", NaN, infinite */
  int (*json_text)(const zc_json *json, const char **ret, size_t *ret_length);
  int (*json_boolean)(const zc_json *json, int *ret);
  int (*json_digits)(const zc_json *json, char *text, size_t size); /* a number as it was written */
  int (*json_parse)(const char *text, size_t length, zc_json **ret);
  void (*json_free)(zc_json *json);

  /* RFC 3339 both ways; also takes "2026-01-02T03:04Z". UTC or an offset, never local. */
  int (*time_parse)(const char *text, zc_time *ret);
  int (*time_format)(zc_time time, char *text, size_t size); /* 2026-01-02T03:04:05Z */

  /* Sources. Copies. Refuses bad points (ZC_EDATA) and says which in the log. */
  int (*emit)(zc_op *op, const zc_signal *signal, const zc_point *points, size_t n, size_t stride);

  /* Policies. Region is an index of the input. Means are over [start, start + duration); ZC_EDATA
   * where a gap lies inside or the region has no series. */
  const char *(*decide_region)(const zc_decide_input *in, uint32_t region);
  int (*window_mean)(const zc_decide_input *in, uint32_t region, zc_time start, double *ret_mean);
  int (*window_best)(const zc_decide_input *in, uint32_t region, zc_time from, zc_time until,
                     zc_time *ret_start, double *ret_mean); /* exact; ties: the earliest */
  int (*intensity_at)(const zc_decide_input *in, uint32_t region, zc_time at, double *ret);
  int (*first_at_most)(const zc_decide_input *in, uint32_t region, double limit, zc_time from,
                       zc_time until, zc_time *ret_at); /* ZC_ENOTFOUND where it never is */
  int (*static_intensity)(const zc_decide_input *in, uint32_t region, double *ret);

  /* Triggers. */
  int (*run_started)(zc_op *op, const char *remote_id);
  /* message: its first line is the message; what follows a newline is the end of the run's output
   */
  int (*run_status)(zc_op *op, int status, const char *message);

  /* Sinks. */
  int (*row)(zc_op *op, const char *text, size_t length); /* one item as JSON; copies */
  int (*page)(zc_op *op, const char *page);               /* more follow after this */

  /* Ends the operation, exactly once. message: one sentence where error is not ZC_OK, else NULL. */
  void (*done)(zc_op *op, int error, const char *message);
} zc_host;

/* ---- the descriptor ------------------------------------------------------------------------ */

typedef struct {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  uint32_t kind;        /* ZC_SOURCE … */
  uint32_t option_size; /* sizeof(zc_option) */
  const char *name;     /* [a-z0-9_]+, the file's name without .so */
  const char *version, *summary;
  const zc_option *options;        /* of the instance; a trigger's: of a pipeline's `trigger:` */
  const zc_option *region_options; /* sources: of a row under regions: (see below) */
  uint32_t n_options, n_region_options;
  /* Makes an instance. `config` lives as long as the instance; it is NULL for a trigger, of which
   * there is one instance for all pipelines: each run brings its pipeline's options with it. On
   * failure: a negative result and nothing left behind; say why with host->log first. Must not
   * block and must not do I/O that can. */
  int (*create)(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state);
  void (*destroy)(void *state); /* never while an operation is live */
  const void *ops;              /* zc_source_ops, zc_policy_ops, … by kind */
  const char *attribution;      /* sources: the line that the data's licence asks for, or NULL */
} zc_plugin;

/* A source's `regions:` is a list of names or a mapping. A row that is a mapping is checked against
 * region_options; a row that is a plain value is the value of the first of them. */

#ifdef ZC_STATIC_PLUGIN /* the same source built in: sanitizers, fuzzers, one-file images */
#define ZC_ENTRY(n) zc_entry_v1_##n
#define ZC_EXPORT
#else
#define ZC_ENTRY(n) zc_entry_v1
#define ZC_EXPORT   __attribute__((visibility("default")))
#endif

/* Ends a plugin's main file: ZC_DEFINE_PLUGIN(my_source, descriptor) */
#define ZC_DEFINE_PLUGIN(n, descriptor)                                                            \
  ZC_EXPORT const zc_plugin *ZC_ENTRY(n)(void);                                                    \
  const zc_plugin *ZC_ENTRY(n)(void) {                                                             \
    return &(descriptor);                                                                          \
  }

#ifdef __cplusplus
}
#endif
#endif
