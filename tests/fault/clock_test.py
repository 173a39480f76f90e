"""The system's clock set forward and back, and engines that were away: the real program under libfaketime.

Each cron slot is taken up once at the most, what was missed is counted exactly, and a deferred run starts by its
deadline or, where the clock jumped over that, at once."""
import calendar
import contextlib
import glob
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration")]
from program import Skipped, equal, instant, main, stamp, write_trace  # noqa: E402
from receiver import Receiver  # noqa: E402

LIMIT_S = 60  # for what takes about 2 s
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def library():
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise Skipped("libfaketime is not installed")
    return found[0]


class Engine:
    """A running engine whose wall clock is set at will; its elapsed time goes on as it does."""

    def __init__(self, program, config):
        self.program, self.config, self.process = program, program.write("zerocarb.yaml", config), None
        self.clock = program.path("clock")
        self.environment = dict(os.environ, TZ="UTC", LD_PRELOAD=library(), FAKETIME_TIMESTAMP_FILE=self.clock,
                                FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")

    def set_clock(self, text):
        with open(self.clock + ".new", "w", encoding="ascii") as file:
            file.write(f"@{text}\n")
        os.rename(self.clock + ".new", self.clock)

    def start(self, at):
        self.set_clock(at)
        with open(self.program.path("log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.program.binary, "run", "-c", self.config], cwd=self.program.folder,
                                            env=self.environment, stdout=log, stderr=log)
        self.wait(lambda: os.path.exists(self.program.path("state/engine.sock")), "the engine listens")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            equal(self.process.wait(timeout=LIMIT_S), 0, self.tail())
        self.process = None

    def log(self):
        with open(self.program.path("log"), encoding="utf-8") as file:
            return file.read()

    def tail(self):
        return self.log()[-1500:]

    def wait(self, happened, what):
        limit = time.monotonic() + LIMIT_S
        while not happened():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"not so within {LIMIT_S} s: {what}\n{self.tail()}")
            time.sleep(0.05)

    def idle(self):
        """Longer than the engine takes to notice that the clock was set."""
        time.sleep(1.6)
        equal(self.process.poll(), None, self.tail())

    def runs(self):
        """Every run of the journal, by id; what it says of itself."""
        connection = sqlite3.connect(f"file:{self.program.path('state/journal.db')}?mode=ro", uri=True)
        with contextlib.closing(connection):
            return {row[0]: json.loads(row[1]) for row in connection.execute("SELECT id, body FROM executions")}

    def slots(self, pipeline="p"):
        return sorted(run["slot"] // 1000 for run in self.runs().values() if run["pipeline"] == pipeline)

    def missed(self, pipeline="p"):
        return sum(int(n) for n in re.findall(rf" {pipeline}: (\d+) slots? missed", self.log()))


@contextlib.contextmanager
def engine_of(program, config):
    engine = Engine(program, config)
    try:
        yield engine
    finally:
        if engine.process:
            engine.process.kill()
            engine.process.wait()


SCHEDULED = """
regions: [a]
engine: {state_dir: ./state}
sources: [{plugin: static_pue, regions: {a: {pue: 1, intensity: 200}}}]
sinks: [{plugin: local_file, path: ./rows.db}]
pipelines:
  - {name: p, region: a, schedule: "* * * * *", max_defer_hours: 0, auto_trigger: false,
     workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: 1}}
"""


def taken(engine, slots):
    """Waits until these slots (text) were taken up, and no other one was."""
    wanted = sorted(seconds(f"{slot}:00") for slot in slots)
    engine.wait(lambda: len(engine.slots()) >= len(wanted), f"{len(wanted)} slots taken up")
    equal([stamp(time_of(slot)) for slot in engine.slots()], [stamp(time_of(slot)) for slot in wanted], engine.tail())


def in_sink(engine, slots):
    """The sink gets one row for each of these slots (text), and keeps no other one."""
    wanted = sorted(f"{slot.replace(' ', 'T')}:00Z" for slot in slots)

    def found():
        return sorted(row["slot"] for row in engine.program.rows("pipeline_executions"))
    if engine.process:
        engine.wait(lambda: found() == wanted, f"rows of {wanted} alone")
    equal(found(), wanted, engine.tail())


def time_of(epoch):
    return instant(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)))


def a_clock_that_is_set_fires_no_slot_twice_and_misses_none_uncounted(program):
    with engine_of(program, SCHEDULED) as engine:
        engine.start("2026-06-01 10:00:58")
        slots = ["2026-06-01 10:01"]
        taken(engine, slots)
        engine.set_clock("2026-06-01 11:01:30")  # an hour ahead: the newest slot is made up for
        slots.append("2026-06-01 11:01")
        taken(engine, slots)
        equal(engine.missed(), 59, engine.tail())
        engine.set_clock("2026-06-01 10:01:59")  # and back: nothing until the clock has caught up
        engine.idle()
        engine.set_clock("2026-06-01 11:00:59")
        engine.idle()
        taken(engine, slots)
        engine.set_clock("2026-06-01 11:01:59")
        slots.append("2026-06-01 11:02")
        taken(engine, slots)
        engine.set_clock("1970-01-01 00:00:10")
        engine.idle()
        taken(engine, slots)
        engine.set_clock("2026-06-01 11:02:59")
        slots.append("2026-06-01 11:03")
        taken(engine, slots)
        equal(engine.missed(), 59, engine.tail())
        in_sink(engine, slots)
        engine.set_clock("2036-06-01 11:03:20")  # ten years ahead
        slots.append("2036-06-01 11:03")
        taken(engine, slots)
        ten_years = (seconds("2036-06-01 11:03:00") - seconds("2026-06-01 11:03:00")) // MINUTE
        equal(engine.missed(), 59 + ten_years - 1, engine.tail())
        engine.set_clock("2026-06-01 11:04:30")
        engine.idle()
        taken(engine, slots)
        engine.stop()
        in_sink(engine, slots[-1:])  # those of ten years ago have expired


def downtime_costs_no_slot_uncounted_and_none_twice(program):
    at = seconds("2026-06-01 10:00:58")
    with engine_of(program, SCHEDULED) as engine:
        engine.start("2026-06-01 10:00:58")
        slots = ["2026-06-01 10:01"]
        taken(engine, slots)
        missed, newest = 0, seconds("2026-06-01 10:01:00")
        for away in (HOUR, DAY, YEAR):
            engine.stop()
            at += away + MINUTE
            engine.start(time.strftime("%Y-%m-%d %H:%M:30", time.gmtime(at)))
            slot = at // MINUTE * MINUTE
            slots.append(time.strftime("%Y-%m-%d %H:%M", time.gmtime(slot)))
            taken(engine, slots)
            missed += (slot - newest) // MINUTE - 1
            newest = slot
            equal(engine.missed(), missed, engine.tail())
            in_sink(engine, slots if away < YEAR else slots[-1:])  # a year ago: expired
        engine.stop()


def a_schedule_that_a_reload_brings_behind_the_mark_fires_no_slot_again(program):
    with engine_of(program, SCHEDULED) as engine:
        engine.start("2026-06-01 10:09:58")
        slots = ["2026-06-01 10:10"]
        taken(engine, slots)
        engine.set_clock("2026-06-01 10:05:00")
        engine.idle()
        gone = SCHEDULED.replace("name: p,", "name: q,")
        for config in (SCHEDULED.replace("* * * * *", "*/5 * * * *"), gone, SCHEDULED):
            program.write("zerocarb.yaml", config)
            done = subprocess.run([program.binary, "reload", "-c", engine.config], cwd=program.folder,
                                  env=engine.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
            equal(done.returncode, 0, done.stderr)
        engine.set_clock("2026-06-01 10:09:58")
        engine.idle()
        engine.set_clock("2026-06-01 10:10:59")
        slots.append("2026-06-01 10:11")
        taken(engine, slots)
        equal(engine.log().count("NOT_TRIGGERED"), 2, engine.tail())
        engine.stop()


DEFERRED = """
regions: [a]
engine: {state_dir: ./state}
sources: [{plugin: trace, regions: {a: t.csv}}]
policies: {use: [{plugin: deferral_window}]}
sinks: [{plugin: local_file, path: ./rows.db}]
pipelines:
  - {name: p, region: a, max_defer_hours: 4, workload: {duration_minutes: 60, vcpu_count: 1, memory_gb: 1},
     trigger: {plugin: exec, command: [/bin/true]}}
"""


def defer(engine):
    """A new run, which waits until 13:00; its deadline is four hours after its request."""
    before = set(engine.runs())
    done = subprocess.run([engine.program.binary, "trigger", "-c", engine.config, "p"], cwd=engine.program.folder,
                          env=engine.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    equal(done.returncode, 0, done.stderr)
    (found,) = set(engine.runs()) - before
    engine.wait(lambda: engine.runs()[found]["status"] == "DEFERRED", "the run waits")
    run = engine.runs()[found]
    equal(stamp(time_of(run["planned_start"] // 1000))[11:], "13:00:00Z", run)
    equal(run["deadline"] - run["requested_at"], 4 * HOUR * 1000, run)
    return found


def started(engine, found):
    engine.wait(lambda: engine.runs()[found]["status"] == "SUCCESS", "the run started and ended")
    return engine.runs()[found]


def a_deferred_run_keeps_its_deadline_whatever_the_clock_does(program):
    hours = [300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 50] + [300] * 10
    write_trace(program.path("t.csv"), "2026-06-01T00:00:00Z", 60, {"carbon_intensity": hours * 4})
    with engine_of(program, DEFERRED) as engine:
        for day, away in enumerate(([], ["10:00:00"], ["12:00:00", "10:30:00"], None)):
            date = f"2026-06-0{day + 1}"
            engine.start(f"{date} 10:59:50")
            found = defer(engine)
            if away is None:
                engine.set_clock("1970-01-01 00:00:10")
                engine.idle()
                away = []
            for text in away:
                engine.set_clock(f"{date} {text}")
                engine.idle()
            equal(engine.runs()[found]["status"], "DEFERRED", engine.tail())
            engine.set_clock(f"{date} 12:59:59")
            run = started(engine, found)
            equal(run["started_at"] <= run["deadline"], True, run)
            equal(run["started_at"] >= run["planned_start"], True, run)
            engine.stop()


def a_deadline_that_was_jumped_over_or_slept_through_starts_the_run_at_once(program):
    hours = [300] * 13 + [50] + [300] * 10
    write_trace(program.path("t.csv"), "2026-06-01T00:00:00Z", 60, {"carbon_intensity": hours * 4})
    with engine_of(program, DEFERRED) as engine:
        engine.start("2026-06-01 10:59:50")
        found = defer(engine)
        engine.set_clock("2036-06-01 12:00:00")
        run = started(engine, found)
        equal(run["started_at"] // 1000 - seconds("2036-06-01 12:00:00") < LIMIT_S, True, run)
        engine.stop()
        for away in (HOUR, DAY, YEAR):
            engine.start("2026-06-02 10:59:50")
            found = defer(engine)
            deadline = engine.runs()[found]["deadline"]
            engine.stop()
            back = seconds("2026-06-02 10:59:55") + away
            engine.start(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(back)))
            if away == HOUR:
                engine.idle()
                equal(engine.runs()[found]["status"], "DEFERRED", engine.tail())
                engine.set_clock("2026-06-02 12:59:59")
                equal(started(engine, found)["started_at"] <= deadline, True, engine.tail())
            else:
                equal(started(engine, found)["started_at"] // 1000 - back < LIMIT_S, True, engine.tail())
            equal(engine.runs()[found]["deadline"], deadline, engine.tail())
            engine.stop()
        equal({row["status"] for row in program.rows("pipeline_executions")}, {"SUCCESS"})


def a_start_that_is_to_be_tried_again_is_not_forgotten_when_the_clock_is_set_back(program):
    """It pauses for some seconds, and not until the clock is there again."""
    answers = [(202, "", False), (429, "busy", False)]
    with Receiver(lambda *_: answers.pop() if len(answers) > 1 else answers[0]) as receiver:
        trigger = f"trigger: {{plugin: webhook, url: '{receiver.url}'}}"
        with engine_of(program, SCHEDULED.replace("auto_trigger: false", trigger)) as engine:
            engine.start("2026-01-01 11:59:59")
            engine.wait(lambda: "tried again" in engine.log(), "the first attempt")
            engine.set_clock("2026-01-01 10:00:00")
            engine.wait(lambda: [run["status"] for run in engine.runs().values()] == ["SUCCESS"], "the second one")
            engine.stop()


def after_a_step_the_sources_are_asked_before_anything_is_decided(program):
    hours = [300] * 13 + [50] + [300] * 10
    write_trace(program.path("t.csv"), "2026-06-01T00:00:00Z", 60, {"carbon_intensity": hours * 6})
    with engine_of(program, DEFERRED) as engine:
        engine.start("2026-06-01 10:59:50")
        engine.idle()  # a step within its first moment is none
        for clock in ("2026-06-05 10:59:50", "2026-06-03 10:59:50"):
            engine.set_clock(clock)
            engine.idle()
            defer(engine)
        equal(engine.log().count("the sources are asked again"), 2, engine.tail())
        engine.stop()


def an_old_day_that_has_changed_is_rolled_up_after_a_restart(program):
    """A week later a person says what became of a run, and the engine ends before the next roll-up."""
    config = SCHEDULED.replace('schedule: "* * * * *", ', "").replace("auto_trigger: false", 'trigger: {plugin: exec, command: [/bin/sleep, "60"]}')

    def command(*arguments):
        done = subprocess.run([program.binary, *arguments, "-c", program.path("zerocarb.yaml")], cwd=program.folder, check=False,
                              capture_output=True, text=True)
        equal(done.returncode, 0, f"{arguments}: {done.stderr}")
        return done.stdout

    def successful():
        return {row["date"]: row["executions"]["successful"] for row in program.rows("pipeline_analytics") if row["executions"]["total"]}

    with engine_of(program, config) as engine:
        engine.start("2026-01-01 12:00:00")
        run = command("trigger", "p").split()[0]
        engine.wait(lambda: " RUNNING" in engine.log(), "it runs")
        engine.process.kill()
        engine.process.wait()
        os.remove(program.path("state/engine.sock"))
        engine.start("2026-01-01 12:10:00")
        engine.wait(lambda: "UNKNOWN" in engine.log(), "it is UNKNOWN")
        engine.set_clock("2026-01-01 12:20:00")
        engine.wait(lambda: successful() == {"2026-01-01": 0}, "the day is rolled up")
        engine.stop()
        engine.start("2026-01-08 12:00:00")
        engine.set_clock("2026-01-08 13:06:00")
        engine.idle()
        command("executions", "resolve", run, "SUCCESS")
        engine.process.kill()  # a stop would roll it up
        engine.process.wait()
        os.remove(program.path("state/engine.sock"))
        engine.start("2026-01-08 13:10:00")
        engine.set_clock("2026-01-08 14:06:00")
        engine.wait(lambda: successful() == {"2026-01-01": 1}, "the day is rolled up again")
        engine.stop()


main([an_old_day_that_has_changed_is_rolled_up_after_a_restart,
      a_start_that_is_to_be_tried_again_is_not_forgotten_when_the_clock_is_set_back,
      after_a_step_the_sources_are_asked_before_anything_is_decided,
      a_clock_that_is_set_fires_no_slot_twice_and_misses_none_uncounted,
      downtime_costs_no_slot_uncounted_and_none_twice,
      a_schedule_that_a_reload_brings_behind_the_mark_fires_no_slot_again,
      a_deferred_run_keeps_its_deadline_whatever_the_clock_does,
      a_deadline_that_was_jumped_over_or_slept_through_starts_the_run_at_once])
