#!/bin/sh
# out_of_tree_test.sh BUILD - a third party's way: installs the build into an empty folder, builds
# the template there with CMake and with one line of pkg-config, and lets the installed program list
# it and ask it. Needs no network: the template's document is served on the loopback.
set -eu
build=$(cd "${1:?usage: out_of_tree_test.sh BUILD}" && pwd)
cc=${CC:-cc}
work=$(mktemp -d /tmp/zerocarb_out_of_tree_XXXXXX)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
passed=0

fail() {
  echo "FAIL $1"
  echo "$passed passed, 1 failed"
  exit 1
}

ok() {
  echo "ok   $1"
  passed=$((passed + 1))
}

if [ ! -x "$build/bin/zerocarb" ]; then
  echo "skipped: $build/bin/zerocarb is not built"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi

# --- an installed tree, moved once, as a package would be -----------------------------------------
umask 022
DESTDIR=$work/stage cmake --install "$build" --prefix /opt/zerocarb >"$work/install.log" 2>&1 ||
  { cat "$work/install.log"; fail "cmake --install"; }
mv "$work/stage/opt/zerocarb" "$work/installed"
prefix=$work/installed
zerocarb=$prefix/bin/zerocarb
[ -f "$prefix/include/zerocarb/plugin.h" ] || fail "the header is not installed"
cp -r "$prefix/share/zerocarb/source_template" "$work/template"

# --- with CMake ----------------------------------------------------------------------------------
with_test=OFF
# A testkit with sanitizers in it would ask for them in a third party's build, too.
if ! readelf -Ws "$zerocarb" | grep -q ' __asan_init'; then
  find "$prefix" -name libzerocarb_testkit.a | grep -q . && with_test=ON
fi
{ cmake -S "$work/template" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_INSTALL_PREFIX="$prefix" -DMY_SOURCE_TEST=$with_test &&
  cmake --build "$work/cmake" &&
  { [ $with_test = OFF ] || (cd "$work/cmake" && ctest --output-on-failure); } &&
  cmake --install "$work/cmake"; } >"$work/cmake.log" 2>&1 ||
  { cat "$work/cmake.log"; fail "the template does not build with CMake"; }
[ -f "$prefix/lib/zerocarb/plugins/my_source.so" ] || fail "CMake did not install my_source.so"
ok "built, tested ($with_test) and installed with CMake"

# --- with one line -------------------------------------------------------------------------------
pc=$(dirname "$(find "$prefix" -name zerocarb-plugin.pc)")
export PKG_CONFIG_PATH="$pc"
mkdir "$work/plugins"
# shellcheck disable=SC2046
$cc -O2 -Wall -Wextra -Werror -o "$work/plugins/my_source.so" "$work/template/my_source.c" \
  $(pkg-config --cflags --libs zerocarb-plugin) || fail "the template does not build in one line"
plugindir=$(pkg-config --variable=plugindir zerocarb-plugin)
[ -f "$plugindir/my_source.so" ] || fail "plugindir $plugindir is not the program's"
ok "built with pkg-config"

# --- listed --------------------------------------------------------------------------------------
"$zerocarb" plugins my_source >"$work/plugins.txt" || fail "zerocarb plugins my_source"
grep -q 'my_source' "$work/plugins.txt" && grep -q 'token' "$work/plugins.txt" ||
  { cat "$work/plugins.txt"; fail "my_source and its options are not listed"; }
ok "listed by zerocarb plugins"

# --- asked ---------------------------------------------------------------------------------------
mkdir "$work/www"
/usr/bin/python3 - "$work/www/intensity.json" <<'PYTHON'
import datetime, json, sys
now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
half = datetime.timedelta(minutes=30)
slots = [{"from": (now + i * half).strftime("%Y-%m-%dT%H:%MZ"),
          "to": (now + (i + 1) * half).strftime("%Y-%m-%dT%H:%MZ"),
          "intensity": 123.5} for i in range(-4, 48)]
json.dump({"slots": slots}, open(sys.argv[1], "w"))
PYTHON
/usr/bin/python3 -c '
import functools, http.server, sys
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=sys.argv[1]))
with open(sys.argv[2] + ".new", "w") as file: file.write(str(server.server_port))
import os; os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()' "$work/www" "$work/port" &
server=$!
tries=0
while [ ! -f "$work/port" ]; do
  tries=$((tries + 1))
  [ $tries -le 100 ] || fail "the local server does not start"
  sleep 0.1
done
cat >"$work/zerocarb.yaml" <<YAML
regions: [eu-west-2]
engine: {state_dir: $work/state}
sources:
  - plugin: my_source
    url: http://127.0.0.1:$(cat "$work/port")/intensity.json
    regions: {eu-west-2: GB}
policies: {use: [{plugin: threshold, max_intensity: 50}]}
pipelines:
  - name: demo
    region: eu-west-2
    auto_trigger: false
    workload: {duration_minutes: 30, vcpu_count: 2, memory_gb: 3}
YAML
"$zerocarb" source -c "$work/zerocarb.yaml" my_source >"$work/source.txt" 2>"$work/source.err" ||
  { cat "$work/source.txt" "$work/source.err"; fail "zerocarb source my_source"; }
grep -q '123.5' "$work/source.txt" || { cat "$work/source.txt"; fail "its points are not shown"; }
ok "asked by zerocarb source"

# --- in C++ ---------------------------------------------------------------------------------------
mkdir "$work/cxx"
cat >"$work/cxx/odd_times.cpp" <<'CPP'
// Its times are wrong in three ways, by the region's option.
#include <cstring>
#include <zerocarb/plugin.h>

static const zc_host *host;
static zc_self *self;

static int create(const zc_host *given, zc_self *instance, const zc_config *, void **ret_state) {
  host = given;
  self = instance;
  *ret_state = &host;
  return ZC_OK;
}

static void destroy(void *) {}

static int observe(void *, const zc_query *query, zc_op *op) {
  const char *way = host->text(query->region_config, "way");
  zc_signal signal = zc_signal();
  zc_point point = zc_point();
  signal.size = sizeof signal;
  signal.kind = ZC_GRID_INTENSITY;
  point.to = host->now(self) - 300000;
  point.from = point.to - 1800000;
  point.value = 77.5;
  point.flags = ZC_POINT_OBSERVED;
  if (std::strcmp(way, "seconds") == 0) {
    point.from /= 1000;
    point.to /= 1000;
  } else if (std::strcmp(way, "elsewhere") == 0) {
    signal.region = "mars";
  }
  host->done(op, host->emit(op, &signal, &point, 1, sizeof point), NULL);
  return ZC_OK;
}

static const zc_option options[] = {
    {"way", ZC_ENUM, ZC_REQUIRED, NULL, "seconds|ended|elsewhere", "What is odd about it."}};
static const zc_source_ops ops = {sizeof(zc_source_ops), 0, observe, NULL, NULL};
static const zc_plugin plugin = {sizeof(zc_plugin), ZC_ABI_MAJOR, ZC_ABI_MINOR, ZC_SOURCE,
                                 sizeof(zc_option), "odd_times", "1.0.0", "Odd times.", NULL,
                                 options, 0, 1, create, destroy, &ops, "Example Data, CC0", NULL};
ZC_DEFINE_PLUGIN(odd_times, plugin)
CPP
if command -v "${CXX:-g++}" >/dev/null; then
  # shellcheck disable=SC2046
  "${CXX:-g++}" -std=c++11 -O2 -Wall -Wextra -Wpedantic -Werror -fvisibility=hidden -shared -fPIC \
    -o "$work/cxx/odd_times.so" "$work/cxx/odd_times.cpp" $(pkg-config --cflags zerocarb-plugin) ||
    fail "a plugin in C++11 does not build"
  "$zerocarb" plugins --dir "$work/cxx" odd_times >"$work/cxx.txt" 2>&1 &&
    grep -q 'odd_times 1.0.0 (source)' "$work/cxx.txt" ||
    { cat "$work/cxx.txt"; fail "a plugin in C++11 is not listed"; }
  ok "a plugin in C++11 is built and listed"

  cat >"$work/odd.yaml" <<YAML
regions: [eu-west-1, eu-west-2, eu-west-3]
engine: {state_dir: $work/state, plugin_dirs: [$work/cxx]}
sources:
  - {plugin: odd_times, max_age: 1h, regions: {eu-west-1: seconds, eu-west-2: ended, eu-west-3: elsewhere}}
policies: {use: [{plugin: threshold, max_intensity: 50}]}
pipelines:
  - {name: demo, region: eu-west-2, auto_trigger: false, workload: {duration_minutes: 30, vcpu_count: 2, memory_gb: 3}}
YAML
  "$zerocarb" source -c "$work/odd.yaml" odd_times >"$work/odd.txt" 2>"$work/odd.err" &&
    fail "a source of which a region failed is fine"
  { grep -q 'eu-west-1 .* 1970-01-2.* - *observed' "$work/odd.txt" &&
    grep -q 'eu-west-2 .* 77.5 *observed, held' "$work/odd.txt" &&
    grep -q 'observations of eu-west-1: .* in seconds instead of milliseconds?' "$work/odd.err" &&
    grep -q '"mars", which is no configured region' "$work/odd.err" &&
    grep -q 'data: Example Data, CC0' "$work/odd.err"; } ||
    { cat "$work/odd.txt" "$work/odd.err"; fail "odd times are not told"; }
  "$zerocarb" source -c "$work/odd.yaml" odd_times -r eu-west-1 --json >"$work/odd.json" 2>/dev/null ||
    fail "zerocarb source --json"
  grep -q '"message":"all points lie in 1970: times in seconds' "$work/odd.json" ||
    { cat "$work/odd.json"; fail "odd times are not told in JSON"; }
  ok "odd times and regions are told"
else
  echo "skipped: no ${CXX:-g++}"
fi

# --- the guide -----------------------------------------------------------------------------------
guide=$prefix/share/doc/zerocarb/PLUGIN_GUIDE.md
[ -f "$guide" ] || fail "the guide is not installed"
# Its configuration, whole but for the reader's folder and token.
sed -n '/^    # zerocarb.yaml$/,/^$/s/^    //p' "$guide" >"$work/guide.yaml"
sed -i "s|/home/me/my_source|$work/plugins|" "$work/guide.yaml"
CARBON_TOKEN=secret "$zerocarb" check -c "$work/guide.yaml" >"$work/guide.txt" 2>&1 ||
  { cat "$work/guide.yaml" "$work/guide.txt"; fail "the guide's configuration is refused"; }
ok "the guide is installed, and its configuration passes the check"

# --- and refused where it is wrong ----------------------------------------------------------------
chmod 0666 "$prefix/lib/zerocarb/plugins/my_source.so"
if "$zerocarb" plugins my_source >"$work/refused.txt" 2>&1; then fail "a writable file is taken"; fi
grep -q 'can be written by others (mode 0666)' "$work/refused.txt" ||
  { cat "$work/refused.txt"; fail "the refusal does not say why"; }
ok "refused where others can write it"
echo "$passed passed, 0 failed"
