/* One value, read by the type that its option has: nothing is guessed from how it looks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/config/expand.h"
#include "core/config/options.h"

#define URL_BYTES   2048
#define PATH_BYTES  4096
#define WANTED_TEXT 512
#define FOUND_TEXT  (ZC_EXCERPT_TEXT + 16)

/* What the readers below are handed. */
typedef struct {
  zc_check *check;
  const zc_option *option;
  const zc_node *node;
  zc_range range;
  bool secret;
  char shown[ZC_EXCERPT_TEXT]; /* the value for messages: never a secret */
} input;

void zc_value_finish(zc_config_value *value) {
  zc_hidden_finish(&value->hidden);
  if (value->text) explicit_bzero(value->text, strlen(value->text));
  free(value->text);
  for (size_t i = 0; i < value->n_items; i++) {
    explicit_bzero(value->items[i], strlen(value->items[i]));
    free(value->items[i]);
  }
  free(value->items);
  free(value->name);
  memset(value, 0, sizeof *value);
}

/* "a|b|c" -> "a, b, c" */
static void list_words(const char *words, char *text, size_t size) {
  size_t n = 0;
  for (const char *p = words; *p && n + 3 < size; p++) {
    text[n++] = *p == '|' ? ',' : *p;
    if (*p == '|') text[n++] = ' ';
  }
  text[n] = '\0';
}

void zc_option_wanted(const zc_option *option, char *text, size_t size) {
  static const char *const names[] = {
      "a value",        "a text",
      "a whole number", "a number",
      "true or false",  "a duration such as 30s, 15m, 2h or 7d",
      "one of ",        "a URL such as https://example.org/api",
      "a path",         "a list of texts",
  };
  char range_text[2 * ZC_BOUND_TEXT + 24] = "";
  zc_range range;
  uint32_t type = option->type <= ZC_STRING_LIST ? option->type : 0;
  if (type == ZC_ENUM) {
    int n = snprintf(text, size, "%s", names[type]);
    list_words(option->range ? option->range : "", text + n, size - (size_t)n);
    return;
  }
  if (zc_range_parse(option, &range) == ZC_OK) zc_range_text(&range, range_text, sizeof range_text);
  snprintf(text, size, "%s%s", names[type], range_text);
}

static bool refuse_kind(const input *in) {
  char found[FOUND_TEXT], wanted[WANTED_TEXT];
  zc_describe(in->node, in->secret, found, sizeof found);
  zc_option_wanted(in->option, wanted, sizeof wanted);
  zc_check_error(in->check, in->node, "%s where %s is wanted", found, wanted);
  return false;
}

/* Numbers and booleans are written plainly; a quoted value that holds a variable is fine, since
 * YAML itself asks for the quotes in places. */
static bool is_quoted(const input *in) {
  if (in->node->plain || in->node->expanded) return false;
  char wanted[WANTED_TEXT];
  zc_option_wanted(in->option, wanted, sizeof wanted);
  zc_check_error(in->check, in->node, "\"%s\" is quoted: drop the quotes, %s is wanted", in->shown,
                 wanted);
  return true;
}

static bool is_in_range(const input *in, long double value) {
  char fault[ZC_BOUND_TEXT + 16];
  zc_range_fault(&in->range, value, fault, sizeof fault);
  if (!*fault) return true;
  zc_check_error(in->check, in->node, "%s %s", in->shown, fault);
  return false;
}

/* A number that no double or integer holds is told apart from what is no number. */
static bool refuse_number(const input *in) {
  const char *text = in->node->text;
  bool integer = in->option->type == ZC_INTEGER;
  size_t digits = strspn(text, integer ? "0123456789+-" : "0123456789+-.eE");
  char *end;
  if (!*text || digits != strlen(text)) return refuse_kind(in);
  bool large = integer ? strlen(text) > 18 : isinf(strtod(text, &end)) && *end == '\0';
  if (!large) return refuse_kind(in);
  zc_check_error(in->check, in->node, "%s is too large a number", in->shown);
  return false;
}

static bool read_number(const input *in, zc_config_value *ret) {
  if (!zc_parse_number(in->node->text, &ret->number)) return refuse_number(in);
  return !is_quoted(in) && is_in_range(in, (long double)ret->number);
}

static bool read_integer(const input *in, zc_config_value *ret) {
  long long integer;
  if (!zc_parse_integer(in->node->text, &integer)) return refuse_number(in);
  ret->integer = integer;
  ret->number = (double)integer;
  return !is_quoted(in) && is_in_range(in, (long double)integer);
}

static bool read_boolean(const input *in, zc_config_value *ret) {
  bool yes = strcmp(in->node->text, "true") == 0;
  if (!yes && strcmp(in->node->text, "false") != 0) return refuse_kind(in);
  if (is_quoted(in)) return false;
  ret->integer = yes;
  return true;
}

static bool read_duration(const input *in, zc_config_value *ret) {
  const char *text = in->node->text;
  if (zc_duration_parse(text, &ret->integer) == ZC_OK) {
    return is_in_range(in, (long double)ret->integer);
  }
  if (*text && strspn(text, "0123456789") == strlen(text)) {
    zc_check_error(in->check, in->node,
                   "%s has no unit: a duration is written as 30s, 15m, 2h or 7d", in->shown);
    return false;
  }
  return refuse_kind(in);
}

/* The words of "a|b|c" into `words`, which point into `text`. */
static size_t split_words(char *text, const char **words, size_t max) {
  size_t n = 0;
  char *rest = NULL;
  for (char *word = strtok_r(text, "|", &rest); word && n < max; word = strtok_r(NULL, "|", &rest))
    words[n++] = word;
  return n;
}

static bool read_enum(const input *in, zc_config_value *ret) {
  (void)ret;
  char text[WANTED_TEXT], wanted[WANTED_TEXT];
  const char *words[64];
  zc_copy_text(text, sizeof text, in->option->range ? in->option->range : "");
  size_t n = split_words(text, words, 64);
  for (size_t i = 0; i < n; i++) {
    if (strcmp(words[i], in->node->text) == 0) return ret->integer = (int64_t)i, true;
  }
  const char *near = in->secret ? NULL : zc_check_nearest(in->check, in->node->text, words, n);
  if (!near) return refuse_kind(in);
  zc_option_wanted(in->option, wanted, sizeof wanted);
  zc_check_error(in->check, in->node, "\"%s\" is not %s: did you mean \"%s\"?", in->shown, wanted,
                 near);
  return false;
}

static bool read_url(const input *in, zc_config_value *ret) {
  (void)ret;
  const char *text = in->node->text, *host = strstr(text, "://");
  size_t scheme = host ? (size_t)(host - text) : 0;
  bool http = (scheme == 4 && strncasecmp(text, "http", 4) == 0) ||
              (scheme == 5 && strncasecmp(text, "https", 5) == 0);
  if (!http) return refuse_kind(in);
  host += 3;
  size_t length = strcspn(host, "/?#");
  if (memchr(host, '@', length)) {
    zc_check_error(in->check, in->node, "a URL must not hold a user name or password");
    return false;
  }
  for (const char *p = text; *p; p++) {
    if ((unsigned char)*p <= 0x20 || *p == 0x7f) return refuse_kind(in);
  }
  if (length == 0 || *host == ':' || strlen(text) > URL_BYTES) return refuse_kind(in);
  return true;
}

static bool read_path(const input *in, zc_config_value *ret) {
  const char *text = in->node->text;
  if (!*text) return refuse_kind(in);
  if (*text == '/') return true;
  while (strncmp(text, "./", 2) == 0)
    text += 1 + strspn(text + 1, "/");
  char *absolute = NULL;
  const char *directory = in->check->directory;
  bool at_root = directory[0] == '/' && directory[1] == '\0';
  if (asprintf(&absolute, "%s%s%s", directory, at_root || !*text ? "" : "/", text) < 0) {
    in->check->status = ZC_ENOMEM;
    return false;
  }
  ret->text = absolute;
  if (strlen(absolute) < PATH_BYTES) return true;
  zc_check_error(in->check, in->node, "the path is longer than %d bytes", PATH_BYTES - 1);
  return false;
}

static bool read_list(const input *in, zc_config_value *ret) {
  const zc_node *list = in->node;
  if (list->n > ZC_LIST_MAX) {
    zc_check_error(in->check, list, "%u items are too many: at most %d", (unsigned)list->n,
                   ZC_LIST_MAX);
    return false;
  }
  char fault[ZC_BOUND_TEXT + 16];
  zc_range_fault(&in->range, (long double)list->n, fault, sizeof fault);
  if (*fault) {
    zc_check_error(in->check, list, "the number of items, %u, %s", (unsigned)list->n, fault);
    return false;
  }
  ret->items = calloc(list->n + 1, sizeof *ret->items);
  bool good = ret->items != NULL;
  if (!good) in->check->status = ZC_ENOMEM;
  for (const zc_node *item = list->first; item && ret->items; item = item->next) {
    if (!zc_check_text(in->check, item)) {
      good = false;
    } else if ((ret->items[ret->n_items] = zc_duplicate(item->text))) {
      ret->n_items++;
    } else {
      in->check->status = ZC_ENOMEM;
      good = false;
    }
  }
  return good;
}

static bool read_scalar(const input *in, zc_config_value *ret) {
  switch (in->option->type) {
  case ZC_INTEGER:
    return read_integer(in, ret);
  case ZC_NUMBER:
    return read_number(in, ret);
  case ZC_BOOLEAN:
    return read_boolean(in, ret);
  case ZC_DURATION:
    return read_duration(in, ret);
  case ZC_ENUM:
    return read_enum(in, ret);
  case ZC_URL:
    return read_url(in, ret);
  case ZC_PATH:
    return read_path(in, ret);
  default:
    return true;
  }
}

static bool keep_text(const input *in, zc_config_value *ret) {
  if (!ret->text && !(ret->text = zc_duplicate(in->node->text))) in->check->status = ZC_ENOMEM;
  return ret->text != NULL;
}

static int hide_value(const input *in, zc_config_value *value) {
  const zc_node *item = in->node->first;
  bool pairs = (in->option->flags & ZC_SECRET) == 0;
  int status = value->text ? zc_hidden_add(&value->hidden, value->text) : ZC_OK;
  for (size_t i = 0; i < value->n_items && status == ZC_OK; i++, item = item->next) {
    status = pairs ? zc_hidden_add_value(&value->hidden, value->items[i], item->written != NULL)
                   : zc_hidden_add(&value->hidden, value->items[i]);
  }
  return status;
}

static bool hide(const input *in, zc_config_value *value) {
  int status = hide_value(in, value);
  if (status == ZC_ENOMEM) in->check->status = status;
  if (status == ZC_ECONFLICT) {
    zc_check_error(in->check, in->node, "more than %d secrets, and parts of secrets",
                   ZC_LOG_SECRETS);
  }
  return status == ZC_OK;
}

static int add_variable(void *user, const char *name) {
  zc_variables *to = user;
  for (size_t i = 0; i < to->n; i++) {
    if (strcmp(to->names[i], name) == 0) return ZC_OK;
  }
  if (to->n == ZC_VARIABLES_MAX) return ZC_ECONFLICT;
  char **grown = realloc(to->names, (to->n + 1) * sizeof *grown);
  if (!grown) return ZC_ENOMEM;
  to->names = grown;
  grown[to->n] = zc_duplicate(name);
  return grown[to->n] ? to->n++, ZC_OK : ZC_ENOMEM;
}

/* Of a value, or of a list's items. */
static void note_variables(zc_check *check, const zc_node *node) {
  int status = ZC_OK;
  if (!check->secret_variables) return;
  if (node->written) status = zc_expand_names(node->written, add_variable, check->secret_variables);
  if (status == ZC_ENOMEM) check->status = status;
  if (status == ZC_ECONFLICT) {
    zc_check_error(check, node, "more than %d environment variables are used for secrets",
                   ZC_VARIABLES_MAX);
  }
  for (const zc_node *item = node->first; item; item = item->next)
    note_variables(check, item);
}

/* Of "Name: value" items: where the name, or that of a variable in the value, tells of a secret. */
static void note_variables_of_pairs(zc_check *check, const zc_node *list) {
  for (const zc_node *item = list->first; item; item = item->next) {
    if (item->written && zc_names_a_secret(item->written, strlen(item->written)))
      note_variables(check, item);
  }
}

bool zc_value_read(zc_check *check, const zc_option *option, const zc_node *node,
                   zc_config_value *ret) {
  if (node->kind == ZC_NODE_INVALID) return false;
  input in = {.check = check, .option = option, .node = node};
  in.secret = (option->flags & (ZC_SECRET | ZC_SECRET_VALUES)) != 0;
  if (zc_range_parse(option, &in.range) != ZC_OK) {
    zc_check_error(check, node, "the range \"%s\" of this option is malformed", option->range);
    return false;
  }
  bool list = option->type == ZC_STRING_LIST;
  if (node->kind != (list ? ZC_NODE_LIST : ZC_NODE_SCALAR) || zc_node_is_null(node)) {
    return refuse_kind(&in);
  }
  if (!list) zc_excerpt(in.secret ? "a secret value" : node->text, in.shown, sizeof in.shown);
  zc_config_value value = {0};
  bool good = list ? read_list(&in, &value) : read_scalar(&in, &value) && keep_text(&in, &value);
  if (good && in.secret) good = hide(&in, &value);
  if (!good) {
    zc_value_finish(&value);
    return false;
  }
  if (option->flags & ZC_SECRET) note_variables(check, node);
  if (option->flags & ZC_SECRET_VALUES) note_variables_of_pairs(check, node);
  value.name = ret->name;
  value.present = true;
  *ret = value;
  return true;
}
