"""Whose turn it is: runs that are due and wait, over cancels, restarts, pauses, and while the data are away."""
import datetime
import os
import time

from cli_material import Engine, expect, listed, pipeline, prepare, prepare_now, request, wait_for
from pipelines_test import WAITS, lines, replay, shown, statuses
from program import equal, instant, main, stamp, write_trace

# Goes on when it is told to end, and says so; until it is killed.
DEAF = "trap 'echo told >> log' TERM; echo begin >> log; while :; do sleep 0.05; date +%s.%N >> last.$$ZEROCARB_EXECUTION_ID; done"
ONE_AT_A_TIME = ("regions: [eu-west-2, eu-north-1]", "limits: {max_parallel: 1}")


def put(program, after, line):
    """A line into the configuration, behind another."""
    with open(program.path("zerocarb.yaml"), encoding="utf-8") as file:
        program.write("zerocarb.yaml", file.read().replace(f"{after}\n", f"{after}\n{line}\n"))


# ---- cancelled -----------------------------------------------------------------------------------------------------


def a_cancelled_run_keeps_its_place_until_its_command_has_gone(program):
    prepare_now(program, pipeline("queues", DEAF, ["overlap: queue"]), pipeline("skips", DEAF, ["overlap: skip"]))
    put(program, "  state_dir: ./state", "  shutdown_timeout: 1s")
    of = lambda name: [row for row in listed(program) if row["pipeline_name"] == name]
    with Engine(program) as engine:
        first, other = (expect(program, 0, "trigger", name).stdout.split()[0] for name in ("queues", "skips"))
        wait_for("both commands", lambda: lines(program) == ["begin", "begin"])
        second = expect(program, 0, "trigger", "queues").stdout.split()[0]
        wait_for("the queue", lambda: shown(program, "queues")["runs"] == {"RUNNING": 1, "DEFERRED": 1})
        for run_id in (first, other, first):  # asked twice is asked once
            status, body, _ = request(program, "POST", f"/v1/executions/{run_id}/cancel")
            equal((status, body), (202, {"execution_id": run_id, "status": "RUNNING"}))
        wait_for("the signals", lambda: lines(program).count("told") == 2)
        expect(program, 69, "trigger", "skips")
        wait_for("the second command", lambda: lines(program).count("begin") == 3)
        ended, begun = ([row for row in of("queues") if row["execution_id"] == run_id][0] for run_id in (first, second))
        equal((ended["status"], ended["message"]), ("CANCELLED", "cancelled on request; the command was told to end"))
        equal(begun["wait"]["reason"], "another run of its pipeline has not ended (overlap: queue)")
        last = float(lines(program, f"last.{first}")[-1])
        equal(last <= instant(begun["started_at"]).timestamp() + 1, True, (last, begun["started_at"]))
        equal(instant(ended["finished_at"]) <= instant(begun["started_at"]), True, (ended, begun))
        wait_for("the end of the other", lambda: [row["status"] for row in of("skips")] == ["CANCELLED"])
        expect(program, 0, "executions", "cancel", second)
        equal(engine.end(), 0)
    equal({(row["status"], row["message"]) for row in of("queues")}, {(ended["status"], ended["message"])})
    equal(float(lines(program, f"last.{first}")[-1]), last, "nothing of the first went on")


def an_engine_that_stops_keeps_the_state_dir_until_its_commands_have_gone(program):
    prepare_now(program, pipeline("build", DEAF, ["overlap: queue"]))
    put(program, "  state_dir: ./state", "  shutdown_timeout: 1s")
    with Engine(program) as engine:
        run_id = expect(program, 0, "trigger", "build").stdout.split()[0]
        wait_for("the command", lambda: lines(program) == ["begin"])
        engine.process.terminate()
        wait_for("the signal", lambda: lines(program) == ["begin", "told"])
        prepare_now(program, pipeline("other", "true"))
        wait_for("the state dir", lambda: program.run("run", "--once").returncode != 69)
        last = lines(program, f"last.{run_id}")
        time.sleep(0.3)
        equal(lines(program, f"last.{run_id}"), last, "the command goes on")
        equal(engine.process.wait(timeout=8), 0)
    equal(statuses(program), ["CANCELLED"])


# ---- whose turn it is ----------------------------------------------------------------------------------------------


def one_at_a_time(program, *pipelines):
    prepare_now(program, *pipelines)
    put(program, *ONE_AT_A_TIME)


def reason_of(program, name):
    (row,) = [row for row in listed(program) if row["pipeline_name"] == name]
    return row.get("wait", {}).get("reason")


def behind(program, first, *others):
    """All of these wait for the first one's place."""
    expect(program, 0, "trigger", first)
    wait_for("the first", lambda: shown(program, first)["runs"] == {"RUNNING": 1})
    for name in others:
        expect(program, 0, "trigger", name)
        wait_for(f"{name} to wait", lambda name=name: shown(program, name)["runs"] == {"DEFERRED": 1})


def after_a_restart_places_go_to_the_nearest_deadline_first(program):
    says = "echo $$ZEROCARB_PIPELINE >> log"
    more = {"far": ["max_defer_hours: 6"], "near": ["max_defer_hours: 1"], "next": ["max_defer_hours: 3"]}
    one_at_a_time(program, pipeline("first", "sleep 60 & echo $$! > pid; wait"),
                  *(pipeline(name, says, lines_of) for name, lines_of in more.items()))
    with Engine(program) as engine:
        behind(program, "first", *more)
        engine.process.kill()
        engine.process.wait()
    os.kill(int(lines(program, "pid")[0]), 9)
    with Engine(program) as engine:
        wait_for("all", lambda: len(lines(program)) == 3)
        equal(lines(program), ["near", "next", "far"])
        wait_for("their ends", lambda: statuses(program) == ["SUCCESS"] * 3 + ["UNKNOWN"])
        equal(engine.end(), 0)


def a_pause_is_told_behind_a_run_without_a_place(program):
    full = "as many runs are under way as limits.max_parallel, 1"
    one_at_a_time(program, pipeline("first", WAITS), pipeline("second", "true", ["max_defer_hours: 1"]),
                  pipeline("third", "true"))
    with Engine(program) as engine:
        behind(program, "first", "second", "third")
        for what, reason in (("pause", "its pipeline is paused"), ("resume", full), ("pause", "its pipeline is paused")):
            expect(program, 0, "pipelines", what, "third")
            wait_for(f"its reason after {what}", lambda reason=reason: reason_of(program, "third") == reason)
            equal(reason_of(program, "second"), full)
        engine.process.kill()
        engine.process.wait()
    program.write("go", "")
    with Engine(program) as engine:  # and after a restart
        wait_for("the others", lambda: statuses(program) == ["DEFERRED", "SUCCESS", "UNKNOWN"])
        equal(reason_of(program, "third"), "its pipeline is paused")
        equal(engine.end(), 0)


def lose_the_data(program):
    write_trace(program.path("trace.csv"), "2025-12-01T00:00:00Z", 60, {"GB": [400] * 5, "SE": [400] * 5})


def a_held_run_keeps_its_plan_when_the_data_go(program):
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    prepare(program, pipeline("first", WAITS), pipeline("second", "true"), limit=5,
            start=stamp(now - datetime.timedelta(hours=5)), values=[600] * 50)
    put(program, *ONE_AT_A_TIME)
    second = lambda: [row for row in listed(program) if row["pipeline_name"] == "second"][0]
    with Engine(program) as engine:
        behind(program, "first", "second")
        expect(program, 0, "pipelines", "pause", "second")
        before = second()
        equal((before["status"], before["carbon_analysis"]["decision"]), ("DEFERRED", "RELOCATE"))
        engine.process.kill()
        engine.process.wait()
    program.write("go", "")
    lose_the_data(program)
    with Engine(program) as engine:
        reasons = lambda: {reason["reason"] for reason in request(program, "GET", "/v1/ready")[1]["reasons"]}
        wait_for("the first round", lambda: "first_round" not in reasons())
        equal((second()["status"], second()["carbon_analysis"]), ("DEFERRED", before["carbon_analysis"]))
        expect(program, 0, "pipelines", "resume", "second")
        wait_for("its end", lambda: second()["status"] == "SUCCESS")
        equal(engine.end(), 0)
    equal(second()["carbon_analysis"], before["carbon_analysis"])


def a_start_that_came_while_the_engine_and_the_data_were_away_keeps_its_plan(program):
    prepare(program, pipeline("build", "true", ['schedule: "30 0 1 1 *"']))
    replay(program, "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z")
    (before,) = listed(program)
    equal((before["status"], before["schedule"]["planned_start"][11:16]), ("DEFERRED", "03:00"))
    lose_the_data(program)
    replay(program, "2026-01-01T03:30:00Z", "2026-01-01T04:00:00Z")
    (row,) = listed(program)
    equal((row["status"], row["carbon_analysis"]), ("SUCCESS", before["carbon_analysis"]))


def another_decision_of_a_held_run_is_journalled(program):
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    at = lambda hours: stamp(now + datetime.timedelta(hours=hours))
    prepare(program, pipeline("build", "true"), start=at(-3), values=[400] * 7 + [40] * 3 + [400] * 40)
    with Engine(program) as engine:
        expect(program, 0, "trigger", "build")
        wait_for("the deferral", lambda: statuses(program) == ["DEFERRED"])
        expect(program, 0, "pipelines", "pause", "build")
        equal(engine.end(), 0)
    replay(program, at(3), at(5))
    (row,) = listed(program)
    equal((row["wait"]["reason"], row["carbon_analysis"]["optimal_region"]), ("its pipeline is paused", "eu-west-2"))
    replay(program, at(5), at(9))  # the other region has become the cleaner one
    (row,) = listed(program)
    equal((row["status"], row["carbon_analysis"]["optimal_region"]), ("DEFERRED", "eu-north-1"))


if __name__ == "__main__":
    main([a_cancelled_run_keeps_its_place_until_its_command_has_gone,
          an_engine_that_stops_keeps_the_state_dir_until_its_commands_have_gone,
          after_a_restart_places_go_to_the_nearest_deadline_first, a_pause_is_told_behind_a_run_without_a_place,
          a_held_run_keeps_its_plan_when_the_data_go,
          a_start_that_came_while_the_engine_and_the_data_were_away_keeps_its_plan,
          another_decision_of_a_held_run_is_journalled])
