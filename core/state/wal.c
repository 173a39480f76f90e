/* Finds damage inside the WAL. SQLite reads a WAL up to the first frame whose checksum is wrong and
 * silently leaves out what follows: right after a crash in the middle of a write, wrong where a
 * frame that had been synced was damaged later, as the changes behind it were acknowledged.
 *
 * Every transaction is synced before the next one begins. So behind a bad frame there can be the
 * rest of one transaction, but no frame behind a later commit; and as a transaction writes a page
 * once, none from the last good commit up to the next one has a page twice: else the commit between
 * them is lost. (The last transaction's damage, and a file cut short, cannot be told from a write
 * that a crash cut off; nor can a lost commit where the two have no page in common.)
 * The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state/journal_parts.h"

#define HEADER     32
#define FRAME      24 /* before each page */
#define MAGIC      UINT32_C(0x377f0682)
#define PAGE_LEAST 512
#define PAGE_MOST  65536

typedef struct {
  uint32_t sums[2];
  bool big_endian; /* the words that are summed up */
} wal_sum;

static uint32_t word(const unsigned char *at, bool big_endian) {
  if (big_endian) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  }
  return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static void add_up(wal_sum *sum, const unsigned char *bytes, size_t n) {
  for (size_t i = 0; i + 8 <= n; i += 8) {
    sum->sums[0] += word(bytes + i, sum->big_endian) + sum->sums[1];
    sum->sums[1] += word(bytes + i + 4, sum->big_endian) + sum->sums[0];
  }
}

static bool agrees(const wal_sum *sum, const unsigned char *stored) {
  return sum->sums[0] == word(stored, true) && sum->sums[1] == word(stored + 4, true);
}

/* The page's size, 0 for a header that is none; begins the sum. */
static size_t read_header(const unsigned char *header, wal_sum *sum) {
  uint32_t magic = word(header, true), page = word(header + 8, true);
  *sum = (wal_sum){.big_endian = magic & 1};
  add_up(sum, header, HEADER - 8);
  bool known = (magic & ~UINT32_C(1)) == MAGIC && agrees(sum, header + HEADER - 8);
  bool usual = page >= PAGE_LEAST && page <= PAGE_MOST && (page & (page - 1)) == 0;
  return known && usual ? page : 0;
}

/* What is behind the first bad frame: frames of this WAL (by its salt) after a commit. */
typedef struct {
  bool bad, committed, damaged;
  uint32_t *pages; /* owned; written since the last good commit */
  size_t n, room;
} reading;

static int compare_pages(const void *a, const void *b) {
  uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
  return (first > second) - (first < second);
}

static bool has_one_twice(uint32_t *pages, size_t n) {
  qsort(pages, n, sizeof *pages, compare_pages);
  for (size_t i = 1; i < n; i++)
    if (pages[i] == pages[i - 1]) return true;
  return false;
}

static int add_page(reading *r, uint32_t page) {
  if (r->n == r->room) {
    size_t room = r->room ? 2 * r->room : 64;
    uint32_t *larger = realloc(r->pages, room * sizeof *larger);
    if (!larger) return ZC_ENOMEM;
    r->pages = larger;
    r->room = room;
  }
  r->pages[r->n++] = page;
  return ZC_OK;
}

static int read_frame(const unsigned char *frame, size_t page, const unsigned char *salt,
                      wal_sum *sum, reading *r) {
  bool ours = memcmp(frame + 8, salt, 8) == 0, commits = word(frame + 4, true) != 0;
  if (!r->bad) {
    add_up(sum, frame, 8);
    add_up(sum, frame + FRAME, page);
    r->bad = !ours || !agrees(sum, frame + 16);
  }
  if (!ours) return ZC_OK;
  if (r->committed) r->damaged = true;
  int status = add_page(r, word(frame, true));
  if (status != ZC_OK || !commits) return status;
  if (r->bad) {
    r->committed = true;
    r->damaged |= has_one_twice(r->pages, r->n);
  }
  r->n = 0;
  return ZC_OK;
}

/* ZC_OK, ZC_EDATA where it is damaged, ZC_ENOMEM. */
static int read_frames(FILE *file, const unsigned char *header) {
  wal_sum sum;
  reading r = {0};
  size_t page = read_header(header, &sum);
  unsigned char *frame = page ? malloc(FRAME + page) : NULL;
  int status = ZC_OK;
  if (!page) return ZC_EDATA;
  if (!frame) return ZC_ENOMEM;
  while (status == ZC_OK && !r.damaged && fread(frame, FRAME + page, 1, file) == 1)
    status = read_frame(frame, page, header + 16, &sum, &r);
  free(frame);
  free(r.pages);
  return r.damaged ? ZC_EDATA : status;
}

int zc_wal_check(const char *path, zc_error *error) {
  char name[PATH_MAX];
  unsigned char header[HEADER];
  snprintf(name, sizeof name, "%s-wal", path);
  FILE *file = fopen(name, "rbe");
  if (!file && errno == ENOENT) return ZC_OK;
  if (!file) return zc_error_set(error, ZC_EIO, "%s: %s", name, strerror(errno));
  int status = ZC_OK;
  if (fread(header, sizeof header, 1, file) == 1) status = read_frames(file, header);
  if (ferror(file)) status = ZC_EIO;
  fclose(file);
  if (status == ZC_OK) return ZC_OK;
  if (status == ZC_EDATA) {
    return zc_journal_damaged(error, path,
                              "its WAL is damaged: changes that were stored lie behind the damage");
  }
  return zc_error_set(error, status, "%s: %s", name, zc_status_text(status));
}
