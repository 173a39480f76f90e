"""What may happen to a run, in its states and over restarts: cancelled, out of time, superseded, tried again."""
import contextlib
import datetime
import json
import os
import sqlite3
import threading
import time

import aws_material
from cli_material import Engine, expect, has, listed, pipeline, prepare_now, wait_for
from program import equal, instant, main, stamp, write_trace
from receiver import Receiver

SLOT = "2026-01-02T01:00:00Z"


class Remote:
    """A CI service: takes runs, unless it is to refuse or to lose them, and says how they stand."""

    def __init__(self):
        self.state, self.start, self.asked = "running", (202, '{"id": 7}', False), []

    def __call__(self, method, _path, _body, _n):
        self.asked.append(method)
        return self.start if method == "POST" else (200, json.dumps({"status": self.state}), False)

    def starts(self):
        return self.asked.count("POST")


def hook(url, watched=True):
    more = f", remote_id_path: id, status_url: '{url}/runs/{{remote_id}}'" if watched else ""
    return f"{{plugin: webhook, url: '{url}/start'{more}}}"


def nightly(program, trigger, wait=0):
    """One slot, at 01:00, and 30 minutes for its run."""
    more = ['schedule: "0 1 2 1 *"', "pipeline_timeout: 30"]
    aws_material.prepare(program, aws_material.pipeline(trigger=trigger, more=more, wait=wait))


def replay(program, start, end, env=None):
    """Between two times of that day; the run as it is then."""
    done = program.run("run", "-c", "zerocarb.yaml", "--from", f"2026-01-02T{start}Z", "--to", f"2026-01-02T{end}Z",
                       env=env, timeout=120)
    equal(done.returncode in (0, 1), True, done.stderr[-3000:])
    (row,) = listed(program)
    return row


def minutes(row, name):
    return (instant(row[name]) - instant(SLOT)).total_seconds() / 60


# ---- remote runs end, or do not -----------------------------------------------------------------------------------


def a_remote_run_is_out_of_time_at_its_timeout(program):
    for restart in (False, True):
        folder, remote = type(program)(program.binary), Remote()
        with Receiver(remote) as receiver:
            nightly(folder, hook(receiver.url))
            if restart:
                equal(replay(folder, "00:30:00", "01:10:00")["status"], "RUNNING")
            row = replay(folder, "01:20:00" if restart else "00:30:00", "02:30:00")
        equal(row["status"], "TIMED_OUT", restart)
        has(row["message"], "not ended within pipeline_timeout")
        equal(30 <= minutes(row, "finished_at") < 31, True, row)
        equal(remote.starts(), 1)


def what_ended_while_the_engine_was_away_is_asked_about(program):
    for state, status in (("success", "SUCCESS"), ("failure", "FAILED"), ("cancelled", "CANCELLED"),
                          ("running", "TIMED_OUT")):
        folder, remote = type(program)(program.binary), Remote()
        with Receiver(remote) as receiver:
            nightly(folder, hook(receiver.url))
            equal(replay(folder, "00:30:00", "01:10:00")["status"], "RUNNING")
            remote.state = state
            row = replay(folder, "03:00:00", "03:10:00")
            equal((row["status"], remote.starts()), (status, 1), state)


def a_remote_run_that_is_superseded_ends_so_after_a_restart_too(program):
    with aws_material.endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.polls_until_end = 10000
        nightly(program, "{plugin: codepipeline, pipeline: app}")
        equal(replay(program, "00:30:00", "01:10:00", aws.environment())["status"], "RUNNING")
        aws.pipelines.polls_until_end, aws.pipelines.ends_as = 1, "Superseded"
        row = replay(program, "01:12:00", "01:20:00", aws.environment())
        equal((row["status"], row["message"]), ("SUPERSEDED", "Superseded: summary of Superseded"))


# ---- starts that fail ---------------------------------------------------------------------------------------------


def a_start_that_failed_is_tried_again_over_restarts(program):
    """Refused without having started anything, or lost: each attempt is counted, and one of them starts it."""
    for fault in ((429, "slow down", False), (409, "busy", False), (0, "", True)):
        folder, remote = type(program)(program.binary), Remote()
        remote.start = fault
        with Receiver(remote) as receiver:
            nightly(folder, hook(receiver.url, watched=False), wait=1)
            row = replay(folder, "00:30:00", "01:00:00")
            equal((row["status"], remote.starts() >= 1), ("TRIGGERING", True), fault)
            before = remote.starts()
            row = replay(folder, "01:00:01", "01:01:00")
            equal((row["status"], remote.starts() > before), ("TRIGGERING", True), fault)
            remote.start = (202, "", False)
            row = replay(folder, "01:01:01", "01:20:00")
        equal((row["status"], row["message"]), ("SUCCESS", "accepted by the receiver"))
        # What was lost is sent again with the same attempt's id when the engine comes back.
        equal(row["attempts"] == remote.starts() or fault[2], True, (row["attempts"], remote.starts()))


def a_start_is_not_tried_again_past_its_deadline(program):
    for away in (False, True):
        folder, remote = type(program)(program.binary), Remote()
        remote.start = (429, "slow down", False)
        with Receiver(remote) as receiver:
            nightly(folder, hook(receiver.url, watched=False))
            if away:
                equal(replay(folder, "00:30:00", "01:00:30")["status"], "TRIGGERING")
                before = remote.starts()
                row = replay(folder, "03:00:00", "04:00:00")
                equal(remote.starts(), before + 1, "once more, as it is late already")
            else:
                row = replay(folder, "00:30:00", "04:00:00")
                equal(minutes(row, "triggered_at") <= 5, True, row)
        equal((row["status"], row["attempts"]), ("FAILED", remote.starts()))
        has(row["message"], "429")


def what_a_look_up_finds_nothing_of_is_started_once_more_after_a_restart(program):
    """The start and every look-up were dropped, and its deadline passed while the engine was away."""
    with aws_material.endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.fault = lambda *_: "drop"
        nightly(program, "{plugin: codepipeline, pipeline: app}")
        equal(replay(program, "00:30:00", "01:00:20", aws.environment())["status"], "TRIGGERING")
        aws.fault = None
        row = replay(program, "01:30:00", "01:50:00", aws.environment())
        equal((row["status"], row["attempts"], len(aws.pipelines.of("eu-west-2", "app"))), ("SUCCESS", 2, 1))


def once_leaves_what_is_to_be_tried_again_much_later_to_the_next_call(program):
    """Refused, or perhaps taken, with an hour to be left alone: the next attempt, or look-up, is the next call's."""
    for status, calls in ((429, 1), (503, 2)):
        folder, remote = type(program)(program.binary), Remote()
        remote.start = (status, "slow down", False, ("Retry-After", "3600"))
        idle = 1 if status == 503 else 0  # s, in which the sinks get what there is: nothing else is to be done then
        with Receiver(lambda *call, remote=remote, idle=idle: (time.sleep(idle), remote(*call))[1]) as receiver:
            by_hand(folder, hook(receiver.url, watched=False), ['schedule: "* * * * *"', "overlap: skip"])
            for _ in range(2):
                expect(folder, 0, "run", "--once", timeout=30)
            row = listed(folder, "--live")[0]
            equal((row["status"], row["attempts"], remote.starts()), ("TRIGGERING", 1, calls))


# ---- another configuration at the restart ---------------------------------------------------------------------------


RUNS, LOST, BUSY = (202, '{"id": 7}', False), (0, "", True), (429, "slow down", False)


def restarted(program, start, change):
    """A run whose start was answered so; then the engine comes back with a file that `change` makes of (URL of the first
    receiver, URL of another one). The run, how often it was started before and after, and what the other was asked."""
    first, other = Remote(), Remote()
    first.start = start
    with Receiver(first) as one, Receiver(other) as two:
        nightly(program, hook(one.url), wait=1)
        equal(replay(program, "00:30:00", "01:01:00")["status"], "RUNNING" if start == RUNS else "TRIGGERING", start)
        before, first.start, first.state, other.state = first.starts(), RUNS, "success", "success"
        change(one.url, two.url)
        row = replay(program, "01:05:00", "01:20:00")
    return row, (before, first.starts()), other.asked


def another_trigger_is_not_asked_about_a_run(program):
    """Another address, other options, another plugin: it would answer for something else, or start it twice."""
    for start in (RUNS, LOST):
        for other in ("{{plugin: webhook, url: '{1}/start'}}", "{{plugin: webhook, url: '{0}/start', remote_id_path: id}}",
                      "{{plugin: exec, command: [/bin/sh, -c, 'touch ran']}}"):
            folder = type(program)(program.binary)
            row, starts, asked = restarted(folder, start, lambda *urls, f=folder, o=other: nightly(f, o.format(*urls), wait=1))
            equal((row["status"], starts[0], asked), ("UNKNOWN", starts[1], []), (start, other))
            has(row["message"], "trigger or its options have been changed")
            equal(os.path.exists(folder.path("ran")), False)


def a_start_that_came_to_nothing_goes_to_the_trigger_of_now(program):
    row, starts, asked = restarted(program, BUSY, lambda _, other: nightly(program, hook(other), wait=1))
    equal((row["status"], starts[0], asked.count("POST")), ("SUCCESS", starts[1], 1))


def a_secret_may_change_between_an_engine_and_the_next(program):
    def change(url, _):
        nightly(program, hook(url).replace("{plugin: webhook,", "{plugin: webhook, authorization: Bearer other,"), wait=1)
    row, starts, _ = restarted(program, RUNS, change)
    equal((row["status"], starts), ("SUCCESS", (1, 1)))


def checksum(*values):
    """zc_sum() of the journal."""
    total = 0xcbf29ce484222325
    for value in values:
        for byte in [*(b"" if value is None else str(value).encode()), 0x1ff]:
            total = (total ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return total - (1 << 64) if total >> 63 else total


def a_run_of_a_journal_that_names_no_trigger_goes_on(program):
    def forget_trigger(*_):
        connection = sqlite3.connect(program.path("state/journal.db"))
        connection.create_function("zc_sum", -1, checksum)
        with contextlib.closing(connection), connection:
            ((body,),) = connection.execute("SELECT body FROM executions").fetchall()
            run = json.loads(body)
            equal(run.pop("trigger").split()[0], "webhook")
            connection.execute("UPDATE executions SET body = ?", (json.dumps(run),))
            connection.execute("UPDATE executions SET sum = zc_sum(id, pipeline, status, live, requested_at, updated_seq, body, record)")
    row, starts, _ = restarted(program, RUNS, forget_trigger)
    equal((row["status"], starts), ("SUCCESS", (1, 1)))


def a_run_that_is_not_to_be_started_any_more_ends(program):
    """auto_trigger: false since the restart. What may have been started is not sent again either."""
    def record_only(folder, url):
        nightly(folder, hook(url) + "\n    auto_trigger: false", wait=1)
    for start, status in ((BUSY, "CANCELLED"), (LOST, "UNKNOWN"), (RUNS, "SUCCESS")):
        folder = type(program)(program.binary)
        row, starts, _ = restarted(folder, start, lambda url, _, f=folder: record_only(f, url))
        equal((row["status"], starts[0]), (status, starts[1]), start)
        if status != "SUCCESS":
            has(row["message"], "auto_trigger is false now")


def without_its_pipeline_a_run_ends_as_what_is_known_of_it(program):
    """Nothing was started: CANCELLED. Else nobody can tell."""
    for start, status in ((BUSY, "CANCELLED"), (LOST, "UNKNOWN"), (RUNS, "UNKNOWN")):
        folder = type(program)(program.binary)
        row, starts, _ = restarted(folder, start, lambda url, _, f=folder: aws_material.prepare(
            f, aws_material.pipeline(name="other", trigger=hook(url))))
        equal((row["status"], starts[0]), (status, starts[1]), start)
        has(row["message"], "not in the configuration any more")


def what_waits_for_a_place_is_not_started_in_a_region_taken_from_its_pipeline(program):
    """By a restart with more room, with the data there and without."""
    def configure(folder, url, more, limit):
        command = json.dumps(["/bin/sh", "-c", "echo $$ZEROCARB_REGION >> ran"])
        second = f"{{plugin: exec, directory: ., command: {command}}}"
        aws_material.prepare(
            folder, aws_material.pipeline(name="first", trigger=hook(url), more=['schedule: "0 1 2 1 *"']),
            aws_material.pipeline(name="second", trigger=second, more=['schedule: "5 1 2 1 *"', *more], wait=6))
        with open(folder.path("zerocarb.yaml"), "a", encoding="utf-8") as file:
            file.write(f"limits: {{max_parallel: {limit}}}\n")

    def second_of(folder, start, end):
        expect(folder, 0, "run", "-c", "zerocarb.yaml", "--from", f"2026-01-02T{start}Z", "--to", f"2026-01-02T{end}Z")
        (row,) = [row for row in listed(folder) if row["pipeline_name"] == "second"]
        return row["status"], row["carbon_analysis"]["optimal_region"]

    for data in (True, False):
        folder = type(program)(program.binary)
        with Receiver(Remote()) as receiver:
            configure(folder, receiver.url, ["relocate_to: [eu-north-1]"], 1)
            equal(second_of(folder, "00:30:00", "01:10:00"), ("DEFERRED", "eu-north-1"))
            configure(folder, receiver.url, [], 2)
            if not data:
                write_trace(folder.path("trace.csv"), "2025-12-01T00:00:00Z", 60, {"GB": [400] * 2, "SE": [400] * 2})
            equal(second_of(folder, "01:12:00", "01:20:00"), ("SUCCESS", "eu-west-2"), data)
        with open(folder.path("ran"), encoding="utf-8") as file:
            equal(file.read(), "eu-west-2\n")


def a_trigger_in_the_foreground_leaves_what_is_tried_again_to_the_next_engine(program):
    """It starts its own run alone, here of the same pipeline, and is not held up by the other one."""
    remote = Remote()
    with Receiver(remote) as receiver:
        aws_material.prepare(program, aws_material.pipeline(
            trigger=hook(receiver.url, watched=False), wait=1,
            more=['schedule: "0 1 2 1 *"', "overlap: queue"]))
        remote.start = BUSY
        equal(replay(program, "00:30:00", "01:01:00")["status"], "TRIGGERING")
        before, remote.start = remote.starts(), RUNS
        done = expect(program, 0, "trigger", "nightly")
        equal(("not reached" in done.stderr, remote.starts()), (False, before + 1), done.stderr)
        equal([row["status"] for row in listed(program, "--live")], ["TRIGGERING"])
        expect(program, 0, "run", "--once")
        equal(({row["status"] for row in listed(program)}, remote.starts()), ({"SUCCESS"}, before + 2))


# ---- cancelled by a person ----------------------------------------------------------------------------------------


def by_hand(program, trigger, more=()):
    """A pipeline that starts at once, with another trigger than a command."""
    text = pipeline("build", "true", more)
    line = [line for line in text.splitlines() if "trigger:" in line][0]
    prepare_now(program, text.replace(line, f"    trigger: {trigger}"))


def status_of(program):
    rows = listed(program)
    return rows[0]["status"] if rows else None


def cancelled(program, run_id, words):
    expect(program, 0, "executions", "cancel", run_id)
    wait_for("its end", lambda: status_of(program) == "CANCELLED")
    has(listed(program)[0]["message"], words)
    equal(expect(program, 1, "executions", "cancel", run_id).stdout, "")


def a_run_that_is_not_decided_yet_can_be_cancelled(program):
    """PENDING: a source does not answer, and nothing is decided before the first round has ended."""
    over = threading.Event()

    def answer(*_):
        over.wait(60)
        return (500, "", False)

    for restart in (False, True):
        folder = type(program)(program.binary)
        with Receiver(answer) as receiver:
            prepare_now(folder, pipeline("build", "touch ran"))
            with open(folder.path("zerocarb.yaml"), encoding="utf-8") as file:
                text = file.read()
            slow = f"sources:\n  - {{plugin: uk_grid_eso, url: '{receiver.url}', regions: {{eu-west-2: national}}}}\n"
            folder.write("zerocarb.yaml", text.replace("sources:\n", slow))
            with Engine(folder) as engine:
                run_id = expect(folder, 0, "trigger", "build").stdout.split()[0]
                equal(status_of(folder), "PENDING")
                if restart:
                    engine.process.kill()
                    engine.process.wait()
                    engine = Engine(folder).__enter__()
                    equal(status_of(folder), "PENDING")
                cancelled(folder, run_id, "before it was started")
                engine.process.kill()
                engine.process.wait()
            over.set()
        over.clear()
        equal(os.path.exists(folder.path("ran")), False)


def a_run_between_two_attempts_can_be_cancelled(program):
    """TRIGGERING, where nothing has been started."""
    for restart in (False, True):
        folder, remote = type(program)(program.binary), Remote()
        remote.start = (429, "slow down", False)
        with Receiver(remote) as receiver:
            by_hand(folder, hook(receiver.url))
            with Engine(folder) as engine:
                run_id = expect(folder, 0, "trigger", "build").stdout.split()[0]
                wait_for("an attempt", lambda: listed(folder) and "429" in listed(folder)[0].get("message", ""))
                if not restart:
                    cancelled(folder, run_id, "before it was started")
                engine.process.kill()
                engine.process.wait()
            if restart:
                with Engine(folder) as engine:
                    equal(status_of(folder), "TRIGGERING")
                    cancelled(folder, run_id, "before it was started")
                    equal(engine.end(), 0)
            (row,) = listed(folder)
            equal((row["attempts"], "started_at" in row), (remote.starts(), False))


def what_may_have_been_started_is_not_called_cancelled(program):
    """TRIGGERING after an answer that was lost; RUNNING, where the trigger cannot stop it."""
    for start, status in (((0, "", True), "TRIGGERING"), ((202, '{"id": 7}', False), "RUNNING")):
        folder, remote = type(program)(program.binary), Remote()
        remote.start = start
        with Receiver(remote) as receiver:
            by_hand(folder, hook(receiver.url, watched=status == "RUNNING"))
            with Engine(folder) as engine:
                run_id = expect(folder, 0, "trigger", "build").stdout.split()[0]
                wait_for("an attempt", lambda: remote.starts() > 0 and status_of(folder) == status)
                has(expect(folder, 1, "executions", "cancel", run_id).stderr, "cannot stop a run that has been started")
                equal(status_of(folder), status)
                engine.process.kill()
                engine.process.wait()
            with Engine(folder) as engine:
                has(expect(folder, 1, "executions", "cancel", run_id).stderr, "cannot stop a run that has been started")
                equal(status_of(folder), status)
                equal(engine.end(), 0)


def a_remote_run_is_stopped_and_its_end_waited_for(program):
    """RUNNING: the remote says when it has ended, here after a restart."""
    with aws_material.endpoint() as aws:
        os.environ.update(aws.environment())
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.polls_until_end = 10000
        by_hand(program, "{plugin: codepipeline, pipeline: app}")
        with Engine(program) as engine:
            run_id = expect(program, 0, "trigger", "build").stdout.split()[0]
            wait_for("the run", lambda: status_of(program) == "RUNNING")
            expect(program, 0, "executions", "cancel", run_id)
            wait_for("the stop", lambda: aws.pipelines.of("eu-west-2", "app")[0]["status"] == "Stopping")
            equal(engine.end(), 0)
        (row,) = listed(program)
        equal(row["status"], "RUNNING")
        later = stamp(instant(row["started_at"]) + datetime.timedelta(minutes=5))
        done = program.run("run", "--from", row["started_at"], "--to", later, timeout=60)
        equal(done.returncode, 0, done.stderr[-2000:])
        equal(status_of(program), "CANCELLED")


for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]
if __name__ == "__main__":
    main([a_remote_run_is_out_of_time_at_its_timeout, what_ended_while_the_engine_was_away_is_asked_about,
          a_remote_run_that_is_superseded_ends_so_after_a_restart_too,
          another_trigger_is_not_asked_about_a_run, a_start_that_came_to_nothing_goes_to_the_trigger_of_now,
          a_secret_may_change_between_an_engine_and_the_next, a_run_of_a_journal_that_names_no_trigger_goes_on,
          a_run_that_is_not_to_be_started_any_more_ends, without_its_pipeline_a_run_ends_as_what_is_known_of_it,
          what_waits_for_a_place_is_not_started_in_a_region_taken_from_its_pipeline,
          a_trigger_in_the_foreground_leaves_what_is_tried_again_to_the_next_engine,
          what_a_look_up_finds_nothing_of_is_started_once_more_after_a_restart,
          once_leaves_what_is_to_be_tried_again_much_later_to_the_next_call,
          a_start_that_failed_is_tried_again_over_restarts, a_start_is_not_tried_again_past_its_deadline,
          a_run_that_is_not_decided_yet_can_be_cancelled, a_run_between_two_attempts_can_be_cancelled,
          what_may_have_been_started_is_not_called_cancelled, a_remote_run_is_stopped_and_its_end_waited_for])
