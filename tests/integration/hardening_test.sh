#!/bin/sh
# hardening_test.sh BUILD - what the linker made of the program and its plugins: the protections are
# on, and a plugin exports its entry and needs no symbol of the program's.
set -eu
build=${1:?usage: hardening_test.sh BUILD}
program=$build/bin/zerocarb
failures=0

fail() {
  echo "FAIL $1: $2"
  failures=$((failures + 1))
}

# protections FILE: those that every object must have.
protections() {
  headers=$(readelf -Wl "$1")
  dynamic=$(readelf -Wd "$1")
  echo "$headers" | grep -q GNU_RELRO || fail "$1" "no RELRO"
  echo "$dynamic" | grep -Eq 'BIND_NOW|FLAGS.*NOW' || fail "$1" "lazy binding: RELRO is not full"
  echo "$headers" | grep GNU_STACK | grep -q RWE && fail "$1" "executable stack"
  echo "$headers" | grep -q GNU_STACK || fail "$1" "says nothing of its stack"
  echo "$headers" | grep LOAD | grep -q RWE && fail "$1" "a segment is writable and executable"
  echo "$dynamic" | grep -Eq 'TEXTREL|RPATH|RUNPATH' && fail "$1" "text relocations or a run path"
  return 0
}

# undefined FILE: symbols that must come from elsewhere, without versions.
undefined() {
  readelf -W --dyn-syms "$1" | awk '$7 == "UND" && $8 != "" { sub("@.*", "", $8); print $8 }'
}

exported() {
  readelf -W --dyn-syms "$1" | awk '$7 ~ /^[0-9]+$/ && ($5 == "GLOBAL" || $5 == "WEAK") {
    sub("@.*", "", $8); print $8 }'
}

check_program() {
  protections "$program"
  readelf -Wh "$program" | grep -q 'Type:.*DYN' || fail "$program" "no PIE"
  undefined "$program" | grep -q '^__stack_chk_fail$' || fail "$program" "no stack protector"
  # Jumps land on endbr64. The linker's mark is missing where the C library's own objects bear none.
  if grep -q -- '-fcf-protection' "$build/compile_commands.json" 2>/dev/null; then
    landings=$(LC_ALL=C grep -aoP '\xf3\x0f\x1e\xfa' "$program" | wc -l)
    [ "$landings" -gt 100 ] || fail "$program" "no control-flow protection"
  fi
  undefined "$program" | grep -Eq '_chk$' || fail "$program" "no fortified functions"
  echo "ok   $program"
}

check_plugin() {
  protections "$1"
  names=$(exported "$1" | tr '\n' ' ')
  [ "$names" = "zc_entry_v1 " ] || fail "$1" "exports: $names"
  host=$(undefined "$1" | grep '^zc_' | tr '\n' ' ') || true
  [ -z "$host" ] || fail "$1" "needs the program's: $host"
  # Only functions with arrays are protected; what has none needs no __stack_chk_fail.
  if readelf -Ws "$1" | grep -q 'snprintf' && ! undefined "$1" | grep -q '^__stack_chk_fail$'; then
    fail "$1" "no stack protector"
  fi
  echo "ok   $1"
}

skip() {
  echo "skipped: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}

[ -x "$program" ] || skip "$program is not built"
if readelf -Ws "$program" | grep -q ' __asan_init'; then
  skip "sanitizers replace the protections"
fi
check_program
objects=1
for file in "$build"/lib/zerocarb/plugins/*.so; do
  [ -e "$file" ] || continue
  check_plugin "$file"
  objects=$((objects + 1))
done
[ "$objects" -gt 1 ] || fail "$build/lib/zerocarb/plugins" "holds no plugins"
echo "$objects objects, $failures faults"
echo "$((failures == 0)) passed, $((failures > 0)) failed"
[ "$failures" -eq 0 ]
