"""Rows through the outbox to DynamoDB Local, beside boto3's batch_writer and a bare loop of prepared batches.

dynamodb_bench.py ZEROCARB [ROWS]: all three in one run, each into tables of its own; nothing asserted. Needs
store_probe beside the program (built with ZC_TESTS)."""
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import dynamodb_local  # noqa: E402

ZEROCARB = os.path.abspath(sys.argv[1])
PROBE = os.path.join(os.path.dirname(os.path.dirname(ZEROCARB)), "tests", "store_probe")
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
CONNECTIONS = 16
TABLE = "carbon_intensity_history"


def row(i):
    return {"region": f"region-{i % 8}", "timestamp": 1767225600 + i * 1800, "intensity": 16.1 + i % 97,
            "grid_intensity": 71, "renewable_pct": 0.8, "pue": 1.15, "index": "low", "source": "uk-grid-eso",
            "is_realtime": True, "ttl": 4102444800 + i}


def config(folder, url, prefix, parallel):
    path = os.path.join(folder, "zerocarb.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""
regions: [eu-west-2]
engine: {{state_dir: ./state-{prefix}}}
sources: [{{plugin: static_pue, regions: {{eu-west-2: {{intensity: 100}}}}}}]
pipelines:
  - name: p
    region: eu-west-2
    auto_trigger: false
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
sinks: [{{plugin: dynamodb, endpoint: "{url}", table_prefix: {prefix}, max_parallel: {parallel}}}]
""")
    return path


def create_tables(folder, url, prefix):
    path = config(folder, url, prefix, 8)
    subprocess.run([ZEROCARB, "tables", "create", "-c", path], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, **dynamodb_local.ENVIRONMENT})


def count(client, prefix):
    pages = client.get_paginator("scan").paginate(TableName=prefix + TABLE, Select="COUNT")
    return sum(page["Count"] for page in pages)


def process_cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def process_peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def backlog(state):
    connection = sqlite3.connect(f"file:{state}/journal.db?mode=ro", uri=True)
    try:
        return connection.execute("SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'outbox') - sequence FROM sinks"
                                  ).fetchone()[0]
    finally:
        connection.close()


def ours(folder, url, prefix, rows, parallel):
    path = config(folder, url, prefix, parallel)
    environment = {**os.environ, **dynamodb_local.ENVIRONMENT}
    lines = "".join(f"{TABLE}\t{json.dumps(row(i), separators=(',', ':'))}\n" for i in range(rows))
    subprocess.run([PROBE, "-c", path, "fill"], input=lines, text=True, check=True, env=environment)
    state = os.path.join(folder, f"state-{prefix}")
    with open(os.path.join(folder, "run.log"), "w", encoding="utf-8") as log:
        begun = time.monotonic()
        engine = subprocess.Popen([ZEROCARB, "run", "-c", path], env=environment, stdout=log, stderr=log)
        while backlog(state) > 0:
            if engine.poll() is not None or time.monotonic() - begun > 600:
                sys.exit(f"the engine did not deliver: see {folder}/run.log")
            time.sleep(0.05)
        took = time.monotonic() - begun
    cpu, peak = process_cpu(engine.pid), process_peak(engine.pid)
    engine.terminate()
    engine.wait()
    return took, cpu, peak


def bare(url, prefix, rows):
    """Bodies made beforehand, sent on 16 connections, answers read and not looked at."""
    def typed(item):
        return {k: {"BOOL": v} if isinstance(v, bool) else {"S": v} if isinstance(v, str) else {"N": str(v)}
                for k, v in item.items()}
    bodies = [json.dumps({"RequestItems": {prefix + TABLE: [
        {"PutRequest": {"Item": typed(row(i))}} for i in range(first, min(first + 25, rows))]}}).encode()
        for first in range(0, rows, 25)]
    host = url.split("//")[1]
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
               "X-Amz-Date": "20260101T000000Z", "Authorization":
               f"AWS4-HMAC-SHA256 Credential={dynamodb_local.ENVIRONMENT['AWS_ACCESS_KEY_ID']}/20260101/"
               f"{dynamodb_local.REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"}
    left = iter(bodies)
    lock = threading.Lock()
    bad = []

    def work():
        connection = http.client.HTTPConnection(host)
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                return
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                bad.append(text)
    begun, cpu = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bad:
        sys.exit(f"the bare loop failed: {bad[0][:300]}")
    return time.monotonic() - begun, time.process_time() - cpu


def boto(url, prefix, rows):
    import boto3
    table = boto3.resource("dynamodb", region_name=dynamodb_local.REGION, endpoint_url=url,
                           aws_access_key_id=dynamodb_local.ENVIRONMENT["AWS_ACCESS_KEY_ID"],
                           aws_secret_access_key=dynamodb_local.ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]).Table(prefix + TABLE)
    items = [{k: Decimal(str(v)) if isinstance(v, float) else v for k, v in row(i).items()} for i in range(rows)]
    begun, cpu = time.monotonic(), time.process_time()
    with table.batch_writer() as writer:
        for item in items:
            writer.put_item(Item=item)
    return time.monotonic() - begun, time.process_time() - cpu


def report(name, rows, took, cpu, note=""):
    print(f"{name:<34} {rows / took:8.0f} rows/s {cpu / rows * 1e6:8.1f} us of client CPU a row {note}", flush=True)
    return rows / took


def main():
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="zerocarb-bench-") as folder, dynamodb_local.DynamoDBLocal() as server:
        client = server.client()
        for prefix in ("warm-", "bare1-", "ours1-", "boto-", "ours2-", "bare2-"):
            create_tables(folder, server.url, prefix)
        bare(server.url, "warm-", 10000)
        print(f"{ROWS} rows of {TABLE}, {len(json.dumps(row(0)))} bytes each; {os.cpu_count()} cores, server included")
        bares, mine = [], []
        bares.append(report(f"bare loop, {CONNECTIONS} connections", ROWS, *bare(server.url, "bare1-", ROWS)))
        for run, parallel in (("ours1-", 8), ("ours2-", 16)):
            took, cpu, peak = ours(folder, server.url, run, ROWS, parallel)
            mine.append(report(f"zerocarb, max_parallel {parallel}", ROWS, took, cpu, f"{peak:.1f} MiB at most"))
            found = count(client, run)
            if found != ROWS:
                sys.exit(f"{found} rows arrived")
        bares.append(report(f"bare loop, {CONNECTIONS} connections, again", ROWS, *bare(server.url, "bare2-", ROWS)))
        slow = report("boto3 batch_writer", ROWS, *boto(server.url, "boto-", ROWS))
        best = max(mine)
        print(f"zerocarb / bare loop {best / (sum(bares) / 2):.2f}, zerocarb / boto3 {best / slow:.2f}")


main()
