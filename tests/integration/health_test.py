"""Whether the engine can do all of its work, and what it says where it cannot: each reason comes, is named, and goes."""
import datetime
import json
import os
import resource
import signal
import subprocess

from cli_material import Engine, expect, has, pipeline, prepare, prepare_now, request, wait_for
from program import Skipped, equal, instant, main, stamp, write_trace


def reasons(program):
    """Those of /v1/ready, which status and the command agree with."""
    answer, body, _ = request(program, "GET", "/v1/ready")
    equal(answer, 200 if body["ready"] else 503)
    equal(body["ready"], not body["reasons"])
    return {reason["reason"]: reason["message"] for reason in body["reasons"]}


def wait_until_ready(program, seconds=40):
    wait_for("readiness", lambda: reasons(program) == {}, seconds)


def change(program, old, new):
    with open(program.path("zerocarb.yaml"), encoding="utf-8") as file:
        text = file.read()
    has(text, old)
    program.write("zerocarb.yaml", text.replace(old, new))


def an_engine_that_does_its_work_is_ready(program):
    prepare_now(program, pipeline("quick", "true"))
    expect(program, 69, "status")
    expect(program, 69, "status", "--alive")
    with Engine(program) as engine:
        wait_until_ready(program)
        equal(request(program, "GET", "/v1/health")[:2], (200, {"alive": True}))
        expect(program, 0, "trigger", "quick", "--wait")
        shown = expect(program, 0, "status").stdout
        for part in ("ready", "trace", "static_pue", "local_file", "1, 0 paused", "none waits or runs"):
            has(shown, part)
        status = json.loads(expect(program, 0, "status", "--json").stdout)
        equal((status["ready"], status["reasons"]), (True, []))
        equal(expect(program, 0, "status", "--alive").stdout, "alive\n")
        equal(engine.end(), 0)


def before_the_first_round_it_is_not_ready(program):
    plugins = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "plugins")
    if not os.path.exists(os.path.join(plugins, "source_silent.so")):
        raise Skipped(f"{plugins} is not built")
    prepare_now(program, pipeline("quick", "true"))
    change(program, "state_dir: ./state", f'state_dir: ./state\n  plugin_dirs: ["{plugins}"]')
    change(program, "sources:\n", "sources:\n  - {plugin: source_silent, timeout: 30s, regions: [eu-west-2]}\n")
    with Engine(program) as engine:
        equal(list(reasons(program)), ["first_round"])
        has(expect(program, 1, "status").stdout, "not ready")
        equal(json.loads(expect(program, 1, "status", "--json").stdout)["ready"], False)
        expect(program, 0, "status", "--alive")
        equal(engine.end(), 0)


def with_all_sources_away_it_is_not_ready(program):
    """Averages that never change do not count; where one source answers again, it is ready."""
    prepare(program, pipeline("quick", "true"), start="2020-01-01T00:00:00Z")
    with Engine(program) as engine:
        wait_for("the round", lambda: list(reasons(program)) == ["sources"])
        has(reasons(program)["sources"], "trace: ")
        has(expect(program, 1, "status").stdout, "trace: ")
        start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=3)
        write_trace(program.path("fresh.csv"), stamp(start), 60, {"GB": [100] * 10, "SE": [100] * 10})
        change(program, "trace.csv, column: GB", "fresh.csv, column: GB")
        expect(program, 0, "reload")
        wait_until_ready(program)
        equal(engine.end(), 0)


def with_a_sink_away_it_is_not_ready(program):
    prepare_now(program, pipeline("quick", "mkdir ran"))
    change(program, "path: ./rows.db", "path: ./missing/rows.db")
    with Engine(program) as engine:
        wait_for("the sink's failure", lambda: "sink" in reasons(program))
        has(reasons(program)["sink"], "local_file: ")
        has(expect(program, 0, "trigger", "quick", "--wait").stdout, "SUCCESS")  # nothing waits for a sink
        sink = request(program, "GET", "/v1/status")[1]["sinks"][0]
        equal((sink["backlog"] >= 3, sink["written"]), (True, 0), sink)
        os.mkdir(program.path("missing"), 0o700)
        wait_until_ready(program)
        wait_for("the rows", lambda: request(program, "GET", "/v1/status")[1]["sinks"][0]["backlog"] == 0)
        equal(engine.end(), 0)


def a_sink_whose_file_is_removed_gets_what_is_written_from_then_on(program):
    """Rows are not given to a file that has no name any more: the next run is in the new one."""
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        wait_until_ready(program)
        expect(program, 0, "trigger", "quick", "--wait")
        wait_for("the rows", lambda: request(program, "GET", "/v1/status")[1]["sinks"][0]["backlog"] == 0)
        os.unlink(program.path("rows.db"))
        has(expect(program, 0, "trigger", "quick", "--wait").stdout, "SUCCESS")
        wait_for("the new file", lambda: "a new file was made" in engine.said())
        wait_until_ready(program)
        wait_for("the rows", lambda: request(program, "GET", "/v1/status")[1]["sinks"][0]["backlog"] == 0)
        has(engine.said(), "rows.db was removed or replaced while it was in use: its rows stay in the journal")
        equal(engine.end(), 0)
    equal([run["status"] for run in program.rows("pipeline_executions", "rows.db")], ["SUCCESS"])


def a_sink_away_for_long_costs_history_never_runs(program):
    """A week of ten regions: 3,360 slots, of which no more are kept than may wait; the last two days come afterwards."""
    names = [f"r{i}" for i in range(10)]
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 30, {name: [100 + i % 48 for i in range(500)] for name in names})
    program.write("zerocarb.yaml", f"""regions: [{", ".join(names)}]
engine: {{state_dir: ./state, outbox_max: 1000}}
sources:
  - {{plugin: trace, regions: {{{", ".join(f"{name}: {{file: trace.csv, column: {name}}}" for name in names)}}}}}
policies: {{use: [{{plugin: threshold, max_intensity: 1000}}]}}
sinks: [{{plugin: local_file, path: ./missing/rows.db}}]
pipelines:
  - name: p
    region: r0
    schedule: "0 * * * *"
    workload: {{duration_minutes: 30, vcpu_count: 1, memory_gb: 1}}
    trigger: {{plugin: exec, command: [/bin/true]}}
""")
    done = expect(program, 1, "run", "--from", "2026-01-01T06:00:00Z", "--to", "2026-01-08T06:00:00Z", timeout=120)
    equal(done.stderr.count("intensity history is left out"), 1, done.stderr[-1000:])
    shown = json.loads(done.stdout)
    equal((shown["history_withheld"], shown["ready"]), (True, False))
    os.mkdir(program.path("missing"), 0o700)
    expect(program, 0, "run", "--from", "2026-01-08T06:00:00Z", "--to", "2026-01-08T09:00:00Z", timeout=120)
    runs = program.rows("pipeline_executions", "missing/rows.db")
    equal((len(runs), {run["status"] for run in runs}), (7 * 24 + 3, {"SUCCESS"}))
    slots = {row["timestamp"] for row in program.rows("carbon_intensity_history", "missing/rows.db")}
    gap = [instant(time) for time in ("2026-01-04T00:00:00Z", "2026-01-06T00:00:00Z")]
    equal([slot for slot in slots if gap[0] <= when(slot) < gap[1]], [], "left out for good")
    late = [slot for slot in slots if when(slot) >= instant("2026-01-06T12:00:00Z")]
    equal(len(late) >= 2 * 40, True, f"{len(late)} slots of the last two days")


def when(slot):
    return datetime.datetime.fromtimestamp(slot, datetime.timezone.utc)


def limit_files(engine, size):
    """No file of the engine may grow beyond `size` bytes: to it the disk is full."""
    hard = resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE)[1]
    try:
        resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))
    except PermissionError as error:
        raise Skipped(f"limits of another process cannot be changed here: {error}") from error


def on_a_full_disk_nothing_starts_and_it_recovers_by_itself(program):
    prepare_now(program, pipeline("quick", "mkdir ran"))
    with Engine(program) as engine:
        wait_until_ready(program)
        limit_files(engine, 1)
        with subprocess.Popen([program.binary, "trigger", "quick", "--wait"], cwd=program.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as trigger:
            wait_for("the full disk", lambda: "journal" in reasons(program))
            has(reasons(program)["journal"], "File too large")
            has(expect(program, 1, "status").stdout, "journal")
            equal(os.path.exists(program.path("ran")), False)
            expect(program, 0, "status", "--alive")
            limit_files(engine, None)
            wait_until_ready(program)
            said = trigger.communicate(timeout=30)
            equal(trigger.returncode, 0, said)
            has(said[0], "SUCCESS")
        equal(os.path.isdir(program.path("ran")), True)
        equal(engine.end(), 0)


def a_run_that_a_full_disk_keeps_out_is_refused_and_never_starts(program):
    prepare_now(program, pipeline("quick", "mkdir ran"))
    with Engine(program) as engine:
        wait_until_ready(program)
        limit_files(engine, 1)
        refused = expect(program, 69, "trigger", "quick")
        has(refused.stderr, "the run was not taken: the journal cannot be written")
        has(reasons(program), "journal")
        equal(request(program, "GET", "/v1/status")[1]["runs"], {})
        limit_files(engine, None)
        wait_until_ready(program)
        equal(os.path.exists(program.path("ran")), False)
        wait_for("the next try", lambda: "what was held back is written" in engine.said())
        has(expect(program, 0, "trigger", "quick", "--wait").stdout, "SUCCESS")
        equal(engine.end(), 0)
    equal([run["status"] for run in program.rows("pipeline_executions", "rows.db")], ["SUCCESS"])


def while_it_stops_it_is_not_ready_and_a_second_signal_forces_it(program):
    prepare_now(program, pipeline("long", "trap : TERM; touch begun; sleep 60"))
    change(program, "state_dir: ./state", "state_dir: ./state\n  shutdown_timeout: 6s")
    with Engine(program) as engine:
        wait_until_ready(program)
        expect(program, 0, "trigger", "long")
        wait_for("the command", lambda: os.path.exists(program.path("begun")))
        engine.process.send_signal(signal.SIGTERM)
        wait_for("its end to begin", lambda: list(reasons(program)) == ["stopping"])
        expect(program, 1, "status")
        equal(engine.end(), 128 + signal.SIGTERM)


def signals_during_a_reload_end_it(program):
    """With thousands of pipelines a reload takes its time: it has not ended when the next signal comes. Two of different
    numbers, as the system keeps only one of each; which is taken first is its choice."""
    forced = {128 + signal.SIGTERM, 128 + signal.SIGINT}
    for signals, ends in (((signal.SIGTERM,), {0}), ((signal.SIGTERM, signal.SIGINT), forced)):
        prepare_now(program, *(pipeline(f"p{i}") for i in range(3000)))
        with Engine(program) as engine:
            wait_until_ready(program)
            for number in (signal.SIGHUP, *signals):
                engine.process.send_signal(number)
            equal(engine.process.wait(timeout=10) in ends, True, engine.said()[-500:])
            equal("is in force" in engine.said(), False)


main([
    an_engine_that_does_its_work_is_ready,
    before_the_first_round_it_is_not_ready,
    with_all_sources_away_it_is_not_ready,
    with_a_sink_away_it_is_not_ready,
    a_sink_whose_file_is_removed_gets_what_is_written_from_then_on,
    a_sink_away_for_long_costs_history_never_runs,
    on_a_full_disk_nothing_starts_and_it_recovers_by_itself,
    a_run_that_a_full_disk_keeps_out_is_refused_and_never_starts,
    while_it_stops_it_is_not_ready_and_a_second_signal_forces_it,
    signals_during_a_reload_end_it,
])
