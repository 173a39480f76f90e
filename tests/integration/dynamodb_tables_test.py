"""The tables in DynamoDB: made, checked, written as templates."""
import json
import re
import time

from dynamodb_world import (ENVIRONMENT, PLAIN, TABLES, aws, backlog, configure, create, history, local, probe, run,
                            sink, zerocarb)
from program import equal


# ---- tables ----

def tables_are_made_once_and_checked(program):
    configure(program, PLAIN.format(sinks=sink("made-")))
    missing = zerocarb(program, "tables", "check", status=1)
    equal(missing.stdout.splitlines(), [f"made-{table}: the table is missing" for table in TABLES])
    first = create(program)
    equal([f"made-{table}: created" in first for table in TABLES], [True] * 5, first)
    equal("does not know it; skipped" in first, True, "DynamoDB Local has no point-in-time recovery")
    second = create(program)
    equal([f"made-{table}: is there already: unchanged" in second for table in TABLES], [True] * 5, second)
    equal("created" in second or "switched on" in second, False, second)
    equal("no differences" in zerocarb(program, "tables", "check").stdout, True)
    expiry = [aws("describe-time-to-live", "--table-name", f"made-{t}")["TimeToLiveDescription"] for t in TABLES]
    equal([(e["TimeToLiveStatus"], e["AttributeName"]) for e in expiry], [("ENABLED", "ttl")] * 5)
    table = aws("describe-table", "--table-name", "made-pipeline_executions")["Table"]
    equal(sorted((i["IndexName"], i["Projection"]["ProjectionType"], [k["AttributeName"] for k in i["KeySchema"]])
                 for i in table["GlobalSecondaryIndexes"]),
          [("carbon_savings_index", "ALL", ["carbon_analysis.decision", "carbon_analysis.savings_g"]),
           ("pipeline_name_index", "ALL", ["pipeline_name", "timestamp"]),
           ("region_performance_index", "ALL", ["carbon_analysis.optimal_region", "timestamp"]),
           ("status_index", "ALL", ["status", "timestamp"])])
    wanted = zerocarb(program, "tables", "check", "--streams", "--deletion-protection", status=1).stdout
    equal(wanted.count("it has no stream") + wanted.count("not protected against deletion"), 10, wanted)
    zerocarb(program, "tables", "create", "--streams", "--deletion-protection")
    zerocarb(program, "tables", "check", "--streams", "--deletion-protection")


def drifted_tables_are_told_line_by_line(program):
    configure(program, PLAIN.format(sinks=sink("drift-")))
    client = local().client()

    def make(name, keys, indexes=(), types=None, mode="PAY_PER_REQUEST"):
        def schema(pair):
            return [{"AttributeName": pair[0], "KeyType": "HASH"}, {"AttributeName": pair[1], "KeyType": "RANGE"}]
        used = sorted({key for pair in [keys, *(pair for _, pair in indexes)] for key in pair})
        more = {"GlobalSecondaryIndexes": [{"IndexName": n, "KeySchema": schema(p), "Projection": {
            "ProjectionType": "KEYS_ONLY"}} for n, p in indexes]} if indexes else {}
        if mode == "PROVISIONED":
            more["ProvisionedThroughput"] = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
        client.create_table(TableName=f"drift-{name}", KeySchema=schema(keys), BillingMode=mode, **more,
                            AttributeDefinitions=[{"AttributeName": k, "AttributeType": (types or {}).get(k, "S")}
                                                  for k in used])
    make("pipeline_executions", ("execution_id", "timestamp"), [("status_index", ("status", "timestamp"))],
         {"timestamp": "N"})
    make("carbon_intensity_history", ("region", "at"))
    make("pipeline_analytics", ("pipeline_name", "date"), mode="PROVISIONED")
    done = zerocarb(program, "tables", "check", status=1)
    for line in ("drift-pipeline_executions: index pipeline_name_index: is missing",
                 "drift-pipeline_executions: index status_index: its projection is KEYS_ONLY, wanted is ALL",
                 "drift-pipeline_executions: its items do not expire: time to live by ttl is off",
                 "drift-carbon_intensity_history: its keys are region (S) and at (S), wanted are region (S) and "
                 "timestamp (N)", "drift-pipeline_analytics: its billing mode is PROVISIONED, wanted is PAY_PER_REQUEST",
                 "drift-regional_insights: the table is missing"):
        equal(line in done.stdout.splitlines(), True, f"{line}\nin\n{done.stdout}")
    left = zerocarb(program, "tables", "create", status=1).stdout
    equal("drift-pipeline_executions: differs: index pipeline_name_index: is missing" in left, True, left)
    equal("drift-regional_insights: created" in left, True, left)


def without_tables_the_engine_says_what_to_do(program):
    configure(program, PLAIN.format(sinks=sink("none-")))
    probe(program, "fill", lines=history(1))
    engine = program.start("run", "-c", "zerocarb.yaml", env=ENVIRONMENT)
    time.sleep(1.5)
    engine.terminate()
    _, log = engine.communicate(timeout=60)
    equal("none-pipeline_executions, none-carbon_intensity_history" in log, True, log)
    equal("zerocarb tables create" in log, True, log)
    equal(backlog(program), 1, "nothing is lost")
    configure(program, PLAIN.format(sinks="  - {plugin: local_file, path: ./rows.db}\n"))
    zerocarb(program, "tables", "create", status=2)


# ---- templates ----

def check_refuses_a_region_and_an_endpoint_that_cannot_work(program):
    for options, words in (("region: Frankfurt", '"Frankfurt" is no name of an AWS region'),
                           ("region: eu-west-1, endpoint: 'http://127.0.0.1:1/?a=b'", "may hold no query")):
        configure(program, PLAIN.format(sinks=f"  - {{plugin: dynamodb, {options}}}\n"))
        done = zerocarb(program, "check", status=78)
        equal("sink dynamodb: " in done.stdout + done.stderr and words in done.stdout + done.stderr, True,
              done.stdout + done.stderr)


def template(program, *arguments):
    done = program.run("tables", "template", *arguments)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def from_cloudformation(text):
    """CreateTable's arguments by table, from the template's resources."""
    import yaml
    tables = {}
    for resource in yaml.safe_load(text)["Resources"].values():
        equal(resource["Type"], "AWS::DynamoDB::Table")
        properties = dict(resource["Properties"])
        equal(properties.pop("TimeToLiveSpecification"), {"AttributeName": "ttl", "Enabled": True})
        recovery = properties.pop("PointInTimeRecoverySpecification", None)
        tables[properties["TableName"]] = (properties, bool(recovery))
    return tables


def blocks(text):
    """HCL of resources with attributes and unlabelled blocks: [(labels, {attribute: value}, [(block, {…})])]."""
    tokens = re.findall(r'"[^"]*"|[A-Za-z0-9_]+|[{}=]|\S', text)
    position = 0

    def body():
        nonlocal position
        attributes, inner = {}, []
        while tokens[position] != "}":
            name, sign = tokens[position], tokens[position + 1]
            position += 2
            if sign == "=":
                equal(name in attributes, False, f"{name} twice")
                attributes[name] = json.loads(tokens[position])
            else:
                equal(sign, "{", f"after {name}")
                inner.append((name, *body()))
            position += 1
        return attributes, inner
    resources = []
    while position < len(tokens):
        equal((tokens[position], tokens[position + 1], tokens[position + 3]),
              ("resource", '"aws_dynamodb_table"', "{"))
        label = json.loads(tokens[position + 2])
        position += 4
        resources.append((label, *body()))
        position += 1
    return resources


def from_terraform(text):
    def schema(block):
        return [{"AttributeName": block["hash_key"], "KeyType": "HASH"},
                {"AttributeName": block["range_key"], "KeyType": "RANGE"}]
    tables = {}
    for _, attributes, inner in blocks(text):
        of = {kind: [block for name, block, _ in inner if name == kind] for kind, _, _ in inner}
        table = {"TableName": attributes["name"], "BillingMode": attributes["billing_mode"],
                 "KeySchema": schema(attributes), "AttributeDefinitions": [
                     {"AttributeName": a["name"], "AttributeType": a["type"]} for a in of["attribute"]]}
        if "global_secondary_index" in of:
            table["GlobalSecondaryIndexes"] = [
                {"IndexName": i["name"], "KeySchema": schema(i), "Projection": {"ProjectionType": i["projection_type"]}}
                for i in of["global_secondary_index"]]
        if attributes.get("stream_enabled"):
            table["StreamSpecification"] = {"StreamViewType": attributes["stream_view_type"]}
        if attributes.get("deletion_protection_enabled"):
            table["DeletionProtectionEnabled"] = True
        equal(of["ttl"], [{"attribute_name": "ttl", "enabled": True}])
        tables[table["TableName"]] = (table, of.get("point_in_time_recovery") == [{"enabled": True}])
    return tables


def templates_hold_what_create_would_make(program):
    """Against botocore's model of DynamoDB, and by making the tables from them."""
    import botocore.session
    import botocore.validate
    model = botocore.session.get_session().get_service_model("dynamodb")
    shape = model.operation_model("CreateTable").input_shape
    for more in ((), ("--streams", "--deletion-protection")):
        tables = from_cloudformation(template(program, "--prefix", "tpl-", *more))
        equal(from_terraform(template(program, "--format", "terraform", "--prefix", "tpl-", *more)), tables, more)
        equal(sorted(tables), sorted(f"tpl-{table}" for table in TABLES))
        equal(sorted(name for name, (_, recovery) in tables.items() if recovery),
              ["tpl-pipeline_analytics", "tpl-pipeline_executions"])
        for properties, _ in tables.values():
            arguments = dict(properties)
            if "StreamSpecification" in arguments:
                arguments["StreamSpecification"] = {"StreamEnabled": True, **arguments["StreamSpecification"]}
            known = {k: v for k, v in arguments.items() if k in shape.members or k != "DeletionProtectionEnabled"}
            report = botocore.validate.ParamValidator().validate(known, shape)
            equal(report.has_errors(), False, report.generate_report())
            if not more:
                local().client().create_table(**arguments)
                local().client().update_time_to_live(TableName=arguments["TableName"], TimeToLiveSpecification={
                    "Enabled": True, "AttributeName": "ttl"})
    configure(program, PLAIN.format(sinks=sink("tpl-")))
    equal("no differences" in zerocarb(program, "tables", "check").stdout, True)
    policy = json.loads(template(program, "--format", "iam", "--prefix", "tpl-"))
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    equal(actions, {"dynamodb:DescribeTable", "dynamodb:BatchWriteItem", "dynamodb:Query"})
    equal([action.split(":")[1] in model.operation_names for action in actions], [True] * 3)
    resources = [resource for statement in policy["Statement"] for resource in statement["Resource"]]
    equal(resources, [f"arn:aws:dynamodb:*:*:table/tpl-{table}" for table in TABLES] +
          ["arn:aws:dynamodb:*:*:table/tpl-pipeline_executions/index/*"])


run([tables_are_made_once_and_checked, drifted_tables_are_told_line_by_line,
     without_tables_the_engine_says_what_to_do, check_refuses_a_region_and_an_endpoint_that_cannot_work,
     templates_hold_what_create_would_make])
