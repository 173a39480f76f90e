/* electricity_maps_fuzz.c - any body as an answer of each endpoint of Electricity Maps. */
#include <string.h>

#include "payload.h"
#include "tests/fuzz/parser_host.h"

#define NOW INT64_C(1709753400000) /* 2024-03-06T19:30Z, within the recorded answers */

static void read_as(const zc_json *json, int endpoint, const char *zone, const char *factors) {
  const zc_em_question question = {
      .endpoint = endpoint, .zone = zone, .factors = factors, .now = NOW};
  zc_em_answer answer;
  char why[128] = "";
  if (zc_em_read(&parser_host, json, &question, &answer, why, sizeof why) != ZC_OK) {
    if (strlen(why) == 0) abort();
    return;
  }
  if (answer.n == 0) abort();
  check_points(answer.points, answer.n);
  zc_em_answer_finish(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  zc_json *json;
  if (zc_json_parse((const char *)data, size, &json) != ZC_OK) return 0;
  for (int endpoint = 0; endpoint < ZC_EM_ENDPOINTS; endpoint++) {
    read_as(json, endpoint, "DE", "lifecycle");
    read_as(json, endpoint, NULL, "direct");
  }
  zc_json_free(json);
  return 0;
}
