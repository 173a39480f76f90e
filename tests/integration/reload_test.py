"""Another configuration for a running engine: by SIGHUP, by command, valid and not."""
import datetime
import json
import os
import shutil
import signal

from cli_material import Engine, expect, has, listed, pipeline, prepare, prepare_now, request, wait_for
from program import Skipped, equal, main, stamp


def read(program, name="zerocarb.yaml"):
    with open(program.path(name), encoding="utf-8") as file:
        return file.read()


def change(program, old, new):
    text = read(program)
    has(text, old)
    program.write("zerocarb.yaml", text.replace(old, new))


def status(program):
    return request(program, "GET", "/v1/status")[1]


def a_hangup_puts_a_changed_file_in_force(program):
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        change(program, "sinks:", pipeline("other", "true") + "sinks:")
        expect(program, 2, "trigger", "othr")
        engine.process.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: status(program)["reloads"]["taken"] == 1)
        has(engine.said(), "is in force: 2 pipelines, 2 sources, 1 sinks")
        has(expect(program, 0, "trigger", "other", "--wait").stdout, "SUCCESS")
        equal(status(program)["pipelines"], 2)
        equal(engine.end(), 0)


def a_bad_file_changes_nothing_and_is_shown(program):
    prepare_now(program, pipeline("quick", "true"))
    good = read(program)
    with Engine(program) as engine:
        change(program, "policies:", "polices:")
        done = expect(program, 78, "reload")
        has(done.stderr, "did you mean 'policies'")
        has(done.stderr, "zerocarb.yaml:")
        has(engine.said(), "did you mean 'policies'")
        shown = status(program)["reloads"]
        equal((shown["taken"], shown["refused"], shown["last_taken"]), (0, 1, False))
        has(shown["findings"], "zerocarb.yaml:")
        equal(request(program, "POST", "/v1/pipelines/quick/trigger")[0], 202)
        program.write("zerocarb.yaml", good.replace("state_dir: ./state", "state_dir: ./elsewhere"))
        program.write("state.yaml", good)
        done = expect(program, 78, "reload", "-c", "state.yaml")
        has(done.stderr, "needs a restart")
        has(done.stderr, "zerocarb.yaml:4:")
        done = expect(program, 69, "reload")
        has(done.stderr, "no engine runs here")
        has(done.stderr, "a changed state_dir needs a restart")
        # What only the plugin itself can refuse.
        program.write("zerocarb.yaml", good.replace("file: trace.csv", "file: missing.csv"))
        done = expect(program, 78, "reload", "-c", "state.yaml")
        has(done.stderr, "zerocarb.yaml:6:5: error: source:trace")
        program.write("zerocarb.yaml", "regions: [")
        equal(request(program, "POST", "/v1/reload")[0], 422)
        os.remove(program.path("zerocarb.yaml"))
        equal(request(program, "POST", "/v1/reload")[0], 422)
        program.write("zerocarb.yaml", good)
        done = expect(program, 0, "reload")
        has(done.stderr, "zerocarb.yaml is in force")
        equal(json.loads(expect(program, 0, "reload", "--json").stdout)["taken"], True)
        shown = status(program)["reloads"]
        equal((shown["taken"], shown["refused"], shown["last_taken"]), (2, 5, True))
        equal("error" in shown.get("findings", ""), False)
        equal(engine.end(), 0)


def reload_without_an_engine_says_so(program):
    prepare_now(program, pipeline("quick", "true"))
    has(expect(program, 69, "reload").stderr, "no engine runs here")


def what_runs_ends_under_the_settings_it_began_with(program):
    """Its pipeline is gone by then; a run that waits for its start ends with that pipeline."""
    prepare_now(program, pipeline("long", "echo $$ZEROCARB_EXECUTION_ID > begun; while ! test -e go; do sleep 0.1; done"),
                pipeline("kept", "true"))
    with Engine(program) as engine:
        item = json.loads(expect(program, 0, "trigger", "long", "--json").stdout)
        wait_for("the command", lambda: os.path.exists(program.path("begun")))
        prepare_now(program, pipeline("kept", "true"))
        expect(program, 0, "reload")
        expect(program, 0, "reload")
        equal([r["status"] for r in listed(program, "--live")], ["RUNNING"])
        expect(program, 2, "trigger", "long")
        program.write("go", "")
        found = wait_for("its end", lambda: [r for r in listed(program) if r["status"] != "RUNNING"])
        equal([(r["execution_id"], r["status"]) for r in found], [(item["execution_id"], "SUCCESS")])
        equal(engine.end(), 0)


def what_waits_goes_on_under_the_new_settings(program):
    """Deferred by one configuration, it keeps its id, request and deadline, and starts as the next one says."""
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=3)
    values = [400] * 7 + [40] * 40
    prepare(program, pipeline("build", "echo old > ran"), pipeline("gone", "true"), start=stamp(start), values=values)
    with Engine(program) as engine:
        for name in ("build", "gone"):
            expect(program, 0, "trigger", name)
        wait_for("the deferrals", lambda: [r["status"] for r in listed(program)] == ["DEFERRED"] * 2)
        before = [r for r in listed(program) if r["pipeline_name"] == "build"][0]
        prepare(program, pipeline("build", "echo new > ran"), limit=1000, start=stamp(start), values=values)
        expect(program, 0, "reload")
        rows = wait_for("their ends", lambda: listed(program, "--live") == [] and listed(program))
        ends = {r["pipeline_name"]: r for r in rows}
        equal(ends["gone"]["status"], "CANCELLED")
        has(ends["gone"]["message"], "not in the configuration any more")
        after = ends["build"]
        equal((after["status"], after["execution_id"], after["timestamp"], after["schedule"]["deadline"]),
              ("SUCCESS", before["execution_id"], before["timestamp"], before["schedule"]["deadline"]))
        equal(read(program, "ran"), "new\n")
        equal(engine.end(), 0)


def what_waits_is_recorded_with_its_new_workload(program):
    """Also where neither start nor region change by it."""
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=3)
    prepare(program, pipeline("build", "true"), start=stamp(start), values=[400] * 7 + [40] * 40)
    with Engine(program) as engine:
        expect(program, 0, "trigger", "build")
        (before,) = wait_for("the deferral", lambda: [r for r in listed(program) if r["status"] == "DEFERRED"])
        change(program, "vcpu_count: 2", "vcpu_count: 64")
        expect(program, 0, "reload")
        (after,) = wait_for("the new record", lambda: [r for r in listed(program) if r["workload"]["vcpu_count"] == 64])
        equal((after["status"], after["schedule"]["planned_start"]), ("DEFERRED", before["schedule"]["planned_start"]))
        equal(after["workload"]["sci_score"] > 10 * before["workload"]["sci_score"], True, after)
        equal(engine.end(), 0)


def a_source_with_the_same_options_is_not_asked_again(program):
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        expect(program, 0, "trigger", "quick", "--wait")
        before = status(program)["sources"][0]["last_success"]
        change(program, "max_defer_hours: 6", "max_defer_hours: 5")
        for _ in range(3):
            expect(program, 0, "reload")
        equal(status(program)["sources"][0]["last_success"], before)
        has(expect(program, 0, "trigger", "quick", "--wait").stdout, "SUCCESS")
        row = listed(program)[0]
        equal(row["carbon_analysis"]["default_intensity"] is not None, True)
        change(program, "column: GB", "column: SE")
        expect(program, 0, "reload")
        wait_for("the changed source's round", lambda: status(program)["sources"][0].get("last_success", before) != before)
        equal(engine.end(), 0)


def sinks_come_go_and_move(program):
    prepare_now(program, pipeline("quick", "true"))
    good = read(program)
    with Engine(program) as engine:
        expect(program, 0, "trigger", "quick", "--wait")
        program.write("zerocarb.yaml", good + "  - {plugin: local_file, name: second, path: ./second.db}\n")
        expect(program, 0, "reload")
        expect(program, 0, "trigger", "quick", "--wait")
        ids = sorted(r["execution_id"] for r in listed(program))
        wait_for("the second sink", lambda: os.path.exists(program.path("second.db")) and ids[-1:] and
                 set(r["execution_id"] for r in program.rows("pipeline_executions", "second.db")) & set(ids))
        program.write("zerocarb.yaml", good.replace("./rows.db", "./moved.db"))
        expect(program, 0, "reload")
        last = json.loads(expect(program, 0, "trigger", "quick", "--wait", "--json").stdout)["execution_id"]
        wait_for("the moved sink", lambda: os.path.exists(program.path("moved.db")) and
                 last in {r["execution_id"] for r in program.rows("pipeline_executions", "moved.db")})
        shown = status(program)["sinks"]
        equal([s["name"] for s in shown], ["local_file"])
        program.write("zerocarb.yaml", good.split("sinks:")[0])
        expect(program, 0, "reload")
        expect(program, 0, "trigger", "quick", "--wait")
        equal(status(program)["sinks"], [])
        equal(engine.end(), 0)
    equal({r["status"] for r in program.rows("pipeline_executions", "moved.db") if r["execution_id"] == last},
          {"SUCCESS"})


def a_plugin_that_was_refused_is_tried_again_and_a_replaced_one_named(program):
    prepare_now(program, pipeline("quick", "true"))
    good = read(program)
    folder = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "lib/zerocarb/plugins")
    os.mkdir(program.path("own"), 0o700)
    built = os.path.join(folder, "static_pue.so")
    if not os.path.exists(built):
        raise Skipped("plugins are built in here")
    extra = good.replace("state_dir: ./state", "state_dir: ./state\n  plugin_dirs: [./own]")
    program.write("zerocarb.yaml", extra)
    shutil.copy(built, program.path("own/static_pue.so"))
    with Engine(program) as engine:
        os.remove(program.path("own/static_pue.so"))
        shutil.copy(built, program.path("own/static_pue.so"))
        has(expect(program, 0, "reload").stderr, "needs a restart")
        equal([line for line in engine.said().splitlines() if ":0:0:" in line], [])
        program.write("zerocarb.yaml", extra.replace("- {plugin: relocation}", "- {plugin: own_policy}"))
        program.write("own/own_policy.so", "no ELF file")
        has(expect(program, 78, "reload").stderr, "own_policy.so: not an ELF file")
        os.remove(program.path("own/own_policy.so"))
        has(expect(program, 78, "reload").stderr, 'no plugin "own_policy"')
        equal(engine.end(), 0)


def a_plugin_overwritten_in_place_refuses_the_reload(program):
    prepare_now(program, pipeline("quick", "true"))
    built = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "lib/zerocarb/plugins/static_pue.so")
    os.mkdir(program.path("own"), 0o700)
    if not os.path.exists(built):
        raise Skipped("plugins are built in here")
    program.write("zerocarb.yaml", read(program).replace(
        "state_dir: ./state", "state_dir: ./state\n  plugin_dirs: [./own]"))
    shutil.copy(built, program.path("own/static_pue.so"))
    with Engine(program) as engine:
        os.utime(program.path("own/static_pue.so"), (0, 0))  # the same bytes: nothing is damaged
        os.chmod(program.path("own/static_pue.so"), 0o600)
        expect(program, 0, "reload")
        with open(program.path("own/static_pue.so"), "ab") as file:
            file.write(b"more")
        done = expect(program, 78, "reload")
        has(done.stderr, "own/static_pue.so was overwritten in place: restart now")
        has(engine.said(), "the configuration before it stays in force")
        equal(engine.end(), 0)


main([
    a_hangup_puts_a_changed_file_in_force,
    a_bad_file_changes_nothing_and_is_shown,
    reload_without_an_engine_says_so,
    what_runs_ends_under_the_settings_it_began_with,
    what_waits_goes_on_under_the_new_settings,
    what_waits_is_recorded_with_its_new_workload,
    a_source_with_the_same_options_is_not_asked_again,
    sinks_come_go_and_move,
    a_plugin_that_was_refused_is_tried_again_and_a_replaced_one_named,
    a_plugin_overwritten_in_place_refuses_the_reload,
])
