"""All sources away for a virtual day: each run starts by its deadline, each record says what it stood on, no row is lost.

The program replays two days with a source (tests/plugins/source_away.c) that is gone from 06:00 to 06:00."""
import collections
import datetime
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration")]
from program import Skipped, equal, instant, main, stamp  # noqa: E402

HOUR = datetime.timedelta(hours=1)
BEGIN, END = instant("2026-01-01T00:00:00Z"), instant("2026-01-03T00:00:00Z")
AWAY, BACK = instant("2026-01-01T06:00:00Z"), instant("2026-01-02T06:00:00Z")
MAX_AGE = 3 * HOUR
AVERAGE = 199


def replay(program, fallback):
    plugins = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "plugins")
    if not os.path.exists(os.path.join(plugins, "source_away.so")):
        raise Skipped(f"{plugins} is not built")
    pipelines = "\n".join(f"""  - name: {name}
    region: r
    max_defer_hours: {hours}
    schedule: "{minute} * * * *"
    workload: {{duration_minutes: 30, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: exec, command: [/bin/true]}}""" for name, hours, minute in
                          (("at-once", 0, 10), ("some-hours", 6, 20), ("a-day", 24, 40)))
    program.write("zerocarb.yaml", f"""regions: [r]
engine: {{state_dir: ./state, plugin_dirs: ["{plugins}"]}}
sources:
  - {{plugin: source_away, every: 30m, max_age: 3h, regions: [r]}}
{fallback}
policies: {{use: [{{plugin: deferral_window}}]}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
pipelines:
{pipelines}
""")
    done = program.run("run", "-c", "zerocarb.yaml", "--from", stamp(BEGIN), "--to", stamp(END), timeout=300)
    equal(done.returncode, 0, done.stderr[-1500:])
    return program.rows("pipeline_executions"), done.stderr


def check_starts(rows):
    """Every slot has its one row, and every run that could start did so by its deadline."""
    asked = collections.Counter(row["pipeline_name"] for row in rows)
    equal(len({(row["pipeline_name"], row["schedule"]["requested_at"]) for row in rows}), len(rows))
    equal(dict(asked), {"at-once": 48, "some-hours": 48, "a-day": 48})
    for row in rows:
        if "started_at" not in row:  # it still waits where the replay ends
            equal(row["status"] == "DEFERRED" and instant(row["schedule"]["planned_start"]) >= END, True, row)
            continue
        equal(row["status"], "SUCCESS", row)
        equal(row["started_at"] <= row["schedule"]["deadline"], True, row)


def without_data(rows):
    """Those decided, for the last time, when nothing of the source was fresh any more: they started at once."""
    return [row for row in rows if "started_at" in row and row["started_at"] == row["schedule"]["requested_at"]
            and AWAY + MAX_AGE + HOUR <= instant(row["started_at"]) < BACK]


def check_origins(rows, beyond):
    """What the runs stood on that started when they were asked for, by their time: forecasts of before while these are
    fresh, then what lies `beyond` them; before and after that what the source says."""
    for row in rows:
        if row.get("started_at") != row["schedule"]["requested_at"]:
            continue
        at, origin = instant(row["started_at"]), row["data_quality"]["default_region"]["origin"]
        if at < AWAY or at > BACK + HOUR:
            equal(origin in ("observed", "estimated", "forecast"), True, row)
        elif at < AWAY + MAX_AGE - HOUR:
            equal(origin, "forecast", row)
        elif at > AWAY + MAX_AGE + HOUR and at < BACK:
            equal(origin, beyond, row)


def a_yearly_average_stands_in(program):
    rows, log = replay(program, f"  - {{plugin: static_pue, regions: {{r: {{pue: 1, intensity: {AVERAGE}}}}}}}")
    check_starts(rows)
    check_origins(rows, "static")
    blind = without_data(rows)
    equal(len(blind) > 40, True, len(blind))
    for row in blind:
        quality = row["data_quality"]["default_region"]
        equal((quality["source"], quality["fallback"]), ("static_pue", True), row)
        equal(f"{AVERAGE}" in row["carbon_analysis"]["reason"], True, row)
        equal(row["carbon_analysis"]["savings_g"], 0, row)
    equal("there is nobody" in log, True, log[:1500])
    after = [row for row in rows if "started_at" in row and instant(row["schedule"]["requested_at"]) > BACK + HOUR]
    equal({row["data_quality"]["default_region"]["source"] for row in after}, {"source_away"})
    deferred = [row for row in rows if row["carbon_analysis"]["decision"] == "DEFER" and "started_at" in row]
    through = [row for row in deferred if instant(row["schedule"]["requested_at"]) < AWAY + MAX_AGE
               and AWAY < instant(row["started_at"]) < BACK]
    equal(len(through) > 5, True, "runs that waited through it")
    print(f"{len(rows)} slots, {len(rows)} rows; {len(deferred)} deferred, {len(through)} of them waited while the source was "
          f"away; {len(blind)} started on the yearly average")


def without_any_figure_runs_start_at_once(program):
    rows, _ = replay(program, "")
    check_starts(rows)
    check_origins(rows, "none")
    blind = without_data(rows)
    equal(len(blind) > 40, True, len(blind))
    for row in blind:
        equal("No carbon data for r" in row["carbon_analysis"]["reason"], True, row)


main([a_yearly_average_stands_in, without_any_figure_runs_start_at_once])
