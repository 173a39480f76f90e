"""Random kills of an engine under load: clients ask for runs, slots fall due, and SIGKILL comes at any moment."""
import collections
import datetime
import json
import os
import random
import signal
import sys
import threading
import time

from world import ENDED, Broken, World, expect, query, some

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))
from cli_material import Engine, request  # noqa: E402
from program import stamp, write_trace  # noqa: E402
from receiver import Receiver  # noqa: E402

CLIENTS = 4
LONGEST_LIFE = 0.5  # seconds from the first answer to the kill

CONFIG = """regions: [r]
engine: {{state_dir: ./state, log: {{level: warning}}}}
sources: [{{plugin: trace, regions: {{r: {{file: trace.csv, column: r}}}}}}]
policies: {{use: [{{plugin: threshold, max_intensity: 1000}}]}}
defaults: {{workload: {{duration_minutes: 5, vcpu_count: 1, memory_gb: 1}}, max_defer_hours: 1}}
pipelines:
  - {{name: command, region: r, trigger: {command}}}
  - {{name: hook, region: r, trigger: {{plugin: webhook, url: '{url}'}}}}
{slots}
sinks: [{{plugin: local_file, path: ./rows.db}}]
"""


class Ledger:
    """What clients were promised and what the receiver was asked to start."""

    def __init__(self):
        self.lock = threading.Lock()
        self.promised = {}  # id -> pipeline
        self.asked = collections.Counter()

    def take_request(self, _method, _path, body, _n):
        with self.lock:
            self.asked[json.loads(body)["id"]] += 1
        return 202, "", False


class RealWorld(World):
    """A World for the real clock: the trace lies around the present, and the files on a disk."""

    DISK = None

    def prepare(self, url):
        now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0)
        write_trace(self.path("trace.csv"), stamp(now - datetime.timedelta(hours=30)), 60, {"r": [100] * 200})
        command = f"{{plugin: exec, command: [{self.path('start.sh')}]}}"
        slots = "\n".join(f"  - {{name: slot{i}, region: r, schedule: '* * * * *', trigger: {command}}}" for i in range(5))
        with open(self.path("zerocarb.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(command=command, url=url, slots=slots))


def ask_for_runs(world, ledger, over, pipeline):
    """A client: asks again and again, and writes down what it was promised."""
    while not over.is_set():
        try:
            status, answer, _ = request(world, "POST", f"/v1/pipelines/{pipeline}/trigger")
        except (OSError, ValueError, EOFError):
            time.sleep(0.005)
            continue
        except Exception:  # http.client: the engine was killed inside an answer
            continue
        if status == 202:
            with ledger.lock:
                ledger.promised[answer["execution_id"]] = pipeline


def one_round(world, ledger, chance):
    over = threading.Event()
    clients = [threading.Thread(target=ask_for_runs, args=(world, ledger, over, ("command", "hook")[i % 2]))
               for i in range(CLIENTS)]
    with Engine(world) as engine:
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0, LONGEST_LIFE))
        engine.process.send_signal(signal.SIGKILL)
        engine.process.wait()
    over.set()
    for client in clients:
        client.join()


def unfinished(world):
    journal = world.path("state/journal.db")
    live = query(journal, "SELECT count(*) FROM executions WHERE live = 1 AND status <> 'UNKNOWN'")[0][0]
    waiting = query(journal, "SELECT count(*) FROM outbox WHERE sequence > (SELECT min(sequence) FROM sinks)")[0][0]
    return live + waiting


def finish(world):
    """A last engine that nobody kills: until no run and no row waits. Slots that fell due just as it was told to end
    are the next one's."""
    end = time.monotonic() + 120
    while True:
        with Engine(world) as engine:
            while unfinished(world) and time.monotonic() < end:
                time.sleep(0.1)
            expect(engine.end() == 0, f"the last engine did not end in order: {engine.said()[-500:]}")
        if not unfinished(world):
            return
        expect(time.monotonic() < end, "runs or rows were left over")


def compare(world, ledger):
    rows = {row[0]: json.loads(row[1]) for row in
            query(world.path("rows.db"), "SELECT execution_id, item FROM pipeline_executions")}
    started = world.started()
    ends = collections.Counter(item["status"] for item in rows.values())
    for path in (world.path("state/journal.db"), world.path("rows.db")):
        expect(query(path, "PRAGMA integrity_check") == [("ok",)], f"{path} is not sound")
    lost = [run for run in ledger.promised if run not in rows]
    expect(not lost, f"promised and lost: {some(lost)}")
    open_ = [run for run, item in rows.items() if item["status"] not in ENDED]
    expect(not open_, f"without an end: {some(open_)}")
    expect(not [run for run, n in started.items() if n > 1], "a command was started twice")
    strange = [run for run in list(started) + list(ledger.asked) if run not in rows]
    expect(not strange, f"started, and in no row: {some(strange)}")
    never = [run for run, item in rows.items() if item["status"] == "SUCCESS" and not started[run] + ledger.asked[run]]
    expect(not never, f"called SUCCESS and never started: {some(never)}")
    unknown = [run for run, item in rows.items() if item["status"] == "UNKNOWN" and run in ledger.asked]
    expect(not unknown, f"could be sent again, and was left to a person: {some(unknown)}")
    return ends


def rounds(binary, n, seed):
    """n kills; gives how the runs ended."""
    chance, ledger = random.Random(seed), Ledger()
    with RealWorld(binary) as world, Receiver(ledger.take_request) as receiver:
        world.prepare(receiver.url)
        try:
            for _ in range(n):
                one_round(world, ledger, chance)
            finish(world)
            ends = compare(world, ledger)
        except AssertionError as reason:  # the engine did not come up, or not in time
            raise Broken(f"{reason} ({world.folder})") from reason
        except Broken as reason:
            raise Broken(f"{reason} ({world.folder})") from reason
        expect(len(ledger.promised) > n, "hardly any run was asked for: this proves nothing")
        ends["promised"] = len(ledger.promised)
        return ends
