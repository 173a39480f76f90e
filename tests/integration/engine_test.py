"""The engine, whole, over recorded time: decisions, starts, records, restarts."""
import collections
import json

from program import equal, instant, main, write_trace

CONFIG = """
regions: [eu-west-2, eu-north-1]
engine:
  state_dir: ./state
sources:
  - plugin: trace
    regions:
      eu-west-2: {{file: trace.csv, column: GB}}
      eu-north-1: {{file: trace.csv, column: SE}}
    forecast_hours: 48
    every: 30m
{more_sources}
policies:
  combine: first
  use:
{policies}
pipelines:
{pipelines}
sinks:
  - plugin: local_file
    path: ./rows.db
"""

DEFERRAL = "    - plugin: deferral_window\n"
RELOCATION = "    - plugin: relocation\n"


def pipeline(name, more, trigger="touch"):
    command = f"[/bin/sh, -c, 'echo \"$ZEROCARB_EXECUTION_ID $ZEROCARB_REGION $ZEROCARB_DECISION $ZEROCARB_ATTEMPT\" >> {name}.log']"
    lines = [f"  - name: {name}", "    region: eu-west-2",
             "    workload: {duration_minutes: 60, vcpu_count: 2, memory_gb: 3}", *("    " + line for line in more)]
    if trigger:
        lines.append(f"    trigger: {{plugin: exec, directory: ., command: {command}}}")
    return "\n".join(lines) + "\n"


def hours(*values):
    """A day of hourly values, then the same again for nine days more."""
    return list(values) * 10


# Cheap at 03:00 and 04:00; dear in the evening.
GB = hours(200, 180, 120, 90, 90, 110, 150, 190, 210, 220, 210, 200, 190, 190, 200, 220, 260, 300, 310, 300, 280,
           260, 240, 220)
SE = hours(*([30] * 24))


def prepare(program, policies, pipelines, more_sources=""):
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"GB": GB, "SE": SE})
    return program.write("zerocarb.yaml", CONFIG.format(policies=policies, pipelines=pipelines,
                                                        more_sources=more_sources))


def replay(program, start, end, status=0):
    done = program.run("run", "-c", "zerocarb.yaml", "--from", start, "--to", end, timeout=300)
    equal(done.returncode, status, done.stderr[-3000:])
    return done


def started(program, name):
    try:
        with open(program.path(f"{name}.log"), encoding="utf-8") as file:
            return [line.split() for line in file]
    except FileNotFoundError:
        return []


def each_slot_starts_once_and_by_its_deadline(program):
    prepare(program, DEFERRAL, pipeline("nightly", ['schedule: "0 */6 * * *"', "max_defer_hours: 8"]))
    replay(program, "2026-01-02T00:00:00Z", "2026-01-05T00:00:00Z")
    rows = {row["execution_id"]: row for row in program.rows("pipeline_executions")}
    runs = [line[0] for line in started(program, "nightly")]
    equal(len(runs), len(set(runs)), "a run started twice")
    ended = [row for row in rows.values() if row["status"] == "SUCCESS"]
    equal(len(ended), len(runs), "what started and what is recorded as SUCCESS")
    slots = sorted(row["timestamp"] for row in rows.values())
    equal(slots, sorted(set(slots)), "a slot taken twice")
    for row in ended:
        if instant(row["triggered_at"]) > instant(row["schedule"]["deadline"]):
            raise AssertionError(f"late: {row}")
    # 18:00 waits for 02:00 (its deadline), 00:00 for 03:00, 06:00 and 12:00 find nothing better.
    kinds = collections.Counter((instant(row["created_at"]).hour, row["carbon_analysis"]["decision"])
                                for row in ended)
    equal(kinds[(0, "DEFER")] >= 2 and kinds[(18, "DEFER")] >= 2, True, kinds)
    equal(kinds[(6, "RUN_NOW")] >= 2, True, kinds)


def decide_at_gives_what_a_reader_finds_by_hand(program):
    prepare(program, DEFERRAL, pipeline("nightly", ["max_defer_hours: 8"]))
    done = program.run("decide", "-c", "zerocarb.yaml", "nightly", "--at", "2026-01-02T22:30:00Z", "--json")
    equal(done.returncode, 0, done.stderr)
    item = json.loads(done.stdout)
    # Baseline 22:30-23:30: half of 240, half of 220. Best: 03:00-04:00 and 04:00-05:00 both 90: the earlier.
    equal(item["carbon_analysis"]["default_intensity"], 230)
    equal(item["carbon_analysis"]["optimal_intensity"], 90)
    equal(item["carbon_analysis"]["decision"], "DEFER")
    equal(item["schedule"], {"requested_at": "2026-01-02T22:30:00Z", "planned_start": "2026-01-03T03:00:00Z",
                             "deadline": "2026-01-03T06:30:00Z", "planned_intensity": 90})
    # energy: (2 x 10 / 1000 + 3 x 0.000392) x 1 h; embodied 2 x 1 x 2.5
    equal(item["workload"]["energy_kwh"], 0.021176)
    equal(item["workload"]["sci_score"], 6.9058)  # 0.021176 x 90 + 5
    equal(item["carbon_analysis"]["savings_g"], 2.9646)  # 0.021176 x (230 - 90)


def relocation_goes_to_the_cleanest_region(program):
    prepare(program, RELOCATION, pipeline("anywhere", ["relocate_to: [eu-north-1]"]))
    done = program.run("decide", "-c", "zerocarb.yaml", "anywhere", "--at", "2026-01-02T12:00:00Z", "--json")
    item = json.loads(done.stdout)
    equal(item["carbon_analysis"]["decision"], "RELOCATE")
    equal(item["pipeline_region"], "eu-north-1")
    equal(item["regional_snapshot"], {"eu-west-2": 190, "eu-north-1": 30})


def the_published_example_record(program):
    """The published example of pipeline_executions, member for member: 71 g/kWh, renewable 0.8, PUE 1.135 twice."""
    regions = ["eu-north-1", "eu-west-2", "eu-west-3", "eu-central-2", "eu-west-1", "eu-central-1"]
    grid = {"eu-north-1": 16, "eu-west-2": 71, "eu-west-3": 26, "eu-central-2": 26, "eu-west-1": 143,
            "eu-central-1": 257}
    write_trace(program.path("trace.csv"), "2025-12-14T00:00:00Z", 30,
                {region: [value] * 96 for region, value in grid.items()})
    others = [region for region in regions if region != "eu-west-2"]
    program.write("zerocarb.yaml", f"""
regions: [{', '.join(regions)}]
sources:
  - {{plugin: trace, name: uk_grid_eso, regions: {{eu-west-2: {{file: trace.csv, column: eu-west-2}}}}}}
  - plugin: trace
    name: electricity_maps
    regions: {{{', '.join(f'{r}: {{file: trace.csv, column: {r}}}' for r in others)}}}
  - plugin: static_pue
    regions: {{eu-west-2: {{pue: 1.135, renewable_pct: 0.8}}}}
policies:
  use: [{{plugin: threshold, max_intensity: 50}}]
defaults:
  energy: {{energy_pue: 1.135}}
pipelines:
  - name: GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS
    region: eu-west-2
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: exec, command: [/bin/true]}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
""")
    done = program.run("decide", "-c", "zerocarb.yaml", "GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS", "--at",
                       "2025-12-14T10:30:00Z", "--json")
    equal(done.returncode, 0, done.stderr)
    item = json.loads(done.stdout)
    equal(item["carbon_analysis"], {
        "decision": "RUN_NOW", "reason": "Current region has acceptable carbon intensity",
        "default_region": "eu-west-2", "default_intensity": 16.1, "optimal_region": "eu-west-2",
        "optimal_intensity": 16.1, "savings_g": 0, "savings_percent": 0})
    equal(item["workload"], {"duration_minutes": 40, "vcpu_count": 2, "memory_gb": 3, "energy_kwh": 0.016023,
                             "sci_score": 3.5913})
    equal(item["regional_snapshot"], {"eu-north-1": 16, "eu-west-2": 16.1, "eu-west-3": 26, "eu-central-2": 26,
                                      "eu-west-1": 143, "eu-central-1": 257})
    equal(item["data_sources"]["uk_grid_eso"], {"grid_intensity": 71, "index": "low", "renewable_pct": 0.8,
                                                "datacenter_intensity": 16.1})
    equal(sorted(item["data_sources"]["electricity_maps"]["regions_fetched"]), sorted(others))
    equal(item["data_sources"]["electricity_maps"]["success_rate"], 1)
    equal(item["config"], {"auto_trigger": True, "min_savings_defer": 15, "max_defer_hours": 24,
                           "pipeline_timeout": 30})
    equal(item["created_at"], "2025-12-14T10:30:00Z")
    equal(item["ttl"] - item["timestamp"], 365 * 86400)


def a_restart_goes_on_where_it_was(program):
    prepare(program, DEFERRAL, pipeline("nightly", ['schedule: "0 18 * * *"', "max_defer_hours: 12"]))
    replay(program, "2026-01-02T17:00:00Z", "2026-01-02T20:00:00Z")
    equal([row["status"] for row in program.rows("pipeline_executions")], ["DEFERRED"])
    equal(started(program, "nightly"), [])
    replay(program, "2026-01-02T21:00:00Z", "2026-01-03T12:00:00Z")
    rows = program.rows("pipeline_executions")
    equal([row["status"] for row in rows], ["SUCCESS"])
    equal(rows[0]["triggered_at"], "2026-01-03T03:00:00Z")
    equal(len(started(program, "nightly")), 1)


def a_slot_missed_is_made_up_for_once(program):
    prepare(program, DEFERRAL, pipeline("hourly", ['schedule: "0 * * * *"', "max_defer_hours: 0"]))
    replay(program, "2026-01-02T00:30:00Z", "2026-01-02T02:30:00Z")
    equal(len(started(program, "hourly")), 2)
    done = replay(program, "2026-01-02T08:00:20Z", "2026-01-02T08:59:00Z")
    equal("5 slots missed" in done.stderr, True, done.stderr)
    equal(len(started(program, "hourly")), 3)


def a_slot_missed_is_no_deferral(program):
    prepare(program, DEFERRAL, pipeline("strict", ['schedule: "0 20 * * *"', "max_defer_hours: 0"]))
    replay(program, "2026-01-02T19:00:00Z", "2026-01-02T20:30:00Z")
    replay(program, "2026-01-03T20:10:00Z", "2026-01-03T20:30:00Z")  # ten minutes late: made up for
    replay(program, "2026-01-04T20:20:00Z", "2026-01-04T20:30:00Z")  # twenty: its deadline has long passed
    rows = sorted(program.rows("pipeline_executions"), key=lambda row: row["timestamp"])
    equal([(row["created_at"], row["carbon_analysis"]["decision"], row["carbon_analysis"]["savings_g"])
           for row in rows], [("2026-01-02T20:00:00Z", "RUN_NOW", 0), ("2026-01-03T20:10:00Z", "RUN_NOW", 0)])


def auto_trigger_false_starts_nothing(program):
    prepare(program, DEFERRAL, pipeline("report", ['schedule: "0 18 * * *"', "auto_trigger: false"], trigger=None))
    replay(program, "2026-01-02T17:00:00Z", "2026-01-03T12:00:00Z")
    rows = program.rows("pipeline_executions")
    equal([row["status"] for row in rows], ["NOT_TRIGGERED"])
    equal(rows[0]["carbon_analysis"]["decision"], "DEFER")


def history_holds_each_slot_once(program):
    prepare(program, DEFERRAL, pipeline("nightly", ['schedule: "0 3 * * *"']))
    replay(program, "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z")
    rows = program.rows("carbon_intensity_history")
    found = {(row["region"], row["timestamp"]): row["intensity"] for row in rows}
    equal(len(found), len(rows))
    base = int(instant("2026-01-02T00:00:00Z").timestamp())
    for hour in range(24):
        equal(found[("eu-west-2", base + 3600 * hour)], GB[hour])
        equal(found[("eu-north-1", base + 3600 * hour)], 30)
    equal(rows[0]["ttl"] - rows[0]["timestamp"], 30 * 86400)
    equal(rows[0]["is_realtime"], True)


def a_failing_command_is_recorded_with_its_output(program):
    text = "  - name: broken\n    region: eu-west-2\n    schedule: \"0 5 * * *\"\n    max_defer_hours: 0\n" \
           "    workload: {duration_minutes: 5, vcpu_count: 1, memory_gb: 1}\n" \
           "    trigger: {plugin: exec, command: [/bin/sh, -c, 'echo out; echo trouble >&2; exit 3']}\n"
    prepare(program, DEFERRAL, text)
    replay(program, "2026-01-02T04:00:00Z", "2026-01-02T06:00:00Z", status=1)
    row = program.rows("pipeline_executions")[0]
    equal(row["status"], "FAILED")
    equal("exit status 3" in row["message"], True, row["message"])
    equal("trouble" in row["output_tail"], True, row)


def without_any_data_runs_start_at_once_and_say_so(program):
    prepare(program, DEFERRAL, pipeline("nightly", ['schedule: "0 3 * * *"', "max_defer_hours: 6"]))
    replay(program, "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")  # the trace has ended long before
    rows = program.rows("pipeline_executions")
    equal([row["status"] for row in rows], ["SUCCESS"])
    equal(rows[0]["carbon_analysis"]["decision"], "RUN_NOW")
    equal("default_intensity" in rows[0]["carbon_analysis"], False, "no figure is made up")
    equal("No carbon data" in rows[0]["carbon_analysis"]["reason"], True, rows[0]["carbon_analysis"]["reason"])


def the_same_seed_and_time_give_the_same_rows(program):
    prepare(program, DEFERRAL, pipeline("nightly", ['schedule: "0 */3 * * *"', "max_defer_hours: 5"]))
    replay(program, "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z")
    first = sorted(json.dumps(row, sort_keys=True) for row in program.rows("pipeline_executions"))
    other = type(program)(program.binary)
    prepare(other, DEFERRAL, pipeline("nightly", ['schedule: "0 */3 * * *"', "max_defer_hours: 5"]))
    replay(other, "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z")
    equal(first, sorted(json.dumps(row, sort_keys=True) for row in other.rows("pipeline_executions")))



def values_that_cannot_be_true_are_refused(program):
    """A 0 among 200s is telemetry, 5,000 is no grid: neither draws a run to it; the next source is used there."""
    values = GB[:]
    values[3], values[4] = 0, 5000
    prepare(program, DEFERRAL, pipeline("job", ['schedule: "0 0 * * *"', "max_defer_hours: 6"]),
            "  - plugin: trace\n    name: second\n    regions: {eu-west-2: {file: second.csv, column: GB}}\n")
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"GB": values, "SE": SE})
    write_trace(program.path("second.csv"), "2026-01-01T00:00:00Z", 60, {"GB": [170] * len(values)})
    done = replay(program, "2025-12-31T23:59:00Z", "2026-01-01T12:00:00Z")
    equal("implausible values refused, the first: 0 (2026-01-01T03:00:00Z)" in done.stderr, True, done.stderr[-3000:])
    row = program.rows("pipeline_executions")[0]
    equal((row["status"], row["schedule"]["planned_start"]), ("SUCCESS", "2026-01-01T05:00:00Z"))
    equal(json.loads(done.stdout)["sources"][0]["refused"] > 0, True)


main([
    values_that_cannot_be_true_are_refused,each_slot_starts_once_and_by_its_deadline, decide_at_gives_what_a_reader_finds_by_hand,
      relocation_goes_to_the_cleanest_region, the_published_example_record, a_restart_goes_on_where_it_was,
      a_slot_missed_is_made_up_for_once, a_slot_missed_is_no_deferral, auto_trigger_false_starts_nothing, history_holds_each_slot_once,
      a_failing_command_is_recorded_with_its_output, without_any_data_runs_start_at_once_and_say_so,
      the_same_seed_and_time_give_the_same_rows])
