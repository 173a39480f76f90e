"""Figures of the whole program: start to first decision, memory when idle, many pipelines and regions."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ZEROCARB = os.path.abspath(sys.argv[1])


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def trace(folder, regions, days=4):
    lines = ["timestamp," + ",".join(regions)]
    for i in range(days * 48):
        day, slot = divmod(i, 48)
        values = [str(150 + (i * 37 + j * 91) % 200) for j in range(len(regions))]
        lines.append(f"2026-01-{day + 1:02d}T{slot // 2:02d}:{30 * (slot % 2):02d}:00Z," + ",".join(values))
    write(folder, "trace.csv", "\n".join(lines) + "\n")


def config(folder, regions, pipelines, more_sources="", more_policies=""):
    rows = "\n".join(f"      {r}: {{file: trace.csv, column: {r}}}" for r in regions)
    write(folder, "zerocarb.yaml", f"""
regions: [{', '.join(regions)}]
engine: {{state_dir: ./state, log: {{level: info}}}}
sources:
{more_sources}
  - plugin: trace
    regions:
{rows}
policies:
  use:
    - {{plugin: threshold, max_intensity: 50}}
    - plugin: deferral_window
    - plugin: relocation
{more_policies}
pipelines:
{pipelines}
sinks:
  - {{plugin: local_file, path: ./rows.db}}
""")


def pipeline(name, region, others, schedule=None, auto=True):
    lines = [f"  - name: {name}", f"    region: {region}", f"    relocate_to: [{', '.join(others)}]",
             "    max_defer_hours: 24", "    workload: {duration_minutes: 40, vcpu_count: 2, memory_gb: 3}"]
    if schedule:
        lines.append(f'    schedule: "{schedule}"')
    lines.append("    trigger: {plugin: exec, command: [/bin/true]}" if auto else "    auto_trigger: false")
    return "\n".join(lines)


def wall(*command, folder=None):
    begun = time.monotonic()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begun) * 1000


def first_decision():
    folder = tempfile.mkdtemp()
    regions = [f"region-{i}" for i in range(8)]
    trace(folder, regions)
    config(folder, regions, pipeline("p", regions[0], regions[1:]))
    decide = [ZEROCARB, "decide", "-c", "zerocarb.yaml", "p", "--at", "2026-01-02T10:00:00Z", "--json"]
    ours = statistics.median(wall(*decide, folder=folder) for _ in range(25))
    empty = statistics.median(wall("/bin/true") for _ in range(25))
    version = statistics.median(wall(ZEROCARB, "--version") for _ in range(25))
    print(f"start to first decision (trace, 8 regions), process included: {ours:.1f} ms "
          f"(--version {version:.1f} ms, /bin/true {empty:.1f} ms)")


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return {key: int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon", "RssFile")}


def idle_memory():
    folder = tempfile.mkdtemp()
    regions = [f"region-{i}" for i in range(8)]
    trace(folder, regions)
    more = """  - {plugin: uk_grid_eso, url: "http://127.0.0.1:9", timeout: 5s, regions: {region-0: national}}
  - {plugin: electricity_maps, url: "http://127.0.0.1:9", token: none, timeout: 5s, regions: {region-1: {zone: FR}}}
  - {plugin: static_pue, regions: {region-0: {pue: 1.1, intensity: 200}, region-1: {pue: 1.2, intensity: 50}}}"""
    config(folder, regions, pipeline("p", regions[0], regions[1:], "0 0 1 1 *"), more)
    engine = subprocess.Popen([ZEROCARB, "run", "-c", "zerocarb.yaml"], cwd=folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(8)
    found = memory(engine.pid)
    engine.terminate()
    engine.wait()
    print(f"resident memory, idle, all plugins loaded: {found['VmRSS']:.1f} MiB "
          f"({found['RssAnon']:.1f} of its own, {found['RssFile']:.1f} of files shared with other processes)")


def many():
    folder = tempfile.mkdtemp()
    regions = [f"region-{i:02d}" for i in range(40)]
    trace(folder, regions)
    pipelines = "\n".join(pipeline(f"pipeline-{i:04d}", regions[i % 40],
                                   [r for r in regions if r != regions[i % 40]], "0 * * * *", auto=False)
                          for i in range(1000))
    config(folder, regions, pipelines)
    begun = time.monotonic()
    done = subprocess.run([ZEROCARB, "run", "-c", "zerocarb.yaml", "--from", "2026-01-02T00:30:00Z", "--to",
                           "2026-01-02T06:30:00Z"], cwd=folder, capture_output=True, text=True, check=True)
    took = time.monotonic() - begun
    figures = json.loads(done.stdout)
    print(f"1,000 pipelines x 40 regions, 6 hours of hourly schedules: {figures['decisions']} decisions in "
          f"{took:.1f} s of real time; longest callback {figures['longest_callback_ms']} ms, "
          f"{figures['slow_callbacks']} over 50 ms")


first_decision()
idle_memory()
many()
