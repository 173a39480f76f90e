/* CRC-32, IEEE 802.3: reflected, eight tables, so that eight bytes go in one step. */
#include <string.h>

#include "aws.h"

#define POLYNOMIAL 0xedb88320u

static uint32_t tables[8][256];

static void make_tables(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++)
      value = value & 1 ? value >> 1 ^ POLYNOMIAL : value >> 1;
    tables[0][i] = value;
  }
  for (uint32_t t = 1; t < 8; t++) {
    for (uint32_t i = 0; i < 256; i++)
      tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
  }
}

static uint32_t eight(const unsigned char *at, uint32_t crc) {
  uint32_t low = crc ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                        (uint32_t)at[3] << 24);
  return tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
         tables[4][low >> 24] ^ tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^
         tables[0][at[7]];
}

/* Called on the loop thread only, so that the tables are made once. */
uint32_t zc_aws_crc32(const void *bytes, size_t length) {
  const unsigned char *at = bytes;
  uint32_t crc = 0xffffffffu;
  if (tables[0][1] == 0) make_tables();
  for (; length >= 8; at += 8, length -= 8)
    crc = eight(at, crc);
  for (; length > 0; at++, length--)
    crc = crc >> 8 ^ tables[0][(crc ^ *at) & 0xff];
  return crc ^ 0xffffffffu;
}
