/* The whole file, section by section. */
#include "core/config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file_owner.h"
#include "core/base/text.h"
#include "core/config/expand.h"
#include "core/config/file_text.h"

static void finish_entries(zc_plugin_settings *entries, size_t n) {
  for (size_t i = 0; i < n; i++)
    zc_plugin_settings_finish(&entries[i]);
  free(entries);
}

static void finish_texts(char **texts, size_t n) {
  for (size_t i = 0; i < n; i++)
    free(texts[i]);
  free(texts);
}

static void finish_shared(zc_shared *shared) {
  if (!shared) return;
  for (size_t i = 0; i < shared->n; i++) {
    free(shared->zones[i].name);
    zc_zone_free(shared->zones[i].zone);
  }
  free(shared->zones);
  free(shared);
}

zc_settings *zc_settings_hold(zc_settings *settings) {
  settings->holders++;
  return settings;
}

void zc_settings_free(zc_settings *settings) {
  if (!settings || --settings->holders > 0) return;
  for (size_t i = 0; i < settings->n_pipelines; i++)
    zc_pipeline_settings_finish(&settings->pipelines[i]);
  free(settings->pipelines);
  free(settings->pipelines_by_name);
  finish_entries(settings->sources, settings->n_sources);
  finish_entries(settings->policies, settings->n_policies);
  finish_entries(settings->sinks, settings->n_sinks);
  finish_texts(settings->regions, settings->n_regions);
  finish_texts(settings->plugin_dirs, settings->n_plugin_dirs);
  finish_texts(settings->secret_variables.names, settings->secret_variables.n);
  finish_shared(settings->owned);
  free(settings->path);
  free(settings->directory);
  free(settings->state_dir);
  free(settings);
}

/* ---- where the file lies -------------------------------------------------------------------- */

/* The absolute folder of `path`; the working directory for text that is no file. */
static char *directory_of(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
  if (*path == '/') return strndup(path, length);
  char *working = getcwd(NULL, 0), *directory = NULL;
  if (!working || length == 0) return working;
  if (asprintf(&directory, "%s/%.*s", working, (int)length, path) < 0) directory = NULL;
  free(working);
  return directory;
}

static zc_settings *create_settings(const char *path) {
  zc_settings *settings = calloc(1, sizeof *settings);
  if (!settings) return NULL;
  settings->holders = 1;
  settings->path = zc_duplicate(path);
  settings->directory = directory_of(path);
  settings->owned = calloc(1, sizeof(zc_shared));
  if (settings->path && settings->directory && settings->owned) return settings;
  zc_settings_free(settings);
  return NULL;
}

/* ---- sections ------------------------------------------------------------------------------- */

static bool is_known_region(const zc_settings *settings, const char *name) {
  for (size_t i = 0; i < settings->n_regions; i++) {
    if (strcmp(settings->regions[i], name) == 0) return true;
  }
  return false;
}

static void read_regions(zc_reader *reader, const zc_node *list, size_t n) {
  zc_settings *settings = reader->settings;
  if (n == 0) return;
  if (!(settings->regions = calloc(n, sizeof *settings->regions))) {
    reader->check.status = ZC_ENOMEM;
    return;
  }
  for (const zc_node *item = list->first; item; item = item->next) {
    zc_section_check_name(reader, &zc_section_root, item);
    if (is_known_region(settings, item->text)) {
      char shown[ZC_EXCERPT_TEXT];
      zc_check_error(&reader->check, item, "\"%s\" is there twice",
                     zc_excerpt(item->text, shown, sizeof shown));
    } else if ((settings->regions[settings->n_regions] = zc_duplicate(item->text))) {
      settings->n_regions++;
    } else {
      reader->check.status = ZC_ENOMEM;
    }
  }
}

static void read_policies(zc_reader *reader, const zc_node *node) {
  zc_settings *settings = reader->settings;
  zc_config *policies = zc_section_read(reader, &zc_section_policies, node, 0);
  settings->combine =
      zc_config_integer(policies, "combine") == 1 ? ZC_COMBINE_BEST : ZC_COMBINE_FIRST;
  zc_config_free(policies);
  zc_read_plugin_list(reader, &zc_section_use, zc_node_get(node, "use"), &settings->policies,
                      &settings->n_policies);
}

/* Lists that must hold something. */
static void check_required(zc_reader *reader, const zc_node *root) {
  for (size_t i = 0; zc_section_root.children[i]; i++) {
    const zc_section *section = zc_section_root.children[i];
    const zc_node *node = zc_node_get(root, section->key);
    if (!(section->flags & ZC_SECTION_REQUIRED)) continue;
    if (!node || zc_node_is_null(node)) {
      zc_check_missing(&reader->check, root, section->key, "");
    } else if (node->kind == ZC_NODE_LIST && node->n == 0) {
      zc_check_error(&reader->check, node, "empty: at least one entry is wanted");
    }
  }
}

static void read_sections(zc_reader *reader, const zc_node *root) {
  zc_settings *settings = reader->settings;
  zc_config *top = zc_section_read(reader, &zc_section_root, root, 0);
  read_regions(reader, zc_node_get(root, "regions"), zc_config_count(top, "regions"));
  zc_config_free(top);
  check_required(reader, root);
  zc_read_engine(reader, root);
  zc_read_derived(reader, root);
  if (reader->options->prepare) {
    void *user = reader->options->finder ? reader->options->finder->user : NULL;
    reader->options->prepare(user, settings->plugin_dirs, settings->n_plugin_dirs);
  }
  zc_read_plugin_list(reader, &zc_section_sources, zc_node_get(root, "sources"), &settings->sources,
                      &settings->n_sources);
  read_policies(reader, zc_node_get(root, "policies"));
  zc_read_limits(reader, root);
  zc_read_pipelines(reader, root);
  zc_read_plugin_list(reader, &zc_section_sinks, zc_node_get(root, "sinks"), &settings->sinks,
                      &settings->n_sinks);
}

static void read_root(zc_reader *reader, const zc_node *root) {
  if (!root || zc_node_is_null(root)) {
    zc_findings_add(reader->check.findings, false, 1, 1,
                    "the file is empty: it needs at least regions, sources and pipelines");
  } else if (zc_check_mapping(&reader->check, root)) {
    read_sections(reader, root);
    if (reader->check.status == ZC_OK && reader->check.findings->errors == 0) {
      zc_cross_check(reader, root);
      zc_file_check(reader, root);
    }
  }
}

/* ---- loading -------------------------------------------------------------------------------- */

int zc_config_load_text(const char *text, size_t length, const char *path,
                        const zc_config_options *options, zc_settings **ret,
                        zc_findings *findings) {
  zc_tree tree;
  zc_reader reader = {.options = options, .settings = create_settings(path)};
  if (!reader.settings) return ZC_ENOMEM;
  reader.check = (zc_check){.findings = findings,
                            .directory = reader.settings->directory,
                            .secret_variables = &reader.settings->secret_variables};
  int status = zc_tree_parse(text, length, findings, &tree);
  if (status == ZC_OK) status = zc_expand_tree(&tree, findings);
  if (status == ZC_OK) {
    read_root(&reader, tree.root);
    status = reader.check.status;
  }
  zc_tree_finish(&tree);
  zc_findings_sort(findings);
  if (status == ZC_OK && findings->errors) status = ZC_EINVAL;
  if (status == ZC_OK) {
    *ret = reader.settings;
  } else {
    zc_settings_free(reader.settings);
  }
  return status;
}

/* Who can write a configuration has the engine's rights: it names commands and plugins. */
static int check_owner(const struct stat *about, bool implicit, zc_findings *findings) {
  zc_error error = {0};
  if (!S_ISREG(about->st_mode)) return ZC_OK; /* a pipe that was asked for */
  int status = zc_check_owner("the file", about, &error);
  if (status == ZC_OK) status = zc_check_closed("the file", about, &error);
  if (status == ZC_OK) return ZC_OK;
  zc_findings_add(findings, !implicit, 0, 0, "%s%s", error.text,
                  implicit ? "; it is not taken without being asked for: -c FILE does" : "");
  return implicit ? ZC_EINVAL : ZC_OK;
}

/* Never NULL on success. */
static int read_file(const char *path, bool implicit, zc_buffer *text, zc_findings *findings) {
  zc_error error = {0};
  struct stat about;
  int status = zc_file_read_about(path, implicit, text, &about, &error);
  if (status == ZC_OK) return check_owner(&about, implicit, findings);
  if (status == ZC_ENOMEM) return status;
  bool large = status == ZC_EDATA;
  zc_findings_add(findings, false, 0, 0, "%s", large ? ZC_TREE_TOO_LARGE : error.text);
  return large ? ZC_EINVAL : status;
}

static void wipe_file(zc_buffer *text) {
  if (text->data) explicit_bzero(text->data, text->length);
  zc_buffer_finish(text);
}

int zc_config_load(const char *path, const zc_config_options *options, zc_settings **ret,
                   zc_findings *findings) {
  zc_buffer text;
  zc_buffer_init(&text, ZC_TREE_BYTES);
  int status = read_file(path, options->implicit, &text, findings);
  if (status == ZC_OK) {
    status =
        zc_config_load_text(text.data ? text.data : "", text.length, path, options, ret, findings);
  }
  if (status == ZC_OK) (*ret)->implicit = options->implicit;
  wipe_file(&text);
  return status;
}

/* Where a file breaks off, as one does that is being edited, what stands before may be enough. */
static bool names_state_dir(const zc_tree *tree) {
  return zc_node_get(zc_node_get(tree->root, "engine"), "state_dir") != NULL;
}

static int read_state_dir(const char *text, size_t length, const char *path, char **ret,
                          zc_findings *findings) {
  zc_tree tree;
  const zc_config_options options = {.state_dir = NULL};
  zc_reader reader = {.options = &options, .settings = create_settings(path)};
  if (!reader.settings) return ZC_ENOMEM;
  reader.check = (zc_check){.findings = findings, .directory = reader.settings->directory};
  int status = zc_tree_parse(text, length, findings, &tree);
  if (status == ZC_EINVAL && names_state_dir(&tree)) status = ZC_OK;
  if (status == ZC_OK) status = zc_expand_tree(&tree, findings);
  if (status == ZC_OK && tree.root && zc_check_mapping(&reader.check, tree.root))
    zc_read_engine(&reader, tree.root);
  zc_tree_finish(&tree);
  if (status == ZC_OK) status = reader.check.status;
  *ret = reader.settings->state_dir;
  reader.settings->state_dir = NULL;
  zc_settings_free(reader.settings);
  if (status == ZC_OK && !*ret) status = ZC_EINVAL;
  return status;
}

int zc_config_state_dir(const char *path, bool implicit, char **ret, zc_findings *findings) {
  zc_buffer text;
  char *found = NULL;
  zc_buffer_init(&text, ZC_TREE_BYTES);
  int status = read_file(path, implicit, &text, findings);
  if (status == ZC_OK)
    status = read_state_dir(text.data ? text.data : "", text.length, path, &found, findings);
  wipe_file(&text);
  if (status == ZC_OK) {
    zc_findings_finish(findings);
    *ret = found;
  } else {
    free(found);
  }
  return status;
}
