"""Reloads under load, half of them invalid: nothing dropped, nothing twice, nothing left behind.

Runs are asked for all the while; each reload changes pipelines, sources, policies and sinks, or is a file that
must be refused. In the end each accepted run has been started once and is in the sink as SUCCESS, each cron slot
was fired once, and the engine has grown neither in memory nor in descriptors. RELOADS: how many (60);
ZC_LONG=1: 1,000."""
import collections
import datetime
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from cli_material import Engine, request, wait_for  # noqa: E402
from program import equal, main, stamp, write_trace  # noqa: E402

LONG = os.environ.get("ZC_LONG") == "1"
RELOADS = int(os.environ.get("RELOADS", "1000" if LONG else "60"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
PIPELINES = [f"p{i}" for i in range(8)]
WARM = max(20, RELOADS // 2)  # reloads before memory is looked at for the first time
GROWTH_KIB = 4096  # of the second half: the runs to be settled, and what SQLite caches
PAUSE = 0.1  # s between reloads, so that runs begin, go on and end among them

BROKEN = [
    lambda text: text.replace("policies:", "polices:"),
    lambda text: text.replace("file: trace.csv, column: GB", "file: missing.csv, column: GB"),
    lambda text: text.replace("state_dir: ./state", "state_dir: ./other"),
    lambda text: text + "cut: [",
    lambda text: text.replace("plugin: threshold", "plugin: treshold"),
    lambda text: text.replace("  - name: p0\n", "  - name: p1\n"),
    lambda text: "",
    lambda text: text.replace("path: ./rows.db", "path: ./rows.db, pth: 1"),
]


def config(rng):
    """A valid one: what may change without a restart, changed at random."""
    names = PIPELINES[:]
    rng.shuffle(names)
    lines = ["regions: [eu-west-2, eu-north-1]", "engine:", "  state_dir: ./state",
             "  log: {level: %s}" % rng.choice(["info", "warning"]), "sources:",
             "  - plugin: trace", f"    every: {rng.choice([10, 30])}m",
             f"    forecast_hours: {rng.choice([24, 24, 24, 48])}",
             "    regions: {eu-west-2: {file: trace.csv, column: GB}, eu-north-1: {file: trace.csv, column: SE}}",
             "  - plugin: static_pue", "    regions: {eu-west-2: {pue: %s}}" % (1.3 if rng.random() < 0.02 else 1.2),
             "policies:", "  use:", "    - {plugin: threshold, max_intensity: 1000}"]
    if rng.random() < 0.7:
        lines.append("    - {plugin: relocation}")
    lines.append("pipelines:")
    for name in names:
        lines += [f"  - name: {name}", "    region: eu-west-2", f"    max_defer_hours: {rng.choice([1, 6])}",
                  "    workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: 1}",
                  "    trigger: {plugin: exec, command: [/bin/sh, -c, 'echo $$ZEROCARB_EXECUTION_ID >> starts; sleep 0.1']}"]
    lines += ["  - name: cron", "    region: eu-west-2", "    schedule: '* * * * *'", "    max_defer_hours: 0",
              "    workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: 1}",
              "    trigger: {plugin: exec, command: [/bin/sh, -c, 'echo $$ZEROCARB_EXECUTION_ID >> slots']}"]
    lines += ["sinks:", "  - {plugin: local_file, path: ./rows.db}"]
    if rng.random() < 0.3:
        lines.append("  - {plugin: local_file, name: extra, path: ./extra%d.db}" % rng.randrange(2))
    return "\n".join(lines) + "\n"


def lines_of(program, name):
    if not os.path.exists(program.path(name)):
        return []
    with open(program.path(name), encoding="utf-8") as file:
        return file.read().split()


def figures(pid):
    """Resident memory (KiB) and descriptors; None where this process may not look."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            resident = [int(line.split()[1]) for line in file if line.startswith("VmRSS")]
        return resident[0], len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


class Load(threading.Thread):
    """Asks for runs, one after the other, until told to end; keeps the ids of those that were accepted."""

    def __init__(self, program):
        super().__init__()
        self.program, self.ended, self.accepted, self.failure = program, False, [], None

    def run(self):
        i = 0
        while not self.ended:
            try:
                status, body, _ = request(self.program, "POST", f"/v1/pipelines/{PIPELINES[i % 8]}/trigger")
            except OSError as error:
                self.failure = error
                return
            if status != 202:
                self.failure = f"{status} {body}"
                return
            self.accepted.append(body["execution_id"])
            i += 1
            time.sleep(0.02)


def reload_once(program, rng, valid):
    text = config(rng)
    program.write("zerocarb.yaml", text if valid else rng.choice(BROKEN)(text))
    status, body, _ = request(program, "POST", "/v1/reload")
    equal((status, body["taken"]), (200, True) if valid else (422, False), str(body))
    if not valid:
        equal("error" in body["findings"], True, str(body))


def reload_all(program, rng, pid):
    """The figures after the warm-up and at the end."""
    before = None
    for i in range(RELOADS):
        reload_once(program, rng, i % 2 == 0)
        time.sleep(PAUSE)
        if i + 1 == WARM:
            before = figures(pid)
    program.write("zerocarb.yaml", config(random.Random(1)))
    equal(request(program, "POST", "/v1/reload")[0], 200)
    return before, figures(pid)


def settled(program, ids):
    rows = {row["execution_id"]: row["status"] for row in program.rows("pipeline_executions")}
    return [id for id in ids if rows.get(id) != "SUCCESS"] == []


def nothing_is_dropped_or_doubled(program):
    rng = random.Random(SEED)
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=30)
    write_trace(program.path("trace.csv"), stamp(start), 60, {"GB": [100] * 100, "SE": [90] * 100})
    program.write("zerocarb.yaml", config(random.Random(1)))
    print(f"  SEED={SEED}, {RELOADS} reloads", flush=True)
    began = datetime.datetime.now(datetime.timezone.utc)
    with Engine(program) as engine:
        load = Load(program)
        load.start()
        try:
            before, after = reload_all(program, rng, engine.process.pid)
        finally:
            load.ended = True
            load.join()
        equal(load.failure, None)
        wait_for("every run in the sink", lambda: settled(program, load.accepted), 60)
        slots = lines_of(program, "slots")
        shown = request(program, "GET", "/v1/status")[1]["reloads"]
        equal(engine.end(), 0)
    minutes = int(datetime.datetime.now(datetime.timezone.utc).timestamp() // 60 - began.timestamp() // 60)
    equal((shown["taken"], shown["refused"]), ((RELOADS + 1) // 2 + 1, RELOADS // 2))
    starts = collections.Counter(lines_of(program, "starts"))
    equal([id for id in load.accepted if starts[id] != 1], [])
    equal(sorted(starts), sorted(load.accepted))
    equal(len(slots), len(set(slots)), "a slot fired twice")
    equal(minutes - len(slots) in (0, 1), True, f"{minutes} minutes, {len(slots)} slots")
    print(f"  {len(load.accepted)} runs accepted, each started once and in the sink; {len(slots)} cron slots")
    if before and after:
        print(f"  memory {before[0]} KiB after {WARM} reloads, {after[0]} KiB at the end; "
              f"descriptors {before[1]}, {after[1]}")
        # Commands that run have pipes; each has ended where a later look would see fewer.
        if LONG:
            equal(after[0] - before[0] < GROWTH_KIB, True, "grown memory, KiB")
        equal(after[1] - before[1] < 20, True, "left descriptors")


main([nothing_is_dropped_or_doubled])
