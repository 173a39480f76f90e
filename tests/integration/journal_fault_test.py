"""The journal's disk fails under the engine: nothing is promised that cannot be kept, and the end is in order."""
import os
import shutil
import subprocess

from program import Skipped, equal, main, write_trace

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


main([an_fsync_that_fails_ends_the_engine_with_70, after_it_every_run_has_one_start_or_is_named])
