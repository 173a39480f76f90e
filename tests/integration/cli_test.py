"""The commands, as operators and scripts meet them: exit statuses, what goes where, and a run in the foreground."""
import datetime
import json
import os
import signal
import sqlite3
import subprocess

from cli_material import GB, expect, has, listed, pipeline, prepare, prepare_now, wait_for
from program import Skipped, equal, main, stamp

COMMANDS = ["run", "check", "decide", "trigger", "plugins", "source", "executions"]


# ---- usage and help ----


def mistakes_in_the_arguments_are_named(program):
    prepare(program)
    cases = [
        ([], "no command"),
        (["decode"], "unknown command 'decode': did you mean 'decide'?"),
        (["--jsn"], "unknown option --jsn"),
        (["decide"], "decide wants PIPELINE"),
        (["decide", "build", "more"], "decide: 'more' is one argument too many"),
        (["decide", "build", "--jsn"], "decide: unknown option --jsn: did you mean --json?"),
        (["decide", "build", "--at", "noon"], "--at: 'noon' is no time such as 2026-01-02T03:04:05Z"),
        (["decide", "build", "--config"], "--config wants a FILE"),
        (["decide", "build", "--at", "9999-12-31T23:59:59Z"], "lies past the year 9999"),
        (["decide", "biuld"], "zerocarb.yaml has no pipeline 'biuld': did you mean 'build'?"),
        (["trigger", "other-name"], "zerocarb.yaml has no pipeline 'other-name'; there are build"),
        (["source", "trase"], "zerocarb.yaml has no source 'trase': did you mean 'trace'?"),
        (["source", "trace", "--region", "mars"], "trace has no region mars"),
        (["executions", "lst"], "executions: 'lst' is not known: did you mean 'list'?"),
        (["executions", "show"], "show wants an ID"),
        (["executions", "--limit", "0"], "--limit: '0' is no whole number from 1 to 100000"),
        (["plugins", "trice"], "no plugin 'trice': did you mean 'trace'?"),
        (["plugins", "--dir", "./nowhere"], "no directory ./nowhere"),
        (["run", "--from", "2026-01-01T00:00:00Z"], "--from and --to go together"),
        (["help", "chek"], "unknown command 'chek': did you mean 'check'?"),
    ]
    for arguments, sentence in cases:
        done = expect(program, 2, *arguments)
        has(done.stderr, sentence)
        has(done.stderr, "Try: zerocarb help")
        equal(done.stdout, "", arguments)


def help_explains_every_command(program):
    whole = expect(program, 0, "help").stdout
    equal(expect(program, 0, "--help").stdout, whole)
    for command in COMMANDS:
        has(whole, f"  {command} ")
        one = expect(program, 0, "help", command).stdout
        has(one, f"usage: zerocarb {command}")
        equal(expect(program, 0, command, "--help").stdout, one)
    has(expect(program, 0, "--version").stdout, "zerocarb ")


def a_reader_that_leaves_is_no_failure_and_a_full_disk_is(program):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([program.binary, "help"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    equal((done.returncode, done.stderr), (0, b""))
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([program.binary, "help"], stdout=full, stderr=subprocess.PIPE, check=False)
    equal(done.returncode, 70)
    has(done.stderr.decode(), "cannot write the output: No space left on device")


# ---- check ----


def check_prints_all_findings_with_their_places(program):
    prepare(program)
    done = expect(program, 0, "check")
    has(done.stderr, "zerocarb.yaml: fine, 1 warning\n")
    has(done.stdout, "zerocarb.yaml:12:")
    has(done.stdout, ": warning: sources[1].regions.eu-west-2: renewable_pct 0.5")
    program.write("bad.yaml", open(program.path("zerocarb.yaml"), encoding="utf-8").read()
                  .replace("max_defer_hours: 6", "max_defer_hour: 6").replace("plugin: trace", "plugin: trce"))
    done = expect(program, 78, "check", "-c", "bad.yaml")
    has(done.stdout, "bad.yaml:6:13: error: ")
    has(done.stdout, "trace")
    has(done.stdout, "max_defer_hours")
    has(done.stderr, "bad.yaml: 2 errors")
    findings = json.loads(expect(program, 78, "check", "-c", "bad.yaml", "--json").stdout)
    errors = [f for f in findings if f["severity"] == "error"]
    equal([f["line"] for f in errors], [6, 19])
    equal(set(errors[0]), {"file", "line", "column", "severity", "message"})


def check_finds_what_only_the_plugins_know(program):
    prepare(program)
    program.write("trace.csv", "timestamp,GB,SE\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:00:00Z,1,2\n")
    done = expect(program, 78, "check")
    has(done.stdout, "zerocarb.yaml:6:5: error: source trace: /")
    has(done.stdout, "trace.csv:3: ")


def check_tells_all_regions_that_are_wrong(program):
    path = prepare(program)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for source, wanted in (("{plugin: trace, regions: {eu-west-2: {file: a.csv}, eu-north-1: {file: b.csv}}}", ("/a.csv: ", "/b.csv: ")),
                           ("{plugin: uk_grid_eso, regions: {eu-west-2: {area: '99'}, eu-north-1: {area: '98'}}}", ('"99"', '"98"')),
                           ("{plugin: static_pue, regions: {eu-west-2: {}, eu-north-1: {}, mars: {}, venus: {}}}", ("region mars", "region venus")),
                           ("{plugin: electricity_maps, token: 'a b', regions: {mars: {}, venus: {}}}", ("the token", "region mars", "region venus"))):
        begin = text.index("sources:")
        end = text.index("policies:")
        more = text[:begin].replace("eu-north-1]", "eu-north-1, mars, venus]") + f"sources:\n  - {source}\n" + text[end:]
        with open(path, "w", encoding="utf-8") as file:
            file.write(more)
        done = expect(program, 78, "check")
        for words in wanted:
            has(done.stdout, words)


def check_warns_of_what_is_not_on_this_machine(program):
    path = prepare(program, pipeline("gone", "x"), pipeline("found", "x"), pipeline("nowhere", "x"), pipeline("own", "x"))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for command in ("[/no/such/program]", "[true]", "[/bin/true], directory: /no/such/folder",
                    "[tool], environment: [PATH=/opt/tool]"):
        begin = text.index("command: [/bin/sh")
        text = text[:begin] + "command: " + command + text[text.index("}", begin):]
    text = text.replace("state_dir: ./state", "state_dir: /proc/zerocarb/state")
    program.write("zerocarb.yaml", text)
    found = [line for line in expect(program, 0, "check").stdout.splitlines() if " here: " in line]
    equal(len(found), 3, found)
    has(found[0], "engine.state_dir: /proc/zerocarb/state cannot be made or written here: /proc: ")
    has(found[1], "pipelines.gone.trigger.command: /no/such/program cannot be started here: No such file")
    has(found[2], "pipelines.nowhere.trigger.directory: /no/such/folder cannot be entered here: No such file")


def check_warns_of_a_state_dir_that_run_refuses(program):
    path = prepare(program)
    os.mkdir(program.path("open"))
    os.chmod(program.path("open"), 0o777)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for folder, reason in (("open", "can be written by other users (mode 0777)"),
                           ("x" * 120, "is longer than the 107 bytes that a socket's path may have")):
        program.write("zerocarb.yaml", text.replace("state_dir: ./state", f"state_dir: {folder}"))
        found = [line for line in expect(program, 0, "check").stdout.splitlines() if "engine.state_dir" in line]
        equal(len(found), 1, found)
        has(found[0], "warning: engine.state_dir: `run` will not start here: ")
        has(found[0], reason)
        has(expect(program, 78, "run").stderr, reason)


def check_asks_the_triggers_about_each_pipelines_options(program):
    prepare(program)
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    triggers = {
        "{plugin: exec, command: [/bin/true], environment: [A=1, 2B=x]}":
            'environment, entry 2: not NAME=value',
        "{plugin: codepipeline, pipeline: p, variables: [ZEROCARB_X=1]}":
            "variables, entry 1: names that begin with ZEROCARB_ are set by ZeroCarb itself",
        "{plugin: codepipeline, pipeline: p, pipeline_by_region: [eu-west-9=q]}":
            'pipeline_by_region, entry 1 ("eu-west-9=q"): the pipeline never runs in that region',
        "{plugin: codepipeline, pipeline: p q}": 'pipeline: "p q" is no name of a pipeline',
        "{plugin: webhook, url: 'http://127.0.0.1:1/', secret: canary-4711}":
            "secret: not whsec_ and 24 to 64 bytes in base64",
        "{plugin: exec, command: [/bin/true], environment: ['TOKEN: canary']}": "environment, entry 1: not NAME=value",
        "{plugin: webhook, url: 'http://127.0.0.1:1/', headers: [glpat-canary]}":
            'headers, entry 1: not "Name: value" on one line',
        "{plugin: webhook, url: 'http://127.0.0.1:1/{region}/{piepline}'}": "url: nothing is filled in for {piepline}",
        "{plugin: webhook, url: 'http://127.0.0.1:1/', headers: ['Host: x']}":
            "headers, entry 1: this header is set by ZeroCarb itself",
    }
    before = text.split("pipelines:\n")[0]
    after = "sinks:" + text.split("sinks:")[1] if "sinks:" in text else ""
    rows = "".join(f"""  - name: p{i}
    region: eu-west-2
    workload: {{duration_minutes: 30, vcpu_count: 2, memory_gb: 3}}
    trigger: {trigger}
""" for i, trigger in enumerate(triggers))
    program.write("bad.yaml", before + "pipelines:\n" + rows + after)
    done = expect(program, 78, "check", "-c", "bad.yaml")
    for i, words in enumerate(triggers.values()):
        has(done.stdout, f"error: pipelines.p{i}.trigger.{words}")
    equal("canary" in done.stdout + done.stderr, False, "a secret is shown")
    done = expect(program, 78, "run", "-c", "bad.yaml", "--once")
    has(done.stderr, "pipelines.p0.trigger.environment, entry 2")


def check_says_which_paths_of_sinks_cannot_work(program):
    prepare(program)
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    before = text.split("sinks:")[0]
    os.mkdir(program.path("folder"), 0o700)
    os.mkdir(program.path("state"), 0o700)
    program.write("rows.db", "")
    os.symlink("rows.db", program.path("link.db"))
    program.write("garbage.db", "no database at all, however long it is: " + "x" * 100)
    sqlite3.connect(program.path("other.db")).execute("CREATE TABLE t(a)").connection.close()
    there = sorted(os.listdir(program.folder))
    for paths, status, words in (
            (["rows.db"], 0, None),
            (["state/journal.db"], 78, "error: sinks[0].path: {0} is a file of the engine's own, in state_dir"),
            (["folder/../state/journal.db-wal"], 78, "is a file of the engine's own, in state_dir"),
            (["trace.csv"], 78, "error: sinks[0].path: {0} is what the source trace reads"),
            (["rows.db", "link.db"], 78, "error: sinks[1].path: {1} is the file of the sink one, too"),
            (["folder"], 78, "error: sink one: path: {0} is a folder"),
            (["garbage.db"], 78, "error: sink one: path: {0} is no SQLite file"),
            (["other.db"], 78, "error: sink one: path: {0} is a file of another program"),
            (["rows.db/rows.db"], 78, "error: sink one: path: {0}: Not a directory"),
            (["missing/rows.db"], 0, "warning: sink one: path: there is no folder ")):
        sinks = "".join(f"  - {{plugin: local_file, name: {name}, path: ./{path}}}\n"
                        for name, path in zip(("one", "two"), paths))
        program.write("zerocarb.yaml", before + "sinks:\n" + sinks)
        done = expect(program, status, "check")
        if words:
            has(done.stdout, words.format(*(program.path(path) for path in paths)))
        else:
            equal("sink" in done.stdout, False, done.stdout)
    equal(sorted(os.listdir(program.folder)), there, "check leaves something behind")


def check_warns_of_secrets_in_the_clear(program):
    prepare(program)
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    before = text.split("pipelines:\n")[0]
    after = "sinks:" + text.split("sinks:")[1] if "sinks:" in text else ""
    hosts = ["http://192.0.2.1/", "http://127.0.0.1.example.org/", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost",
             "https://192.0.2.1/"]
    rows = "".join(f"""  - name: p{i}
    region: eu-west-2
    workload: {{duration_minutes: 30, vcpu_count: 2, memory_gb: 3}}
    trigger: {{plugin: webhook, url: '{host}', authorization: Bearer abcdef}}
""" for i, host in enumerate(hosts))
    program.write("clear.yaml", before + "pipelines:\n" + rows + after)
    done = expect(program, 0, "check", "-c", "clear.yaml")
    warned = [line for line in done.stdout.splitlines() if "in the clear" in line]
    equal(["pipelines[0].trigger.url" in warned[0], "pipelines[1].trigger.url" in warned[1], len(warned)], [True, True, 2], warned)


def a_file_that_others_can_write_is_not_taken_unasked(program):
    prepare(program)
    os.chmod(program.path("zerocarb.yaml"), 0o666)
    done = expect(program, 78, "check")
    has(done.stdout, "zerocarb.yaml: error: the file can be written by others (mode 0666)")
    expect(program, 78, "executions")
    done = expect(program, 0, "check", "-c", "zerocarb.yaml")
    has(done.stdout, "zerocarb.yaml: warning: the file can be written by others (mode 0666)")


def what_is_quoted_steers_no_terminal(program):
    prepare(program)
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    program.write("bad.yaml", text + '\n"\\e[2Jx\\nzerocarb.yaml: fine": 1\n')
    done = expect(program, 78, "check", "-c", "bad.yaml")
    equal("\033" in done.stdout + done.stderr, False, "an escape in a finding")
    equal([line for line in done.stdout.splitlines() if line.startswith("zerocarb.yaml: fine")], [], "a forged line")
    done = expect(program, 2, "decide", "x\033[2J\nzerocarb: fine")
    equal("\033" in done.stderr or "\nzerocarb: fine" in done.stderr, False, done.stderr)


def replays_begin_after_1970(program):
    prepare(program)
    done = expect(program, 2, "run", "--from", "1970-01-01T00:00:00Z", "--to", "1970-01-02T00:00:00Z")
    has(done.stderr, "--from: 1970-01-01T00:00:00Z does not lie after 1970-01-01T00:00:00Z")


def the_config_is_looked_for_in_the_documented_order(program):
    prepare(program)
    expect(program, 0, "check")
    os.rename(program.path("zerocarb.yaml"), program.path("other.yaml"))
    done = expect(program, 0, "check", env={"ZEROCARB_CONFIG": "other.yaml"})
    has(done.stderr, "other.yaml: fine")
    done = expect(program, 78, "check", "-c", "third.yaml", env={"ZEROCARB_CONFIG": "other.yaml"})
    has(done.stdout + done.stderr, "third.yaml")
    done = expect(program, 78, "run", "-c", "third.yaml")
    has(done.stderr, "third.yaml")
    equal(done.stdout, "")


def without_a_config_the_places_looked_at_are_named(program):
    if os.path.exists("/etc/zerocarb/zerocarb.yaml"):
        raise Skipped("this machine has a configuration in /etc/zerocarb")
    for command in (["check"], ["check", "--json"], ["decide", "build"], ["executions"]):
        done = expect(program, 78, *command, env={"ZEROCARB_CONFIG": ""})
        has(done.stderr, "no -c FILE, no $ZEROCARB_CONFIG, no ./zerocarb.yaml, no /etc/zerocarb/zerocarb.yaml")
        equal((done.stdout, "fine" in done.stderr), ("", False), command)


# ---- decide ----


def decide_gives_figures_that_can_be_checked_by_hand(program):
    prepare(program)
    item = json.loads(expect(program, 0, "decide", "build", "--at", "2026-01-01T00:00:00Z", "--json").stdout)
    equal(item["schedule"], {"requested_at": "2026-01-01T00:00:00Z", "planned_start": "2026-01-01T03:00:00Z",
                             "deadline": "2026-01-01T06:00:00Z", "planned_intensity": 64})
    carbon = item["carbon_analysis"]
    # x (1 - 0.5) x 1.2; energy (2 x 10 / 1000 + 4 x 0.000392) x 1.5 h, embodied 2 x 1.5 x 2.5 g
    equal((carbon["decision"], carbon["optimal_region"]), ("DEFER", "eu-west-2"))
    equal((carbon["default_intensity"], carbon["optimal_intensity"]), (176, 64))
    equal(item["workload"]["energy_kwh"], 0.032352)
    equal(item["workload"]["sci_score"], 9.5705)
    equal((carbon["savings_g"], carbon["savings_percent"]), (3.6234, 27.46))
    equal("why" in item, False)


def decide_explains_itself(program):
    prepare(program)
    at = ["--at", "2026-01-01T00:00:00Z"]
    text = expect(program, 0, "decide", "build", *at).stdout
    has(text, "build: DEFER, start 2026-01-01T03:00:00Z (in 3h00m) in eu-west-2")
    for part in ("intensity  64.0 gCO2eq/kWh planned, 176.0 if run at once", "180.0000", "3.6234 g, 27.46 %", "eu-north-1",
                  "deferral_window", "proposed, chosen", "threshold", "data quality"):
        has(text, part)
    equal("\033" in text, False, "colour off a terminal")
    why = json.loads(expect(program, 0, "decide", "build", *at, "--json", "--why").stdout)["why"]
    equal([c["region"] for c in why["candidates"]], ["eu-west-2", "eu-north-1"])
    equal([c["best_window"] for c in why["candidates"]], [64, 180])
    equal([p["policy"] for p in why["policies"]], ["threshold", "deferral_window"])
    equal(os.path.exists(program.path("state")), False, "decide writes nothing")


def decide_without_data_says_unknown(program):
    prepare(program)
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    begin, end = text.index("  - plugin: static_pue"), text.index("policies:")
    program.write("zerocarb.yaml", text[:begin] + text[end:])  # it has a yearly average
    text = expect(program, 0, "decide", "build", "--at", "2030-01-01T00:00:00Z").stdout
    has(text, "  intensity  unknown\n  savings    unknown\n")
    equal("- gCO2eq" in text, False, text)


def decide_relocates_where_waiting_is_not_possible(program):
    prepare(program, pipeline("build", more=["max_defer_hours: 0"]), values=[400] * 30)
    item = json.loads(expect(program, 0, "decide", "build", "--at", "2026-01-01T05:30:00Z", "--json").stdout)
    equal(item["carbon_analysis"]["decision"], "RELOCATE")
    equal(item["schedule"]["planned_start"], "2026-01-01T05:30:00Z")
    equal(item["carbon_analysis"]["optimal_region"], "eu-north-1")


# ---- plugins and source ----


def plugins_are_listed_with_their_options(program):
    text = expect(program, 0, "plugins").stdout
    for name in ("trace", "static_pue", "uk_grid_eso", "electricity_maps", "threshold", "deferral_window", "relocation"):
        has(text, name)
    has(expect(program, 0, "plugins", "trace").stdout, "forecast_hours")
    one = json.loads(expect(program, 0, "plugins", "trace", "--json").stdout)
    equal((one["name"], one["kind"]), ("trace", "source"))
    equal([o["required"] for o in one["region_options"] if o["name"] == "file"], [True])
    whole = json.loads(expect(program, 0, "plugins", "--json").stdout)
    equal([p["name"] for p in whole], sorted(p["name"] for p in whole))
    has(json.loads(expect(program, 0, "plugins", "--schema").stdout)["$schema"], "json-schema.org")
    has(expect(program, 0, "plugins", "--markdown").stdout, "deferral_window")


def a_broken_plugin_is_named_and_harms_no_other(program):
    program.write("broken.so", "no library at all")
    folder = os.path.dirname(program.path("broken.so"))
    done = expect(program, 1, "plugins", "--dir", folder)
    has(done.stdout, "broken")
    has(done.stdout, "trace")
    has(done.stderr, "1 of ")
    expect(program, 1, "plugins", "broken", "--dir", folder)


def a_source_shows_what_it_gives(program):
    prepare(program)
    at = ["--at", "2026-01-01T05:30:00Z"]
    text = expect(program, 0, "source", "trace", *at).stdout
    has(text, "eu-west-2   observed  6       2026-01-01T00:00:00Z  2026-01-01T06:00:00Z  250")
    answer = json.loads(expect(program, 0, "source", "trace", *at, "--json", "-r", "eu-west-2").stdout)
    equal([r["region"] for r in answer["regions"]], ["eu-west-2"])
    equal([p["value"] for p in answer["regions"][0]["observed"]["points"]], GB[:6])
    equal({p["origin"] for p in answer["regions"][0]["forecast"]["points"]}, {"forecast"})
    constants = json.loads(expect(program, 0, "source", "static_pue", "--json").stdout)["regions"][0]
    equal((constants["pue"], constants["renewable_share"]), (1.2, 0.5))
    has(expect(program, 0, "source", "static_pue").stdout, "eu-west-2: PUE 1.2 renewable share 0.5")


def a_source_with_nothing_to_give_is_unavailable(program):
    prepare(program)
    done = expect(program, 69, "source", "trace", "--at", "2020-01-01T00:00:00Z")
    has(done.stdout, "the recording of GB covers 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z; nothing for the time asked")
    # Past its end the recording was observed, and has no forecast.
    done = expect(program, 1, "source", "trace", "--at", "2026-01-03T12:00:00Z", "--json", "-r", "eu-west-2")
    region = json.loads(done.stdout)["regions"][0]
    equal(("error" in region["observed"], "error" in region["forecast"]), (False, True))


# ---- trigger in the foreground ----


def trigger_runs_the_command_and_records_it(program):
    prepare_now(program, pipeline("build", "env > run.env; echo built"))
    done = expect(program, 0, "trigger", "build", "--json")
    item = json.loads(done.stdout)
    equal((item["status"], item["trigger_source"]), ("SUCCESS", "zerocarb_manual"))
    has(done.stderr, "SUCCESS")
    with open(program.path("run.env"), encoding="utf-8") as file:
        environment = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    equal(environment["ZEROCARB_EXECUTION_ID"], item["execution_id"])
    equal(environment["ZEROCARB_PIPELINE"], "build")
    equal(environment["ZEROCARB_REGION"], "eu-west-2")
    equal(environment["ZEROCARB_DECISION"], "RUN_NOW")
    equal(environment["ZEROCARB_REASON"], "Current region has acceptable carbon intensity")
    equal(environment["ZEROCARB_ATTEMPT"], "1")
    equal(float(environment["ZEROCARB_INTENSITY"]), 60.0)
    equal([row["execution_id"] for row in program.rows("pipeline_executions")], [item["execution_id"]])
    equal([row["status"] for row in listed(program)], ["SUCCESS"])


def trigger_gives_the_status_of_the_run(program):
    prepare_now(program, pipeline("bad", "echo it broke >&2; exit 3"), pipeline("dry"))
    done = expect(program, 1, "trigger", "bad")
    has(done.stdout, "FAILED")
    equal(done.stdout.count("it broke"), 1, "the output stands there once")
    equal(done.stdout.endswith("output_tail\n  it broke\n"), True, done.stdout)
    equal("carbon_analysis." in done.stdout, False, done.stdout)
    done = expect(program, 0, "trigger", "dry")
    has(done.stdout, "NOT_TRIGGERED")
    rows = listed(program)
    equal([row["status"] for row in rows], ["NOT_TRIGGERED", "FAILED"])
    failed = rows[1]["execution_id"]
    shown = expect(program, 0, "executions", "show", failed[:8]).stdout
    equal(shown.count("it broke"), 1, shown)
    equal("carbon_analysis." in shown, False, shown)
    for key in ("timestamp", "ttl"):
        seconds = rows[1][key]
        has(shown, f"{seconds} ({stamp(datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc))})\n")
    has(shown, "regions_fetched        eu-west-2, eu-north-1\n")
    equal(json.loads(expect(program, 0, "executions", "show", failed, "--json").stdout), rows[1])
    has(expect(program, 0, "executions").stdout, failed[:8])
    equal(len(listed(program, "--limit", "1")), 1)
    equal(listed(program, "--live"), [])


def an_interrupted_trigger_cancels_its_run(program):
    prepare_now(program, pipeline("build", "echo $$$$ > pid; exec sleep 60"))
    process = program.start("trigger", "build", "--json")
    wait_for("the command", lambda: os.path.exists(program.path("pid")))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    equal(process.returncode, 1)
    equal(json.loads(output)["status"], "CANCELLED")
    equal([row["status"] for row in listed(program)], ["CANCELLED"])


def a_trigger_that_is_not_taken_has_a_status_of_its_own(program):
    """1 means that the run failed: it is never the status of a refusal, however many come at once."""
    prepare_now(program, pipeline("build", "echo >> runs; exec sleep 60"))
    first = program.start("trigger", "build", "--json")
    wait_for("the command", lambda: os.path.exists(program.path("runs")))
    done = expect(program, 69, "trigger", "build")
    has(done.stderr, f"another zerocarb (pid {first.pid}) holds state_dir")
    equal(done.stdout, "")
    others = [program.start("trigger", "build") for _ in range(6)]
    for other in others:
        output, said = other.communicate(timeout=20)
        equal((other.returncode, output), (69, ""), said)
    run = listed(program, "--live")[0]
    done = expect(program, 69, "executions", "cancel", run["execution_id"][:8])
    has(done.stderr, f"a foreground `zerocarb trigger` or `run --once` (pid {first.pid}) holds ")
    first.send_signal(signal.SIGINT)
    equal((json.loads(first.communicate(timeout=20)[0])["status"], first.returncode), ("CANCELLED", 1))
    has(expect(program, 69, "executions", "cancel", run["execution_id"]).stderr, "no engine runs here")


def triggers_at_once_are_taken_or_refused(program):
    prepare_now(program, pipeline("build", "echo >> runs"))
    triggers = [program.start("trigger", "build") for _ in range(8)]
    for process in triggers:
        process.communicate(timeout=30)
    statuses = [process.returncode for process in triggers]
    equal(set(statuses) <= {0, 69}, True, statuses)
    equal(statuses.count(0) > 0, True, statuses)
    equal([row["status"] for row in listed(program)], ["SUCCESS"] * statuses.count(0))


def the_commands_log_as_the_config_says(program):
    prepare_now(program, pipeline("build", "true"))
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    log = "  log: {{level: {}, format: {}}}\n"
    for level, form in (("info", "json"), ("error", "text")):
        program.write("zerocarb.yaml", text.replace("engine:\n", "engine:\n" + log.format(level, form)))
        said = expect(program, 0, "trigger", "build").stderr
        if form == "json":
            lines = [json.loads(line) for line in said.splitlines()]
            equal("execute" in {line["component"] for line in lines}, True, said)
        else:
            equal({line.split(":")[0] for line in said.splitlines()}, {"zerocarb"}, said)
            has(said, " SUCCESS")


def a_command_is_found_beside_the_config(program):
    prepare_now(program, pipeline("build"))
    text = open(program.path("zerocarb.yaml"), encoding="utf-8").read()
    program.write("zerocarb.yaml", text.replace("auto_trigger: false", "trigger: {plugin: exec, command: [./job.sh]}"))
    os.chmod(program.write("job.sh", "#!/bin/sh\npwd\n"), 0o755)
    folder, program.folder = program.folder, "/"
    try:
        item = json.loads(expect(program, 0, "trigger", "-c", f"{folder}/zerocarb.yaml", "build", "--json").stdout)
    finally:
        program.folder = folder
    equal(item["output_tail"], folder + "\n")


# ---- executions without an engine ----


def executions_without_an_engine(program):
    prepare(program)
    equal(listed(program), [])
    has(expect(program, 0, "executions").stderr, "no executions")
    expect(program, 1, "executions", "show", "abc")
    prepare_now(program, pipeline("build", "true"))
    item = json.loads(expect(program, 0, "trigger", "build", "--json").stdout)
    has(expect(program, 1, "executions", "show", "zzz").stderr, "no execution 'zzz'")
    done = expect(program, 69, "executions", "cancel", item["execution_id"])
    has(done.stderr, "no engine runs here")


main([
    mistakes_in_the_arguments_are_named,
    help_explains_every_command,
    a_reader_that_leaves_is_no_failure_and_a_full_disk_is,
    check_prints_all_findings_with_their_places,
    check_finds_what_only_the_plugins_know, check_tells_all_regions_that_are_wrong,
    check_warns_of_what_is_not_on_this_machine,
    check_warns_of_a_state_dir_that_run_refuses,
    check_asks_the_triggers_about_each_pipelines_options,
    check_says_which_paths_of_sinks_cannot_work,
    what_is_quoted_steers_no_terminal,
    check_warns_of_secrets_in_the_clear,
    a_file_that_others_can_write_is_not_taken_unasked,
    replays_begin_after_1970,
    the_config_is_looked_for_in_the_documented_order,
    without_a_config_the_places_looked_at_are_named,
    decide_gives_figures_that_can_be_checked_by_hand,
    decide_explains_itself,
    decide_without_data_says_unknown,
    decide_relocates_where_waiting_is_not_possible,
    plugins_are_listed_with_their_options,
    a_broken_plugin_is_named_and_harms_no_other,
    a_source_shows_what_it_gives,
    a_source_with_nothing_to_give_is_unavailable,
    trigger_runs_the_command_and_records_it,
    trigger_gives_the_status_of_the_run,
    an_interrupted_trigger_cancels_its_run,
    a_trigger_that_is_not_taken_has_a_status_of_its_own,
    triggers_at_once_are_taken_or_refused,
    the_commands_log_as_the_config_says,
    a_command_is_found_beside_the_config,
    executions_without_an_engine,
])
