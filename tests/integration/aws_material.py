"""What the tests of the AWS triggers share: a config, a clean environment, replays."""
import os

import aws_endpoint
from program import Skipped, equal, write_trace

DAY = "2026-01-02"

CONFIG = """
regions: [eu-west-2, eu-north-1]
engine:
  state_dir: ./state
sources:
  - plugin: trace
    regions:
      eu-west-2: {{file: trace.csv, column: GB}}
      eu-north-1: {{file: trace.csv, column: SE}}
    forecast_hours: 24
    every: 1h
policies:
  use: [{{plugin: relocation}}]
pipelines:
{pipelines}
sinks:
  - {{plugin: local_file, path: ./rows.db}}
"""


def endpoint():
    if aws_endpoint.botocore is None:
        raise Skipped("no botocore (Debian: python3-botocore)")
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    return aws_endpoint.AwsEndpoint()


def pipeline(name="nightly", trigger="{plugin: codepipeline, pipeline: app}", more=(), wait=0):
    lines = [f"  - name: {name}", "    region: eu-west-2", f"    max_defer_hours: {wait}",
             "    workload: {duration_minutes: 30, vcpu_count: 2, memory_gb: 3}",
             *("    " + line for line in more), f"    trigger: {trigger}"]
    return "\n".join(lines) + "\n"


def prepare(program, *pipelines, days=30):
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"GB": [200] * 24 * days, "SE": [30] * 24 * days})
    program.write("zerocarb.yaml", CONFIG.format(pipelines="".join(pipelines)))


def replay(program, end, env, start=f"{DAY}T00:30:00Z", status=0):
    done = program.run("run", "-c", "zerocarb.yaml", "--from", start, "--to", end, env=env, timeout=300)
    equal(done.returncode, status, done.stderr[-3000:])
    return done


def ended(program):
    return program.rows("pipeline_executions")


def only_row(program):
    rows = ended(program)
    equal(len(rows), 1, "rows")
    return rows[0]
