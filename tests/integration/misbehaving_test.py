"""Sources that break the rules, in the running engine: each is named in the log, and the others go on."""
import os
import re
import signal
import subprocess
import time

from program import Skipped, equal, main

REGIONS = {"blocks": "eu-west-1", "twice": "eu-west-2", "silent": "eu-west-3", "late": "eu-north-1",
           "nan": "eu-central-1", "fine": "eu-central-2"}
LIMIT_S = 60  # for what takes about 5 s


def folder(program):
    path = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "plugins")
    if not os.path.exists(os.path.join(path, "source_fine.so")):
        raise Skipped(f"{path} is not built")
    return path


def config(program, names, extra=""):
    sources = "".join(f"  - {{plugin: source_{name}, timeout: {'1s' if name in ('silent', 'late') else '30s'}, "
                      f"regions: [{REGIONS[name]}]}}\n" for name in names)
    return program.write("zerocarb.yaml", f"""
regions: [{', '.join(REGIONS.values())}]
engine: {{state_dir: ./state, plugin_dirs: [{folder(program)}]}}
sources:
{sources}{extra}policies: {{use: [{{plugin: threshold, max_intensity: 150}}]}}
pipelines:
  - name: demo
    region: {REGIONS['fine']}
    auto_trigger: false
    workload: {{duration_minutes: 30, vcpu_count: 2, memory_gb: 3}}
""")


def log_until(program, process, patterns):
    """The log once every pattern was in it; fails where the limit passes first."""
    path, deadline = program.path("log"), time.monotonic() + LIMIT_S
    while True:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        missing = [pattern for pattern in patterns if not re.search(pattern, text)]
        if not missing:
            return text
        if time.monotonic() > deadline or process.poll() is not None:
            raise AssertionError(f"not in the log: {missing}\n{text}")
        time.sleep(0.1)


def each_is_named_and_the_others_go_on(program):
    path = config(program, REGIONS)
    with open(program.path("log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen([program.binary, "run", "-c", path], cwd=program.folder, stdout=log, stderr=log)
    try:
        text = log_until(program, process, [
            r"source:source_blocks: a callback \(observe\) held the loop for 2\d\d\d ms",
            r"source:source_twice: answered an operation that it had answered already",
            r"source:source_silent: no answer within 1s",
            r"source:source_late: no answer within 1s",
            r"source:source_late: answered an operation after its deadline",
            r"source:source_nan: emitted 1 points for eu-central-1 of which point 0, .* value -?nan, is refused",
        ])
        equal("source:source_fine" in text, False, text)
        process.send_signal(signal.SIGTERM)
        equal(process.wait(timeout=LIMIT_S), 0)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def decisions_come_from_those_that_answer(program):
    path = config(program, ["fine", "nan", "twice"])
    result = program.run("decide", "-c", path, "demo", "--json")
    equal(result.returncode, 0, result.stderr)
    equal("Current region has acceptable carbon intensity" in result.stdout, True, result.stdout)
    equal("source:source_nan" in result.stderr, True, result.stderr)


def a_broken_plugin_is_refused_by_name(program):
    path = config(program, ["fine"], "  - {plugin: bad_major, regions: [eu-west-1]}\n")
    result = program.run("check", "-c", path)
    equal(result.returncode, 78, result.stderr)
    equal("bad_major.so: built for ABI major 2, this program has 1" in result.stdout + result.stderr, True,
          result.stdout + result.stderr)
    result = program.run("decide", "-c", config(program, ["fine"]), "demo", "--json")
    equal(result.returncode, 0, result.stderr)


main([each_is_named_and_the_others_go_on, decisions_come_from_those_that_answer,
      a_broken_plugin_is_refused_by_name])
