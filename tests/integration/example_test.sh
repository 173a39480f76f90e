#!/usr/bin/env bash
# docs/EXAMPLE.md shows what the command prints. Usage: example_test.sh BUILD-DIRECTORY
set -uo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.." || exit 1
wanted=$(sed -n '/^<!-- begin/,/^<!-- end/p' docs/EXAMPLE.md | grep -v -e '^<!--' -e '^```')
found=$("$build/bin/zerocarb" decide -c etc/examples/worked-example.yaml nightly-tests \
  --at 2026-01-06T18:10:00Z)
if [ "$found" = "$wanted" ]; then
  echo "1 passed, 0 failed"
else
  diff <(echo "$wanted") <(echo "$found")
  echo "0 passed, 1 failed"
  exit 1
fi
