#include "profile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zerocarb/plugin.h>

#define HEADING_MAX 256

void zc_aws_wipe(char *text) {
  if (text) explicit_bzero(text, strlen(text));
  free(text);
}

/* ---- files ---- */

static int read_all(int fd, char *to, size_t size, size_t *ret_length) {
  size_t length = 0;
  while (length < size) {
    ssize_t n = read(fd, to + length, size - length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ZC_EIO;
    if (n == 0) break;
    length += (size_t)n;
  }
  *ret_length = length;
  return length < size ? ZC_OK : ZC_EDATA;
}

static int read_regular(int fd, char **ret) {
  struct stat about;
  size_t length = 0;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return ZC_EIO;
  char *text = malloc(ZC_AWS_FILE_MAX + 1);
  if (!text) return ZC_ENOMEM;
  int status = read_all(fd, text, ZC_AWS_FILE_MAX + 1, &length);
  if (status == ZC_OK && memchr(text, '\0', length)) status = ZC_EDATA;
  if (status != ZC_OK) {
    explicit_bzero(text, ZC_AWS_FILE_MAX + 1);
    free(text);
    return status;
  }
  text[length] = '\0';
  *ret = text;
  return ZC_OK;
}

int zc_aws_read_file(const char *path, char **ret) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not hold us */
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? ZC_ENOTFOUND : ZC_EIO;
  int status = read_regular(fd, ret);
  close(fd);
  return status;
}

static char *path_of(const char *variable, const char *below_home) {
  const char *path = getenv(variable), *home = getenv("HOME");
  char *whole = NULL;
  bool in_home = !path || !*path || strncmp(path, "~/", 2) == 0;
  if (!in_home) return strdup(path);
  if (!home || !*home) return NULL;
  const char *rest = path && *path ? path + 2 : below_home;
  return asprintf(&whole, "%s/%s", home, rest) < 0 ? NULL : whole;
}

char *zc_aws_config_path(void) {
  return path_of("AWS_CONFIG_FILE", ".aws/config");
}

char *zc_aws_credentials_path(void) {
  return path_of("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
}

/* ---- lines ---- */

static char *trim(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  size_t n = strlen(text);
  while (n > 0 && isspace((unsigned char)text[n - 1]))
    text[--n] = '\0';
  return text;
}

/* "[profile  x]", "[ profile \"x\" ]" -> "profile x". False where it is no heading. */
static bool read_heading(const char *line, char *to) {
  const char *end = strrchr(line, ']');
  size_t n = 0;
  bool gap = false;
  if (*line != '[' || !end) return false;
  for (const char *c = line + 1; c < end && n + 2 < HEADING_MAX; c++) {
    if (*c == '"' || *c == '\'') continue;
    if (isspace((unsigned char)*c)) {
      gap = n > 0;
      continue;
    }
    if (gap) to[n++] = ' ';
    to[n++] = *c;
    gap = false;
  }
  to[n] = '\0';
  return true;
}

static int add(zc_aws_section *section, const char *outer, const char *key, const char *value) {
  char *name = NULL;
  if (section->n >= ZC_AWS_KEYS_MAX) return ZC_EDATA;
  if (asprintf(&name, "%s%s%s", outer, *outer ? "." : "", key) < 0) return ZC_ENOMEM;
  char *copy = strdup(value);
  if (!copy) {
    free(name);
    return ZC_ENOMEM;
  }
  section->keys[section->n] = name;
  section->values[section->n++] = copy;
  return ZC_OK;
}

/* A line "key = value" of the section. Indented below a key without a value it is nested. */
static int read_pair(zc_aws_section *section, char *line, bool indented, char *outer) {
  char *equals = strchr(line, '=');
  if (!equals) return ZC_OK;
  *equals = '\0';
  const char *key = trim(line), *value = trim(equals + 1);
  if (indented && !*outer) return ZC_OK; /* goes on with the value before: none of ours does */
  if (!indented) snprintf(outer, HEADING_MAX, "%s", *value ? "" : key);
  return add(section, indented ? outer : "", key, value);
}

static int read_lines(char *text, const char *name, zc_aws_section *section, bool *ret_found) {
  char heading[HEADING_MAX] = "", outer[HEADING_MAX] = "", *rest = text, *line;
  int status = ZC_OK;
  while (status == ZC_OK && (line = strsep(&rest, "\n"))) {
    bool indented = *line == ' ' || *line == '\t';
    line = trim(line);
    if (*line == '\0' || *line == '#' || *line == ';') continue;
    if (!indented && read_heading(line, heading)) {
      if (strcmp(heading, name) == 0) *ret_found = true;
      outer[0] = '\0';
    } else if (strcmp(heading, name) == 0) {
      status = read_pair(section, line, indented, outer);
    }
  }
  return status;
}

/* ---- sections ---- */

int zc_aws_section_read(const char *path, const char *name, zc_aws_section *ret) {
  zc_aws_section section = {.n = 0};
  char *text;
  bool found = false;
  if (!path) return ZC_ENOTFOUND;
  int status = zc_aws_read_file(path, &text);
  if (status != ZC_OK) return status;
  size_t length = strlen(text); /* reading cuts it into pieces */
  status = read_lines(text, name, &section, &found);
  explicit_bzero(text, length);
  free(text);
  if (status == ZC_OK && !found) status = ZC_ENOTFOUND;
  if (status != ZC_OK)
    zc_aws_section_finish(&section);
  else
    *ret = section;
  return status;
}

const char *zc_aws_section_get(const zc_aws_section *section, const char *key) {
  for (size_t i = section->n; i > 0; i--) {
    if (strcasecmp(section->keys[i - 1], key) != 0) continue;
    return *section->values[i - 1] ? section->values[i - 1] : NULL;
  }
  return NULL;
}

void zc_aws_section_finish(zc_aws_section *section) {
  for (size_t i = 0; i < section->n; i++) {
    free(section->keys[i]);
    zc_aws_wipe(section->values[i]);
  }
  section->n = 0;
}
