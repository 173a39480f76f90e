"""What the tests of the dynamodb sink share: the server, configurations, and reading items back to the digit."""
import json
import os
import sqlite3
import subprocess
import time

import dynamodb_local
from program import Skipped, equal, main

TABLES = ["pipeline_executions", "carbon_intensity_history", "pipeline_analytics", "regional_insights",
          "carbon_leaderboard"]
ENVIRONMENT = {**dynamodb_local.ENVIRONMENT, "NO_PROXY": "127.0.0.1"}
PLAIN = """
regions: [eu-west-2]
engine: {{state_dir: ./state}}
sources: [{{plugin: static_pue, regions: {{eu-west-2: {{intensity: 100}}}}}}]
pipelines:
  - name: p
    region: eu-west-2
    auto_trigger: false
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
sinks:
{sinks}
"""
server = None


def local():
    """The one server of all tests; each has a prefix of its own."""
    global server
    if not server:
        try:
            server = dynamodb_local.DynamoDBLocal()
        except dynamodb_local.Unavailable as reason:
            raise Skipped(str(reason)) from reason
    return server


def sink(prefix, url=None, more=""):
    return f'  - {{plugin: dynamodb, endpoint: "{url or local().url}", table_prefix: "{prefix}"{more}}}\n'


def configure(program, text):
    return program.write("zerocarb.yaml", text)


def zerocarb(program, *arguments, status=0, timeout=300):
    done = program.run(*arguments, "-c", "zerocarb.yaml", env=ENVIRONMENT, timeout=timeout)
    equal(done.returncode, status, done.stderr[-3000:] + done.stdout[-2000:])
    return done


def create(program):
    return zerocarb(program, "tables", "create").stdout


def probe(program, *arguments, lines=None):
    binary = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "store_probe")
    if not os.path.exists(binary):
        raise Skipped("store_probe was not built (ZC_TESTS)")
    done = subprocess.run([binary, "-c", "zerocarb.yaml", *arguments], cwd=program.folder, text=True, input=lines,
                          capture_output=True, timeout=120, check=False, env={**os.environ, **ENVIRONMENT})
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def pages(program, *arguments):
    """Pages of items, parsed with every number as it is written."""
    texts = probe(program, "query", *arguments).split("--\n")[:-1]
    return [[exact(line) for line in text.splitlines()] for text in texts]


def exact(text):
    """Numbers as pairs ("N", digits), for comparing digit by digit."""
    return json.loads(text, parse_float=lambda d: ("N", d), parse_int=lambda d: ("N", d))


def untyped(value):
    """An attribute value as the aws tool prints it, in the form of exact()."""
    (kind, content), = value.items()
    if kind == "M":
        return {name: untyped(member) for name, member in content.items()}
    if kind == "L":
        return [untyped(member) for member in content]
    return {"N": ("N", content), "NULL": None}.get(kind, content)


def item_of(typed):
    return untyped({"M": typed})


def aws(*arguments):
    binary = "/usr/bin/aws"
    if not os.path.exists(binary):
        raise Skipped("awscli is not installed")
    done = subprocess.run([binary, "dynamodb", *arguments, "--endpoint-url", local().url, "--output", "json"],
                          text=True, capture_output=True, timeout=120, check=False,
                          env={**os.environ, **ENVIRONMENT})
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


def count(table):
    scan = local().client().get_paginator("scan").paginate(TableName=table, Select="COUNT")
    return sum(page["Count"] for page in scan)


def backlog(program):
    connection = sqlite3.connect(f"file:{program.path('state')}/journal.db?mode=ro", uri=True)
    try:
        return connection.execute("SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'outbox') - min(sequence) "
                                  "FROM sinks").fetchone()[0]
    finally:
        connection.close()


def deliver(program, seconds=240):
    """Runs the engine until the outbox is empty; returns what it logged."""
    engine = program.start("run", "-c", "zerocarb.yaml", env=ENVIRONMENT)
    deadline = time.monotonic() + seconds
    while backlog(program) > 0 and engine.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    engine.terminate()
    _, log = engine.communicate(timeout=60)
    equal(backlog(program), 0, log[-3000:])
    return log


def history(n):
    return "".join("carbon_intensity_history\t" + json.dumps(
        {"region": f"region-{i % 8}", "timestamp": 1767225600 + i, "intensity": 16.1 + i % 97, "pue": 1.15,
         "index": "low", "source": "uk-grid-eso", "is_realtime": True, "ttl": 4102444800}) + "\n" for i in range(n))


def run(tests):
    """As program.main(), and ends the server."""
    try:
        main(tests)
    finally:
        if server:
            server.stop()
