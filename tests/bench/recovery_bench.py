"""Restart with 100,000 runs that wait: until the engine has taken them all up, beside one that has none.

Usage: recovery_bench.py ZEROCARB [PIPELINES MINUTES]. Each pipeline asks for a run each minute, and all are put off."""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ZEROCARB = os.path.abspath(sys.argv[1])
PIPELINES, MINUTES = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((2, 2000), (3, 50)))
RUNS = PIPELINES * MINUTES
TIMES = 5
FROM, TO, LATER = "2026-01-01T00:59:30Z", f"2026-01-01T01:{MINUTES:02d}:30Z", "2026-01-01T02:00:00Z"


def write(folder):
    with open(os.path.join(folder, "trace.csv"), "w", encoding="utf-8") as file:
        file.write("timestamp,a\n")
        for hour in range(72):
            file.write(f"2026-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z,{50 if hour == 20 else 200}\n")
    rows = "\n".join(f"""  - name: team-pipeline-{i:05d}
    region: a
    max_defer_hours: 24
    overlap: allow
    schedule: "0-{MINUTES - 1} 1 * * *"
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: exec, command: [/bin/true]}}""" for i in range(PIPELINES))
    with open(os.path.join(folder, "zerocarb.yaml"), "w", encoding="utf-8") as file:
        file.write(f"""regions: [a]
engine: {{state_dir: ./state}}
sources: [{{plugin: trace, regions: {{a: {{file: trace.csv, column: a}}}}}}]
policies: {{use: [{{plugin: deferral_window}}]}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
pipelines:
{rows}
""")


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(folder, line):
    """Seconds until the engine says the line, and its processor time by then; it is killed there."""
    begun = time.monotonic()
    with subprocess.Popen([ZEROCARB, "run", "-c", "zerocarb.yaml", "--from", LATER, "--to", "2026-01-01T03:00:00Z"],
                          cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as engine:
        said = []
        for text in engine.stderr:
            said.append(text)
            if line in text:
                break
        else:
            sys.exit(f"the engine ended without saying '{line}': {''.join(said[-5:])}")
        took, used = time.monotonic() - begun, cpu(engine.pid)
        engine.send_signal(signal.SIGKILL)
    return took, used


def middle(folder, line):
    return [statistics.median(part) for part in zip(*(start(folder, line) for _ in range(TIMES)))]


def main():
    folder = tempfile.mkdtemp()
    try:
        write(folder)
        empty, empty_cpu = middle(folder, "state in")
        shutil.rmtree(os.path.join(folder, "state"))
        with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
            subprocess.run([ZEROCARB, "run", "-c", "zerocarb.yaml", "--from", FROM, "--to", TO], cwd=folder, stdout=log,
                           stderr=log, check=True)
        size = sum(os.path.getsize(os.path.join(folder, "state", name)) for name in os.listdir(os.path.join(folder, "state")))
        took, used = middle(folder, f"{RUNS} runs taken up from the journal")
        print(f"restart with {RUNS} runs that wait ({PIPELINES} pipelines, {size / 2**20:.0f} MiB of journal): {took:.2f} s, "
              f"{used:.2f} s of CPU; with none {empty:.2f} s, {empty_cpu:.2f} s of CPU; the middle ones of {TIMES}; "
              f"load of the machine {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(folder)


main()
