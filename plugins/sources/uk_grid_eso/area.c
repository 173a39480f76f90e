#include "area.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_REGION_ID 17

static int parse_region_id(const char *text, zc_uk_area *ret) {
  long id = strlen(text) <= 2 ? strtol(text, NULL, 10) : 0;
  if (id < 1 || id > LAST_REGION_ID) return ZC_EINVAL;
  ret->kind = ZC_UK_REGION_ID;
  ret->region_id = (int)id;
  snprintf(ret->text, sizeof ret->text, "%ld", id);
  return ZC_OK;
}

/* [A-Z]{1,2}[0-9][A-Z0-9]? */
static int parse_postcode(const char *text, zc_uk_area *ret) {
  size_t n = strlen(text), letters = 0;
  if (n < 2 || n > 4) return ZC_EINVAL;
  while (letters < n && isalpha((unsigned char)text[letters]))
    letters++;
  size_t rest = n - letters;
  if (letters < 1 || letters > 2 || rest < 1 || rest > 2) return ZC_EINVAL;
  if (!isdigit((unsigned char)text[letters])) return ZC_EINVAL;
  if (rest == 2 && !isalnum((unsigned char)text[letters + 1])) return ZC_EINVAL;
  ret->kind = ZC_UK_POSTCODE;
  for (size_t i = 0; i <= n; i++) {
    ret->text[i] = (char)toupper((unsigned char)text[i]);
  }
  return ZC_OK;
}

int zc_uk_area_parse(const char *text, zc_uk_area *ret) {
  zc_uk_area area = {.kind = ZC_UK_NATIONAL, .text = "national"};
  int status = ZC_OK;
  if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0') {
    status = parse_region_id(text, &area);
  } else if (strcmp(text, "national") != 0) {
    status = parse_postcode(text, &area);
  }
  if (status == ZC_OK) *ret = area;
  return status;
}
