"""Pipelines paused and resumed: over restarts, reloads and recorded time, with runs that wait, queue and are due."""
import datetime
import json
import os
import random

from cli_material import Engine, expect, has, listed, pipeline, prepare, prepare_now, request, wait_for
from program import equal, main, stamp

HOURLY = 'schedule: "0 * * * *"'
# Begins and ends in a log, and ends once there is a file `go`.
WAITS = "echo begin >> log; while ! test -e go; do sleep 0.02; done; echo end >> log"


def shown(program, name):
    return json.loads(expect(program, 0, "pipelines", "list", name, "--json").stdout)


def lines(program, name="log"):
    try:
        with open(program.path(name), encoding="utf-8") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def change(program, what, name="build"):
    """Pauses or resumes in an engine that runs for no longer than that."""
    with Engine(program) as engine:
        expect(program, 0, "pipelines", what, name)
        equal(engine.end(), 0)


def replay(program, start, end):
    done = expect(program, 0, "run", "--from", start, "--to", end, timeout=120)
    return json.loads(done.stdout)


def statuses(program):
    return sorted(row["status"] for row in listed(program))


# ---- the command ---------------------------------------------------------------------------------------------------


def the_list_says_how_each_stands(program):
    prepare_now(program, pipeline("build", WAITS, [HOURLY]), pipeline("byhand", "true"))
    with Engine(program) as engine:
        table = expect(program, 0, "pipelines").stdout.splitlines()
        equal((len(table), table[0].split()[:2]), (3, ["PIPELINE", "STATE"]))
        equal([line.split()[0] for line in table[1:]], ["build", "byhand"])
        both = json.loads(expect(program, 0, "pipelines", "list", "--json").stdout)
        equal([p["name"] for p in both], ["build", "byhand"])
        equal(both[1], {"name": "byhand", "state": "active", "runs": {}, "slots_missed": 0, "slots_paused": 0})
        equal((both[0]["schedule"], both[0]["next_slot"][14:]), ("0 * * * *", "00:00Z"))
        expect(program, 0, "trigger", "build")
        wait_for("the run", lambda: shown(program, "build")["runs"] == {"RUNNING": 1})
        has(expect(program, 0, "pipelines", "pause", "build").stderr, ": 0 waiting, 1 under way")
        equal(shown(program, "build")["state"], "paused")
        has(expect(program, 0, "pipelines").stdout, "paused")
        program.write("go", "")
        wait_for("its end, although its pipeline is paused", lambda: statuses(program) == ["SUCCESS"])
        equal(shown(program, "build")["runs"], {})
        since = shown(program, "build")["paused_since"]
        expect(program, 0, "pipelines", "pause", "build")
        equal(shown(program, "build")["paused_since"], since, "paused twice is paused since the first time")
        has(expect(program, 0, "pipelines", "resume", "build").stderr, "build goes on")
        expect(program, 0, "pipelines", "resume", "build")
        equal((shown(program, "build")["state"], "paused_since" in shown(program, "build")), ("active", False))
        has(expect(program, 2, "pipelines", "pause", "biuld").stderr, "did you mean 'build'")
        has(expect(program, 2, "pipelines", "list", "biuld").stderr, "did you mean 'build'")
        has(expect(program, 2, "pipelines", "puase", "build").stderr, "did you mean 'pause'")
        has(expect(program, 2, "pipelines", "resume").stderr, "wants the NAME")
        equal(engine.end(), 0)
    for words in (["list"], ["pause", "build"], ["resume", "build"]):
        has(expect(program, 69, "pipelines", *words).stderr, "no engine runs here")


def a_long_list_is_read_in_pages(program):
    names = [f"pipeline-{i:04}" for i in range(1500)]
    prepare_now(program, *(pipeline(name) for name in names))
    with Engine(program) as engine:
        equal([p["name"] for p in json.loads(expect(program, 0, "pipelines", "--json").stdout)], names)
        equal(len(expect(program, 0, "pipelines").stdout.splitlines()), 1501)
        status, page, _ = request(program, "GET", "/v1/pipelines?offset=1499&limit=3")
        equal((status, [p["name"] for p in page["pipelines"]], page["total"]), (200, names[-1:], 1500))
        equal(request(program, "GET", "/v1/pipelines?offset=1500")[1]["pipelines"], [])
        for wrong in ("limit=0", "limit=1001", "offset=-1", "offset=x"):
            equal(request(program, "GET", "/v1/pipelines?" + wrong)[0], 400, wrong)
        for method, path, content, wanted in (("GET", "/none", None, 404), ("POST", "/none/pause", None, 404),
                                              ("POST", "/none/resume", None, 404), ("GET", "/x/pause", None, 405),
                                              ("POST", f"/{names[0]}/pause", '{"for": "1h"}', 400)):
            status, body, _ = request(program, method, "/v1/pipelines" + path, content)
            equal((status, list(body)), (wanted, ["error"]), f"{method} {path}")
        equal(shown(program, names[0])["state"], "active")
        equal(engine.end(), 0)


# ---- what a pause does ---------------------------------------------------------------------------------------------


def a_request_is_refused_while_it_is_paused(program):
    prepare_now(program, pipeline("build", "true"), pipeline("other", "true"))
    with Engine(program) as engine:
        expect(program, 0, "pipelines", "pause", "build")
        said = expect(program, 69, "trigger", "build").stderr
        has(said, "build has been paused since 20")
        has(said, "zerocarb pipelines resume build")
        equal(request(program, "POST", "/v1/pipelines/build/trigger")[0], 409)
        has(expect(program, 0, "trigger", "other", "--wait").stdout, "SUCCESS")
        equal(engine.end(), 0)
    has(expect(program, 69, "trigger", "build").stderr, "paused since", )  # in the foreground
    equal([row["pipeline_name"] for row in listed(program)], ["other"])
    change(program, "resume")
    has(expect(program, 0, "trigger", "build").stdout, "SUCCESS")


def slots_pass_and_are_counted_while_it_is_paused(program):
    """On time, while the engine is away, and again when the clock goes back: each once, and none fires."""
    prepare(program, pipeline("build", "echo run >> log"))
    change(program, "pause")
    prepare(program, pipeline("build", "echo run >> log", [HOURLY, "max_defer_hours: 0"]))
    equal(replay(program, "2026-01-01T00:30:00Z", "2026-01-01T02:30:00Z")["slots_paused"], 2)
    equal(replay(program, "2026-01-01T05:30:00Z", "2026-01-01T06:30:00Z")["slots_paused"], 6)
    status = replay(program, "2026-01-01T01:30:00Z", "2026-01-01T04:30:00Z")
    equal((status["slots_paused"], status["slots_missed"], status["pipelines_paused"]), (6, 0, 1))
    equal((listed(program), lines(program)), ([], []))
    prepare(program, pipeline("build", "echo run >> log"))  # no slot of today's
    change(program, "resume")
    prepare(program, pipeline("build", "echo run >> log", [HOURLY, "max_defer_hours: 0"]))
    status = replay(program, "2026-01-01T03:30:00Z", "2026-01-01T08:30:00Z")
    equal((status["slots_paused"], status["slots_missed"], status["pipelines_paused"]), (6, 0, 0))
    equal(sorted(row["slot"][11:16] for row in listed(program)), ["07:00", "08:00"])
    equal(lines(program), ["run", "run"])


def once_passes_over_what_is_paused(program):
    prepare_now(program, pipeline("build", "echo run >> log"))
    change(program, "pause")
    prepare_now(program, pipeline("build", "echo run >> log", ['schedule: "* * * * *"']))
    expect(program, 0, "run", "--once")
    equal((listed(program), lines(program)), ([], []))
    with Engine(program) as engine:
        counted = shown(program, "build")["slots_paused"]
        equal(engine.end(), 0)
    equal(1 <= counted <= 3, True, f"{counted}: a new schedule begins with its newest slot, and others may have come")


def a_run_that_is_deferred_waits_past_its_deadline_until_it_is_resumed(program):
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    at = lambda hours: stamp(now + datetime.timedelta(hours=hours))
    # Clean from four hours on; the deadline is six hours after the request.
    prepare(program, pipeline("build", "echo run >> log"), start=at(-3), values=[400] * 7 + [40] * 40)
    with Engine(program) as engine:
        expect(program, 0, "trigger", "build")
        wait_for("the deferral", lambda: statuses(program) == ["DEFERRED"])
        has(expect(program, 0, "pipelines", "pause", "build").stderr, ": 1 waiting, 0 under way")
        equal("wait" in listed(program)[0], False, "its time has not come")
        equal(engine.end(), 0)
    replay(program, at(3), at(5.5))  # its planned start passes
    (row,) = listed(program)
    equal((row["status"], row["wait"]["reason"]), ("DEFERRED", "its pipeline is paused"))
    replay(program, at(5.5), at(10))  # and its deadline
    equal(listed(program), [row])
    replay(program, at(12), at(13))  # the engine away meanwhile
    equal((statuses(program), lines(program)), (["DEFERRED"], []))
    with Engine(program) as engine:
        equal((shown(program, "build")["state"], shown(program, "build")["runs"]), ("paused", {"DEFERRED": 1}))
        expect(program, 0, "pipelines", "resume", "build")
        equal(engine.end(), 0)
    before = listed(program)[0]
    replay(program, at(14), at(15))
    (row,) = listed(program)
    equal((row["status"], lines(program)), ("SUCCESS", ["run"]))
    equal((row["execution_id"], row["schedule"]["deadline"]), (before["execution_id"], before["schedule"]["deadline"]))
    equal(row["triggered_at"] > row["schedule"]["deadline"], True, row)


def a_run_that_is_paused_can_be_cancelled(program):
    prepare_now(program, pipeline("build", WAITS, ["overlap: queue"]))
    with Engine(program) as engine:
        for _ in range(2):
            expect(program, 0, "trigger", "build")
        wait_for("both", lambda: shown(program, "build")["runs"] == {"RUNNING": 1, "DEFERRED": 1})
        expect(program, 0, "pipelines", "pause", "build")
        (waiting,) = [row for row in listed(program) if row["status"] == "DEFERRED"]
        done = expect(program, 0, "executions", "cancel", waiting["execution_id"])
        has(done.stderr, "is CANCELLED")
        program.write("go", "")
        wait_for("both ends", lambda: statuses(program) == ["CANCELLED", "SUCCESS"])
        expect(program, 0, "pipelines", "resume", "build")
        equal((shown(program, "build")["runs"], lines(program)), ({}, ["begin", "end"]))
        equal(engine.end(), 0)


def a_queue_stands_still_over_restarts_and_reloads(program):
    more = ["overlap: queue"]
    prepare_now(program, pipeline("build", WAITS, more))
    reason = lambda: sorted(row["wait"]["reason"] for row in listed(program) if row["status"] == "DEFERRED")
    with Engine(program) as engine:
        for _ in range(3):
            expect(program, 0, "trigger", "build")
        wait_for("the queue", lambda: shown(program, "build")["runs"] == {"RUNNING": 1, "DEFERRED": 2})
        overlap = "another run of its pipeline has not ended (overlap: queue)"
        wait_for("the reason of both", lambda: reason() == [overlap] * 2)
        expect(program, 0, "pipelines", "pause", "build")
        wait_for("the reason", lambda: reason() == ["its pipeline is paused"] * 2)
        program.write("go", "")
        wait_for("the first end", lambda: shown(program, "build")["runs"] == {"DEFERRED": 2})
        expect(program, 0, "reload")
        prepare_now(program, pipeline("other", "true"), pipeline("build", WAITS, more + ["min_savings_defer: 20"]))
        expect(program, 0, "reload")
        equal((shown(program, "build")["state"], shown(program, "build")["runs"]), ("paused", {"DEFERRED": 2}))
        expect(program, 69, "trigger", "build")
        equal(engine.end(), 0)
    equal(lines(program), ["begin", "end"])
    with Engine(program) as engine:
        wait_for("the first round", lambda: expect(program, 0, "trigger", "other", "--wait"))
        equal((shown(program, "build")["state"], shown(program, "build")["runs"]), ("paused", {"DEFERRED": 2}))
        engine.process.kill()
        engine.process.wait()
    equal(lines(program), ["begin", "end"])
    os.remove(program.path("go"))
    with Engine(program) as engine:
        equal(shown(program, "build")["state"], "paused")
        expect(program, 0, "pipelines", "resume", "build")
        wait_for("one of them", lambda: lines(program)[2:] == ["begin"])
        wait_for("the other", lambda: reason() == ["another run of its pipeline has not ended (overlap: queue)"])
        program.write("go", "")
        wait_for("both ends", lambda: shown(program, "build")["runs"] == {})
        equal(engine.end(), 0)
    equal((statuses(program)), ["SUCCESS"] * 4)
    equal(lines(program), ["begin", "end"] * 3, "one after another")


def what_was_answered_outlives_a_kill(program):
    prepare_now(program, pipeline("build", "true"))
    for what, state in (("pause", "paused"), ("resume", "active"), ("pause", "paused")):
        with Engine(program) as engine:
            expect(program, 0, "pipelines", what, "build")
            engine.process.kill()
            engine.process.wait()
        with Engine(program) as engine:
            equal(shown(program, "build")["state"], state)
            engine.process.kill()
            engine.process.wait()


def a_pipeline_that_left_the_configuration_comes_back_paused(program):
    prepare_now(program, pipeline("build", "true"), pipeline("other", "true"))
    with Engine(program) as engine:
        expect(program, 0, "pipelines", "pause", "build")
        prepare_now(program, pipeline("other", "true"))
        expect(program, 0, "reload")
        gone = json.loads(expect(program, 0, "pipelines", "--json").stdout)
        equal([(p["name"], p["state"], p.get("configured", True)) for p in gone],
              [("other", "active", True), ("build", "paused", False)])
        page = request(program, "GET", "/v1/pipelines?offset=1&limit=1")[1]
        equal(([p["name"] for p in page["pipelines"]], page["total"]), (["build"], 2))
        has(expect(program, 0, "pipelines", "list", "build").stdout, "paused (not in the configuration)")
        equal(engine.end(), 0)
    prepare_now(program, pipeline("build", "true"), pipeline("other", "true"))
    with Engine(program) as engine:
        equal([p["state"] for p in json.loads(expect(program, 0, "pipelines", "--json").stdout)], ["paused", "active"])
        equal(engine.end(), 0)


def a_pause_is_lifted_without_its_pipeline(program):
    prepare_now(program, pipeline("build", "true"), pipeline("other", "true"))
    with Engine(program) as engine:
        expect(program, 0, "pipelines", "pause", "build")
        equal(engine.end(), 0)
    prepare_now(program, pipeline("other", "true"))
    with Engine(program) as engine:
        has(expect(program, 0, "pipelines", "resume", "build").stderr, "not paused any more")
        equal(request(program, "GET", "/v1/status")[1]["pipelines_paused"], 0)
        equal([p["name"] for p in json.loads(expect(program, 0, "pipelines", "--json").stdout)], ["other"])
        expect(program, 2, "pipelines", "pause", "build")
        equal(engine.end(), 0)
    prepare_now(program, pipeline("build", "true"))
    with Engine(program) as engine:
        equal(shown(program, "build")["state"], "active")
        equal(engine.end(), 0)


# ---- each slot once ------------------------------------------------------------------------------------------------


class Slots:
    """What becomes of each hour of ten days, with `catch_up: none`, as the documentation has it."""

    def __init__(self):
        self.mark, self.anew, self.paused, self.taken, self.n_missed, self.n_paused = 0, True, False, set(), 0, 0

    def run(self, begin, end):
        """The engine runs from half past one hour to half past another; the clock may have gone back."""
        if self.anew:  # its first time, or after a time without a schedule
            self.mark, self.anew = max(self.mark, begin), False
        passed = max(begin - self.mark, 0)
        coming = range(max(begin, self.mark) + 1, end + 1)
        if self.paused:
            self.n_paused += passed + len(coming)
        else:
            self.n_missed += passed
            self.taken |= set(coming)
        self.mark = max(self.mark, begin, end)


def each_slot_fires_at_most_once_whatever_is_paused_skipped_and_set(program):
    seed = int(os.environ.get("ZC_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"  ZC_SEED={seed}")
    rng, first, model = random.Random(seed), datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), Slots()
    at = lambda hour: stamp(first + datetime.timedelta(hours=hour, minutes=30))
    body = "echo $$ZEROCARB_EXECUTION_ID >> log"
    values = ([400] * 5 + [40]) * 40  # what comes waits for the sixth hour, and the others are skipped meanwhile
    with_slots = lambda: prepare(program, pipeline("build", body, [HOURLY, "overlap: skip", "catch_up: none"]),
                                 values=values)
    for _ in range(10):
        begin = rng.randrange(0, 200)
        end = begin + rng.randrange(1, 20)
        with_slots()
        status = replay(program, at(begin), at(end))
        model.run(begin, end)
        equal((status["slots_missed"], status["slots_paused"]), (model.n_missed, model.n_paused), f"{begin} to {end}")
        if rng.random() < 0.4:
            prepare(program, pipeline("build", body), values=values)  # no slot of today's
            change(program, "resume" if model.paused else "pause")
            model.paused, model.anew = not model.paused, True
    if model.paused:
        prepare(program, pipeline("build", body), values=values)
        change(program, "resume")
        model.anew = True
    with_slots()
    replay(program, at(230), at(238))
    model.paused = False
    model.run(230, 238)
    rows = listed(program, "--limit", "1000")
    slots = sorted(row["slot"] for row in rows)
    equal(slots, [at(hour)[:14] + "00:00Z" for hour in sorted(model.taken)])
    begun = lines(program)
    equal(len(set(begun)), len(begun), "commands that ran twice")
    skipped = [row for row in rows if row.get("message", "").startswith("skipped: ")]
    print(f"  {len(rows)} slots taken, {len(begun)} run, {len(skipped)} skipped, {model.n_missed} missed, "
          f"{model.n_paused} while paused")
    equal({row["status"] for row in skipped}, {"CANCELLED"})
    succeeded = {row["execution_id"] for row in rows if row["status"] == "SUCCESS"}
    equal((succeeded - set(begun), set(begun) & {row["execution_id"] for row in skipped}), (set(), set()))


if __name__ == "__main__":
    main([the_list_says_how_each_stands, a_long_list_is_read_in_pages, a_request_is_refused_while_it_is_paused,
          slots_pass_and_are_counted_while_it_is_paused, once_passes_over_what_is_paused,
          a_run_that_is_deferred_waits_past_its_deadline_until_it_is_resumed, a_run_that_is_paused_can_be_cancelled,
          a_queue_stands_still_over_restarts_and_reloads, what_was_answered_outlives_a_kill,
          a_pipeline_that_left_the_configuration_comes_back_paused, a_pause_is_lifted_without_its_pipeline,
          each_slot_fires_at_most_once_whatever_is_paused_skipped_and_set])
