"""Sources whose points are odd, and a sink that takes nothing: what the commands and the engine say of them."""
import json
import os
import subprocess

from cli_material import Engine, expect, has, pipeline, prepare_now, request, wait_for
from program import Skipped, equal, main


def folder(program):
    path = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "plugins")
    if not os.path.exists(os.path.join(path, "source_odd.so")):
        raise Skipped(f"{path} is not built")
    return path


def configure(program, way, others=""):
    program.write("zerocarb.yaml", f"""
regions: [here]
engine: {{state_dir: ./state, plugin_dirs: [{folder(program)}]}}
sources:
  - {{plugin: source_odd, name: odd, way: {way}, regions: [here]}}
{others}policies: {{use: [{{plugin: threshold, max_intensity: 150}}]}}
pipelines:
  - name: demo
    region: here
    auto_trigger: false
    workload: {{duration_minutes: 15, vcpu_count: 2, memory_gb: 3}}
""")


def ask(program, way, status):
    configure(program, way)
    done = expect(program, status, "source", "odd", "--json")
    return json.loads(done.stdout)["regions"][0]["observed"], expect(program, status, "source", "odd")


def row(done):
    return done.stdout.splitlines()[1].split()


def source_shows_what_the_engine_would_take(program):
    observed, done = ask(program, "doubles", 0)
    equal([p["value"] for p in observed["points"]], [200])
    equal((row(done)[2], row(done)[5], row(done)[6]), ("1", "200", "observed"))
    observed, done = ask(program, "implausible", 0)
    equal(([p["value"] for p in observed["points"]], observed["refused"]), ([100], 1))
    equal((row(done)[2], row(done)[5]), ("1", "100"))  # the last plausible one, held
    has(done.stdout, "observed, held")
    has(done.stderr, "1 implausible values refused, the first: 50000")
    observed, done = ask(program, "stale", 69)
    equal(observed["points"], [])
    has(done.stderr, "issued longer ago than the source's max_age")
    has(done.stdout, "no usable points")
    observed, done = ask(program, "nothing", 69)
    has(done.stdout, "no points")


def source_names_what_is_refused(program):
    for way, status, text in (
            ("ahead", 69, "its slot has not begun, so that it is neither observed nor estimated"),
            ("issued", 69, "issued_at lies before the year 2000: in seconds instead of milliseconds?"),
            ("space", 69, "gave http() a URL with a space at byte 21: percent-encode it")):
        observed, done = ask(program, way, status)
        equal(observed["points"], [], way)
        has(done.stderr, text)
        if way == "space":
            has(done.stdout, text)


def the_log_says_what_became_of_a_failure(program):
    configure(program, "fails", "  - {plugin: source_fine, name: fine, regions: [here]}\n")
    has(expect(program, 0, "decide", "demo").stderr,
        "observations of here: remote unavailable: the line went dead; 1 points that came before count; "
        "fine has the region, too")
    configure(program, "space")
    has(expect(program, 0, "decide", "demo").stderr, "percent-encode it; no other source has the region")


def times_in_seconds_fail_the_round(program):
    configure(program, "seconds")
    with Engine(program) as engine:
        shown = wait_for("a round", lambda: [s for s in request(program, "GET", "/v1/status")[1]["sources"]
                                             if s["failed_rounds"] > 0])[0]
        has(shown["last_message"], "all points lie in 1970: times in seconds instead of milliseconds?")
        equal(shown["delivered"], 0)
        has(engine.said(), "all points lie in 1970")
        equal(engine.end(), 0)


def a_sink_that_refuses_every_row_fails_a_single_run(program):
    prepare_now(program, pipeline("quick", "true", ["schedule: '* * * * *'"]))
    with open(program.path("zerocarb.yaml"), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("state_dir: ./state", f"state_dir: ./state\n  plugin_dirs: [{folder(program)}]")
    text = text.replace("- plugin: local_file\n    path: ./rows.db", "- plugin: sink_refuses")
    program.write("zerocarb.yaml", text)
    done = expect(program, 1, "run", "--once")
    refusals = [line for line in done.stderr.splitlines() if "for good (it takes nothing)" in line]
    equal(len(refusals), 10)
    has(done.stderr, "rows for good since the engine began")
    # A pipeline that is new has missed nothing.
    equal("missed" in done.stderr, False, done.stderr)


def an_exit_is_named_and_ends_with_70(program):
    configure(program, "exits")
    has(expect(program, 70, "source", "odd").stderr, "error   source:odd: called exit(), which no plugin may")


def numbers_stay_as_they_are_where_a_plugin_sets_the_locale(program):
    places = program.path("locales")
    os.mkdir(places)
    try:
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(places, "de_DE.UTF-8")],
                       check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skipped("no locale can be made here (Debian's locales)") from error
    configure(program, "locale")
    with open(program.path("zerocarb.yaml"), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("auto_trigger: false", "trigger: {plugin: exec, command: ['true']}")
    program.write("zerocarb.yaml", text + "sinks: [{plugin: local_file, path: ./rows.db}]\n")
    # glibc keeps what it makes of LOCPATH, which is a leak to the sanitizer.
    done = expect(program, 0, "trigger", "demo", env={"LOCPATH": places, "ASAN_OPTIONS": "detect_leaks=0"})
    has(done.stdout, "100.5")
    equal("cannot be read" in done.stderr, False, done.stderr)


def plugins_prints_no_texts_that_steer(program):
    done = expect(program, 0, "plugins", "--dir", folder(program), "source_odd")
    equal("\033" in done.stdout, False)
    manual = expect(program, 0, "plugins", "--dir", folder(program), "--markdown").stdout
    has(manual, "\nin  [1mmany ways.\n")
    equal("\033" in manual, False)
    equal(done.stdout.splitlines()[0], "source_odd 1.0  [31m (source): Odd in  [1mmany ways.")


main([
    source_shows_what_the_engine_would_take,
    source_names_what_is_refused,
    the_log_says_what_became_of_a_failure,
    times_in_seconds_fail_the_round,
    a_sink_that_refuses_every_row_fails_a_single_run,
    an_exit_is_named_and_ends_with_70,
    numbers_stay_as_they_are_where_a_plugin_sets_the_locale,
    plugins_prints_no_texts_that_steer,
])
