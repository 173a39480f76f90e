"""What runs really saved: replays whose forecast errs, restarts, actual values that come late, old rows that go."""
import datetime
import json
import random
import signal
import sqlite3

from carbon_servers import CarbonServer
from cli_material import Engine, expect, listed, wait_for
from program import equal, instant, main, stamp, write_trace

HOUR = datetime.timedelta(hours=1)
HALF_HOUR = datetime.timedelta(minutes=30)
START = "2026-01-01T00:00:00Z"
FACTORS = {"eu-west-2": 0.5 * 1.2, "eu-north-1": 1.2}

REPLAY = """
regions: [eu-west-2, eu-north-1]
engine: {state_dir: ./state}
sources:
  - plugin: trace
    basis: lifecycle
    forecast_error_percent: 30
    every: 30m
    regions:
      eu-west-2: {file: trace.csv, column: eu-west-2}
      eu-north-1: {file: trace.csv, column: eu-north-1}
  - plugin: static_pue
    regions:
      eu-west-2: {pue: 1.2, renewable_pct: 0.5}
      eu-north-1: {pue: 1.2}
policies:
  use: [{plugin: deferral_window}, {plugin: relocation}]
defaults: {max_defer_hours: 6}
pipelines:
  - name: build
    team: platform
    region: eu-west-2
    relocate_to: [eu-north-1]
    schedule: "7 */2 * * *"
    workload: {duration_minutes: 95, vcpu_count: 2, memory_gb: 4}
    trigger: {plugin: exec, command: ["true"]}
  - name: short
    region: eu-north-1
    schedule: "50 3 * * *"
    workload: {duration_minutes: 20, vcpu_count: 8, memory_gb: 1}
    trigger: {plugin: exec, command: ["false"]}
sinks:
  - {plugin: local_file, path: ./rows.db}
"""


def trace(program, hours=240, gap=None):
    chance = random.Random(5)
    columns = {name: [round(60 + 300 * chance.random(), 1) for _ in range(hours)] for name in FACTORS}
    for hour in gap or ():
        for values in columns.values():
            values[hour] = ""
    write_trace(program.path("trace.csv"), START, 60, columns)
    return columns


def replay(program, begin, end):
    done = program.run("run", "--from", begin, "--to", end, timeout=120)
    if done.returncode not in (0, 1):  # 1: a run failed, as one is meant to
        raise AssertionError(done.stderr[-2000:])
    return json.loads(done.stdout)


def mean(values, begin, end):
    """The mean of hourly values, second by second."""
    first, last = ((time - instant(START)) // datetime.timedelta(seconds=1) for time in (begin, end))
    return sum(values[second // 3600] for second in range(first, last)) / (last - first)


def near(found, wanted, by, what):
    if abs(found - wanted) > by:
        raise AssertionError(f"{what}: found {found}, wanted {wanted}")


INTENSITY = 0.05 + 1e-9  # a printed one is rounded to 0.1
HIGHEST = 360 * 1.2


def check(row, columns):
    """Every figure of `realised`, from the trace and from the record's own figures."""
    r, work = row["realised"], row["workload"]
    begin, end = instant(r["started_at"]), instant(r["finished_at"])
    requested, home = instant(row["schedule"]["requested_at"]), row["carbon_analysis"]["default_region"]
    equal(end - begin, datetime.timedelta(minutes=work["duration_minutes"]), "a replay's duration")
    cut = HIGHEST / (end - begin).total_seconds()  # the window's ends are printed in whole seconds
    near(r["mean_intensity"], FACTORS[row["pipeline_region"]] * mean(columns[row["pipeline_region"]], begin, end),
         INTENSITY + cut, "mean_intensity")
    near(r["baseline_mean_intensity"],
         FACTORS[home] * mean(columns[home], requested, requested + (end - begin)), INTENSITY, "baseline")
    hours = r["duration_minutes"] / 60
    energy = (work["vcpu_count"] * 10 / 1000 + work["memory_gb"] * 0.000392) * hours
    embodied = work["vcpu_count"] * hours * 2.5
    sci, base = (energy * r[name] + embodied for name in ("mean_intensity", "baseline_mean_intensity"))
    near(r["energy_kwh"], energy, 0.5000001e-6, "energy_kwh")
    near(r["sci_score"], sci, 0.5000001e-4, "sci_score")
    near(r["savings_g"], base - sci, 0.5000001e-4, "savings_g")
    near(r["savings_percent"], 100 * (base - sci) / base, 0.5000001e-2, "savings_percent")
    whole = {"observed": 1, "estimated": 0, "missing": 0, "basis": "lifecycle"}
    equal(r["data_quality"], {"complete": True, "run": whole, "baseline": whole}, "data_quality")
    equal("location_based" in r, row["pipeline_region"] == "eu-west-2", "location_based")
    if "location_based" in r:
        near(r["location_based"]["mean_intensity"], 1.2 * mean(columns["eu-west-2"], begin, end),
             INTENSITY + cut, "location_based")


def location_emissions(row):
    figures = row.get("realised", {**row["workload"], "location_based": row.get("location_based", row["workload"])})
    return figures.get("location_based", figures)["sci_score"]


def reports_show_location_based_emissions_beside_the_others(program):
    trace(program)
    program.write("zerocarb.yaml", REPLAY)
    replay(program, "2026-01-02T00:00:00Z", "2026-01-05T00:00:00Z")
    for pipeline in ("build", "short"):  # short never ran where a share is contracted
        done = program.run("report", "-c", "zerocarb.yaml", "performance", pipeline, "--days", "3", "--at", "2026-01-04T23:59:59Z", "--json")
        totals = json.loads(done.stdout)["totals"]
        rows = [row for row in program.rows("pipeline_executions") if row["pipeline_name"] == pipeline and "finished_at" in row]
        equal(totals["ran"], len(rows), pipeline)
        wanted = sum(map(location_emissions, rows)) if pipeline == "build" else None
        equal(totals.get("location_emissions_g"), wanted and round(wanted, 2), pipeline)
    text = program.run("report", "-c", "zerocarb.yaml", "monthly", "--at", "2026-01-04T23:59:59Z").stdout
    assert ", location-based " in text, text


def planned_and_realised_differ_and_both_are_right(program):
    columns = trace(program)
    program.write("zerocarb.yaml", REPLAY)
    status = replay(program, "2026-01-02T00:00:00Z", "2026-01-07T00:00:00Z")
    rows = program.rows("pipeline_executions")
    settled = [row for row in rows if "realised" in row]
    equal((len(rows) > 60, len(rows) - len(settled) <= 2), (True, True), f"{len(settled)} of {len(rows)} rows")
    equal({row["status"] for row in settled}, {"SUCCESS", "FAILED"})
    equal({row.get("team") for row in rows if row["pipeline_name"] == "build"}, {"platform"})
    equal([row for row in rows if "team" in row and row["pipeline_name"] == "short"], [])
    for row in settled:
        check(row, columns)
        analysis, work = row["carbon_analysis"], row["workload"]
        hours = work["duration_minutes"] / 60
        planned = ((work["vcpu_count"] * 10 / 1000 + work["memory_gb"] * 0.000392) * hours
                   * analysis["optimal_intensity"] + work["vcpu_count"] * hours * 2.5)
        near(work["sci_score"], planned, 0.5000001e-4, "the planned sci_score")
    moved = [row for row in settled if row["carbon_analysis"]["decision"] != "RUN_NOW"]
    differ = [row for row in moved if row["carbon_analysis"]["savings_g"] != row["realised"]["savings_g"]]
    equal(len(moved) > 20 and len(differ) > len(moved) * 9 // 10, True, f"{len(differ)} of {len(moved)} differ")
    # Runs that ended over 48 hours before the end are settled; the journal keeps the others for it.
    open_runs = [row for row in rows if "started_at" in row
                 and instant(row["started_at"]) + 1.6 * HOUR > instant("2026-01-05T00:00:00Z")]
    near(status["unsettled_runs"], len(open_runs), 2, "unsettled_runs")


def a_restart_changes_nothing(program):
    columns = trace(program)
    program.write("zerocarb.yaml", REPLAY)
    times = ["2026-01-02T00:00:00Z", "2026-01-02T09:30:00Z", "2026-01-02T16:10:00Z", "2026-01-05T06:00:00Z"]
    for begin, end in zip(times, times[1:]):
        replay(program, begin, end)
    rows = [row for row in program.rows("pipeline_executions") if "realised" in row]
    equal(len(rows) > 30, True, f"{len(rows)} rows")
    for row in rows:
        check(row, columns)
    missing = [row["execution_id"] for row in program.rows("pipeline_executions")
               if "realised" not in row and row["timestamp"] < instant(times[2]).timestamp()]
    equal(missing, [], "runs that ended before a restart have their figures after it")


def what_is_missing_has_no_figures_until_two_days_have_passed(program):
    trace(program, gap=[26, 27, 37])
    program.write("zerocarb.yaml", REPLAY.replace("deferral_window", "threshold, max_intensity: 5000"))
    replay(program, "2026-01-02T00:00:00Z", "2026-01-03T12:00:00Z")

    def row_at(time):
        return next(row for row in program.rows("pipeline_executions")
                    if row["pipeline_name"] == "build" and row["schedule"]["requested_at"] == time)

    equal("realised" in row_at("2026-01-02T02:07:00Z"), False, "all of it is missing: nothing yet")
    equal("realised" in row_at("2026-01-02T12:07:00Z"), False, "some of it is missing: nothing yet")
    equal(row_at("2026-01-02T06:07:00Z")["realised"]["data_quality"]["complete"], True)
    replay(program, "2026-01-03T12:00:00Z", "2026-01-05T00:00:00Z")
    nothing = row_at("2026-01-02T02:07:00Z")["realised"]
    equal([name for name in nothing if "intensity" in name or "sav" in name or "sci" in name], [])
    equal((nothing["data_quality"]["complete"], nothing["data_quality"]["run"]["missing"]), (False, 1))
    half = row_at("2026-01-02T12:07:00Z")["realised"]
    # From 12:07 to 13:42, of which 13:00 to 13:42 is missing: 42 of 95 minutes.
    equal((half["data_quality"]["complete"], half["data_quality"]["run"]["missing"]), (False, 0.442))
    equal("savings_g" in half, True, "half of it is known and more")


# ---- actual values that come late ----

UK = """
regions: [eu-west-2]
engine: {{state_dir: ./state}}
sources:
  - plugin: uk_grid_eso
    url: {url}
    regions: {{eu-west-2: national}}
pipelines:
  - name: build
    region: eu-west-2
    workload: {{duration_minutes: 5, vcpu_count: 2, memory_gb: 4}}
    trigger: {{plugin: exec, command: ["true"]}}
sinks:
  - {{plugin: local_file, path: ./rows.db}}
"""


def half_hours(forecast, actual):
    """Three days back and one ahead, as the API writes them."""
    now = datetime.datetime.now(datetime.timezone.utc)
    begin = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) - 144 * HALF_HOUR
    rows = []
    for i in range(192):
        time = begin + i * HALF_HOUR
        rows.append({"from": time.strftime("%Y-%m-%dT%H:%MZ"), "to": (time + HALF_HOUR).strftime("%Y-%m-%dT%H:%MZ"),
                     "intensity": {"forecast": forecast, "actual": actual if i < 146 else None, "index": "low"}})
    return json.dumps({"data": rows})


def the_figures(program, wanted):
    def look():
        rows = [row for row in program.rows("pipeline_executions") if "realised" in row]
        return rows and rows[0]["realised"].get("mean_intensity") == wanted and rows[0]["realised"]
    return wait_for(f"a mean of {wanted}", look)


def actual_values_that_come_late_are_taken_up_after_a_restart_too(program):
    with CarbonServer() as server:
        program.write("zerocarb.yaml", UK.format(url=server.url))
        server.script("/intensity", half_hours(200, None))
        with Engine(program) as engine:
            expect(program, 0, "trigger", "build", "--wait")
            engine.process.send_signal(signal.SIGKILL)
        with Engine(program) as engine:
            first = the_figures(program, 200)
            equal(first["data_quality"]["run"], {"observed": 0, "estimated": 1, "missing": 0, "basis": "operational"})
            equal((first["savings_g"], first["data_quality"]["complete"]), (0, True))
            engine.end()
        for actual in (150, 0.5, 151):
            server.script("/intensity", half_hours(200, actual))
            with Engine(program) as engine:
                later = the_figures(program, actual)
                equal(later["data_quality"]["run"]["observed"], 1)
                engine.end()
    equal(len(program.rows("pipeline_executions")), 1)
    equal([run["status"] for run in listed(program)], ["SUCCESS"])


def a_run_that_ended_days_ago_is_asked_for_and_settled(program):
    """The engine was away: the source is asked for as long ago as the run was requested."""
    with CarbonServer() as server:
        program.write("zerocarb.yaml", UK.format(url=server.url))
        server.script("/intensity", half_hours(200, None))
        with Engine(program) as engine:
            expect(program, 0, "trigger", "build", "--wait")
            engine.end()
        move_back(program, datetime.timedelta(hours=50))
        server.script("/intensity", half_hours(200, 170))
        del server.requests[:]
        with Engine(program) as engine:
            the_figures(program, 170)
            engine.end()
        paths = [path for path, _ in server.requests if "fw48h" not in path]
        began, ended = (instant(time.replace("Z", ":00Z")) for time in paths[0].split("/")[2:])
        near((ended - began) / HOUR, 50, 0.51, paths[0])
    journal = sqlite3.connect(program.path("state/journal.db"))
    equal(journal.execute("SELECT live FROM executions").fetchall(), [(0,)], "settled")
    journal.close()


def move_back(program, by):
    """Rewrites the journal's only run as one that ran earlier."""
    milliseconds = round(by.total_seconds() * 1000)

    def checksum(*values):
        total = 0xcbf29ce484222325
        for value in values:
            for byte in [*(b"" if value is None else str(value).encode()), 0x1ff]:
                total = ((total ^ byte) * 0x100000001b3) & (2**64 - 1)
        return total - 2**64 if total >= 2**63 else total

    journal = sqlite3.connect(program.path("state/journal.db"))
    row = list(journal.execute("SELECT id,pipeline,status,live,requested_at,updated_seq,body,record "
                               "FROM executions").fetchone())
    body = json.loads(row[6])
    for name in ("requested_at", "deadline", "planned_start", "triggered_at", "started_at", "finished_at",
                 "decided_at", "ran_until"):
        body[name] -= milliseconds
    row[4], row[6] = body["requested_at"], json.dumps(body, separators=(",", ":"))
    journal.execute("UPDATE executions SET requested_at=?,body=?,sum=?", (row[4], row[6], checksum(*row)))
    journal.commit()
    journal.close()
    for table in ("pipeline_executions", "carbon_intensity_history"):
        rows = sqlite3.connect(program.path("rows.db"))
        rows.execute(f"DELETE FROM {table}")
        rows.commit()
        rows.close()


if __name__ == "__main__":
    main([
        planned_and_realised_differ_and_both_are_right,
        reports_show_location_based_emissions_beside_the_others,
        a_restart_changes_nothing,
        what_is_missing_has_no_figures_until_two_days_have_passed,
        actual_values_that_come_late_are_taken_up_after_a_restart_too,
        a_run_that_ended_days_ago_is_asked_for_and_settled,
    ])
