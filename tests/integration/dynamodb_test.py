"""The dynamodb sink against DynamoDB Local: records, queries, faults, a day away.

ZC_LONG=1: with the full numbers of rows."""
import json
import os
import sqlite3
import time

import fault_proxy
from dynamodb_world import (PLAIN, aws, backlog, configure, count, create, deliver, exact, history,
                            item_of, local, pages, probe, run, sink, zerocarb)
from program import equal, write_trace

LONG = bool(os.environ.get("ZC_LONG"))
PIPELINE = "GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS"


# ---- records ----

def published_example(program, sinks):
    regions = ["eu-north-1", "eu-west-2", "eu-west-3", "eu-central-2", "eu-west-1", "eu-central-1"]
    grid = {"eu-north-1": 16, "eu-west-2": 71, "eu-west-3": 26, "eu-central-2": 26, "eu-west-1": 143,
            "eu-central-1": 257}
    write_trace(program.path("trace.csv"), "2025-12-14T00:00:00Z", 30,
                {region: [value] * 96 for region, value in grid.items()})
    others = [region for region in regions if region != "eu-west-2"]
    configure(program, f"""
regions: [{', '.join(regions)}]
engine: {{state_dir: ./state}}
sources:
  - {{plugin: trace, name: uk_grid_eso, regions: {{eu-west-2: {{file: trace.csv, column: eu-west-2}}}}}}
  - plugin: trace
    name: electricity_maps
    regions: {{{', '.join(f'{r}: {{file: trace.csv, column: {r}}}' for r in others)}}}
  - plugin: static_pue
    regions: {{eu-west-2: {{pue: 1.135, renewable_pct: 0.8}}}}
policies:
  use: [{{plugin: threshold, max_intensity: 50}}]
defaults:
  energy: {{energy_pue: 1.135}}
pipelines:
  - name: {PIPELINE}
    region: eu-west-2
    schedule: "30 10 * * *"
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: exec, command: [/bin/true]}}
sinks:
{sinks}  - {{plugin: local_file, path: ./rows.db}}
""")


def digits(value):
    return {name: ("N", text) for name, text in value.items()}


def check_published_values(item):
    equal(item["carbon_analysis"], {
        "decision": "RUN_NOW", "reason": "Current region has acceptable carbon intensity",
        "default_region": "eu-west-2", "optimal_region": "eu-west-2",
        **digits({"default_intensity": "16.1", "optimal_intensity": "16.1", "savings_g": "0", "savings_percent": "0"})})
    equal(item["workload"], digits({"duration_minutes": "40", "vcpu_count": "2", "memory_gb": "3",
                                    "energy_kwh": "0.016023", "sci_score": "3.5913"}))
    equal(item["regional_snapshot"], digits({"eu-north-1": "16", "eu-west-2": "16.1", "eu-west-3": "26",
                                             "eu-central-2": "26", "eu-west-1": "143", "eu-central-1": "257"}))
    equal(item["data_sources"]["uk_grid_eso"], {"index": "low", **digits(
        {"grid_intensity": "71", "renewable_pct": "0.8", "datacenter_intensity": "16.1"})})
    equal(item["config"], {"auto_trigger": True, **digits({"min_savings_defer": "15", "max_defer_hours": "24",
                                                           "pipeline_timeout": "30"})})
    equal((item["status"], item["created_at"]), ("SUCCESS", "2025-12-14T10:30:00Z"))


def the_published_record_reads_back_to_the_digit(program):
    published_example(program, sink("example-"))
    create(program)
    zerocarb(program, "run", "--from", "2025-12-14T10:29:00Z", "--to", "2025-12-14T11:30:00Z")
    connection = sqlite3.connect(program.path("rows.db"))
    (text,), = connection.execute("SELECT item FROM pipeline_executions").fetchall()
    connection.close()
    stored = exact(text)
    key = {"execution_id": {"S": stored["execution_id"]}, "timestamp": {"N": stored["timestamp"][1]}}
    read = item_of(aws("get-item", "--table-name", "example-pipeline_executions", "--key", json.dumps(key))["Item"])
    check_published_values(read)
    equal(read, stored, "get-item")
    indexes = {"pipeline_name_index": ("pipeline_name", PIPELINE), "status_index": ("status", "SUCCESS"),
               "carbon_savings_index": ("carbon_analysis.decision", "RUN_NOW"),
               "region_performance_index": ("carbon_analysis.optimal_region", "eu-west-2")}
    for index, (name, value) in indexes.items():
        found = aws("query", "--table-name", "example-pipeline_executions", "--index-name", index,
                    "--key-condition-expression", "#k = :v", "--expression-attribute-names", json.dumps({"#k": name}),
                    "--expression-attribute-values", json.dumps({":v": {"S": value}}))["Items"]
        equal([item_of(item) for item in found], [stored], index)
        question = ["pipeline_executions", index, value, "10", "desc", "none", "", "", "2025-12-15T00:00:00Z"]
        ours = pages(program, "dynamodb", *question)
        equal(ours, pages(program, "local_file", *question), index)
        equal(ours, [[stored]], index)


def queries_give_what_the_local_file_gives(program):
    rows = []
    for i in range(40):
        rows.append(("carbon_intensity_history", {"region": f"region-{i % 2}", "timestamp": 1000 + i * 10,
                                                  "intensity": i / 8, "text": "\u00e9\u2713 \"quoted\" \\ \n", "none": None,
                                                  "list": [1, -0.5, 1e-7, [], {}], "ttl": 4102444800 if i % 4 else 4102440000}))
        rows.append(("pipeline_analytics", {"pipeline_name": "p", "date": f"2026-01-{i % 28 + 1:02d}", "n": i,
                                            "ttl": 4102444800}))
    rows.append(("carbon_intensity_history", {"region": "region-0", "timestamp": 1.5, "exact":
                                              12345678901234567, "small": 0.016023, "ttl": 4102444800}))
    configure(program, PLAIN.format(sinks=sink("query-") + "  - {plugin: local_file, path: ./rows.db}\n"))
    create(program)
    probe(program, "fill", lines="".join(f"{table}\t{json.dumps(row)}\n" for table, row in rows))
    deliver(program)
    now = "2099-12-31T23:00:00Z"  # one in four has expired
    for order in ("asc", "desc"):
        for compare, low, high in (("none", "", ""), ("equal", "1020", ""), ("between", "1020", "1200"),
                                   ("between", "1200", "1020"), ("at_least", "1100", ""), ("at_most", "", "1100")):
            for limit in ("1", "7", "100"):
                question = ["carbon_intensity_history", "-", "region-0", limit, order, compare, low, high, now]
                equal(pages(program, "dynamodb", *question), pages(program, "local_file", *question), question)
    for compare, low, high in (("at_least", "2026-01-20", ""), ("at_least", "", ""), ("at_most", "", "2026-01-03"),
                               ("equal", "", ""), ("between", "", "2026-01-02")):
        question = ["pipeline_analytics", "-", "p", "5", "asc", compare, low, high, now]
        equal(pages(program, "dynamodb", *question), pages(program, "local_file", *question), question)


def rows_that_cannot_be_stored_are_named_and_passed_over(program):
    fine = {"region": "r", "timestamp": 1, "ttl": 4102444800}
    rows = [fine, {**fine, "region": ""}, {**fine, "timestamp": "2"}, {"timestamp": 3}, {**fine, "timestamp": 4, "big":
            "x" * 410 * 1024}, {**fine, "timestamp": 5}, {**fine, "timestamp": 5, "second": True}]
    lines = "".join(f"carbon_intensity_history\t{json.dumps(row)}\n" for row in rows)
    lines += 'carbon_intensity_history\t{"region":"r","timestamp":6,"deep":{"n":[1,1e300]}}\n'
    configure(program, PLAIN.format(sinks=sink("refused-")))
    create(program)
    probe(program, "fill", lines=lines)
    log = deliver(program)
    for words in ("region is a key and may not be empty", "timestamp is a key and must be a number",
                  "has no key region", "has 41", "deep/n/[] is no number that DynamoDB can hold: 1e300"):
        equal(words in log, True, f"{words} in {log}"[:3000])
    found = aws("scan", "--table-name", "refused-carbon_intensity_history")["Items"]
    equal(sorted((item["timestamp"]["N"], "second" in item) for item in found), [("1", False), ("5", True)])


# ---- trouble ----

def a_table_made_anew_with_other_keys_costs_no_row(program):
    """After init has seen that all is well; nor does an index that others added. The rows wait until it is right."""
    client, name = local().client(), "anew-carbon_intensity_history"

    def make(keys, index=None):
        client.delete_table(TableName=name)
        indexes = [{"IndexName": "others", "KeySchema": [{"AttributeName": index[0], "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "KEYS_ONLY"}}] if index else []
        client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for (key, _), kind in zip(keys, ("HASH", "RANGE"))],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys + ([index] if index else [])],
            **({"GlobalSecondaryIndexes": indexes} if index else {}))
    ours = [("region", "S"), ("timestamp", "N")]

    def plan(action, n):
        if action == "BatchWriteItem" and n == 1:
            make([("id", "S"), ("timestamp", "N")])
    with fault_proxy.Proxy(local().port, plan) as proxy:
        configure(program, PLAIN.format(sinks=sink("anew-", proxy.url)))
        create(program)
        probe(program, "fill", lines=history(30))
        done = zerocarb(program, "run", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:10:00Z", status=1)
        equal("has other keys than the rows need" in done.stderr, True, done.stderr[-3000:])
        waiting = backlog(program)
        equal(waiting >= 30, True, f"{waiting} rows wait")
        make(ours, index=("intensity", "S"))
        done = zerocarb(program, "run", "--from", "2026-01-01T00:10:00Z", "--to", "2026-01-01T00:20:00Z", status=1)
        equal("has an index by intensity, which the rows have in another type" in done.stderr, True, done.stderr[-3000:])
        equal(backlog(program) >= waiting, True, "all of them wait")
        make(ours)
        zerocarb(program, "run", "--from", "2026-01-01T00:20:00Z", "--to", "2026-01-01T00:30:00Z")
    found = {item["timestamp"]["N"] for item in client.scan(TableName=name)["Items"]}
    equal({str(1767225600 + i) for i in range(30)} - found, set(), "rows that were lost")


def an_answer_that_is_none_of_dynamodb_is_no_answer(program):
    """A 200 of what stands between: no row is taken for stored, and no report for empty."""
    odd = {}
    with fault_proxy.Proxy(local().port, lambda action, _: odd.get(action)) as proxy:
        configure(program, PLAIN.format(sinks=sink("odd-", proxy.url)))
        create(program)
        probe(program, "fill", lines=history(5))
        for i, body in enumerate((b"<html>Sign in</html>", b"", b'{"Items":[{"a":', b"[]", b'{"message":"ok"}')):
            odd.update(BatchWriteItem=body, Query=body)
            zerocarb(program, "run", "--from", f"2026-01-01T00:{i}0:00Z", "--to", f"2026-01-01T00:{i}5:00Z", status=1)
            equal(backlog(program) >= 5, True, f"rows wait after {body}")
            zerocarb(program, "report", "performance", "p", status=69)
        odd.update(DescribeTable=body)
        done = zerocarb(program, "report", "performance", "p", status=69)
        equal("describes no table" in done.stderr, True, done.stderr)
        odd.clear()
        zerocarb(program, "run", "--from", "2026-01-01T01:00:00Z", "--to", "2026-01-01T01:05:00Z")
        equal(backlog(program), 0)
    equal(count("odd-carbon_intensity_history") >= 5, True, "rows that were lost")


def three_in_ten_requests_fail_and_nothing_is_lost(program):
    n = 10000 if LONG else 4000
    with fault_proxy.Proxy(local().port, fault_proxy.some_of_all(0.3)) as proxy:
        configure(program, PLAIN.format(sinks=sink("faults-", proxy.url, ", timeout: 600ms")))
        create(program)
        probe(program, "fill", lines=history(n))
        begun = time.monotonic()
        deliver(program)
        attempts = proxy.items / n
        print(f"   {n} rows in {time.monotonic() - begun:.0f} s, {attempts:.2f} attempts a row, "
              f"{proxy.requests['BatchWriteItem']} requests, faults {dict(proxy.faults)}", flush=True)
        equal(count("faults-carbon_intensity_history"), n)
        # 1 / 0.7 and what the faults split; on a busy machine some requests of their own run into the timeout.
        equal(attempts <= (1.6 if LONG else 1.9), True, attempts)
        equal(set(proxy.faults), set(fault_proxy.FAULTS), "every fault was met")


def a_day_away_loses_nothing(program):
    hours = 24 if LONG else 6
    regions = [f"region-{i}" for i in range(60)]  # a slot of each in six minutes: ten rows a minute
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 6,
                {region: [100 + (i + j) % 50 for i in range(hours * 10 + 20)] for j, region in enumerate(regions)})
    away = {"now": True}

    def plan(action, _):
        return "away" if away["now"] and action == "BatchWriteItem" else None
    with fault_proxy.Proxy(local().port, plan) as proxy:
        rows = "\n".join(f"      {r}: {{file: trace.csv, column: {r}}}" for r in regions)
        configure(program, f"""
regions: [{', '.join(regions)}]
engine: {{state_dir: ./state}}
sources:
  - plugin: trace
    every: 6m
    regions:
{rows}
pipelines:
  - name: p
    region: region-0
    auto_trigger: false
    workload: {{duration_minutes: 40, vcpu_count: 2, memory_gb: 3}}
sinks:
{sink("away-", proxy.url)}""")
        create(program)
        end = f"2026-01-{1 + hours // 24:02d}T{hours % 24:02d}"
        zerocarb(program, "run", "--from", "2026-01-01T00:00:00Z", "--to", f"{end}:00:00Z", status=1)  # rows wait
        probes, waiting = proxy.requests["BatchWriteItem"], backlog(program)
        away["now"] = False
        zerocarb(program, "run", "--from", f"{end}:00:00Z", "--to", f"{end}:12:00Z")
        found = count("away-carbon_intensity_history")
        print(f"   {hours} virtual hours away: {probes} probes, {waiting} rows waited; {found} rows after", flush=True)
        equal(backlog(program), 0)
        # One in 30 s at the most, those of the first write, which is repeated until the quota says no, counted in.
        equal(probes <= hours * 120, True, f"{probes} probes in {hours} hours")
        equal(waiting >= hours * 600, True, f"{waiting} rows waited")
        equal(found, hours * 600 + 120, "a row of each slot that began, from the first to the last")


run([the_published_record_reads_back_to_the_digit, queries_give_what_the_local_file_gives,
     rows_that_cannot_be_stored_are_named_and_passed_over, a_table_made_anew_with_other_keys_costs_no_row,
     an_answer_that_is_none_of_dynamodb_is_no_answer, three_in_ten_requests_fail_and_nothing_is_lost,
     a_day_away_loses_nothing])
