"""Runs that are UNKNOWN: what a person says became of them, by `executions resolve`."""
import datetime
import json
import os
import threading

from cli_material import Engine, expect, has, listed, pipeline, prepare, prepare_now, request, wait_for
from program import equal, main, stamp

ENDS = ["SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED", "SUPERSEDED"]
# Begins and ends in a log, and ends once there is a file `go`.
WAITS = "echo begin >> log; while ! test -e go; do sleep 0.02; done; echo end >> log"


def item_of(program, run_id):
    return json.loads(expect(program, 0, "executions", "show", run_id, "--json").stdout)


def running(program):
    return [row for row in listed(program) if row["status"] == "RUNNING"]


def lose(program, n=1, name="build"):
    """Runs whose engine is killed under them; the command ends, and nobody sees how. Their ids."""
    with Engine(program) as engine:
        ids = [expect(program, 0, "trigger", name).stdout.split()[0] for _ in range(n)]
        wait_for("the runs", lambda: len(running(program)) == n)
        engine.process.kill()
        engine.process.wait()
    program.write("go", "")
    return ids


def hold(program):
    """Commands wait again."""
    os.remove(program.path("go"))


def resolved(program, run_id, status):
    done = expect(program, 0, "executions", "resolve", run_id, status)
    equal((done.stdout, done.stderr), ("", f"zerocarb: {run_id} is {status}\n"))


def a_person_says_how_a_run_ended(program):
    prepare_now(program, pipeline("build", WAITS))
    ids = lose(program, len(ENDS))
    equal(listed(program, "--status", "UNKNOWN"), [])
    with Engine(program) as engine:
        wait_for("what is found", lambda: {row["status"] for row in listed(program)} == {"UNKNOWN"})
        equal({row["execution_id"] for row in listed(program, "--status", "UNKNOWN")}, set(ids))
        equal(len(listed(program, "--status", "UNKNOWN", "--limit", "2")), 2)
        has(expect(program, 2, "executions", "list", "--status", "UNKNOW").stderr, "'UNKNOW' is no status of a run; there are PENDING, ")
        for run_id, status in zip(ids, ENDS):
            before = item_of(program, run_id)
            resolved(program, run_id, status)
            after = item_of(program, run_id)
            equal((after["status"], after["started_at"]), (status, before["started_at"]))
            equal(("finished_at" in after, after["resolved_at"] >= before["finished_at"]), (False, True), after)
            equal(after["message"], "resolved by a person; it was UNKNOWN: " + before["message"])
            said = expect(program, 1, "executions", "resolve", run_id, "FAILED").stderr
            equal([row["execution_id"] for row in listed(program, "--status", status)], [run_id])
            has(said, f"the run is {status} and not UNKNOWN: there is nothing to resolve")
            equal(item_of(program, run_id), after)
        equal(engine.end(), 0)
    rows = {row["execution_id"]: row for row in program.rows("pipeline_executions")}
    equal([rows[run_id]["status"] for run_id in ids], ENDS, "in the sink")
    equal(["realised" in rows[run_id] or "finished_at" in rows[run_id] for run_id in ids], [False] * len(ENDS))


def what_is_answered_outlives_a_kill(program):
    prepare_now(program, pipeline("build", WAITS))
    (run_id,) = lose(program)
    with Engine(program) as engine:
        answer = json.loads(expect(program, 0, "executions", "resolve", run_id[:8], "SUCCESS", "--json").stdout)
        engine.process.kill()
        engine.process.wait()
    equal(answer, {"execution_id": run_id, "status": "SUCCESS"})
    equal(item_of(program, run_id)["status"], "SUCCESS")
    with Engine(program) as engine:
        has(expect(program, 1, "executions", "resolve", run_id, "FAILED").stderr, "is SUCCESS and not UNKNOWN")
        equal(engine.end(), 0)
    equal([row["status"] for row in program.rows("pipeline_executions")], ["SUCCESS"])


def what_cannot_be_resolved_is_refused(program):
    prepare_now(program, pipeline("build", WAITS))
    (run_id,) = lose(program)
    has(expect(program, 69, "executions", "resolve", run_id, "SUCCESS").stderr, "no engine runs here")
    with Engine(program) as engine:
        for wrong in ("RUNNING", "DEFERRED", "UNKNOWN", "NOT_TRIGGERED", "success", "nonsense"):
            has(expect(program, 2, "executions", "resolve", run_id, wrong).stderr, f"'{wrong}' is nothing that a run")
        for words in ([], [run_id], [run_id, "SUCCESS", "--live"], [run_id, "SUCCESS", "FAILED"]):
            expect(program, 2, "executions", "resolve", *words)
        has(expect(program, 1, "executions", "resolve", "none", "SUCCESS").stderr, "no execution 'none'")
        path = f"/v1/executions/{run_id}/resolve"
        for method, where, body, wanted in (
                ("POST", path, None, 400), ("POST", path + "?status=RUNNING", None, 400),
                ("POST", path + "?status=", None, 400), ("POST", path + "?status=SUCCESS", '{"a": 1}', 400),
                ("POST", path.replace("/resolve", "0/resolve?status=SUCCESS"), None, 404),
                ("POST", "/v1/executions/none/resolve?status=SUCCESS", None, 404), ("GET", path, None, 405)):
            status, answer, _ = request(program, method, where, body)
            equal((status, list(answer)), (wanted, ["error"]), f"{method} {where}")
        equal(item_of(program, run_id)["status"], "UNKNOWN")
        hold(program)
        other = expect(program, 0, "trigger", "build").stdout.split()[0]
        wait_for("another run", lambda: running(program))
        has(expect(program, 1, "executions", "resolve", other, "SUCCESS").stderr, "is RUNNING and not UNKNOWN")
        program.write("go", "")
        wait_for("its end", lambda: item_of(program, other)["status"] == "SUCCESS")
        equal(engine.end(), 0)


def of_two_answers_at_once_one_counts(program):
    prepare_now(program, pipeline("build", WAITS))
    ids = lose(program, 6)
    with Engine(program) as engine:
        for run_id in ids:
            answers = {}

            def say(status, run_id=run_id, answers=answers):
                answers[status] = request(program, "POST", f"/v1/executions/{run_id}/resolve?status={status}")[0]

            threads = [threading.Thread(target=say, args=(status,)) for status in ("SUCCESS", "FAILED", "PENDING")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            equal(sorted(answers.values()), [200, 409, 409], answers)
            (chosen,) = [status for status, answer in answers.items() if answer == 200]
            if chosen == "PENDING":
                chosen = "SUCCESS"  # it has been started again, and ends well
            wait_for("the status", lambda: item_of(program, run_id)["status"] == chosen)
        equal(engine.end(), 0)


def a_run_that_never_ran_is_started_again(program):
    prepare_now(program, pipeline("build", WAITS, ["max_defer_hours: 0"]))
    (run_id,) = lose(program)
    hold(program)
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=30)
    prepare(program, pipeline("build", WAITS, ["max_defer_hours: 0"]), limit=1000, start=stamp(start), values=[300] * 100)
    with Engine(program) as engine:
        before = item_of(program, run_id)
        resolved(program, run_id, "PENDING")
        wait_for("the run", lambda: item_of(program, run_id)["status"] == "RUNNING")
        equal([item["carbon_analysis"]["default_intensity"] for item in (before, item_of(program, run_id))], [60, 180], "decided anew")
        has(expect(program, 1, "executions", "resolve", run_id, "PENDING").stderr, "is RUNNING and not UNKNOWN")
        program.write("go", "")
        wait_for("its end", lambda: item_of(program, run_id)["status"] == "SUCCESS")
        after = item_of(program, run_id)
        equal((after["attempts"], after["timestamp"], after["schedule"]["deadline"]),
              (2, before["timestamp"], before["schedule"]["deadline"]))
        equal(("finished_at" in after, "resolved_at" in after), (True, False))
        equal(engine.end(), 0)
    equal([(row["execution_id"], row["status"]) for row in program.rows("pipeline_executions")], [(run_id, "SUCCESS")])


def a_run_started_again_is_decided_anew_and_outlives_restarts(program):
    prepare_now(program, pipeline("build", WAITS))
    (run_id,) = lose(program)
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=3)
    prepare(program, pipeline("build", "true"), start=stamp(start), values=[400] * 7 + [40] * 40)  # better later
    with Engine(program) as engine:
        resolved(program, run_id, "PENDING")
        wait_for("the deferral", lambda: item_of(program, run_id)["status"] == "DEFERRED")
        engine.process.kill()
        engine.process.wait()
    with Engine(program) as engine:
        equal(item_of(program, run_id)["status"], "DEFERRED")
        expect(program, 0, "executions", "cancel", run_id)
        wait_for("its end", lambda: item_of(program, run_id)["status"] == "CANCELLED")
        equal(engine.end(), 0)


def starting_again_is_a_request_by_hand(program):
    """Refused where that is; what became of a run can be said all the same."""
    prepare_now(program, pipeline("build", WAITS, ["overlap: skip"]), pipeline("other", "true"))
    (run_id,) = lose(program)
    with Engine(program) as engine:
        expect(program, 0, "pipelines", "pause", "build")
        has(expect(program, 1, "executions", "resolve", run_id, "PENDING").stderr, "build has been paused since")
        expect(program, 0, "pipelines", "resume", "build")
        hold(program)
        expect(program, 0, "trigger", "build")
        wait_for("another run", lambda: running(program))
        has(expect(program, 1, "executions", "resolve", run_id, "PENDING").stderr, "overlap: skip")
        program.write("go", "")
        wait_for("its end", lambda: not running(program))
        prepare_now(program, pipeline("other", "true"))
        expect(program, 0, "reload")
        has(expect(program, 1, "executions", "resolve", run_id, "PENDING").stderr,
            "not in the configuration any more")
        equal(item_of(program, run_id)["status"], "UNKNOWN")
        resolved(program, run_id, "FAILED")
        equal(engine.end(), 0)


if __name__ == "__main__":
    main([a_person_says_how_a_run_ended, what_is_answered_outlives_a_kill, what_cannot_be_resolved_is_refused,
          of_two_answers_at_once_one_counts, a_run_that_never_ran_is_started_again,
          a_run_started_again_is_decided_anew_and_outlives_restarts, starting_again_is_a_request_by_hand])
