"""10,000 pipelines, and 500 of them due in the same second of virtual time."""
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "integration")]
from program import equal, main, write_trace  # noqa: E402

PIPELINES, DUE = 10000, 500
MEMORY_MIB = 64


def peak_memory(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return max((int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:")), default=0)
    except OSError:
        return 0


def pipeline(i):
    return f"""  - name: team-pipeline-{i:05d}
    team: team-{i % 50}
    region: a
    relocate_to: [b]
    max_defer_hours: 0
    schedule: "{0 if i < DUE else 1 + i % 59} 10 * * *"
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: exec, command: [/bin/true]}}"""


def five_hundred_at_once_start_once_each_in_bounded_memory(program):
    write_trace(program.path("t.csv"), "2026-01-01T00:00:00Z", 60, {"a": [200] * 48, "b": [190] * 48})
    program.write("zerocarb.yaml", f"""regions: [a, b]
engine: {{state_dir: ./state}}
sources: [{{plugin: trace, regions: {{a: {{file: t.csv, column: a}}, b: {{file: t.csv, column: b}}}}}}]
policies: {{use: [{{plugin: threshold, max_intensity: 50}}, {{plugin: deferral_window}}, {{plugin: relocation}}]}}
sinks: [{{plugin: local_file, path: ./rows.db}}]
pipelines:
""" + "\n".join(map(pipeline, range(PIPELINES))))
    with open(program.path("log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen([program.binary, "run", "-c", "zerocarb.yaml", "--from", "2026-01-01T09:59:30Z", "--to",
                                    "2026-01-01T10:00:30Z"], cwd=program.folder, stdout=log, stderr=log)
    memory = 0
    while process.poll() is None:
        memory = max(memory, peak_memory(process.pid))
        time.sleep(0.02)
    equal(process.returncode, 0)
    rows = program.rows("pipeline_executions")
    equal(sorted(row["pipeline_name"] for row in rows), [f"team-pipeline-{i:05d}" for i in range(DUE)])
    equal({row["status"] for row in rows}, {"SUCCESS"})
    equal({(row["schedule"]["requested_at"], row["started_at"]) for row in rows},
          {("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z")})
    equal(memory < MEMORY_MIB, True, f"{memory:.1f} MiB")
    print(f"{len(rows)} of {PIPELINES} pipelines started in the second in which they were due; {memory:.1f} MiB at the most")


main([five_hundred_at_once_start_once_each_in_bounded_memory])
