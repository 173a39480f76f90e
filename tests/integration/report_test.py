"""`zerocarb report`: figures against an independent sum, both stores to the byte, requests, words and exit statuses."""
import collections
import csv
import io
import json
import os
import re

import fault_proxy
import table_year
from dynamodb_world import ENVIRONMENT, create, deliver, local, probe, run, sink
from program import ROOT, equal, write_trace

END = "2090-12-31"  # rows of a time to come do not expire while the test runs
AT = "2090-12-31T12:34:56Z"
LOCAL = "  - {plugin: local_file, path: ./rows.db}\n"
PIPELINE = "payments-build-000"
QUERIES = {
    "performance": ["performance", PIPELINE, "--days", "20"],
    "trends": ["trends", PIPELINE, "--days", "20", "--by", "week"],
    "optimal-times": ["optimal-times", "all"],
    "one region": ["optimal-times", "eu-west-2", "--days", "3"],
    "regions": ["regions", "--days", "10"],
    "monthly": ["monthly"],
    "month before": ["monthly", "2090-11"],
    "recommend": ["recommend"],
    "leaderboard": ["leaderboard"],
    "teams of a week": ["leaderboard", "weekly", "--period", "2090-W51", "--teams"],
    "runs": ["runs", PIPELINE, "--limit", "5"],
    "failed": ["failed"],
    "timed out": ["failed", "TIMED_OUT"],
    "of one second": ["failed", "SUPERSEDED", "--limit", "8"],
    "savings": ["savings", "--limit", "7"],
    "optimal-regions": ["optimal-regions", "--days", "12"],
    "all": ["all"],
    "all of a month": ["all", "2090-11"],
}
# What each may ask of DynamoDB: a range is one request where its rows fit into a page.
REQUESTS = {"performance": 2, "trends": 1, "optimal-times": 3, "one region": 1, "regions": 10, "recommend": 3, "leaderboard": 1,
            "teams of a week": 1, "runs": 1, "failed": 3, "timed out": 1, "of one second": 2, "savings": 2, "optimal-regions": 3}


def small_year(days=40, pipelines=4):
    return table_year.Year(days=days, pipelines=pipelines, regions=3, end=END, seed=5)


def make_file(program):
    done = program.run("tables", "rebuild", "-c", "zerocarb.yaml", "--from", END, "--to", END, "--now", AT, env=ENVIRONMENT)
    equal(done.returncode, 0, done.stderr)


def fill_local(program, year, pairs=None):
    """A configuration and the tables of a local file."""
    program.write("zerocarb.yaml", year.config(LOCAL))
    make_file(program)
    table_year.write_database(program.path("rows.db"), pairs or table_year.rows(year))


def report(program, *arguments, status=0):
    done = program.run("report", "-c", "zerocarb.yaml", "--at", AT, *arguments, env=ENVIRONMENT)
    equal(done.returncode, status, done.stderr[-2000:] + done.stdout[-1000:])
    return done


def csv_text(program, *arguments):
    """With its lines' ends as they are."""
    done = program.run("report", "-c", "zerocarb.yaml", "--at", AT, *arguments, "--csv", env=ENVIRONMENT, text=False)
    equal(done.returncode, 0, done.stderr[-2000:])
    return done.stdout.decode("utf-8")


def document(program, *arguments):
    return json.loads(report(program, *arguments, "--json").stdout)


def near(found, wanted, what, by=0.011):
    if abs(found - wanted) > by:
        raise AssertionError(f"{what}: found {found}, wanted {wanted}")


# ---- both stores ----

def runs_of_one_second(n, time):
    """Which of these come first is each store's own affair."""
    return [("pipeline_executions", {"execution_id": f"{i * 7919 % 10007:05}-{time}", "timestamp": time, "pipeline_name": PIPELINE,
                                     "status": "SUPERSEDED", "created_at": table_year.stamp(time), "ttl": time + 365 * table_year.DAY})
            for i in range(n)]


def both_stores_give_the_same_bytes_and_are_asked_by_keys_alone(program):
    year = small_year(days=33, pipelines=3)
    with fault_proxy.Proxy(local().port, lambda action, n: None) as proxy:
        program.write("zerocarb.yaml", year.config(LOCAL + sink("report-")))
        create(program)
        first = table_year.seconds_of("2090-12-02")  # of the last 30 days
        tied = runs_of_one_second(6, first + table_year.DAY) + runs_of_one_second(6, first)
        asked_for = year.first + (33 - 8) * table_year.DAY  # no question asks for older intensities
        probe(program, "fill", lines="".join(f"{table}\t{table_year.text_of(item)}\n" for table, item in [*table_year.rows(
            year), *tied] if table != "carbon_intensity_history" or item["timestamp"] >= asked_for))
        deliver(program)
        program.write("zerocarb.yaml", year.config(LOCAL + sink("report-", proxy.url)))
        for name, question in QUERIES.items():
            ours = report(program, *question, "--json", "--sink", "local_file").stdout
            before = collections.Counter(proxy.requests)
            theirs = report(program, *question, "--json", "--sink", "dynamodb").stdout
            asked = proxy.requests - before
            equal(theirs, ours, name)
            equal(json.loads(ours).get("data_quality", {}).get("rows") != 0, True, f"{name} has rows")
            equal(asked["Scan"], 0, f"{name} scans")
            equal(set(asked) <= {"Query", "DescribeTable", "DescribeTimeToLive"}, True, f"{name}: {asked}")
            if name in REQUESTS:
                equal(asked["Query"], REQUESTS[name], name)
            if name == "of one second":
                ids = [[item["execution_id"] for _, item in some] for some in (tied[:6], tied[6:])]
                equal([run["execution_id"] for run in json.loads(ours)["runs"]], sorted(ids[0]) + sorted(ids[1])[:2], name)
        months = 3 + 3 + 61  # two ranges a pipeline: whole days, the running one; a range a day of November and December
        before = collections.Counter(proxy.requests)
        report(program, "monthly", "--json", "--sink", "dynamodb")
        equal((proxy.requests - before)["Query"], months, "monthly")


# ---- figures ----

def figures_are_the_sums_of_the_executions(program):
    year = small_year()
    pairs = list(table_year.rows(year))
    fill_local(program, year, pairs)
    runs = [item for table, item in pairs if table == "pipeline_executions"]
    first = table_year.seconds_of("2090-12-12")
    mine = [i for i in runs if i["pipeline_name"] == PIPELINE and first <= i["timestamp"] < table_year.seconds_of(END) + 45296]
    found = document(program, "performance", PIPELINE, "--days", "20")
    trend = document(program, "trends", PIPELINE, "--days", "20")
    listed = document(program, "runs", PIPELINE, "--days", "20", "--limit", "100")
    done = [i for i in mine if table_year.ran(i)]
    equal(trend["totals"]["runs"], len(mine), "runs")
    equal(len(listed["runs"]), len(mine), "runs listed")
    equal([r["requested_at"] for r in listed["runs"]], sorted((i["created_at"] for i in mine), reverse=True), "order")
    equal({r["execution_id"] for r in listed["runs"] if "emissions_g" in r}, {i["execution_id"] for i in done}, "who emitted")
    near(trend["totals"]["emissions_g"], sum(map(table_year.emitted, done)), "emissions")
    near(trend["totals"]["savings_g"], sum(map(table_year.saved, done)), "savings")
    near(trend["totals"]["planned_savings_g"], sum(i["carbon_analysis"]["savings_g"] for i in done), "planned")
    near(trend["totals"]["realised_savings_g"], sum(i["realised"]["savings_g"] for i in done if "realised" in i), "realised")
    equal(trend["totals"]["realised_runs"], sum("realised" in i for i in done), "realised runs")
    equal(found["from"], "2090-12-12T00:00:00Z", "from")
    near(sum(day["emissions_g"] for day in found["by_day"]), found["totals"]["emissions_g"], "days add up")
    for word in ("runs", "successful", "failed", "run_now", "defer", "relocate"):
        equal(sum(point[word] for point in trend["points"]), trend["totals"][word], word)


def the_day_of_at_counts_the_runs_up_to_then(program):
    year = small_year()
    pairs = list(table_year.rows(year))
    fill_local(program, year, pairs)
    at = "2090-12-30T10:00:00Z"
    until = table_year.seconds_of("2090-12-30") + 36000
    runs = [i for table, i in pairs if table == "pipeline_executions" and
            table_year.seconds_of("2090-12-01") <= i["timestamp"] < until]
    for question, mine in ((["monthly"], runs), (["performance", PIPELINE, "--days", "30"],
                                                 [i for i in runs if i["pipeline_name"] == PIPELINE])):
        done = program.run("report", "-c", "zerocarb.yaml", "--at", at, *question, "--json", env=ENVIRONMENT)
        found = json.loads(done.stdout)
        equal((found["to"], found["totals"]["runs"], found["totals"]["ran"]),
              (at, len(mine), sum(map(table_year.ran, mine))), question)
        near(found["totals"]["emissions_g"], sum(table_year.emitted(i) for i in mine if table_year.ran(i)), question, 0.4)
        today = [i for i in mine if i["timestamp"] >= until - 36000]
        last = found["by_day"][-1]
        equal((last["date"], last["runs"]), ("2090-12-30", len(today)), question)


def a_full_report_of_a_month_is_of_that_month_throughout(program):
    year = small_year()
    pairs = list(table_year.rows(year))
    fill_local(program, year, pairs)
    span = ("2090-11-01T00:00:00Z", "2090-12-01T00:00:00Z")
    documents = {d["report"]: d for d in document(program, "all", "2090-11", "--limit", "7")["reports"]}
    for name, told in documents.items():
        equal((told["from"], told["to"]), span, name)
    runs = [i for table, i in pairs if table == "pipeline_executions" and span[0] <= i["created_at"] < span[1]]
    moved = [i["carbon_analysis"]["savings_g"] for i in runs if i["carbon_analysis"]["decision"] in ("DEFER", "RELOCATE")]
    equal([r["planned_savings_g"] for r in documents["savings"]["runs"]], sorted((s for s in moved if s > 0), reverse=True)[:7], "savings")
    equal(documents["optimal-regions"]["runs"], len(runs), "runs")
    equal(documents["monthly"]["totals"]["runs"], len(runs), "runs of the month")
    equal({r["status"] for r in documents["failed"]["runs"]} <= {"FAILED", "TIMED_OUT", "UNKNOWN"}, True, "failed")
    running = {d["report"]: d for d in document(program, "all", "2090-12")["reports"]}
    equal({d["from"] for d in running.values()}, {"2090-12-01T00:00:00Z"}, "the running month's beginning")
    equal({running[name]["to"] for name in ("monthly", "regions", "optimal-regions", "savings", "failed")}, {AT}, "up to now")


def the_sample_of_the_readme_is_what_is_printed(program):
    """Lines of which it leaves out the end finish with an ellipsis."""
    year = table_year.Year(days=92, pipelines=20)
    fill_local(program, year)
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        section = file.read().split("## What it saved\n")[1].split("\n(of made-up tables")[0]
    command, *lines = [line[4:] for line in section.splitlines() if line.startswith("    ")]
    done = program.run(*command.split()[2:], "--at", "2025-12-01T00:00:00Z", env=ENVIRONMENT)
    equal(done.returncode, 0, done.stderr)
    printed = iter(done.stdout.splitlines())
    for line in (line for line in lines if line.strip() != "\u2026"):
        equal(any(text == line or line.endswith(" \u2026") and text.startswith(line[:-1]) for text in printed), True, line)


def optimal_times_are_means_of_the_history(program):
    year = small_year(days=10)
    fill_local(program, year)
    to = table_year.seconds_of(END) + 12 * 3600
    values = collections.defaultdict(list)
    for item in year.history():
        if item["region"] == "eu-west-2" and to - 7 * 86400 <= item["timestamp"] < to:
            moment = item["timestamp"]
            values[((moment // 86400 + 3) % 7, moment // 3600 % 24)].append(item["intensity"])
    region, = document(program, "optimal-times", "eu-west-2")["regions"]
    for (weekday, hour), found in values.items():
        near(region["week"]["mean_intensity"][weekday][hour], sum(found) / len(found), f"{weekday} {hour}", 0.051)
        equal(region["week"]["hours"][weekday][hour], 1, "hours")
    by_hour = {hour: [v for (_, h), found in values.items() for v in found if h == hour] for hour in range(24)}
    best = min(by_hour, key=lambda hour: sum(by_hour[hour]) / len(by_hour[hour]))
    equal(region["best_hours"][0]["hour"], best, "the best hour")
    equal(region["data_quality"]["missing_hours"], 0, "missing")


def regions_and_months_add_up(program):
    year = small_year()
    fill_local(program, year)
    compared = document(program, "regions", "--days", "10")
    equal(sum(region["cleanest_hours"] for region in compared["regions"]), compared["hours"], "one cleanest an hour")
    for region in compared["regions"]:
        equal(sum(region["ranks"]), region["hours"], "ranks")
    for day in compared["by_day"]:
        equal([r["rank"] for r in day["regions"]], [1, 2, 3], "ranks of a day")
    month = document(program, "monthly", "2090-12")
    for word in ("emissions_g", "savings_g"):
        near(sum(p[word] for p in month["pipelines"]), month["totals"][word], f"pipelines' {word}", 0.03)
        near(sum(t[word] for t in month["teams"]), month["totals"][word], f"teams' {word}", 0.03)
        near(sum(d[word] for d in month["by_day"]), month["totals"][word], f"days' {word}", 0.2)
    equal(month["complete"], False, "the month is not over")
    order = [p["savings_g"] for p in month["pipelines"]]
    equal(order, sorted(order, reverse=True), "order")
    grams = re.search(r"ran and emitted ([0-9.]+) kg", " ".join(month["headline"]))
    near(float(grams[1]) * 1000, month["totals"]["emissions_g"], "the headline", 5)
    board = document(program, "leaderboard", "monthly", "--period", "2090-12")
    equal([row["carbon_savings_rank"] for row in board["rows"]], [1, 2, 3, 4], "ranks")
    chosen = document(program, "optimal-regions", "--days", "12")
    equal(sum(region["runs"] for region in chosen["regions"]), chosen["runs"], "regions' runs")
    greatest = [run["planned_savings_g"] for run in document(program, "savings")["runs"]]
    equal(greatest, sorted(greatest, reverse=True), "the greatest first")


def reports_on_what_the_program_rolled_up_agree_with_its_executions(program):
    year = small_year(days=14)
    program.write("zerocarb.yaml", year.config(LOCAL))
    make_file(program)
    until = table_year.seconds_of(END) + 45296  # AT: nothing has been requested, and nothing observed, after it
    runs = [item for item in year.executions() if item["timestamp"] < until]
    history = [item for item in year.history() if item["timestamp"] < until]
    table_year.write_database(program.path("rows.db"), [("pipeline_executions", item) for item in runs])
    table_year.write_database(program.path("rows.db"), [("carbon_intensity_history", item) for item in history])
    done = program.run("tables", "rebuild", "-c", "zerocarb.yaml", "--from", "2090-12-18", "--to", END, "--now", AT)
    equal(done.returncode, 0, done.stderr)
    known = [item for item in runs if table_year.ran(item)]
    month = document(program, "monthly")
    near(month["totals"]["emissions_g"], sum(map(table_year.emitted, known)), "emissions")
    near(month["totals"]["savings_g"], sum(map(table_year.saved, known)), "savings")
    near(month["totals"]["planned_savings_g"], sum(i["carbon_analysis"]["savings_g"] for i in known), "planned")
    equal(month["totals"]["realised_runs"], sum("realised" in item for item in known), "realised")
    for kind, key, teams in (("pipelines", "pipeline", []), ("teams", "team", ["--teams"])):
        board = document(program, "leaderboard", "monthly", *teams)
        equal({row["identifier"]: (row["emissions_g"], row["savings_g"]) for row in board["rows"]},
              {row[key]: (row["emissions_g"], row["savings_g"]) for row in month[kind]}, kind)
    days = document(program, "performance", PIPELINE, "--days", "14")
    trend = document(program, "trends", PIPELINE, "--days", "14")
    for word in ("runs", "successful", "failed", "emissions_g", "savings_g", "realised_runs", "run_now", "defer", "relocate"):
        near(days["totals"][word], trend["totals"][word], word)
    hours = document(program, "regions", "--days", "14")
    times = document(program, "optimal-times", "all", "--days", "13")
    equal({r["region"] for r in hours["regions"]}, {r["region"] for r in times["regions"]}, "regions")
    for region in hours["regions"]:
        values = year.slots[region["region"]][:(14 - 1) * 48 + 24]  # up to noon of the last day
        near(region["mean_intensity"], sum(values) / len(values), region["region"], 0.11)


def recommendations_stand_on_forecast_and_history(program):
    year = small_year(days=12, pipelines=3)
    slots = {region: year.slots[region][-14 * 48:] for region in year.regions}
    start = table_year.stamp(year.first)
    write_trace(program.path("trace.csv"), start, 30, slots)
    program.write("zerocarb.yaml", year.config(LOCAL, trace="trace.csv"))
    make_file(program)
    table_year.write_database(program.path("rows.db"), table_year.rows(year))
    found = document(program, "recommend")
    decided = {p["pipeline"]: p for p in found["pipelines"]}
    equal(sorted(decided), sorted(p["name"] for p in year.pipelines), "pipelines")
    for name, mine in decided.items():
        done = program.run("decide", "-c", "zerocarb.yaml", name, "--at", AT, "--json")
        item = json.loads(done.stdout)
        equal(mine["decision"], item["carbon_analysis"]["decision"], name)
        equal(mine["start"], item["schedule"]["planned_start"], name)
        equal(name in mine["advice"] and mine["region"] in mine["advice"], True, mine["advice"])
    for region in found["regions"]:
        at = [s for i, s in enumerate(year.slots[region["region"]][:12 * 48]) if i // 2 % 24 == 12
              and year.first + i * 1800 < table_year.seconds_of(END) + 12 * 3600]
        near(region["usual_intensity"], sum(at) / len(at), region["region"], 0.051)
    equal(document(program, "recommend", PIPELINE)["pipelines"], [decided[PIPELINE]], "one pipeline")


# ---- forms ----

def csv_holds_the_rows_of_the_document(program):
    year = small_year(days=12)
    fill_local(program, year)
    for name in ("performance", "trends", "one region", "regions", "monthly", "recommend", "leaderboard", "runs", "failed", "savings",
                 "optimal-regions"):
        text = csv_text(program, *QUERIES[name])
        equal("\n" in text.replace("\r\n", ""), False, f"{name}: lines end with CR LF")
        table = list(csv.reader(io.StringIO(text, newline="")))
        equal({len(line) for line in table}, {len(table[0])}, f"{name}: columns")
        equal(len(table) > 1, True, f"{name}: rows")
    days = document(program, *QUERIES["performance"])["by_day"]
    table = list(csv.DictReader(io.StringIO(csv_text(program, *QUERIES["performance"]), newline="")))
    equal([(row["date"], float(row["emissions_g"])) for row in table], [(d["date"], d["emissions_g"]) for d in days], "days")


def a_formula_in_a_text_does_not_reach_a_spreadsheet_as_one(program):
    year = small_year(days=3, pipelines=1)
    pairs = list(table_year.rows(year))
    for table, item in pairs:
        if table == "pipeline_executions":
            item["message"] = '=HYPERLINK("x","y"),\n"z"\x1b[31m'
    fill_local(program, year, pairs)
    row = next(csv.DictReader(io.StringIO(csv_text(program, "runs", PIPELINE), newline="")))
    equal(row["message"], '\'=HYPERLINK("x","y"), "z" [31m', "the message")
    equal("\x1b" in report(program, "runs", PIPELINE).stdout, False, "a terminal gets no control characters")


def every_query_prints_for_people(program):
    year = small_year(days=12)
    pairs = list(table_year.rows(year))
    board = next(item for table, item in pairs if table == "carbon_leaderboard" and item["identifier"] == PIPELINE and
                 item["period"] == "monthly#2090-12")
    board["achievements"] = ["carbon_saver_gold", "optimizer"]
    fill_local(program, year, pairs)
    for name, question in QUERIES.items():
        text = report(program, *question).stdout
        equal("method" in text and "sources" in text and "data quality" in text, True, name)
        equal(text.isascii(), True, f"{name}: no terminal, so no blocks")
    equal("carbon_saver_gold optimizer" in report(program, "leaderboard").stdout, True, "all achievements are told")


# ---- words and exit statuses ----

def mistakes_are_told_with_what_was_meant(program):
    fill_local(program, small_year(days=2))
    for arguments, words in ((["perfomance", PIPELINE], "did you mean 'performance'?"),
                             (["performance"], "wants a PIPELINE"),
                             (["performance", "payments-build-00"], f"did you mean '{PIPELINE}'?"),
                             (["optimal-times", "eu-west-9"], "did you mean 'eu-west-2'?"),
                             (["monthly", "2090-13"], "is no month, such as 2025-12"),
                             (["monthly", "2091-01"], "lies in the future"),
                             (["failed", "TIMEDOUT"], "did you mean 'TIMED_OUT'?"),
                             (["failed", "SUCCESS"], "no failure is called 'SUCCESS'"),
                             (["monthly", "--days", "3"], "monthly takes no --days"),
                             (["leaderboard", "yearly"], "is none of daily, weekly, monthly"),
                             (["leaderboard", "weekly", "--period", "2090-12"], "such as 2025-W50"),
                             (["leaderboard", "weekly", "--period", "2090-W54"], "is no weekly period"),
                             (["regions", "more"], "one argument too many"),
                             (["trends", PIPELINE, "--by", "year"], "is neither day nor week"),
                             (["regions", "--days", "0"], "is no whole number from 1 to 366"),
                             (["runs", PIPELINE, "--limit", "100000"], "is no whole number from 1 to 1000"),
                             (["regions", "--sink", "local_fil"], "did you mean 'local_file'?"),
                             (["all", "--csv"], "is one table"), (["savings", "--csv", "--json"], "one of --json, --csv and --html")):
        equal(words in report(program, *arguments, status=2).stderr, True, f"{arguments}: {words}")


def empty_tables_are_said_to_be_empty(program):
    year = small_year(days=2)
    program.write("zerocarb.yaml", year.config(LOCAL))
    make_file(program)
    for name, question in QUERIES.items():
        if question[0] != "all":
            done = report(program, *question, "--json")
            equal(json.loads(done.stdout)["data_quality"]["rows"], 0, name)
            equal("the tables know nothing of this" in report(program, *question).stderr, True, name)
    equal(document(program, "monthly")["headline"][0], "No runs are known of December 2090.", "the headline")
    for question, words in ((["monthly"], "`zerocarb tables rebuild` makes them at once"),
                            (["monthly", "2089-11"], "rows of pipeline_analytics are kept for 365 days"),
                            (["leaderboard", "daily", "--period", "2088-12-01"], "rows of carbon_leaderboard are kept for 730 days")):
        told = report(program, *question).stderr
        equal((words in told, "rebuild" in told), (True, "rebuild" in words), question)


def a_report_makes_no_store(program):
    program.write("zerocarb.yaml", small_year(days=2).config(LOCAL))
    before = sorted(os.listdir(program.folder))
    done = report(program, "savings", status=69)
    equal("there is nothing in" in done.stderr, True, done.stderr)
    equal(sorted(os.listdir(program.folder)), before, "files")


def a_row_that_cannot_be_read_is_counted_and_passed_over(program):
    year = small_year(days=5)
    fill_local(program, year)
    before = document(program, "trends", PIPELINE)
    strange = [("pipeline_executions", {"execution_id": f"strange-{i}", "timestamp": table_year.seconds_of(END) + i,
                                        "pipeline_name": PIPELINE, "status": status, "ttl": 4102444800 * 2})
               for i, status in enumerate(("WHAT", None, 7))]
    table_year.write_database(program.path("rows.db"), strange)
    after = document(program, "trends", PIPELINE)
    equal(after["data_quality"]["unreadable_rows"], 3, "counted")
    equal(after["totals"], before["totals"], "passed over")


def a_sink_that_is_away_is_named(program):
    year = small_year(days=2)
    program.write("zerocarb.yaml", year.config('  - {plugin: dynamodb, endpoint: "http://127.0.0.1:9", timeout: 200ms}\n'))
    done = report(program, "regions", "--days", "1", status=69)
    equal("dynamodb" in done.stderr, True, done.stderr)
    program.write("zerocarb.yaml", year.config("").replace("\nsinks:\n", "\n"))
    done = report(program, "regions", status=2)
    equal("no sink that can be read back" in done.stderr, True, done.stderr)


if __name__ == "__main__":
    run([both_stores_give_the_same_bytes_and_are_asked_by_keys_alone, figures_are_the_sums_of_the_executions,
         the_day_of_at_counts_the_runs_up_to_then, a_full_report_of_a_month_is_of_that_month_throughout,
         the_sample_of_the_readme_is_what_is_printed, optimal_times_are_means_of_the_history, regions_and_months_add_up,
         reports_on_what_the_program_rolled_up_agree_with_its_executions,
         recommendations_stand_on_forecast_and_history, csv_holds_the_rows_of_the_document,
         a_formula_in_a_text_does_not_reach_a_spreadsheet_as_one, every_query_prints_for_people,
         mistakes_are_told_with_what_was_meant, empty_tables_are_said_to_be_empty,
         a_report_makes_no_store, a_row_that_cannot_be_read_is_counted_and_passed_over, a_sink_that_is_away_is_named])
