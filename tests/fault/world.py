"""A world of its own for each fault: a config, a run of virtual time, and the oracle that compares after it.

The oracle's rule: whatever the fault was, once an engine has run to the end again
 - every slot of the window is a run, once, with one named end, in the journal and in the sink alike;
 - no run was started twice, and none that is called SUCCESS was not started;
 - a command that was started was journalled first; what was journalled as ended stays as it was;
 - the sink has every row, the history's too; both files are sound."""
import collections
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
from program import write_trace  # noqa: E402
from receiver import Receiver  # noqa: E402

FROM, TO = "2026-01-01T09:59:00Z", "2026-01-01T14:00:00Z"
GRID = [100] * 11 + [90, 60, 50] + [100] * 40  # cleanest from 13:00 on
PIPELINES = 50
ENDED = {"SUCCESS", "FAILED", "UNKNOWN", "CANCELLED", "TIMED_OUT"}

CONFIG = """regions: [r]
engine: {{state_dir: ./state}}
sources:
  - {{plugin: trace, regions: {{r: {{file: trace.csv, column: r}}}}}}
policies: {{use: [{{plugin: deferral_window}}]}}
defaults: {{workload: {{duration_minutes: 5, vcpu_count: 1, memory_gb: 1}}}}
pipelines:
{pipelines}
sinks: [{{plugin: local_file, path: ./rows.db}}]
"""


class Broken(Exception):
    """The oracle's verdict: what was promised and is not so."""


class World:
    """Files of one engine. Every second pipeline waits for the clean hour, the others start at once."""

    ENDS = ENDED
    # A kill of the process takes nothing from the system's buffers, so that memory does for a disk, and is quick.
    DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

    def __init__(self, binary, pipelines=PIPELINES):
        self.binary = os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="zerocarb-fault-", dir=self.DISK)
        write_trace(self.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"r": GRID})
        chosen = self.trigger()
        lines = [f"  - {{name: p{i}, region: r, schedule: '{i % 5} 10 * * *', max_defer_hours: {4 * (i % 2)}, "
                 f"trigger: {chosen}}}" for i in range(pipelines)]
        with open(self.path("zerocarb.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(pipelines="\n".join(lines)))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None or not issubclass(kind, Broken):  # what broke is kept to be looked at
            shutil.rmtree(self.folder, ignore_errors=True)

    def trigger(self):
        """Each start is one appended line; it fails where the line cannot be written."""
        script = self.path("start.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$ZEROCARB_EXECUTION_ID" >> {self.path("starts")}\n')
        os.chmod(script, 0o700)
        return f"{{plugin: exec, command: [{script}]}}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def replay(self, prefix=(), env=None, timeout=120, begin=FROM, until=TO, more=()):
        """One run of the window; its output is kept in the folder."""
        command = [*prefix, self.binary, "run", "-c", "zerocarb.yaml", "--from", begin, "--to", until, *more]
        with open(self.path("log"), "ab") as log:
            return subprocess.run(command, cwd=self.folder, env=dict(os.environ, **(env or {})), stdout=log, stderr=log,
                                  stdin=subprocess.DEVNULL, timeout=timeout, check=False).returncode

    def said(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def started(self):
        """execution id -> how often its command was started"""
        try:
            with open(self.path("starts"), encoding="utf-8") as file:
                return collections.Counter(line.strip() for line in file)
        except FileNotFoundError:
            return collections.Counter()

    def journal(self):
        """execution id -> status, read from a copy: the engine's files stay as the fault left them."""
        with tempfile.TemporaryDirectory() as copy:
            for part in ("", "-wal"):
                name = self.path("state/journal.db" + part)
                if os.path.exists(name):
                    shutil.copy(name, copy)
            name = os.path.join(copy, "journal.db")
            if not os.path.exists(name):
                return {}
            return dict(query(name, "SELECT id, status FROM executions"))


class HookWorld(World):
    """The runs are started by a webhook; its receiver takes each webhook-id once, so that none needs a person."""

    ENDS = {"SUCCESS"}

    def trigger(self):
        self.receiver = Receiver()
        self.receiver.__enter__()
        return f"{{plugin: webhook, url: '{self.receiver.url}'}}"

    def started(self):
        """A request that comes again starts nothing where its webhook-id is the run's first one."""
        asked = {(json.loads(body)["id"], headers["webhook-id"]) for _, _, headers, body in list(self.receiver.requests)}
        return collections.Counter(run for run, _ in asked)

    def __exit__(self, kind, *more):
        self.receiver.__exit__()
        super().__exit__(kind, *more)


def query(path, sql):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def expect(condition, what):
    if not condition:
        raise Broken(what)


def some(items):
    names = sorted(map(str, items))
    return f"{len(names)}: " + " ".join(names[:3])


class Reference:
    """What a run without any fault comes to: the runs and the rows that there have to be."""

    def __init__(self, binary, kind=World, pipelines=PIPELINES):
        with kind(binary, pipelines) as world:
            status = world.replay()
            expect(status == 0, f"the run without a fault ends with {status}: {world.said()[-500:]}")
            self.runs = set(world.journal())
            self.history = history(world)
            expect(len(self.runs) == pipelines and self.history, "the run without a fault is not whole")


def history(world):
    return {tuple(row) for row in query(world.path("rows.db"), "SELECT region, timestamp FROM carbon_intensity_history")}


def look_at_fault(world):
    """Between the fault and the restart. Gives what was journalled by then."""
    journalled, started = world.journal(), world.started()
    early = [run for run in started if journalled.get(run, "PENDING") in ("PENDING", "DEFERRED")]
    expect(not early, f"started without a journalled intent: {some(early)}")
    return journalled


def compare_ends(before, after, started, ends):
    changed = [run for run, status in before.items() if status in ENDED - {"UNKNOWN"} and after.get(run) != status]
    expect(not changed, f"had ended, and changed: {some(changed)}")
    twice = [run for run, n in started.items() if n > 1]
    expect(not twice, f"started twice: {some(twice)}")
    unended = [f"{run} {status}" for run, status in after.items() if status not in ends]
    expect(not unended, f"have none of the ends {', '.join(sorted(ends))}: {some(unended)}")
    never = [run for run, status in after.items() if status == "SUCCESS" and not started[run]]
    expect(not never, f"called SUCCESS and never started: {some(never)}")


def compare_rows(world, reference, after):
    journal, rows = world.path("state/journal.db"), world.path("rows.db")
    for path in (journal, rows):
        expect(query(path, "PRAGMA integrity_check") == [("ok",)], f"{path} is not sound")
    waiting = query(journal, "SELECT count(*) FROM outbox WHERE sequence > (SELECT min(sequence) FROM sinks)")
    expect(waiting == [(0,)], f"rows wait in the outbox: {waiting}")
    items = [json.loads(row[0]) for row in query(rows, "SELECT item FROM pipeline_executions")]
    delivered = {item["execution_id"]: item["status"] for item in items}
    expect(len(items) == len(delivered), "the sink has two rows of one run")
    differ = [run for run in after if delivered.get(run) != after[run]]
    expect(not differ, f"the sink differs from the journal: {some(differ)}")
    lost = reference.history - history(world)
    expect(not lost, f"the history lacks rows: {some(lost)}")


def check(world, reference, before):
    """The whole oracle, after an engine has run to its end again. Gives the tally of the runs' ends."""
    after, started = world.journal(), world.started()
    expect(set(after) == reference.runs, f"runs lost: {some(reference.runs - set(after))}; "
           f"made up: {some(set(after) - reference.runs)}")
    compare_ends(before, after, started, world.ENDS)
    compare_rows(world, reference, after)
    return collections.Counter(after.values())


def restart(world, reference, before, env=None):
    status = world.replay(env=env)
    expect(status in (0, 1), f"the engine does not start again: {status}: {world.said()[-800:]}")
    return check(world, reference, before)
