"""10,000 pipelines of which 500 are due in the same second, each starting a program: how soon, and in what memory.

Usage: due_bench.py ZEROCARB [PIPELINES DUE]. It waits for the next full minute, in real time."""
import datetime
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ZEROCARB = os.path.abspath(sys.argv[1])
PIPELINES, DUE = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((2, 10000), (3, 500)))
UTC = datetime.timezone.utc


def write(folder, slot):
    begin = slot.replace(minute=0) - datetime.timedelta(hours=24)
    with open(os.path.join(folder, "trace.csv"), "w", encoding="utf-8") as file:
        file.write("timestamp,a,b\n")
        for i in range(96):
            time_ = begin + datetime.timedelta(hours=i)
            file.write(f"{time_:%Y-%m-%dT%H:%M:%SZ},{100 + i * 37 % 200},{100 + i * 91 % 200}\n")
    other = slot + datetime.timedelta(hours=5)
    rows = "\n".join(f"""  - name: team-pipeline-{i:05d}
    team: team-{i % 50}
    region: a
    relocate_to: [b]
    max_defer_hours: 0
    schedule: "{slot.minute if i < DUE else i % 60} {slot.hour if i < DUE else other.hour} * * *"
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: exec, command: [/bin/true]}}""" for i in range(PIPELINES))
    with open(os.path.join(folder, "zerocarb.yaml"), "w", encoding="utf-8") as file:
        file.write(f"""regions: [a, b]
engine: {{state_dir: ./state}}
sources: [{{plugin: trace, regions: {{a: {{file: trace.csv, column: a}}, b: {{file: trace.csv, column: b}}}}}}]
policies: {{use: [{{plugin: threshold, max_intensity: 50}}, {{plugin: deferral_window}}, {{plugin: relocation}}]}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
pipelines:
{rows}
""")


def memory(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(key + ":"))


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ended(folder):
    connection = sqlite3.connect(f"file:{folder}/state/journal.db?mode=ro", uri=True)
    try:
        bodies = [json.loads(row[0]) for row in connection.execute("SELECT body FROM executions WHERE status = 'SUCCESS'")]
    finally:
        connection.close()
    return [body for body in bodies if body["status"] == "SUCCESS"]


def main():
    folder = tempfile.mkdtemp()
    now = datetime.datetime.now(UTC)
    slot = now.replace(second=0, microsecond=0) + datetime.timedelta(minutes=1 if now.second < 30 else 2)
    write(folder, slot)
    begun = time.monotonic()
    subprocess.run([ZEROCARB, "check", "-c", "zerocarb.yaml"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    print(f"{PIPELINES} pipelines: read and checked in {time.monotonic() - begun:.2f} s "
          f"({os.path.getsize(folder + '/zerocarb.yaml') / 1e6:.1f} MB)")
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
        engine = subprocess.Popen([ZEROCARB, "run", "-c", "zerocarb.yaml"], cwd=folder, stdout=log, stderr=log)
    time.sleep(max(1, slot.timestamp() - time.time() - 1))
    idle, used = memory(engine.pid, "VmRSS"), cpu(engine.pid)
    limit = time.monotonic() + 120
    while len(ended(folder)) < DUE and time.monotonic() < limit:
        time.sleep(0.5)
    used, peak, after = cpu(engine.pid) - used, memory(engine.pid, "VmHWM"), memory(engine.pid, "VmRSS")
    engine.send_signal(signal.SIGTERM)
    engine.wait()
    if not ended(folder):
        sys.exit(f"no run within two minutes: {folder}/log")
    late = sorted(body["started_at"] / 1000 - slot.timestamp() for body in ended(folder))
    with open(os.path.join(folder, "log"), encoding="utf-8") as file:
        slow = [int(ms) for ms in re.findall(r"held the loop for (\d+) ms", file.read())]
    print(f"{len(late)} of {DUE} started: the middle one {late[len(late) // 2]:.2f} s after the slot, the last one "
          f"{late[-1]:.2f} s; {used:.2f} s of CPU; {len(slow)} callbacks over 50 ms, the longest {max(slow, default=0)} ms")
    print(f"resident memory: {idle:.1f} MiB before, {after:.1f} MiB after, {peak:.1f} MiB at the most; "
          f"load of the machine {os.getloadavg()[0]:.1f}")


main()
