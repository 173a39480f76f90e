"""Ways in which a carbon API can misbehave: every run starts by its deadline, and its record names what it stood on."""
import concurrent.futures
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "integration")]
from hostile_api import GOOD, SOUND, WAYS, HostileApi, http, says, self_signed  # noqa: E402
from program import Program, equal, instant, main  # noqa: E402

AVERAGE = 321  # what static_pue knows: the fallback
MEMORY_MIB = 64
TIMEOUT = "2s"
AT_ONCE = 6
PLUGINS = {"uk_grid_eso": "regions: {r: {area: 13}}", "electricity_maps": "token: s3cret-token, regions: {r: {zone: DE}}"}


def write_config(program, plugin, url):
    program.write("zerocarb.yaml", f"""
regions: [r]
engine: {{state_dir: ./state}}
sources:
  - {{plugin: {plugin}, url: "{url}", timeout: {TIMEOUT}, {PLUGINS[plugin]}}}
  - {{plugin: static_pue, regions: {{r: {{pue: 1, intensity: {AVERAGE}}}}}}}
policies:
  use:
    - {{plugin: threshold, max_intensity: 100}}
    - {{plugin: deferral_window}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
pipelines:
  - name: p
    region: r
    max_defer_hours: 0.01
    workload: {{duration_minutes: 1, vcpu_count: 1, memory_gb: 1}}
    trigger: {{plugin: exec, command: [/bin/true]}}
""")


def peak_memory(pid):
    """The most resident memory so far, MiB; 0 where it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return max((int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:")), default=0)
    except OSError:
        return 0


def run(binary, plugin, url):
    """A run with that API: its record, the log, and the most memory that the engine had, MiB."""
    program = Program(binary)
    write_config(program, plugin, url)
    with open(program.path("log"), "w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen([binary, "trigger", "-c", program.path("zerocarb.yaml"), "p"], cwd=program.folder,
                                   stdout=subprocess.DEVNULL, stderr=log)
        memory = 0
        while process.poll() is None:
            memory = max(memory, peak_memory(process.pid))
            time.sleep(0.05)
        log.seek(0)
        text = log.read()
    equal(process.returncode, 0, text)
    rows = program.rows("pipeline_executions")
    equal(len(rows), 1, text)
    return rows[0], text, memory


def check(binary, plugin, url):
    row, log, memory = run(binary, plugin, url)
    equal(row["status"], "SUCCESS", row)
    late = instant(row["started_at"]) > instant(row["schedule"]["deadline"])
    equal(late, False, f"started at {row['started_at']}, deadline {row['schedule']['deadline']}")
    quality = row["data_quality"]["default_region"]
    equal((quality["source"], quality["fallback"]), ("static_pue", True), quality)
    equal(f"{AVERAGE}" in row["carbon_analysis"]["reason"], True, row["carbon_analysis"])
    equal(row["carbon_analysis"]["savings_g"], 0, row["carbon_analysis"])
    named = re.search(rf"source:{plugin}|{plugin}:", log)
    equal(named is not None, True, log)
    equal("s3cret-token" in log, False, "the token is printed")
    equal(memory < MEMORY_MIB, True, f"{memory:.0f} MiB")


def each(binary, cases):
    """Every case, a few at a time; tells all that fail."""
    failed = []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {pool.submit(function, binary): name for name, function in cases.items()}
        for future, name in futures.items():
            if future.exception():
                failed.append(f"{name}: {future.exception()}")
    equal(failed, [], f"{len(cases) - len(failed)} of {len(cases)} fine")
    print(f"{len(cases)} of {len(cases)} ways: started by its deadline, with the fallback named")


def served(way, plugin, certificate=None):
    def case(binary):
        with HostileApi(way, plugin, certificate) as api:
            check(binary, plugin, api.url)
    return case


def away(plugin, url):
    return lambda binary: check(binary, plugin, url)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def the_fallback_serves(program, plugin):
    good = says(lambda path, answer: http(answer(path)))
    cases = {name: served(way, plugin) for name, way in WAYS.items()}
    cases["refused"] = away(plugin, f"http://127.0.0.1:{closed_port()}")
    cases["no such host"] = away(plugin, "http://carbon.invalid")
    with tempfile.TemporaryDirectory() as folder:
        cases["a certificate of nobody"] = served(good, plugin, self_signed(folder))
        each(program.binary, cases)


def a_good_answer_is_used(program):
    """The test's own answers are good ones but for what each way breaks."""
    for plugin in PLUGINS:
        for name, way in {"good": says(lambda path, answer: http(answer(path))), **SOUND}.items():
            with HostileApi(way, plugin) as api:
                row, log, _ = run(program.binary, plugin, api.url)
                equal(row["data_quality"]["default_region"]["source"], plugin, f"{name}: {log}")
                equal(row["schedule"]["planned_intensity"], GOOD, f"{name}: {log}")


def no_misbehaviour_of_the_uk_api_stops_a_run(program):
    the_fallback_serves(program, "uk_grid_eso")


def no_misbehaviour_of_electricity_maps_stops_a_run(program):
    the_fallback_serves(program, "electricity_maps")


main([a_good_answer_is_used, no_misbehaviour_of_the_uk_api_stops_a_run, no_misbehaviour_of_electricity_maps_stops_a_run])
