/* The JSON Schema (draft 2020-12) of the whole file, for editors: from the same tables by which the
 * file is checked. What it cannot say (names that must be known, keys that stand here or in
 * `defaults:`) is left to `zerocarb check`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/json_writer.h"
#include "core/config/options.h"
#include "core/config/sections.h"

#define VARIABLE     "\\$\\{" /* a value with a variable in it may become anything */
#define PATTERN_TEXT 128
#define ENTRY_TEXT   128

typedef struct {
  zc_json_writer json;
  const zc_plugin *const *plugins;
  size_t n_plugins;
} schema_writer;

static const char *kind_name(uint32_t kind) {
  static const char *const names[] = {"plugin", "source", "policy", "trigger", "sink"};
  return names[kind <= ZC_SINK ? kind : 0];
}

/* ---- values by type ------------------------------------------------------------------------- */

static void write_pattern(zc_json_writer *w, const char *pattern) {
  zc_write_raw(w, "type", "\"string\"");
  zc_write_text(w, "pattern", pattern);
}

/* Text is whatever stands there, 123 and true too; a rule binds what is written as a string. */
static void write_text_type(zc_json_writer *w, const zc_name_rule *rule) {
  zc_write_raw(w, "type", "[\"string\", \"number\", \"boolean\"]");
  if (!rule) return;
  char pattern[PATTERN_TEXT];
  snprintf(pattern, sizeof pattern, "^[%s]{1,%u}$|" VARIABLE, rule->characters, rule->longest);
  zc_write_text(w, "pattern", pattern);
}

static void write_bounds(zc_json_writer *w, const zc_range *range) {
  if (range->has_low) {
    zc_write_number(w, range->low_excluded ? "exclusiveMinimum" : "minimum",
                    (double)range->low_value);
  }
  if (range->has_high) zc_write_number(w, "maximum", (double)range->high_value);
}

/* A word that YAML reads as a number or a boolean is taken as such, too. */
static void write_words(zc_json_writer *w, const char *words) {
  zc_write_open(w, "enum", '[');
  while (*words) {
    char word[PATTERN_TEXT];
    size_t n = strcspn(words, "|");
    snprintf(word, sizeof word, "%.*s", (int)n, words);
    double number;
    zc_write_text(w, NULL, word);
    if (zc_parse_number(word, &number)) zc_write_number(w, NULL, number);
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) zc_write_raw(w, NULL, word);
    words += n + (words[n] == '|');
  }
  zc_write_close(w, ']');
}

/* One of: the type itself, or a variable. */
static void write_or_variable(zc_json_writer *w, const zc_option *option, const zc_range *range) {
  zc_write_open(w, "anyOf", '[');
  zc_write_open(w, NULL, '{');
  if (option->type == ZC_ENUM) {
    write_words(w, option->range ? option->range : "");
  } else if (option->type == ZC_BOOLEAN) {
    zc_write_text(w, "type", "boolean");
  } else {
    zc_write_text(w, "type", option->type == ZC_INTEGER ? "integer" : "number");
    write_bounds(w, range);
  }
  zc_write_close(w, '}');
  zc_write_open(w, NULL, '{');
  zc_write_text(w, "$ref", "#/$defs/variable");
  zc_write_close(w, '}');
  zc_write_close(w, ']');
}

static void write_list(zc_json_writer *w, const zc_range *range, const zc_name_rule *rule) {
  zc_write_text(w, "type", "array");
  if (range->has_low) zc_write_number(w, "minItems", (double)range->low_value);
  zc_write_number(w, "maxItems", range->has_high ? (double)range->high_value : ZC_LIST_MAX);
  zc_write_open(w, "items", '{');
  write_text_type(w, rule);
  zc_write_close(w, '}');
}

static void write_type(zc_json_writer *w, const zc_option *option, const zc_name_rule *rule) {
  zc_range range;
  if (zc_range_parse(option, &range) != ZC_OK) memset(&range, 0, sizeof range);
  switch (option->type) {
  case ZC_INTEGER:
  case ZC_NUMBER:
  case ZC_BOOLEAN:
  case ZC_ENUM:
    write_or_variable(w, option, &range);
    break;
  case ZC_DURATION:
    write_pattern(w, "^[0-9]{1,12}(ms|s|m|h|d)$|" VARIABLE);
    break;
  case ZC_URL:
    write_pattern(w, "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s]+$|" VARIABLE);
    break;
  case ZC_STRING_LIST:
    write_list(w, &range, rule);
    break;
  default:
    write_text_type(w, rule);
  }
}

static void write_default(zc_json_writer *w, const zc_option *option) {
  double number;
  if (!option->def || option->type == ZC_STRING_LIST) return;
  if (option->type == ZC_BOOLEAN) {
    zc_write_raw(w, "default", strcmp(option->def, "true") == 0 ? "true" : "false");
  } else if (option->type != ZC_INTEGER && option->type != ZC_NUMBER) {
    zc_write_text(w, "default", option->def);
  } else if (zc_parse_number(option->def, &number)) {
    zc_write_number(w, "default", number);
  }
}

static void write_option(zc_json_writer *w, const zc_option *option, const zc_name_rule *rule) {
  zc_write_open(w, option->name, '{');
  if (option->help) zc_write_text(w, "description", option->help);
  write_type(w, option, rule);
  write_default(w, option);
  if (option->flags & ZC_DEPRECATED) zc_write_raw(w, "deprecated", "true");
  zc_write_close(w, '}');
}

static void write_secret_file(zc_json_writer *w, const zc_option *option) {
  char name[ENTRY_TEXT], help[ENTRY_TEXT];
  snprintf(name, sizeof name, "%s_file", option->name);
  snprintf(help, sizeof help, "The file that holds %s.", option->name);
  zc_write_open(w, name, '{');
  zc_write_text(w, "description", help);
  write_text_type(w, NULL);
  zc_write_close(w, '}');
}

/* ---- mappings ------------------------------------------------------------------------------- */

static void write_rows(zc_json_writer *w, const zc_option *rows, size_t n,
                       const zc_name_rule *rule) {
  for (size_t i = 0; i < n; i++) {
    bool ruled = rule && rule->option && strcmp(rule->option, rows[i].name) == 0;
    write_option(w, &rows[i], ruled ? rule : NULL);
    if (rows[i].flags & ZC_SECRET) write_secret_file(w, &rows[i]);
  }
}

static void write_required_rows(zc_json_writer *w, const zc_option *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if ((rows[i].flags & ZC_REQUIRED) && !(rows[i].flags & ZC_SECRET)) {
      zc_write_text(w, NULL, rows[i].name);
    }
  }
}

static bool has_required_secret(const zc_option *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (rows[i].flags & ZC_REQUIRED && rows[i].flags & ZC_SECRET) return true;
  }
  return false;
}

static void write_one_required(zc_json_writer *w, const char *name) {
  zc_write_open(w, NULL, '{');
  zc_write_open(w, "required", '[');
  zc_write_text(w, NULL, name);
  zc_write_close(w, ']');
  zc_write_close(w, '}');
}

/* Exactly one of NAME and NAME_file. */
static void write_required_secrets(zc_json_writer *w, const zc_option *rows, size_t n) {
  if (!has_required_secret(rows, n)) return;
  zc_write_open(w, "allOf", '[');
  for (size_t i = 0; i < n; i++) {
    if (!(rows[i].flags & ZC_REQUIRED) || !(rows[i].flags & ZC_SECRET)) continue;
    char file[ENTRY_TEXT];
    snprintf(file, sizeof file, "%s_file", rows[i].name);
    zc_write_open(w, NULL, '{');
    zc_write_open(w, "oneOf", '[');
    write_one_required(w, rows[i].name);
    write_one_required(w, file);
    zc_write_close(w, ']');
    zc_write_close(w, '}');
  }
  zc_write_close(w, ']');
}

/* A row under a source's `regions:`: nothing, the first option's value, or a mapping. */
static void write_region_row(zc_json_writer *w, const zc_plugin *plugin, bool need) {
  const zc_option *rows = plugin->region_options;
  size_t n = plugin->n_region_options;
  zc_write_open(w, "additionalProperties", '{');
  zc_write_open(w, "anyOf", '[');
  zc_write_open(w, NULL, '{');
  zc_write_text(w, "type", "object");
  zc_write_open(w, "properties", '{');
  write_rows(w, rows, n, NULL);
  zc_write_close(w, '}');
  zc_write_open(w, "required", '[');
  write_required_rows(w, rows, n);
  zc_write_close(w, ']');
  zc_write_raw(w, "additionalProperties", "false");
  zc_write_close(w, '}');
  zc_write_open(w, NULL, '{');
  write_type(w, &rows[0], NULL);
  zc_write_close(w, '}');
  if (!need) zc_write_raw(w, NULL, "{\"type\": \"null\"}");
  zc_write_close(w, ']');
  zc_write_close(w, '}');
}

static void write_regions(zc_json_writer *w, const zc_plugin *plugin) {
  bool need = false;
  for (uint32_t i = 0; i < plugin->n_region_options; i++)
    need = need || plugin->region_options[i].flags & ZC_REQUIRED;
  zc_write_open(w, "regions", '{');
  zc_write_text(w, "description", "The regions that it covers, and how each is read.");
  zc_write_open(w, "anyOf", '[');
  if (!need) {
    const zc_option names = {.type = ZC_STRING_LIST, .range = "1..64"};
    zc_write_open(w, NULL, '{');
    write_type(w, &names, &zc_section_root.name);
    zc_write_close(w, '}');
  }
  if (plugin->n_region_options) {
    zc_write_open(w, NULL, '{');
    zc_write_text(w, "type", "object");
    zc_write_number(w, "minProperties", 1);
    zc_write_number(w, "maxProperties", ZC_REGIONS_MAX);
    write_region_row(w, plugin, need);
    zc_write_close(w, '}');
  }
  zc_write_close(w, ']');
  zc_write_close(w, '}');
}

/* An entry that names this plugin: the section's rows and the plugin's. */
static void write_plugin_entry(schema_writer *s, const zc_section *section,
                               const zc_plugin *plugin) {
  zc_json_writer *w = &s->json;
  char name[ENTRY_TEXT];
  snprintf(name, sizeof name, "%s_%s", kind_name(plugin->kind), plugin->name);
  zc_write_open(w, name, '{');
  if (plugin->summary) zc_write_text(w, "description", plugin->summary);
  zc_write_open(w, "properties", '{');
  for (size_t i = 0; i < section->n_options; i++) {
    if (zc_options_know(plugin->options, plugin->n_options, section->options[i].name)) continue;
    write_rows(w, &section->options[i], 1, &section->name);
  }
  if (section->flags & ZC_SECTION_REGIONS) write_regions(w, plugin);
  write_rows(w, plugin->options, plugin->n_options, NULL);
  zc_write_close(w, '}');
  zc_write_open(w, "required", '[');
  write_required_rows(w, plugin->options, plugin->n_options);
  if (section->flags & ZC_SECTION_REGIONS) zc_write_text(w, NULL, "regions");
  zc_write_close(w, ']');
  write_required_secrets(w, plugin->options, plugin->n_options);
  zc_write_raw(w, "additionalProperties", "false");
  zc_write_close(w, '}');
}

/* ---- which plugin --------------------------------------------------------------------------- */

static void write_choice(zc_json_writer *w, const zc_plugin *plugin) {
  char target[ENTRY_TEXT];
  snprintf(target, sizeof target, "#/$defs/%s_%s", kind_name(plugin->kind), plugin->name);
  zc_write_open(w, NULL, '{');
  zc_write_open(w, "if", '{');
  zc_write_open(w, "properties", '{');
  zc_write_open(w, "plugin", '{');
  zc_write_text(w, "const", plugin->name);
  zc_write_close(w, '}');
  zc_write_close(w, '}');
  zc_write_close(w, '}');
  zc_write_open(w, "then", '{');
  zc_write_text(w, "$ref", target);
  zc_write_close(w, '}');
  zc_write_close(w, '}');
}

static void write_kind(schema_writer *s, uint32_t kind) {
  zc_json_writer *w = &s->json;
  zc_write_open(w, kind_name(kind), '{');
  zc_write_text(w, "type", "object");
  zc_write_open(w, "properties", '{');
  zc_write_open(w, "plugin", '{');
  zc_write_open(w, "enum", '[');
  for (size_t i = 0; i < s->n_plugins; i++) {
    if (s->plugins[i]->kind == kind) zc_write_text(w, NULL, s->plugins[i]->name);
  }
  zc_write_close(w, ']');
  zc_write_close(w, '}');
  zc_write_close(w, '}');
  zc_write_raw(w, "required", "[\"plugin\"]");
  zc_write_open(w, "allOf", '[');
  zc_write_raw(w, NULL, "true");
  for (size_t i = 0; i < s->n_plugins; i++) {
    if (s->plugins[i]->kind == kind) write_choice(w, s->plugins[i]);
  }
  zc_write_close(w, ']');
  zc_write_close(w, '}');
}

/* ---- sections ------------------------------------------------------------------------------- */

static void write_section(zc_json_writer *w, const zc_section *section);

static void write_required_keys(zc_json_writer *w, const zc_section *section) {
  zc_write_open(w, "required", '[');
  if (!(section->flags & ZC_SECTION_LAYERED)) {
    write_required_rows(w, section->options, section->n_options);
  }
  for (size_t i = 0; section->children && section->children[i]; i++) {
    if (section->children[i]->flags & ZC_SECTION_REQUIRED) {
      zc_write_text(w, NULL, section->children[i]->key);
    }
  }
  zc_write_close(w, ']');
}

static void write_mapping(zc_json_writer *w, const zc_section *section) {
  zc_write_open(w, "properties", '{');
  write_rows(w, section->options, section->n_options, &section->name);
  for (size_t i = 0; section->children && section->children[i]; i++)
    write_section(w, section->children[i]);
  zc_write_close(w, '}');
  write_required_keys(w, section);
  zc_write_raw(w, "additionalProperties", "false");
}

static void write_entry(zc_json_writer *w, const zc_section *section) {
  char target[ENTRY_TEXT];
  if (section->plugin_kind) {
    snprintf(target, sizeof target, "#/$defs/%s", kind_name(section->plugin_kind));
    zc_write_text(w, "$ref", target);
  } else {
    zc_write_text(w, "type", "object");
    write_mapping(w, section);
  }
}

/* Nesting is the tables': three deep. A section that may be left out may also be empty. */
static void write_section(zc_json_writer *w, const zc_section *section) {
  bool required = section->flags & ZC_SECTION_REQUIRED;
  zc_write_open(w, section->key, '{');
  zc_write_text(w, "description", section->help);
  if (section->flags & ZC_SECTION_LIST) {
    zc_write_raw(w, "type", required ? "\"array\"" : "[\"array\", \"null\"]");
    if (required) zc_write_number(w, "minItems", 1);
    zc_write_number(w, "maxItems", (double)section->most);
    zc_write_open(w, "items", '{');
    write_entry(w, section);
    zc_write_close(w, '}');
  } else if (section->plugin_kind) {
    write_entry(w, section);
  } else {
    zc_write_raw(w, "type", required ? "\"object\"" : "[\"object\", \"null\"]");
    write_mapping(w, section);
  }
  zc_write_close(w, '}');
}

static const zc_section *section_of(uint32_t kind) {
  static const zc_section *const sections[] = {NULL, &zc_section_sources, &zc_section_use,
                                               &zc_section_trigger, &zc_section_sinks};
  return kind <= ZC_SINK ? sections[kind] : NULL;
}

static void write_definitions(schema_writer *s) {
  zc_json_writer *w = &s->json;
  zc_write_open(w, "$defs", '{');
  zc_write_open(w, "variable", '{');
  zc_write_text(w, "description", "A value with an environment variable in it.");
  write_pattern(w, VARIABLE);
  zc_write_close(w, '}');
  for (uint32_t kind = ZC_SOURCE; kind <= ZC_SINK; kind++)
    write_kind(s, kind);
  for (size_t i = 0; i < s->n_plugins; i++) {
    const zc_section *section = section_of(s->plugins[i]->kind);
    if (section) write_plugin_entry(s, section, s->plugins[i]);
  }
  zc_write_close(w, '}');
}

int zc_config_schema(const zc_plugin *const *plugins, size_t n, zc_buffer *to) {
  const zc_plugin **sorted = zc_plugins_sorted(plugins, n);
  if (!sorted) return ZC_ENOMEM;
  schema_writer s = {.json = {.to = to}, .plugins = sorted, .n_plugins = n};
  zc_json_writer *w = &s.json;
  zc_write_open(w, NULL, '{');
  zc_write_text(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
  zc_write_text(w, "title", "ZeroCarb configuration");
  zc_write_text(w, "type", "object");
  write_mapping(w, &zc_section_root);
  write_definitions(&s);
  zc_write_close(w, '}');
  free(sorted);
  return to->status;
}
