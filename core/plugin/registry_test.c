/* Finding plugins, and refusing those that cannot be trusted or do not fit. The shared objects are
 * those of tests/plugins, copied to a folder of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/plugin/registry.h"

#define STRANGER 54321

typedef struct {
  char folder[64];
  zc_registry *registry;
  zc_error error;
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  snprintf(f->folder, sizeof f->folder, "/tmp/zerocarb_registry_XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  assert_int_equal(zc_registry_create(&f->registry), ZC_OK);
  assert_int_equal(zc_registry_add_directory(f->registry, f->folder), ZC_OK);
  *state = f;
  return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

static int tear_down(void **state) {
  fixture *f = *state;
  zc_registry_destroy(f->registry);
  nftw(f->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  free(f);
  return 0;
}

/* ---- files ---- */

static size_t read_plugin(const char *name, char **ret) {
  char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  assert_true(n > 0);
  path[n] = '\0';
  char *slash = strrchr(path, '/');
  snprintf(slash, sizeof path - (size_t)(slash - path), "/plugins/%s.so", name);
  FILE *stream = fopen(path, "rb");
  if (!stream) fail_msg("%s: not built", path);
  struct stat status;
  assert_int_equal(fstat(fileno(stream), &status), 0);
  *ret = malloc((size_t)status.st_size);
  assert_non_null(*ret);
  assert_int_equal(fread(*ret, 1, (size_t)status.st_size, stream), status.st_size);
  fclose(stream);
  return (size_t)status.st_size;
}

static void write_file(const char *folder, const char *file, const char *bytes, size_t n) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(bytes, 1, n, stream), n);
  assert_int_equal(fclose(stream), 0);
  assert_int_equal(chmod(path, 0644), 0);
}

static void install(const char *folder, const char *name) {
  char *bytes, file[NAME_MAX + 1];
  size_t n = read_plugin(name, &bytes);
  snprintf(file, sizeof file, "%s.so", name);
  write_file(folder, file, bytes, n);
  free(bytes);
}

static char *below(const fixture *f, const char *name) {
  static char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", f->folder, name);
  return path;
}

static void make_folder(const char *path, mode_t mode) {
  assert_int_equal(mkdir(path, 0755), 0);
  assert_int_equal(chmod(path, mode), 0);
}

static void assert_refused(fixture *f, const char *name, const char *format, ...) {
  char wanted[900];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(wanted, sizeof wanted, format, arguments);
  va_end(arguments);
  memset(&f->error, 0, sizeof f->error);
  assert_null(zc_registry_find(f->registry, 0, name, &f->error));
  assert_string_equal(f->error.text, wanted);
  assert_true(f->error.status < 0);
}

static const zc_plugin *assert_found(fixture *f, const char *name) {
  const zc_plugin *plugin = zc_registry_find(f->registry, 0, name, &f->error);
  if (!plugin) fail_msg("%s", f->error.text);
  return plugin;
}

/* ---- what is found ---- */

static void a_plugin_is_loaded_once_and_copied(void **state) {
  fixture *f = *state;
  install(f->folder, "source_fine");
  const zc_plugin *plugin = assert_found(f, "source_fine");
  assert_ptr_equal(assert_found(f, "source_fine"), plugin);
  assert_ptr_equal(zc_registry_find(f->registry, ZC_SOURCE, "source_fine", NULL), plugin);
  assert_int_equal(plugin->size, sizeof *plugin);
  assert_int_equal(plugin->kind, ZC_SOURCE);
  assert_string_equal(plugin->summary, "One value for all times.");
  assert_int_equal(plugin->n_options, 1);
  assert_string_equal(plugin->options[0].name, "value");
  const zc_source_ops *ops = plugin->ops;
  assert_non_null(ops->observe);
  assert_null(ops->cancel);
}

static void another_kind_is_refused(void **state) {
  fixture *f = *state;
  install(f->folder, "source_fine");
  assert_null(zc_registry_find(f->registry, ZC_SINK, "source_fine", &f->error));
  assert_string_equal(f->error.text, "\"source_fine\" is a source, not a sink");
}

static void the_first_directory_counts(void **state) {
  fixture *f = *state;
  char *second = strdup(below(f, "second"));
  make_folder(second, 0755);
  install(f->folder, "source_twice");
  install(second, "source_twice");
  install(second, "source_fine");
  write_file(f->folder, "source_fine.so", "broken", 6);
  assert_int_equal(zc_registry_add_directory(f->registry, second), ZC_OK);
  assert_found(f, "source_twice");
  assert_refused(f, "source_fine", "%s/source_fine.so: not an ELF file", f->folder);
  free(second);
}

static void explicit_paths_are_absolute(void **state) {
  fixture *f = *state;
  char *other = strdup(below(f, "other"));
  make_folder(other, 0755);
  install(other, "source_nan");
  install(f->folder, "source_nan");
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/source_nan.so", other);
  const zc_plugin *plugin = assert_found(f, path);
  assert_ptr_equal(assert_found(f, "source_nan"), plugin);
  assert_refused(f, below(f, "source_nan.so"),
                 "%s/source_nan.so: a plugin of that name came from %s", f->folder, path);
  free(other);
}

static void names_cannot_lead_elsewhere(void **state) {
  fixture *f = *state;
  static const char *const bad[] = {
      "../evil", "source_fine.so", "plugins/source_fine.so", "./source_fine.so", "", "Source",
      "a-b"};
  install(f->folder, "source_fine");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_refused(f, bad[i], "plugin \"%s\": neither a name (a-z, 0-9, _) nor an absolute path",
                   bad[i]);
  }
  assert_refused(f, "/etc/passwd",
                 "/etc/passwd: a plugin's file is called NAME.so, of a-z, 0-9 "
                 "and _");
  assert_int_equal(zc_registry_add_directory(f->registry, "plugins"), ZC_EINVAL);
}

static void what_is_not_there_says_where_it_was_sought(void **state) {
  fixture *f = *state;
  assert_null(zc_registry_find(f->registry, 0, "nowhere", &f->error));
  assert_int_equal(f->error.status, ZC_ENOTFOUND);
  char wanted[200];
  snprintf(wanted, sizeof wanted, "there is no plugin \"nowhere\" in %s, /", f->folder);
  assert_int_equal(strncmp(f->error.text, wanted, strlen(wanted)), 0);
  install(f->folder, "source_fine");
  assert_found(f, "source_fine"); /* what was not there is looked for again */
}

/* ---- what is refused ---- */

static const struct {
  const char *name, *reason;
} bad_plugins[] = {
    {"bad_abi", "built for ABI major 7, this program has 1"},
    {"bad_default", "an option and its default do not fit: pause: the text \"soon\" where a "
                    "duration such as 30s, 15m, 2h or 7d is wanted"},
    {"bad_entry", "has no entry symbol zc_entry_v1: is it a plugin?"},
    {"bad_key", "option \"every\" is the program's own"},
    {"bad_kind", "its kind 9 is unknown"},
    {"bad_major", "built for ABI major 2, this program has 1"},
    {"bad_name", "names itself \"another_name\": file and plugin must agree"},
    {"bad_ops", "neither observes nor forecasts"},
    {"bad_ops_size", "its operations have size 0, ABI 1.0 has 32: set ops.size"},
    {"bad_option_size",
     "its option_size is 0, ABI 1.0 has 40: set .option_size = sizeof(zc_option)"},
    {"bad_option", "option \"value\" is there twice"},
    {"bad_secret", "option \"key\": is secret and has a default"},
    {"bad_size", "its descriptor has size 16, ABI 1.0 has 96"},
    {"bad_type", "option \"extra\": its type is unknown"},
};
#define N_BAD (sizeof bad_plugins / sizeof *bad_plugins)

static void bad_plugins_are_refused_by_name(void **state) {
  fixture *f = *state;
  install(f->folder, "source_fine");
  for (size_t i = 0; i < N_BAD; i++) {
    install(f->folder, bad_plugins[i].name);
    assert_refused(f, bad_plugins[i].name, "%s/%s.so: %s", f->folder, bad_plugins[i].name,
                   bad_plugins[i].reason);
    assert_refused(f, bad_plugins[i].name, "%s/%s.so: %s", f->folder, bad_plugins[i].name,
                   bad_plugins[i].reason); /* and again, the same */
  }
  assert_found(f, "source_fine");
}

static void what_is_no_shared_object_is_refused(void **state) {
  fixture *f = *state;
  char *bytes;
  size_t n = read_plugin("source_fine", &bytes);
  write_file(f->folder, "empty.so", "", 0);
  assert_refused(f, "empty", "%s/empty.so: not an ELF file", f->folder);
  write_file(f->folder, "text.so", "#!/bin/sh\n", 10);
  assert_refused(f, "text", "%s/text.so: not an ELF file", f->folder);
  write_file(f->folder, "head.so", bytes, 20);
  assert_refused(f, "head", "%s/head.so: cut short: 20 bytes", f->folder);
  bytes[18] ^= 0x40; /* e_machine */
  write_file(f->folder, "foreign.so", bytes, n);
  assert_refused(f, "foreign", "%s/foreign.so: built for another machine", f->folder);
  bytes[18] ^= 0x40;
  bytes[16] = 1; /* e_type: relocatable */
  write_file(f->folder, "object.so", bytes, n);
  assert_refused(f, "object", "%s/object.so: not a shared object", f->folder);
  make_folder(below(f, "folder.so"), 0755);
  assert_refused(f, "folder", "%s/folder.so: not a file", f->folder);
  free(bytes);
}

static void a_file_cut_short_is_refused_wherever_it_is_cut(void **state) {
  fixture *f = *state;
  char *bytes, name[40], file[48];
  size_t n = read_plugin("source_fine", &bytes);
  for (size_t i = 1; i <= 40; i++) {
    size_t length = 64 + (n - 65) * i / 40;
    snprintf(name, sizeof name, "cut_%zu", i);
    snprintf(file, sizeof file, "%s.so", name);
    write_file(f->folder, file, bytes, length);
    assert_refused(f, name, "%s/%s: cut short: %zu of %zu bytes", f->folder, file, length, n);
  }
  free(bytes);
}

/* ---- who may write ---- */

static void what_others_can_write_is_refused(void **state) {
  fixture *f = *state;
  install(f->folder, "source_fine");
  install(f->folder, "source_nan");
  install(f->folder, "source_twice");
  assert_int_equal(chmod(below(f, "source_fine.so"), 0666), 0);
  assert_int_equal(chmod(below(f, "source_nan.so"), 0664), 0);
  assert_refused(f, "source_fine",
                 "%s/source_fine.so: it can be written by others (mode 0666): chmod go-w it",
                 f->folder);
  assert_refused(f, "source_nan",
                 "%s/source_nan.so: it can be written by others (mode 0664): chmod go-w it",
                 f->folder);
  assert_found(f, "source_twice");
}

/* The same plugin below folders of other modes; the message, or NULL where it loads. */
static void folders_that_others_can_write_are_refused(void **state) {
  fixture *f = *state;
  static const struct {
    mode_t upper, lower;
    const char *name, *at;
  } rows[] = {
      {0755, 0777, "source_fine", "/upper/lower"},   {0777, 0755, "source_nan", "/upper"},
      {0755, 01777, "source_late", "/upper/lower"},  {01777, 0755, "source_twice", NULL},
      {0755, 0775, "source_silent", "/upper/lower"},
  };
  char *upper = strdup(below(f, "upper")), *lower = strdup(below(f, "upper/lower"));
  make_folder(upper, 0755);
  make_folder(lower, 0755);
  assert_int_equal(zc_registry_add_directory(f->registry, lower), ZC_OK);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    install(lower, rows[i].name);
    assert_int_equal(chmod(upper, rows[i].upper), 0);
    assert_int_equal(chmod(lower, rows[i].lower), 0);
    if (!rows[i].at) {
      assert_found(f, rows[i].name);
      continue;
    }
    mode_t mode = strlen(rows[i].at) > 6 ? rows[i].lower : rows[i].upper;
    const char *advice = mode & S_ISVTX ? "move the file to a folder of its own" : "chmod go-w it";
    assert_refused(f, rows[i].name,
                   "%s/%s.so: its folder %s%s can be written by others (mode %04o): %s", lower,
                   rows[i].name, f->folder, rows[i].at, (unsigned)mode, advice);
  }
  free(upper);
  free(lower);
}

static void strangers_files_are_refused(void **state) {
  fixture *f = *state;
  if (geteuid() != 0) {
    print_message("skipped: only root can give a file away\n");
    skip();
  }
  install(f->folder, "source_fine");
  assert_int_equal(chown(below(f, "source_fine.so"), STRANGER, STRANGER), 0);
  assert_refused(f, "source_fine",
                 "%s/source_fine.so: it is owned by user 54321, who is neither root nor the "
                 "running user",
                 f->folder);
  install(f->folder, "source_nan");
  assert_int_equal(symlink("source_nan.so", below(f, "linked.so")), 0);
  assert_int_equal(lchown(below(f, "linked.so"), STRANGER, STRANGER), 0);
  assert_refused(f, "linked",
                 "%s/linked.so: a symbolic link on its path is owned by user 54321, who is neither "
                 "root nor the running user",
                 f->folder);
}

static void links_are_followed_under_the_same_rule(void **state) {
  fixture *f = *state;
  char *open_folder = strdup(below(f, "open")), *closed = strdup(below(f, "closed"));
  make_folder(open_folder, 0755);
  make_folder(closed, 0755);
  install(closed, "source_fine");
  install(open_folder, "source_nan");
  assert_int_equal(chmod(open_folder, 0777), 0);
  assert_int_equal(symlink("closed/../closed/./source_fine.so", below(f, "source_fine.so")), 0);
  assert_found(f, "source_fine");
  assert_int_equal(symlink("open/source_nan.so", below(f, "source_nan.so")), 0);
  assert_refused(f, "source_nan",
                 "%s/source_nan.so: its folder %s can be written by others (mode 0777): chmod go-w "
                 "it",
                 f->folder, open_folder);
  assert_int_equal(symlink("loop.so", below(f, "loop.so")), 0);
  assert_refused(f, "loop", "%s/loop.so: too many symbolic links, or too long a path", f->folder);
  assert_int_equal(symlink("nowhere", below(f, "gone.so")), 0);
  assert_refused(f, "gone", "%s/gone.so: No such file or directory", f->folder);
  free(open_folder);
  free(closed);
}

/* ---- all of them ---- */

typedef struct {
  const fixture *f;
  char names[2000];
  size_t usable, broken;
} listing;

static void list(void *user, const zc_registry_entry *entry) {
  listing *all = user;
  if (strncmp(entry->path, all->f->folder, strlen(all->f->folder)) != 0) return;
  size_t n = strlen(all->names);
  snprintf(all->names + n, sizeof all->names - n, "%s ", entry->name);
  if (entry->plugin) {
    assert_null(entry->error);
    all->usable++;
  } else {
    assert_true(strlen(entry->error->text) > strlen(entry->path));
    all->broken++;
  }
}

static void a_scan_lists_the_good_and_the_bad(void **state) {
  fixture *f = *state;
  listing all = {.f = f};
  install(f->folder, "source_nan");
  for (size_t i = 0; i < N_BAD; i++)
    install(f->folder, bad_plugins[i].name);
  install(f->folder, "source_fine");
  write_file(f->folder, "notes.txt", "none", 4);
  write_file(f->folder, "Strange-Name.so", "none", 4);
  assert_int_equal(zc_registry_scan(f->registry, list, &all), ZC_OK);
  assert_string_equal(
      all.names,
      "Strange-Name.so bad_abi bad_default bad_entry bad_key bad_kind bad_major "
      "bad_name bad_ops bad_ops_size bad_option bad_option_size bad_secret bad_size bad_type "
      "source_fine source_nan ");
  assert_int_equal(all.usable, 2);
  assert_int_equal(all.broken, N_BAD + 1);
}

static void a_scan_of_a_directory_is_bounded(void **state) {
  fixture *f = *state;
  listing all = {.f = f};
  char *missing = strdup(below(f, "missing"));
  for (int i = 0; i < ZC_PLUGIN_ENTRIES_MAX + 1; i++) {
    char file[20];
    snprintf(file, sizeof file, "%d.txt", i);
    write_file(f->folder, file, "", 0);
  }
  assert_int_equal(zc_registry_add_directory(f->registry, missing), ZC_OK);
  assert_int_equal(zc_registry_scan(f->registry, list, &all), ZC_OK);
  char wanted[200];
  snprintf(wanted, sizeof wanted, "%s %s ", f->folder, missing);
  assert_string_equal(all.names, wanted);
  assert_int_equal(all.broken, 2);
  free(missing);
}

static void the_finder_names_plugins_of_a_kind(void **state) {
  fixture *f = *state;
  const char *names[ZC_PLUGINS_MAX];
  install(f->folder, "source_nan");
  install(f->folder, "source_fine");
  install(f->folder, "bad_kind");
  zc_plugin_finder finder = zc_registry_finder(f->registry);
  size_t n = finder.names(finder.user, ZC_SOURCE, names, ZC_PLUGINS_MAX), seen = 0;
  for (size_t i = 0; i < n; i++) {
    seen += strcmp(names[i], "source_fine") == 0 || strcmp(names[i], "source_nan") == 0;
    assert_string_not_equal(names[i], "bad_kind");
  }
  assert_int_equal(seen, 2);
  assert_int_equal(finder.names(finder.user, ZC_SOURCE, names, 1), 1);
  assert_non_null(finder.find(finder.user, ZC_SOURCE, "source_fine", &f->error));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_plugin_is_loaded_once_and_copied),
      TEST(another_kind_is_refused),
      TEST(the_first_directory_counts),
      TEST(explicit_paths_are_absolute),
      TEST(names_cannot_lead_elsewhere),
      TEST(what_is_not_there_says_where_it_was_sought),
      TEST(bad_plugins_are_refused_by_name),
      TEST(what_is_no_shared_object_is_refused),
      TEST(a_file_cut_short_is_refused_wherever_it_is_cut),
      TEST(what_others_can_write_is_refused),
      TEST(folders_that_others_can_write_are_refused),
      TEST(strangers_files_are_refused),
      TEST(links_are_followed_under_the_same_rule),
      TEST(a_scan_lists_the_good_and_the_bad),
      TEST(a_scan_of_a_directory_is_bounded),
      TEST(the_finder_names_plugins_of_a_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
