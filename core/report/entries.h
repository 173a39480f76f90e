/* entries.h - rows of several ranges as one ordered list of JSON objects. */
#ifndef ZC_REPORT_ENTRIES_H
#define ZC_REPORT_ENTRIES_H

#include "core/report/question.h"

typedef struct {
  double order; /* lowest first */
  char *tie;    /* then by this text */
  char *text;   /* the object */
} zc_entry;

typedef struct {
  zc_entry *items;
  size_t n, capacity;
} zc_entries;

/* Takes the object out of the buffer, which is left empty. */
int zc_entries_add(zc_entries *entries, double order, const char *tie, zc_buffer *object);
void zc_entries_sort(zc_entries *entries);
/* Of a list that grows with the rows: once there are twice as many, only the first `most` stay. */
void zc_entries_keep(zc_entries *entries, size_t most);
/* A list of the first `limit`. */
void zc_entries_write(const zc_entries *entries, size_t limit, const char *key, zc_buffer *to);
void zc_entries_finish(zc_entries *entries);

#endif
