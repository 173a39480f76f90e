"""The source plugins in the real program, over local HTTP, against recorded and broken answers.

What is expected is read from the same bodies by this test, on its own."""
import datetime
import glob
import json
import os

from carbon_servers import CarbonServer, shift_times
from program import SHARED, Skipped, equal, instant, main, stamp

HALF_HOUR = datetime.timedelta(minutes=30)
HOUR = datetime.timedelta(hours=1)
PIPELINE = """
pipelines:
  - name: p
    region: r
    auto_trigger: false
    workload: {duration_minutes: 30, vcpu_count: 2, memory_gb: 4}
"""


def payload(name):
    path = os.path.join(SHARED, "data", "payloads", name)
    if not os.path.exists(path):
        raise Skipped(f"{path} is absent")
    with open(path, encoding="utf-8") as file:
        return file.read()


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def begin_of(time, step):
    return time - (time - datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)) % step


def within_one_slot(step, attempt):
    """attempt(begin of the running slot), once more where the slot ended meanwhile."""
    while True:
        begin = begin_of(now(), step)
        result = attempt(begin)
        if begin_of(now(), step) == begin:
            return begin, result


def ask(program, sources, name, *more, env=None):
    program.write("zerocarb.yaml", f"regions: [r]\nsources:\n{sources}{PIPELINE}")
    done = program.run("source", "-c", "zerocarb.yaml", name, "--json", *more, env=env)
    if not done.stdout:
        raise AssertionError(f"nothing printed, exit {done.returncode}: {done.stderr}")
    answer = json.loads(done.stdout)
    return done, answer["regions"][0], answer


def points(part):
    return [(p["from"], p["to"], p["value"], p["origin"]) for p in part["points"]]


def uk(url, area="national", more=""):
    return f"  - plugin: uk_grid_eso\n    url: {url}\n    regions: {{r: {{area: {area}}}}}\n    timeout: 30s\n{more}"


def maps(url, zone="DE", more=""):
    return (f"  - plugin: electricity_maps\n    url: {url}/v4\n    token: s3cret-token\n"
            f"    regions: {{r: {{zone: {zone}}}}}\n    timeout: 30s\n{more}")


# ---- the UK API ----

def uk_rows(text):
    """(from, to, forecast, actual) of an answer, however it is wrapped."""
    data = json.loads(text)["data"]
    if isinstance(data, dict):
        data = data["data"]
    return [(instant(row["from"]), instant(row["to"]), row["intensity"].get("forecast"),
             row["intensity"].get("actual")) for row in data]


def not_over_new_year():
    now = datetime.datetime.now(datetime.timezone.utc)
    if (now + datetime.timedelta(days=2)).year != (now - datetime.timedelta(days=1)).year:
        raise Skipped("over New Year there are two requests: uk_grid_eso_test has them")


UK_FILES = [("national_fw48h_2023-12-03.json", "national"),
            ("national_fw48h_2024-01-12T0601Z_first8.json", "national"),
            ("national_fw48h_2024-01-12T0831Z_first8.json", "national"),
            ("national_pt24h_2024-01-12T0601Z_first8.json", "national"),
            ("national_pt_2023-07-04_trimmed.json", "national"),
            ("national_range_2017-10-01.json", "national"),
            ("regional_fw48h_regionid13_2023-12-03.json", "13"),
            ("regional_fw48h_postcode_BH1_2020-05-19.json", "bh1"),
            ("regional_postcode_2023-07-04_trimmed.json", "KT1")]


def uk_answers_become_the_series_that_they_hold(program):
    not_over_new_year()
    with CarbonServer() as server:
        for name, area in UK_FILES:
            text = payload(f"uk_carbon_intensity/{name}")
            recorded = uk_rows(text)

            def attempt(begin):  # the middle of the recording becomes the running half hour
                shifted = shift_times(text, begin - recorded[len(recorded) // 2][0])
                server.script("/", shifted)
                return (shifted, *ask(program, uk(server.url, area), "uk_grid_eso")[:2])

            begin, (shifted, done, region) = within_one_slot(HALF_HOUR, attempt)
            equal(done.returncode, 0, done.stderr)
            observed, forecast = [], []
            for start, end, predicted, actual in uk_rows(shifted):
                if start <= begin and actual is not None:
                    observed.append((stamp(start), stamp(end), actual, "observed"))
                elif start <= begin:
                    observed.append((stamp(start), stamp(end), predicted, "estimated"))
                if end > begin:
                    forecast.append((stamp(start), stamp(end), predicted, "forecast"))
            equal(points(region["observed"]), observed, name)
            equal(points(region["forecast"]), forecast, name)
            equal({p["basis"] for p in region["observed"]["points"]}, {"operational"}, name)


def uk_requests_are_short_and_named(program):
    not_over_new_year()
    with CarbonServer() as server:
        ask(program, uk(server.url, "sw1a"), "uk_grid_eso")
        paths = sorted(path for path, _ in server.requests)
        time = paths[0].split("/")[3]
        equal(time[13:] in (":01Z", ":31Z"), True, time)
        equal(paths, [f"/regional/intensity/{time}/{span}/postcode/SW1A" for span in ("fw48h", "pt24h")])
        headers = server.requests[0][1]
        equal(headers["Accept"], "application/json")
        equal(headers["User-Agent"].startswith("zerocarb/"), True, headers["User-Agent"])


UK_ERRORS = [("uk_carbon_intensity/errors/200_empty_object.json", 200, "no data: the API answered {}"),
             ("uk_carbon_intensity/errors/200_empty_data_array.json", 200, "no data: the API answered"),
             ("uk_carbon_intensity/errors/400_bad_datetime.json", 400, "400: Please enter a valid datetime"),
             ("uk_carbon_intensity/errors/400_bad_region.json", 400, "400: Please enter a valid region ID"),
             ("uk_carbon_intensity/errors/500_requested_resource_not_found.json", 500,
              "500: Requested resource not found."),
             ("uk_carbon_intensity/generation_range_2023-07-04_trimmed.json", 200, "no data: the API answered"),
             ("intensity_factors.json", 200, "no data: the API answered"),
             ("py_carbonintensity_uk/500.html", 500, "the API answered 500: "),
             ("py_carbonintensity_uk/500.html", 200, "not JSON: <!DOCTYPE html>")]


def uk_errors_are_told_and_give_no_point(program):
    with CarbonServer() as server:
        for name, status, words in UK_ERRORS:
            server.script("/", payload(name), status=status)
            done, region, _ = ask(program, uk(server.url), "uk_grid_eso")
            equal(done.returncode, 69, name)
            for part in ("observed", "forecast"):
                equal(region[part]["points"], [], name)
                equal(words in region[part]["message"], True, region[part]["message"])
                equal('area "national"' in region[part]["message"], True, region[part]["message"])


def broken_connections_are_told(program):
    with CarbonServer() as server:
        for behaviour in ("truncate", "reset", "silent"):
            server.script("/", '{"data":[]}' + " " * 200, behaviour=behaviour)
            done, region, _ = ask(program, uk(server.url, more="    every: 1m\n").replace("timeout: 30s", "timeout: 1s"), "uk_grid_eso")
            equal(done.returncode, 69, behaviour)
            equal(region["observed"]["points"], [], behaviour)
            equal(len(region["observed"]["message"]) > 0, True, behaviour)


def an_answer_without_end_is_cut(program):
    with CarbonServer() as server:
        server.script("/", '{"data":[' + " " * (2 * 1024 * 1024) + "]}")
        done, region, _ = ask(program, uk(server.url), "uk_grid_eso")
        equal(done.returncode, 69, done.stderr)
        equal(region["forecast"]["points"], [])


def the_next_source_takes_over(program):
    start = begin_of(now(), HOUR) - 24 * HOUR
    with open(program.path("t.csv"), "w", encoding="utf-8") as file:
        file.write("timestamp,carbon_intensity\n")
        for i in range(96):
            file.write(f"{stamp(start + i * HOUR)},{123}\n")
    second = "  - plugin: trace\n    regions: {r: t.csv}\n"
    with CarbonServer() as server:
        bodies = [('{"data":[]}', 200), ("{}", 200), ("null", 200), ("<html>", 200), ("<html>", 400)]
        for body, status in bodies:
            server.script("/", body, status=status)
            program.write("zerocarb.yaml", f"regions: [r]\nsources:\n{uk(server.url, more=second)}{PIPELINE}")
            done = program.run("decide", "-c", "zerocarb.yaml", "p", "--json")
            equal(done.returncode, 0, done.stderr)
            equal(json.loads(done.stdout)["schedule"]["planned_intensity"], 123, body)
        # The first source's own figure, where it has one.
        begin = begin_of(now(), HALF_HOUR)
        rows = [{"from": stamp(begin + i * HALF_HOUR), "to": stamp(begin + (i + 1) * HALF_HOUR),
                 "intensity": {"forecast": 77, "actual": None}} for i in range(8)]
        server.script("/", json.dumps({"data": rows}))
        done = program.run("decide", "-c", "zerocarb.yaml", "p", "--json")
        equal(done.returncode, 0, done.stderr)
        equal(json.loads(done.stdout)["schedule"]["planned_intensity"], 77)


# ---- Electricity Maps ----

def maps_latest(program):
    with CarbonServer() as server:
        for name, zone in (("latest_BE_2024-11-28.json", "BE"), ("latest_US-CAR-DUK_2025-03-29.json", "US-CAR-DUK"),
                           ("latest_carbon_intensity.json", "US-CAR-DUK")):
            text = payload(f"electricitymaps/{name}")
            body = json.loads(text)

            def attempt(begin):
                server.script("/v4/carbon-intensity/latest", shift_times(text, begin - instant(body["datetime"])))
                return ask(program, maps(server.url, zone, "    forecast: false\n"), "electricity_maps")

            begin, (done, region, _) = within_one_slot(HOUR, attempt)
            equal(done.returncode, 0, done.stderr)
            equal(points(region["observed"]), [(stamp(begin), stamp(begin + HOUR), body["carbonIntensity"],
                                                "estimated")], name)
            equal(region["observed"]["points"][0]["basis"], "lifecycle", name)


def maps_history(program):
    text = payload("electricitymaps/carbon_intensity_history.json")
    last = instant(json.loads(text)["history"][-1]["datetime"])
    with CarbonServer() as server:

        def attempt(begin):
            shifted = shift_times(text, begin - last)
            server.script("/v4/carbon-intensity/history", shifted)
            return shifted, ask(program, maps(server.url, "DE", "    forecast: false\n"), "electricity_maps")

        _, (shifted, (done, region, _)) = within_one_slot(HOUR, attempt)
        equal(done.returncode, 0, done.stderr)
        equal(points(region["observed"]),
              [(stamp(instant(row["datetime"])), stamp(instant(row["datetime"]) + HOUR), row["carbonIntensity"],
                "estimated" if row["isEstimated"] else "observed") for row in json.loads(shifted)["history"]])


def maps_forecast_nulls_are_gaps(program):
    with CarbonServer() as server:

        def attempt(begin):
            rows = [{"carbonIntensity": None if i % 5 == 3 else 300 - i, "datetime": stamp(begin + i * HOUR)}
                    for i in range(25)]
            server.script("/v4/carbon-intensity/forecast", json.dumps({"zone": "DE", "forecast": rows}))
            return rows, ask(program, maps(server.url, more="    emission_factor_type: direct\n"), "electricity_maps")

        _, (rows, (_, region, _)) = within_one_slot(HOUR, attempt)
        equal(points(region["forecast"]),
              [(row["datetime"], stamp(instant(row["datetime"]) + HOUR), row["carbonIntensity"], "forecast")
               for row in rows if row["carbonIntensity"] is not None])
        equal(region["forecast"]["points"][0]["basis"], "operational")
        for path, headers in server.requests:
            equal("disableCallerLookup=true" in path and "emissionFactorType=direct" in path, True, path)
            equal(headers["auth-token"], "s3cret-token")


MAPS_ERRORS = [("electricitymaps/401_invalid_auth_token.json", 401, "the token is not valid"),
               ("electricitymaps/no-data-response.json", 200, 'status "no-data"'),
               ("electricitymaps/unknown-response.json", 200, "idk-what-happened"),
               ("electricitymaps/latest_power_breakdown.json", 200, "no usable carbonIntensity"),
               ("electricitymaps/power_breakdown_history.json", 200, "no usable carbonIntensity"),
               ("electricitymaps/zones.json", 200, "names no zone"),
               ("electricitymaps/latest_BE_2024-11-28.json", 200, "about zone BE"),
               ("py_carbonintensity_uk/500.html", 500, "answered 500"),
               ("py_carbonintensity_uk/500.html", 200, "not JSON")]


def maps_errors_are_told_and_give_no_point(program):
    with CarbonServer() as server:
        for name, status, words in MAPS_ERRORS:
            server.script("/v4/", payload(name), status=status)
            done, region, _ = ask(program, maps(server.url), "electricity_maps")
            equal(done.returncode, 69, name)
            equal(region["observed"]["points"] + region["forecast"]["points"], [], name)
            equal(words in region["observed"]["message"], True, f"{name}: {region['observed']['message']}; {done.stderr[-800:]}")
            equal("s3cret" in done.stdout + done.stderr, False, "the token is printed")


def a_token_that_is_sent_back_is_hidden_wherever_it_is_cut(program):
    token = "canary-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789"
    with CarbonServer() as server:
        for status in (401, 404):
            for before in (0, 90, 105):
                text = "x" * before + token + " is not valid"
                server.script("/v4/", json.dumps({"error": text}), status=status)
                source = maps(server.url).replace("s3cret-token", token)
                done, region, _ = ask(program, source, "electricity_maps")
                message = region["observed"]["message"]
                equal(f"answered {status}: " in message and "***" in message, True, message)
                equal(token[:6] in done.stdout + done.stderr, False, message)


def a_429_is_not_repeated_at_once(program):
    with CarbonServer() as server:
        server.script("/v4/", '{"error":"Too many requests"}', status=429)
        done, region, _ = ask(program, maps(server.url), "electricity_maps")
        equal("too many requests" in region["observed"]["message"], True, region["observed"]["message"])
        equal(sorted(path.split("?")[0].split("/")[-1] for path, _ in server.requests),
              ["forecast", "history", "latest"])


def version_1_answers_are_read_for_lifecycle(program):
    text = payload("electricitymaps/response.json")
    with CarbonServer() as server:

        def attempt(begin):
            server.script("/v4/carbon-intensity/latest",
                          shift_times(text, begin - instant(json.loads(text)["data"]["datetime"])))
            return ask(program, maps(server.url), "electricity_maps")

        begin, (_, region, _) = within_one_slot(HOUR, attempt)
        equal(points(region["observed"]), [(stamp(begin), stamp(begin + HOUR), 474, "estimated")])


def the_token_goes_nowhere_else(program):
    with CarbonServer() as server, CarbonServer() as stranger:
        for status in (301, 302, 307, 308):
            server.script("/v4/", "{}", status=status, headers={"Location": stranger.url + "/v4/"})
            done, region, _ = ask(program, maps(server.url), "electricity_maps")
            equal(done.returncode, 69, done.stderr)
            equal(f"the API answered {status}" in region["observed"]["message"], True, region["observed"]["message"])
        equal(stranger.requests, [])


# ---- recordings and constants ----

def every_recorded_year_can_be_asked(program):
    folder = os.path.join(SHARED, "data", "traces")
    if not glob.glob(os.path.join(folder, "*.csv")):
        raise Skipped(f"{folder} is absent")
    for name, column, at, value, until in (
            ("gb_neso_2023.csv", "actual", "2023-10-20T21:45:00Z", None, "2023-10-20T22:00:00Z"),
            ("de_2020.csv", "carbon_intensity", "2020-01-01T00:45:00Z", 351.2523352831814, None),
            ("aws_zones_2022.csv", "GB", "2022-01-01T01:00:00Z", 96.3, None)):
        path = os.path.join(folder, name)
        done, region, _ = ask(program, f"  - plugin: trace\n    regions: {{r: {{file: {path}, column: {column}}}}}\n",
                              "trace", "--at", at)
        equal(done.returncode, 0, done.stderr)
        last = region["observed"]["points"][-1]
        if value is not None:
            equal(last["value"], value, name)
        if until is not None:  # the record breaks off there, and nothing bridges the 91 missing half hours
            equal(last["to"], until, name)
            after = [p for p in region["forecast"]["points"] if p["from"] >= until]
            equal(after[0]["from"], "2023-10-22T19:30:00Z", name)


def a_bad_recording_is_named(program):
    program.write("zones.csv", "timestamp,GB\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,2\n")
    program.write("zerocarb.yaml", "regions: [r]\nsources:\n  - plugin: trace\n"
                  f"    regions: {{r: {{file: zones.csv, column: GB}}}}\n{PIPELINE}")
    done = program.run("source", "-c", "zerocarb.yaml", "trace")
    equal(done.returncode != 0, True)
    equal("zones.csv:3: 2026-01-01T00:00:00Z stands twice" in done.stderr, True, done.stderr)


def constants_come_from_table_and_config(program):
    program.write("zerocarb.yaml", "regions: [eu-west-2, r]\nsources:\n  - plugin: static_pue\n"
                  f"    regions: {{eu-west-2: {{renewable_pct: 0.8}}, r: 1.4}}\n{PIPELINE}")
    done = program.run("source", "-c", "zerocarb.yaml", "static_pue", "--json")
    equal(done.returncode, 0, done.stderr)
    first, second = json.loads(done.stdout)["regions"]
    equal((first["pue"], first["renewable_share"], first["static_intensity"], first["static_basis"]),
          (1.11, 0.8, 176, "lifecycle"))
    equal((second["pue"], "static_intensity" in second), (1.4, False))


main([
    uk_answers_become_the_series_that_they_hold,
    uk_requests_are_short_and_named,
    uk_errors_are_told_and_give_no_point,
    broken_connections_are_told,
    an_answer_without_end_is_cut,
    the_next_source_takes_over,
    maps_latest,
    maps_history,
    maps_forecast_nulls_are_gaps,
    maps_errors_are_told_and_give_no_point,
    a_token_that_is_sent_back_is_hidden_wherever_it_is_cut,
    a_429_is_not_repeated_at_once,
    version_1_answers_are_read_for_lifecycle,
    the_token_goes_nowhere_else,
    every_recorded_year_can_be_asked,
    a_bad_recording_is_named,
    constants_come_from_table_and_config,
])
