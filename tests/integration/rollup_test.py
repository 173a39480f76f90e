"""The derived tables against a plain computation of their own, in any order, late, and from both stores."""
import collections
import datetime
import json
import os
import random
import sqlite3
import time

import fault_proxy
from dynamodb_world import ENVIRONMENT, create, deliver, local, probe, run, sink, zerocarb
from program import equal, write_trace
from table_year import Year, date_of, periods_of, rounded, seconds_of, stamp, text_of

DERIVED = ("pipeline_analytics", "regional_insights", "carbon_leaderboard")
FIRST, LAST, NOW = "2025-12-21", "2025-12-28", "2025-12-28T23:30:00Z"
LOCAL = "  - {plugin: local_file, path: ./rows.db}\n"


def small_year(**more):
    return Year(days=8, pipelines=8, regions=3, end=LAST, **more)


def raw(year):
    return ([("pipeline_executions", item) for item in year.executions()] +
            [("carbon_intensity_history", item) for item in year.history()])


def fill(program, pairs):
    probe(program, "fill", lines="".join(f"{table}\t{text_of(item)}\n" for table, item in pairs))


def rebuild(program, first=FIRST, last=LAST, now=NOW):
    done = zerocarb(program, "tables", "rebuild", "--from", first, "--to", last, "--now", now)
    equal(done.stdout, f"rebuilt {first} to {last}\n")


def tables(program, without=()):
    """Every derived row as text, by table."""
    found = {table: sorted(program.rows(table), key=text_of) for table in DERIVED}
    return {table: [text_of({k: v for k, v in item.items() if k not in without}) for item in items]
            for table, items in found.items()}


def forget(program):
    database = sqlite3.connect(program.path("rows.db"))
    for table in DERIVED:
        database.execute(f"DELETE FROM {table}")
    database.commit()
    database.close()


def ready(program, year, pairs, sinks=LOCAL):
    program.write("zerocarb.yaml", year.config(sinks))
    fill(program, pairs)


# ---- a computation of their own ----

def figures(item):
    """gCO2eq emitted and saved, where the run took place."""
    if item["status"] not in ("SUCCESS", "TIMED_OUT") and "started_at" not in item:
        return None
    planned = item["workload"]["sci_score"], item["carbon_analysis"]["savings_g"]
    real = item.get("realised")
    return (real["sci_score"], real["savings_g"]) if real else planned


def optimised(item):
    return item["carbon_analysis"]["decision"] != "RUN_NOW" and figures(item)[1] > 0


def check_analytics(rows, executions):
    days = collections.defaultdict(list)
    for item in executions:
        days[(item["pipeline_name"], date_of(item["timestamp"]))].append(item)
    equal(sorted((r["pipeline_name"], r["date"]) for r in rows), sorted(days))
    for row in rows:
        items = days[(row["pipeline_name"], row["date"])]
        ran = [item for item in items if figures(item)]
        good = sum(item["status"] == "SUCCESS" for item in items)
        bad = sum(item["status"] in ("FAILED", "TIMED_OUT") for item in items)
        equal((row["executions"]["total"], row["executions"]["successful"], row["executions"]["failed"],
               row["executions"]["ran"]), (len(items), good, bad, len(ran)))
        if ran:
            equal(row["carbon"]["total_emissions_g"], rounded(sum(figures(i)[0] for i in ran), 2))
            equal(row["carbon"]["avg_emissions_g"], rounded(sum(figures(i)[0] for i in ran) / len(ran), 2))
            equal(row["carbon"]["total_savings_g"], rounded(sum(figures(i)[1] for i in ran), 2))
        equal(row["carbon"]["realised_executions"], sum("realised" in item for item in ran))
        equal(row["decisions"]["optimized"], sum(optimised(item) for item in ran))
        equal(sum(row["decisions"][key] for key in ("run_now", "defer", "relocate")), len(items))
        for rate in (row["executions"].get("success_rate", 0), row["decisions"].get("defer_success_rate", 0)):
            assert 0 <= rate <= 1, row
        equal(row["updated_at"], min(row["date"] + "T23:59:59Z", NOW))
        equal(row["ttl"], seconds_of(row["date"]) + 365 * 86400)


def check_insights(rows, history, regions):
    slots = collections.defaultdict(list)
    for item in history:
        slots[(item["timestamp"] // 3600, item["region"])].append(item["intensity"])
    hours = {hour for hour, _ in slots if hour * 3600 + 3600 <= seconds_of(LAST) + 23.5 * 3600}
    equal(sorted((r["date"], r["hour"]) for r in rows), sorted((date_of(h * 3600), h % 24) for h in hours))
    for row in rows:
        hour = seconds_of(row["date"]) // 3600 + row["hour"]
        means = [(sum(slots[(hour, region)]) / 2, i, region) for i, region in enumerate(regions)]
        wanted = [{"region": region, "intensity": rounded(mean, 1), "rank": rank + 1}
                  for rank, (mean, _, region) in enumerate(sorted(means))]
        equal(row["rankings"], wanted)
        equal(row["opportunities"]["regions_below_threshold"], [r for mean, _, r in sorted(means) if mean <= 100])
        worst, best = (round(wanted[i]["intensity"] * 10) for i in (-1, 0))
        equal(row["opportunities"].get("max_savings_percent"), rounded(1000 * (worst - best) // worst / 10, 1))
        equal(row["created_at"], stamp(hour * 3600))


def check_leaderboard(rows, executions, year):
    sums = collections.defaultdict(lambda: [0.0, 0.0, 0, 0])
    teams = {p["name"]: p["team"] for p in year.pipelines}
    for item in executions:
        for name in (item["pipeline_name"], teams[item["pipeline_name"]]):
            for word, key, first, last in periods_of(date_of(item["timestamp"])):
                if figures(item):
                    entry = sums[(f"{word}#{key}", name, first, last)]
                    entry[0] += figures(item)[0]
                    entry[1] += figures(item)[1]
                    entry[2] += optimised(item)
                    entry[3] += 1
    dated = [row for row in rows if "#" in row["period"]]
    equal(sorted((r["period"], r["identifier"], r["period_start"], r["period_end"]) for r in dated), sorted(sums))
    groups = collections.defaultdict(list)
    for row in dated:
        emissions, savings, optimized, ran = sums[(row["period"], row["identifier"], row["period_start"], row["period_end"])]
        metrics = row["carbon_metrics"]
        equal((metrics["total_emissions_g"], metrics["total_savings_g"]), (rounded(emissions, 2), rounded(savings, 2)), row)
        equal((metrics["executions_optimized"], metrics["total_executions"]), (optimized, ran))
        assert 0 <= metrics["optimization_rate"] <= 1 and 0 <= metrics.get("savings_rate", 0) <= 1, row
        groups[(row["period"], row["kind"])].append((row, savings))
    for group in groups.values():
        for rank in ("carbon_savings_rank", "optimization_rate_rank", "total_executions_rank"):
            equal(sorted(row["rankings"][rank] for row, _ in group), list(range(1, len(group) + 1)))
        by_rank = [savings for row, savings in sorted(group, key=lambda pair: pair[0]["rankings"]["carbon_savings_rank"])]
        assert all(a >= b - 1e-9 for a, b in zip(by_rank, by_rank[1:])), by_rank
    check_running(rows, dated)


def check_running(rows, dated):
    """Those of today's periods, once more under the period's word, and of all names."""
    for word, key, _, _ in periods_of(LAST):
        now = {r["identifier"]: {**r, "period": word} for r in dated if r["period"] == f"{word}#{key}"}
        running = {r["identifier"]: r for r in rows if r["period"] == word}
        equal({name: running[name] for name in now}, now)
        for name in set(running) - set(now):
            equal(running[name]["carbon_metrics"]["total_executions"], 0)
            assert "rankings" not in running[name], running[name]


def the_tables_are_what_a_plain_computation_gives(program):
    year = small_year()
    pairs = raw(year)
    ready(program, year, pairs)
    rebuild(program)
    executions = [item for table, item in pairs if table == "pipeline_executions"]
    history = [item for table, item in pairs if table == "carbon_intensity_history"]
    check_analytics(program.rows("pipeline_analytics"), executions)
    check_insights(program.rows("regional_insights"), history, year.regions)
    check_leaderboard(program.rows("carbon_leaderboard"), executions, year)


# ---- twice, in any order, late ----

def rebuilt_again_nothing_changes(program):
    year = small_year(seed=2)
    ready(program, year, raw(year))
    rebuild(program)
    before = tables(program)
    rebuild(program)
    equal(tables(program), before)


def rebuilt_in_parts_in_any_order_it_is_the_same(program):
    year = small_year(seed=3)
    ready(program, year, raw(year))
    rebuild(program)
    whole = tables(program)
    forget(program)
    for first, last in (("2025-12-27", LAST), ("2025-12-23", "2025-12-26"), (FIRST, "2025-12-22")):
        rebuild(program, first, last)
    equal(tables(program), whole)


def late_and_corrected_rows_give_what_they_would_have_given_at_once(program):
    year, chance = small_year(seed=4), random.Random(4)
    pairs = raw(year)
    early = []
    for table, item in pairs:
        item = json.loads(text_of(item))
        if table == "pipeline_executions" and chance.random() < 0.3:
            continue
        if table == "pipeline_executions" and chance.random() < 0.3:
            item.pop("realised", None)
        if table == "carbon_intensity_history" and chance.random() < 0.2:
            item["intensity"] += 10
        early.append((table, item))
    ready(program, year, early)
    rebuild(program)
    chance.shuffle(pairs)
    fill(program, pairs)
    rebuild(program)
    late = tables(program)
    forget(program)
    rebuild(program)
    equal(tables(program), late)


# ---- where runs have expired ----

def a_period_some_of_whose_runs_have_expired_is_left_as_it_was_made(program):
    year = small_year(seed=6)
    ready(program, year, raw(year))
    rebuild(program)
    before = tables(program, without=("updated_at",))
    later = "2026-12-25T12:00:00Z"  # runs of 24 December 2025 have expired, and some of the 25th
    done = zerocarb(program, "tables", "rebuild", "--from", "0001-01-01", "--to", "9999-12-31", "--now", later)
    equal(done.stdout, "rebuilt 2025-12-26 to 2026-12-25\n")
    for words in ("days before 2025-12-26 are left as they are", "weekly#2025-W52 is left", "monthly#2025-12 is left"):
        assert words in done.stderr, done.stderr
    dated = [row for row in before["carbon_leaderboard"] if "#" in row]
    equal([row for row in tables(program, without=("updated_at",))["carbon_leaderboard"] if "#" in row], dated)
    forget(program)
    zerocarb(program, "tables", "rebuild", "--from", "2025-12-01", "--to", "2026-01-10", "--now", later)
    made = {row["period"] for row in program.rows("carbon_leaderboard") if "#" in row["period"]}
    equal(made, {"daily#2025-12-26", "daily#2025-12-27", "daily#2025-12-28"})
    equal({row["date"] for row in program.rows("pipeline_analytics")}, {"2025-12-26", "2025-12-27", "2025-12-28"})


# ---- the same from DynamoDB ----

def from_dynamodb_they_are_the_same(program):
    # Of a time to come: DynamoDB Local removes rows whose ttl has passed by the machine's clock.
    first, last, now = (text.replace("2025", "2090") for text in (FIRST, LAST, NOW))
    year = Year(days=8, pipelines=8, regions=3, end=last, seed=5)
    pairs = raw(year)
    ready(program, year, pairs)
    rebuild(program, first, last, now)
    wanted = tables(program)
    with fault_proxy.Proxy(local().port, lambda action, n: None) as proxy:
        program.write("zerocarb.yaml", year.config(sink("rollup-", proxy.url) + LOCAL.replace("rows.db", "copy.db")))
        create(program)
        fill(program, pairs)
        proxy.requests.clear()
        rebuild(program, first, last, now)
        # A question a pipeline for its runs, one a region, one a pipeline for its days: no page had a second.
        equal(proxy.requests["Query"], 8 + 3 + 8)
        equal(proxy.requests["Scan"], 0)
    copies = {table: sorted(text_of(item) for item in program.rows(table, "copy.db")) for table in DERIVED}
    equal(copies, {table: sorted(rows) for table, rows in wanted.items()})


# ---- by the engine ----

def replayed(program, sinks, regions=("a", "b")):
    """Two regions, three pipelines, one that fails; a forecast that errs."""
    values = {r: [100 + (37 * i + 11 * n) % 90 for i in range(48 * 6)] for n, r in enumerate(regions)}
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 30, values)
    files = ", ".join(f"{r}: {{file: trace.csv, column: {r}}}" for r in regions)
    pipelines = "".join(
        f"  - {{name: p{i}, team: t{i % 2}, region: a, relocate_to: [b], schedule: '{i * 7} */{i + 2} * * *', "
        f"max_defer_hours: {2 * i}, trigger: {{plugin: exec, command: [{command}]}}}}\n"
        for i, command in enumerate(["/bin/true", "/bin/false", "/bin/true"]))
    program.write("zerocarb.yaml", f"""
regions: [{', '.join(regions)}]
engine: {{state_dir: ./state}}
sources: [{{plugin: trace, forecast_error_percent: 10, regions: {{{files}}}}}]
policies: {{use: [{{plugin: deferral_window}}, {{plugin: relocation}}]}}
defaults: {{workload: {{duration_minutes: 20, vcpu_count: 2, memory_gb: 4}}}}
pipelines:
{pipelines}sinks:
{sinks}""")


def replay(program, start, end, status=1):
    return zerocarb(program, "run", "--from", start, "--to", end, status=status)  # 1: /bin/false


def the_engine_keeps_them_as_a_rebuild_would_make_them(program):
    replayed(program, LOCAL)
    replay(program, "2026-01-02T00:00:00Z", "2026-01-04T05:20:00Z")
    kept, ended = tables(program, without=("updated_at",)), days_before(program, "2026-01-04")
    assert len(ended) == 6 and len(kept["pipeline_analytics"]) == 9 and len(kept["regional_insights"]) >= 53, kept
    realised = sum(row["carbon"]["realised_executions"] for row in program.rows("pipeline_analytics"))
    assert realised > 30, realised
    forget(program)
    rebuild(program, "2026-01-01", "2026-01-04", now="2026-01-04T05:20:00Z")
    equal(tables(program, without=("updated_at",)), kept)
    equal(days_before(program, "2026-01-04"), ended)  # to the byte: they are over


def long_slots_fill_every_hour(program):
    """Of half a day and of a day and a half, beside ones of half an hour; in the passes of each hour as in a rebuild."""
    replayed(program, LOCAL, "abc")
    with open(program.path("zerocarb.yaml"), encoding="utf-8") as file:
        text = file.read()
    for region, hours in (("b", 12), ("c", 36)):
        write_trace(program.path(f"{region}.csv"), "2025-12-31T06:00:00Z", hours * 60, {region: [50 + 40 * (i % 2) for i in range(16)]})
        text = text.replace(f"{region}: {{file: trace.csv", f"{region}: {{file: {region}.csv")
    program.write("zerocarb.yaml", text)
    replay(program, "2026-01-02T00:00:00Z", "2026-01-05T12:20:00Z")
    kept = program.rows("regional_insights")
    by_hour = {(row["date"], row["hour"]): {entry["region"]: entry["intensity"] for entry in row["rankings"]} for row in kept}
    for time in range(seconds_of("2026-01-01"), seconds_of("2026-01-05") + 12 * 3600, 3600):
        found = by_hour[(date_of(time), time // 3600 % 24)]
        since = time - seconds_of("2025-12-31") - 6 * 3600
        equal((found["b"], found["c"]), tuple(50 + 40 * (since // (hours * 3600) % 2) for hours in (12, 36)), time)
    assert max(row["duration_minutes"] for row in program.rows("carbon_intensity_history")) == 1440
    forget(program)
    for first, last in (("2026-01-04", "2026-01-05"), ("2026-01-01", "2026-01-03")):
        rebuild(program, first, last, now="2026-01-05T12:20:00Z")
    wanted = sorted(text_of(row) for row in kept if row["date"] > "2025-12-31")
    equal(tables(program)["regional_insights"], wanted)


def days_before(program, date):
    return sorted(text_of(row) for row in program.rows("pipeline_analytics") if row["date"] < date)


def the_first_roll_up_comes_soon_after_the_first_start(program):
    replayed(program, LOCAL)
    replay(program, "2026-01-02T02:00:00Z", "2026-01-02T02:50:00Z", status=0)
    # Of p1, which has no run before 03:07: made once, and the same ever since.
    made = {row["updated_at"] for row in program.rows("carbon_leaderboard") if row["identifier"] == "p1"}
    equal(made, {"2026-01-02T02:05:00Z"})


def a_sink_that_was_away_gets_them_later(program):
    away = {"is": True}
    with fault_proxy.Proxy(local().port, lambda action, n: "away" if away["is"] else None) as proxy:
        away["is"] = False
        replayed(program, sink("late-", proxy.url) + LOCAL)
        create(program)
        away["is"] = True
        log = replay(program, "2026-01-02T00:00:00Z", "2026-01-02T03:30:00Z").stderr
        assert "rows wait in the journal" in log, log[-2000:]
        equal(program.rows("pipeline_analytics"), [])
        away["is"] = False
        replay(program, "2026-01-02T03:30:00Z", "2026-01-02T04:30:00Z", status=0)
    found = tables(program, without=("updated_at",))
    assert len(found["pipeline_analytics"]) == 3, found
    program.write("zerocarb.yaml", open(program.path("zerocarb.yaml"), encoding="utf-8").read().replace(
        sink("late-", proxy.url), ""))
    forget(program)
    rebuild(program, "2026-01-02", "2026-01-02", now="2026-01-02T04:30:00Z")
    equal([row for row in tables(program, without=("updated_at",))["pipeline_analytics"]], found["pipeline_analytics"])


def a_running_engine_rebuilds_them_when_asked(program):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    year = Year(days=3, pipelines=4, regions=2, end=str(today - datetime.timedelta(days=10)))
    ready(program, year, raw(year))
    deliver(program)
    engine = program.start("run", "-c", "zerocarb.yaml", env=ENVIRONMENT)
    deadline = time.monotonic() + 20
    while not os.path.exists(program.path("state/engine.sock")) and time.monotonic() < deadline:
        time.sleep(0.02)
    first, last = str(today - datetime.timedelta(days=12)), str(today - datetime.timedelta(days=10))
    done = zerocarb(program, "tables", "rebuild", "--from", first, "--to", last)
    assert "the running engine rebuilds" in done.stderr, done.stderr
    while not program.rows("carbon_leaderboard") and time.monotonic() < deadline:
        time.sleep(0.05)
    engine.terminate()
    _, log = engine.communicate(timeout=30)
    assert "have been rebuilt" in log, log
    equal({row["date"] for row in program.rows("pipeline_analytics")}, {date_of(year.first + i * 86400) for i in range(3)})


def what_cannot_be_rebuilt_is_said(program):
    year = small_year()
    program.write("zerocarb.yaml", year.config(LOCAL))
    for arguments, words in ((["--from", "2025-12-01"], "--to DATE"), (["--from", "x", "--to", LAST], "'x' is no date"),
                             (["--from", LAST, "--to", FIRST], "must not lie after"),
                             (["--from", "2025-02-30", "--to", LAST], "is no date")):
        done = program.run("tables", "rebuild", "-c", "zerocarb.yaml", *arguments)
        equal(done.returncode, 2, done.stderr)
        assert words in done.stderr, done.stderr
    done = program.run("tables", "create", "-c", "zerocarb.yaml", "--from", FIRST)
    equal(done.returncode, 2, done.stderr)
    for days, words in ((("2999-01-01", "2999-01-02"), "no day that has begun"), (("0001-01-01", "2024-12-27"), "2024-12-30 on")):
        done = program.run("tables", "rebuild", "-c", "zerocarb.yaml", "--from", days[0], "--to", days[1], "--now", NOW)
        equal(done.returncode, 2, done.stderr)
        assert words in done.stderr, done.stderr
    program.write("zerocarb.yaml", year.config("  []\n"))
    done = program.run("tables", "rebuild", "-c", "zerocarb.yaml", "--from", FIRST, "--to", LAST, "--now", NOW)
    assert "no sink that can be read back" in done.stderr, done.stderr


run([the_tables_are_what_a_plain_computation_gives, rebuilt_again_nothing_changes,
     rebuilt_in_parts_in_any_order_it_is_the_same, late_and_corrected_rows_give_what_they_would_have_given_at_once,
     a_period_some_of_whose_runs_have_expired_is_left_as_it_was_made, from_dynamodb_they_are_the_same, the_engine_keeps_them_as_a_rebuild_would_make_them,
     long_slots_fill_every_hour,
     the_first_roll_up_comes_soon_after_the_first_start, a_sink_that_was_away_gets_them_later, a_running_engine_rebuilds_them_when_asked, what_cannot_be_rebuilt_is_said])
