/* plugins - which plugins are there, what they are and which options they take. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/cli/output.h"
#include "core/cli/session.h"

#define TEXT_MAX       ((size_t)4 * 1024 * 1024)
#define FOUND_MAX      256
#define LINE_MAX_BYTES 4096

typedef struct {
  char *name, *path, *problem; /* problem NULL: it is usable */
  const zc_plugin *plugin;     /* the registry's */
} found;

typedef struct {
  found items[FOUND_MAX];
  size_t n, left_out;
  bool failed; /* no memory */
} shelf;

/* ---- finding ---- */

static void add_found(void *user, const zc_registry_entry *entry) {
  shelf *s = user;
  if (s->n == FOUND_MAX) {
    s->left_out++;
    return;
  }
  found *f = &s->items[s->n++];
  f->plugin = entry->plugin;
  f->name = zc_duplicate(entry->name);
  f->path = zc_duplicate(entry->path);
  f->problem = entry->plugin ? NULL : zc_duplicate(entry->error ? entry->error->text : "broken");
  s->failed |= !f->name || !f->path || (!f->plugin && !f->problem);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const found *)a)->name, ((const found *)b)->name);
}

static void shelf_finish(shelf *s) {
  for (size_t i = 0; i < s->n; i++) {
    free(s->items[i].name);
    free(s->items[i].path);
    free(s->items[i].problem);
  }
}

static int add_directories(zc_session *session, const zc_arguments *arguments) {
  const char *directory;
  for (size_t i = 0; (directory = zc_arguments_nth(arguments, "dir", i)); i++) {
    char absolute[PATH_MAX];
    if (!realpath(directory, absolute)) {
      return zc_cli_usage("plugins: no directory %s", directory);
    }
    int status = zc_registry_add_directory(session->registry, absolute);
    if (status != ZC_OK) {
      zc_cli_message("%s is not searched: %s", absolute, zc_status_text(status));
      return zc_cli_exit_of(status);
    }
  }
  return ZC_EXIT_FINE;
}

static int scan(zc_session *session, shelf *s) {
  int status = zc_registry_scan(session->registry, add_found, s);
  if (status == ZC_OK && s->failed) status = ZC_ENOMEM;
  if (status != ZC_OK) {
    zc_cli_message("plugins cannot be listed: %s", zc_status_text(status));
    return zc_cli_exit_of(status);
  }
  qsort(s->items, s->n, sizeof *s->items, by_name);
  if (s->left_out) zc_cli_message("%zu more plugins are left out", s->left_out);
  return ZC_EXIT_FINE;
}

/* ---- words ---- */

static const char *kind_word(uint32_t kind) {
  static const char *const words[] = {"?", "source", "policy", "trigger", "sink"};
  return words[kind < 5 ? kind : 0];
}

static const char *type_word(uint32_t type) {
  static const char *const words[] = {"?",        "string", "integer", "number", "boolean",
                                      "duration", "enum",   "url",     "path",   "list"};
  return words[type < 10 ? type : 0];
}

static const char *flags_word(uint32_t flags) {
  if (flags & ZC_DEPRECATED) return "deprecated";
  if (flags & ZC_REQUIRED) return flags & ZC_SECRET ? "required, secret" : "required";
  return flags & ZC_SECRET ? "secret" : "";
}

/* ---- the list ---- */

static void print_table(const shelf *s) {
  static const char *const headings[] = {"NAME", "KIND", "VERSION", "SUMMARY", "PATH"};
  zc_listing listing;
  zc_listing_init(&listing, 5);
  zc_listing_headings(&listing, headings);
  for (size_t i = 0; i < s->n; i++) {
    const found *f = &s->items[i];
    zc_listing_add(&listing, f->plugin ? ZC_PLAIN : ZC_RED, "%s", f->name);
    zc_listing_add(&listing, ZC_PLAIN, "%s", f->plugin ? kind_word(f->plugin->kind) : "broken");
    zc_listing_add(&listing, ZC_PLAIN, "%s", f->plugin ? f->plugin->version : "-");
    zc_listing_add(&listing, ZC_PLAIN, "%s", f->plugin ? f->plugin->summary : f->problem);
    zc_listing_add(&listing, ZC_PLAIN, "%s", f->path);
  }
  zc_listing_print(&listing, "");
  zc_listing_finish(&listing);
}

static void member(zc_buffer *to, const char *key, const char *value) {
  zc_buffer_printf(to, "\"%s\":", key);
  if (value)
    zc_json_write_text(to, value);
  else
    zc_buffer_text(to, "null");
}

static void write_options(zc_buffer *to, const zc_option *options, uint32_t n) {
  zc_buffer_char(to, '[');
  for (uint32_t i = 0; i < n; i++) {
    zc_buffer_text(to, i ? ",{" : "{");
    member(to, "name", options[i].name);
    zc_buffer_char(to, ',');
    member(to, "type", type_word(options[i].type));
    zc_buffer_printf(to, ",\"required\":%s,\"secret\":%s,\"deprecated\":%s,",
                     options[i].flags & ZC_REQUIRED ? "true" : "false",
                     options[i].flags & ZC_SECRET ? "true" : "false",
                     options[i].flags & ZC_DEPRECATED ? "true" : "false");
    member(to, "default", options[i].def);
    zc_buffer_char(to, ',');
    member(to, "range", options[i].range);
    zc_buffer_char(to, ',');
    member(to, "help", options[i].help);
    zc_buffer_char(to, '}');
  }
  zc_buffer_char(to, ']');
}

static void write_found(const found *f, zc_buffer *to) {
  zc_buffer_char(to, '{');
  member(to, "name", f->name);
  zc_buffer_char(to, ',');
  member(to, "path", f->path);
  if (!f->plugin) {
    zc_buffer_char(to, ',');
    member(to, "error", f->problem);
    zc_buffer_char(to, '}');
    return;
  }
  zc_buffer_printf(to, ",\"kind\":\"%s\",", kind_word(f->plugin->kind));
  member(to, "version", f->plugin->version);
  zc_buffer_char(to, ',');
  member(to, "summary", f->plugin->summary);
  zc_buffer_text(to, ",\"options\":");
  write_options(to, f->plugin->options, f->plugin->n_options);
  zc_buffer_text(to, ",\"region_options\":");
  write_options(to, f->plugin->region_options, f->plugin->n_region_options);
  if (f->plugin->attribution) {
    zc_buffer_char(to, ',');
    member(to, "attribution", f->plugin->attribution);
  }
  zc_buffer_char(to, '}');
}

static void print_json(const found *items, size_t n, bool list) {
  zc_buffer text;
  zc_buffer_init(&text, TEXT_MAX);
  if (list) zc_buffer_char(&text, '[');
  for (size_t i = 0; i < n; i++) {
    if (i) zc_buffer_char(&text, ',');
    write_found(&items[i], &text);
  }
  if (list) zc_buffer_char(&text, ']');
  zc_output_line(&text);
  zc_buffer_finish(&text);
}

static int list_all(const shelf *s, bool json) {
  size_t broken = 0;
  for (size_t i = 0; i < s->n; i++)
    broken += !s->items[i].plugin;
  if (json)
    print_json(s->items, s->n, true);
  else if (s->n > 0)
    print_table(s);
  if (s->n == 0) zc_cli_message("no plugins found");
  if (broken) zc_cli_message("%zu of %zu cannot be used", broken, s->n);
  return broken ? ZC_EXIT_NOT_FINE : ZC_EXIT_FINE;
}

/* ---- one plugin ---- */

static void print_options(const char *title, const zc_option *options, uint32_t n) {
  static const char *const headings[] = {"OPTION", "TYPE", "DEFAULT", "RANGE", "", "HELP"};
  zc_listing listing;
  if (n == 0) return;
  zc_output_printf("\n%s\n", title);
  zc_listing_init(&listing, 6);
  zc_listing_headings(&listing, headings);
  for (uint32_t i = 0; i < n; i++) {
    zc_listing_add(&listing, ZC_PLAIN, "%s", options[i].name);
    zc_listing_add(&listing, ZC_PLAIN, "%s", type_word(options[i].type));
    zc_listing_add(&listing, ZC_PLAIN, "%s", options[i].def ? options[i].def : "-");
    zc_listing_add(&listing, ZC_PLAIN, "%s", options[i].range ? options[i].range : "-");
    zc_listing_add(&listing, ZC_PLAIN, "%s", flags_word(options[i].flags));
    zc_listing_add(&listing, ZC_PLAIN, "%s", options[i].help ? options[i].help : "");
  }
  zc_listing_print(&listing, "  ");
  zc_listing_finish(&listing);
}

/* A line with a plugin's texts in it, which may hold what steers a terminal. */
static void print_clean(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void print_clean(const char *format, ...) {
  char text[LINE_MAX_BYTES];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  zc_make_printable(text, ' ');
  zc_output_printf("%s\n", text);
}

static int show_one(const shelf *s, const char *name, bool json) {
  const char *names[FOUND_MAX];
  for (size_t i = 0; i < s->n; i++) {
    const found *f = &s->items[i];
    names[i] = f->name;
    if (strcmp(f->name, name) != 0) continue;
    if (json) {
      print_json(f, 1, false);
    } else if (f->plugin) {
      print_clean("%s %s (%s): %s", f->name, f->plugin->version, kind_word(f->plugin->kind),
                  f->plugin->summary);
      zc_output_printf("%s\n", f->path);
      print_options("options", f->plugin->options, f->plugin->n_options);
      print_options("options of a row under regions:", f->plugin->region_options,
                    f->plugin->n_region_options);
      if (f->plugin->attribution) zc_output_printf("\n");
      if (f->plugin->attribution) print_clean("data: %s", f->plugin->attribution);
    } else {
      zc_cli_message("%s", f->problem);
    }
    return f->plugin ? ZC_EXIT_FINE : ZC_EXIT_NOT_FINE;
  }
  const char *near = zc_nearest(name, names, s->n);
  return near ? zc_cli_usage("no plugin '%s': did you mean '%s'?", name, near)
              : zc_cli_usage("no plugin '%s'", name);
}

/* ---- the schema and the manual's page ---- */

/* What plugins say of themselves is a stranger's: line by line. */
static void make_printable(zc_buffer *text) {
  char *to = text->data, *next;
  if (!to) return;
  for (char *line = to; line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    zc_make_printable(line, ' ');
    size_t n = strlen(line);
    memmove(to, line, n);
    to += n;
    if (next) *to++ = '\n';
  }
  *to = '\0';
  text->length = (size_t)(to - text->data);
}

static int generate(const shelf *s, bool schema) {
  const zc_plugin *plugins[FOUND_MAX];
  size_t n = 0;
  zc_buffer text;
  for (size_t i = 0; i < s->n; i++) {
    if (s->items[i].plugin)
      plugins[n++] = s->items[i].plugin;
    else
      zc_cli_message("left out: %s", s->items[i].problem);
  }
  zc_buffer_init(&text, TEXT_MAX);
  int status = schema ? zc_config_schema(plugins, n, &text) : zc_config_markdown(plugins, n, &text);
  if (status == ZC_OK && !schema) make_printable(&text);
  if (status == ZC_OK)
    zc_output_text(&text);
  else
    zc_cli_message("cannot be made: %s", zc_status_text(status));
  zc_buffer_finish(&text);
  return zc_cli_exit_of(status);
}

/* ---- the command ---- */

static int print(const shelf *s, const zc_arguments *arguments) {
  bool json = zc_arguments_has(arguments, "json");
  if (zc_arguments_has(arguments, "schema")) return generate(s, true);
  if (zc_arguments_has(arguments, "markdown")) return generate(s, false);
  return arguments->n_operands ? show_one(s, arguments->operands[0], json) : list_all(s, json);
}

static int plugins(const zc_arguments *arguments) {
  zc_session session;
  shelf s = {0};
  if (zc_arguments_has(arguments, "schema") + zc_arguments_has(arguments, "markdown") +
          (arguments->n_operands > 0) >
      1) {
    return zc_cli_usage("plugins: NAME, --schema and --markdown exclude one another");
  }
  int status = zc_session_init(&session, 0);
  if (status == ZC_EXIT_FINE) status = add_directories(&session, arguments);
  if (status == ZC_EXIT_FINE && zc_arguments_has(arguments, "config")) {
    status = zc_session_load(&session, arguments, true);
  }
  if (status == ZC_EXIT_FINE) status = scan(&session, &s);
  if (status == ZC_EXIT_FINE) status = print(&s, arguments);
  shelf_finish(&s);
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {
    {"config", 'c', "FILE", "search the plugin directories of this configuration too"},
    {"dir", 'd', "DIR", "search this directory too (may be repeated)"},
    {"schema", 0, NULL, "print the JSON Schema of the whole configuration"},
    {"markdown", 0, NULL, "print the configuration's manual page"},
    ZC_SWITCH_JSON,
    ZC_SWITCH_HELP,
};

const zc_command zc_command_plugins = {
    .name = "plugins",
    .operands = "[NAME]",
    .summary = "plugins found, their versions and options",
    .details = "Exit status 1 where one cannot be used.\n",
    .max_operands = 1,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = plugins,
};
