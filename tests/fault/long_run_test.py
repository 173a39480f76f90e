"""Days of virtual time: memory, descriptors and journal stay as they are once everything is warm.

Four days, of which the last is measured; ZC_LONG=1: a year, of which the first 70 days are warm-up (the memory of
what was written to the history is full after 62)."""
import datetime
import math
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration")]
from program import equal, instant, main, stamp, write_trace  # noqa: E402

START = "2026-01-01T00:00:00Z"
LONG = bool(os.environ.get("ZC_LONG"))
DAYS, WARM = (365, 70) if LONG else (4, 3)
REGIONS = "abc"
PIPELINES = 16 if LONG else 24  # a thousand ended runs are kept: soon enough
GROWTH_KIB = 1024


def pipeline(i):
    """Hourly ones that only decide, and every fourth starts a program four times a day; some may wait."""
    runs = i % 4 == 0
    trigger = "trigger: {plugin: exec, command: [/bin/true]}" if runs else "auto_trigger: false"
    return f"""  - name: p{i:02d}
    region: {REGIONS[i % 3]}
    relocate_to: [{REGIONS[(i + 1) % 3]}]
    max_defer_hours: {i % 5 * 3}
    schedule: "{i} {'*/6' if runs else '*'} * * *"
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
    {trigger}"""


def write_config(program):
    half_hours = range((DAYS + 4) * 48)
    write_trace(program.path("t.csv"), START, 30,
                {name: [round(150 + 20 * k + 80 * math.sin((i / 2 + 3 * k) / 24 * math.tau) + (i * 37 + k * 11) % 23, 1)
                        for i in half_hours] for k, name in enumerate(REGIONS)})
    files = ", ".join(f"{name}: {{file: t.csv, column: {name}}}" for name in REGIONS)
    program.write("zerocarb.yaml", f"""regions: [{', '.join(REGIONS)}]
engine: {{state_dir: ./state}}
sources: [{{plugin: trace, regions: {{{files}}}}}]
policies: {{use: [{{plugin: threshold, max_intensity: 90}}, {{plugin: deferral_window}}, {{plugin: relocation}}]}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
pipelines:
""" + "\n".join(map(pipeline, range(PIPELINES))))


def sample(program, pid):
    """Resident memory and journal in KiB, and open descriptors."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    files = [program.path(f"state/journal.db{end}") for end in ("", "-wal")]
    journal = sum(os.path.getsize(name) for name in files if os.path.exists(name)) // 1024
    return memory, journal, len(os.listdir(f"/proc/{pid}/fd"))


def watch(program, process):
    """Samples of each virtual day, taken as its log lines come, at most one a virtual hour."""
    days, hour = {}, None
    for line in process.stderr:
        if line[10:11] == "T" and line[:13] != hour:
            hour = line[:13]
            try:
                days.setdefault(line[:10], []).append(sample(program, process.pid))
            except OSError:
                break  # it has just ended
    return days


def nothing_grows(program):
    write_config(program)
    begun = time.monotonic()
    end = stamp(instant(START) + datetime.timedelta(days=DAYS))
    with subprocess.Popen([program.binary, "run", "-c", "zerocarb.yaml", "--from", START, "--to", end], text=True,
                          cwd=program.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        days = watch(program, process)
        process.stderr.read()
    equal(process.returncode, 0)
    names = sorted(day for day in days if len(days[day]) > 20)
    equal(len(names), DAYS, names)
    of_day = [[statistics.median(part) for part in zip(*days[name])] for name in names]
    fewest = [min(part[2] for part in days[name]) for name in names]  # without the commands that just run
    warm, last = of_day[WARM - 1], of_day[-1]
    print(f"{DAYS} virtual days in {time.monotonic() - begun:.0f} s, {len(program.rows('pipeline_executions'))} runs; "
          f"after {WARM} days and at the end: resident {warm[0] / 1024:.1f} and {last[0] / 1024:.1f} MiB, "
          f"journal {warm[1] / 1024:.1f} and {last[1] / 1024:.1f} MiB, descriptors {fewest[WARM - 1]} and {fewest[-1]}")
    equal(last[0] - warm[0] < GROWTH_KIB, True, f"resident memory grew by {last[0] - warm[0]} KiB")
    equal(last[1] - warm[1] < GROWTH_KIB, True, f"the journal grew by {last[1] - warm[1]} KiB")
    equal(fewest[-1] <= fewest[WARM - 1], True, f"descriptors: {fewest[WARM - 1]}, then {fewest[-1]}")


main([nothing_grows])
