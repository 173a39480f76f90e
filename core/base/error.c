#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>

int zc_error_set(zc_error *error, int status, const char *format, ...) {
  if (!error) return status;
  error->status = status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return status;
}

const char *zc_status_text(int status) {
  switch (status) {
  case ZC_OK:
    return "fine";
  case ZC_EINVAL:
    return "invalid";
  case ZC_ENOMEM:
    return "no memory";
  case ZC_ETIMEDOUT:
    return "timed out";
  case ZC_ECANCELED:
    return "cancelled";
  case ZC_EAUTH:
    return "not authorised";
  case ZC_ERATE:
    return "rate limited";
  case ZC_EREMOTE:
    return "remote unavailable";
  case ZC_EDATA:
    return "unusable data";
  case ZC_ENOTFOUND:
    return "not found";
  case ZC_EIO:
    return "input/output error";
  case ZC_ECONFLICT:
    return "busy";
  case ZC_EUNKNOWN:
    return "outcome unknown";
  case ZC_ESYSTEM:
    return "internal fault";
  default:
    return "unknown status";
  }
}
