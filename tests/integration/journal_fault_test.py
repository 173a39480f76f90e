"""The journal's disk fails under the engine: nothing is promised that cannot be kept, and the end is in order."""
import datetime
import os
import shutil
import subprocess

from cli_material import Engine, expect, listed, pipeline, prepare as prepare_traced, request, wait_for
from program import Skipped, equal, main, stamp, write_trace

MANY = "\n".join(f"  - {{name: p{i}, region: r, schedule: '* * * * *', max_defer_hours: 0, "
                 f"trigger: {{plugin: exec, command: [/bin/true]}}}}" for i in range(60))

CONFIG = f"""
regions: [r]
engine: {{state_dir: ./state}}
sources:
  - {{plugin: trace, regions: {{r: {{file: trace.csv, column: r}}}}}}
policies: {{use: [{{plugin: threshold, max_intensity: 50}}]}}
defaults: {{workload: {{duration_minutes: 5, vcpu_count: 1, memory_gb: 1}}}}
pipelines:
{MANY}
sinks: [{{plugin: local_file, path: ./rows.db}}]
"""


def injected(program, fault, *arguments):
    """The program under strace, with a fault in its fdatasync and fsync."""
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-o", "/dev/null", "true"], check=False).returncode != 0:
        raise Skipped("strace cannot trace here")
    command = [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
               f"inject=fdatasync,fsync:{fault}", program.binary, *arguments]
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    return subprocess.run(command, cwd=program.folder, env=environment, text=True, capture_output=True,
                          timeout=120, check=False)


def prepare(program):
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"r": [100] * 72})
    program.write("zerocarb.yaml", CONFIG)


def an_fsync_that_fails_ends_the_engine_with_70(program):
    prepare(program)
    for first in (4, 9, 15):
        shutil.rmtree(program.path("state"), ignore_errors=True)
        done = injected(program, f"error=EIO:when={first}+", "run", "-c", "zerocarb.yaml", "--from",
                        "2026-01-01T10:00:00Z", "--to", "2026-01-01T10:05:00Z")
        equal((first, done.returncode), (first, 70), done.stderr[-2000:])
        equal("fsync failed" in done.stderr, True, done.stderr[-2000:])


def after_it_every_run_has_one_start_or_is_named(program):
    prepare(program)
    injected(program, "error=EIO:when=12+", "run", "-c", "zerocarb.yaml", "--from", "2026-01-01T10:00:00Z",
             "--to", "2026-01-01T10:05:00Z")
    done = program.run("run", "-c", "zerocarb.yaml", "--from", "2026-01-01T10:06:00Z", "--to",
                       "2026-01-01T10:07:00Z")
    rows = program.rows("pipeline_executions")
    equal(len(rows) >= 60, True, done.stderr[-500:])
    equal({row["status"] for row in rows} <= {"SUCCESS", "UNKNOWN"}, True, {row["status"] for row in rows})
    equal(len({row["execution_id"] for row in rows}), len(rows))


def hold_commits(process):
    """From now on each commit of the process takes half a second more."""
    strace = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-p", str(process.pid), "-e", "trace=fdatasync,fsync", "-e",
                               "inject=fdatasync,fsync:delay_enter=500000"], stderr=subprocess.PIPE, text=True)
    if "attached" not in strace.stderr.readline():
        raise Skipped("strace cannot trace here")
    return strace


def a_cancel_is_answered_when_it_is_journalled(program):
    if not shutil.which("strace"):
        raise Skipped("no strace")
    now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    prepare_traced(program, pipeline("build", "true"), start=stamp(now - datetime.timedelta(hours=3)),
                   values=[400] * 7 + [40] * 40)
    with Engine(program) as engine:
        run_id = expect(program, 0, "trigger", "build").stdout.split()[0]
        wait_for("the deferral", lambda: [row["status"] for row in listed(program)] == ["DEFERRED"])
        strace = hold_commits(engine.process)
        status, body, _ = request(program, "POST", f"/v1/executions/{run_id}/cancel")
        engine.process.kill()
        engine.process.wait()
        strace.communicate(timeout=20)
    equal((status, body["status"]), (202, "CANCELLED"))
    equal([row["status"] for row in listed(program)], ["CANCELLED"])


main([an_fsync_that_fails_ends_the_engine_with_70, after_it_every_run_has_one_start_or_is_named,
      a_cancel_is_answered_when_it_is_journalled])
