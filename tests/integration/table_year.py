"""A realistic, deterministic year of tables: the same seed gives the same rows, to the byte.

    table_year.py [--days 365] [--pipelines 200] [--regions 8] [--end 2025-12-31] [--seed 1] [--raw] [--config FILE]
                  [--database FILE | >lines]

Prints lines "TABLE<tab>ITEM" as `store_probe fill` takes them, or writes them into a file of the local_file sink that is
there already (an engine or a probe has made it). Executions and history come from a made-up grid: a daily and a weekly
swing, weather that lasts for days, a forecast that errs. --raw leaves out the derived tables. Derived ones are made here
in the plainest way, so that they can be compared with what the program makes."""
import argparse
import collections
import datetime
import json
import math
import random
import sqlite3
import sys
import uuid

DAY = 86400
RETENTION = {"pipeline_executions": 365, "carbon_intensity_history": 30, "pipeline_analytics": 365, "regional_insights": 60,
             "carbon_leaderboard": 730}
REGIONS = [("eu-north-1", 28, 0.2), ("eu-west-2", 170, 0.35), ("eu-west-3", 45, 0.3), ("eu-central-2", 70, 0.25),
           ("eu-west-1", 290, 0.25), ("eu-central-1", 340, 0.3), ("us-west-2", 210, 0.3), ("ca-central-1", 32, 0.15)]
TEAMS = ["payments", "search", "platform", "mobile", "data", "web"]
JOBS = ["build", "nightly-tests", "deploy", "scan", "release", "train"]
WORKLOADS = [(10, 2, 4), (25, 4, 8), (40, 2, 3), (60, 8, 16), (90, 16, 64)]
FIELDS = {"pipeline_executions": ["execution_id", "timestamp", "pipeline_name", "status", "carbon_analysis.decision",
                                  "carbon_analysis.savings_g", "carbon_analysis.optimal_region"],
          "carbon_intensity_history": ["region", "timestamp"], "pipeline_analytics": ["pipeline_name", "date"],
          "regional_insights": ["date", "hour"], "carbon_leaderboard": ["period", "identifier"]}


def rounded(value, decimals):
    """Half away from zero; whole numbers as such."""
    scaled = math.floor(abs(value) * 10 ** decimals + 0.5 + 1e-9) / 10 ** decimals
    scaled = math.copysign(scaled, value) if scaled else 0.0
    return int(scaled) if scaled == int(scaled) else scaled


def stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_of(seconds):
    return stamp(seconds)[:10]


def seconds_of(date):
    return int(datetime.datetime.fromisoformat(date + "T00:00:00+00:00").timestamp())


class Year:
    def __init__(self, days=365, pipelines=200, regions=8, end="2025-12-31", seed=1, runs_per_day=2.05):
        self.random = random.Random(seed)
        self.first = seconds_of(end) - (days - 1) * DAY
        self.days, self.runs_per_day = days, runs_per_day
        self.regions = [REGIONS[i % len(REGIONS)][0] + ("" if i < len(REGIONS) else f"-{i}") for i in range(regions)]
        self.profile = {name: REGIONS[i % len(REGIONS)][1:] for i, name in enumerate(self.regions)}
        self.slots = {name: self.grid(name) for name in self.regions}
        self.pipelines = [self.pipeline(i) for i in range(pipelines)]

    # ---- the grid ----

    def grid(self, name):
        """Half hours of the whole span and two days behind it, one decimal."""
        level, swing = self.profile[name]
        weather, values = 0.0, []
        for i in range((self.days + 2) * 48):
            hour, weekday = i / 2 % 24, (self.first // DAY + i // 48 + 3) % 7
            weather = 0.995 * weather + 0.03 * self.random.gauss(0, 1)
            day = math.cos((hour - 18.5) / 24 * 2 * math.pi) + 0.4 * math.cos((hour - 8) / 12 * 2 * math.pi)
            value = level * (1 + swing * (0.6 * day + weather) - (0.12 if weekday >= 5 else 0))
            values.append(rounded(max(value, 1), 1))
        return values

    def mean(self, region, start, minutes):
        """Over whole half hours and parts of them; `start` in seconds."""
        slots, total, at, end = self.slots[region], 0.0, start, start + minutes * 60
        while at < end:
            i = (at - self.first) // 1800
            until = min(end, self.first + (i + 1) * 1800)
            total += slots[i] * (until - at)
            at = until
        return total / (minutes * 60)

    # ---- pipelines and their runs ----

    def pipeline(self, i):
        r = self.random
        others = self.regions[:]
        region = others.pop(r.randrange(len(others)))
        duration, vcpu, memory = WORKLOADS[r.randrange(len(WORKLOADS))]
        return {"name": f"{TEAMS[i % len(TEAMS)]}-{JOBS[i // len(TEAMS) % len(JOBS)]}-{i:03d}", "team": TEAMS[i % len(TEAMS)],
                "region": region, "relocate_to": sorted(r.sample(others, min(2, len(others)))), "duration": duration,
                "vcpu": vcpu, "memory": memory, "slack": r.choice([0, 4, 8, 24]), "hour": r.randrange(24)}

    def energy(self, p):
        hours = p["duration"] / 60
        return (p["vcpu"] * 10 / 1000 + p["memory"] * 0.000392) * hours, p["vcpu"] * hours * 2.5

    def plan(self, p, requested):
        """What the three policies would do, with a forecast that errs."""
        now = {region: self.mean(region, requested, p["duration"]) for region in [p["region"], *p["relocate_to"]]}
        base, err = now[p["region"]], 1 + self.random.gauss(0, 0.04)
        starts = [requested + 1800 * i for i in range(1, p["slack"] * 2 + 1)]
        best = min(starts, key=lambda s: (self.mean(p["region"], s, p["duration"]), s), default=None)
        if best is not None:
            planned = self.mean(p["region"], best, p["duration"]) * err
            if (base - planned) / base >= 0.15:
                return "DEFER", p["region"], best, planned, base
        region = min(now, key=lambda name: (now[name], name))
        if (base - now[region]) / base >= 0.15:
            return "RELOCATE", region, requested, now[region], base
        return "RUN_NOW", p["region"], requested, base, base

    def execution(self, p, requested):
        r = self.random
        decision, region, start, intensity, base = self.plan(p, requested)
        intensity, base = rounded(intensity, 1), rounded(base, 1)
        kwh, embodied = self.energy(p)
        sci, base_sci = kwh * intensity + embodied, kwh * base + embodied
        saved = base_sci - sci
        status = r.choices(["SUCCESS", "FAILED", "TIMED_OUT", "CANCELLED"], [93, 5, 1, 1])[0]
        actual = max(5, round(p["duration"] * r.uniform(0.85, 1.15)))
        analysis = {"decision": decision, "reason": f"{region} at {intensity} gCO2eq/kWh over the run",
                    "default_region": p["region"], "default_intensity": base, "optimal_region": region,
                    "optimal_intensity": intensity, "savings_g": rounded(saved, 4),
                    "savings_percent": rounded(100 * saved / base_sci, 2)}
        item = {"execution_id": str(uuid.UUID(int=r.getrandbits(128), version=4)), "timestamp": requested,
                "pipeline_name": p["name"], "pipeline_region": region, "trigger_source": "zerocarb_schedule",
                "status": status, "carbon_analysis": analysis,
                "workload": {"duration_minutes": p["duration"], "vcpu_count": p["vcpu"], "memory_gb": p["memory"],
                             "energy_kwh": rounded(kwh, 6), "sci_score": rounded(sci, 4)},
                "regional_snapshot": {name: self.slots[name][(requested - self.first) // 1800] for name in self.regions},
                "data_sources": {"electricity_maps": {"regions_fetched": self.regions, "success_rate": 1}},
                "config": {"auto_trigger": True, "min_savings_defer": 15, "max_defer_hours": p["slack"],
                           "pipeline_timeout": 30},
                "carbon_analysis.decision": decision, "carbon_analysis.savings_g": rounded(saved, 4),
                "carbon_analysis.optimal_region": region,
                "data_quality": {which: {"source": "electricity_maps", "origin": "forecast", "basis": "lifecycle",
                                         "age_minutes": 12, "fallback": False}
                                 for which in ("default_region", "optimal_region")},
                "schedule": {"requested_at": stamp(requested), "planned_start": stamp(start),
                             "deadline": stamp(requested + p["slack"] * 3600), "planned_intensity": intensity}}
        if status == "CANCELLED":
            item["message"] = "cancelled by a person"
        else:
            item.update(self.outcome(p, status, start, actual, region, requested))
        item["created_at"] = stamp(requested)
        item["ttl"] = requested + RETENTION["pipeline_executions"] * DAY
        return item

    def outcome(self, p, status, start, actual, region, requested):
        started, finished = start + 3, start + 3 + actual * 60
        mean, base = rounded(self.mean(region, started, actual), 1), rounded(self.mean(p["region"], requested, actual), 1)
        kwh, embodied = (x * actual / p["duration"] for x in self.energy(p))
        sci, base_sci = kwh * mean + embodied, kwh * base + embodied
        message = {"SUCCESS": "exit status 0", "FAILED": "exit status 1", "TIMED_OUT": "not ended within 30 minutes"}
        found = {"attempts": 1, "message": message[status], "triggered_at": stamp(start), "started_at": stamp(started),
                 "finished_at": stamp(finished)}
        if self.random.random() < 0.97:
            found["realised"] = {"started_at": stamp(started), "finished_at": stamp(finished), "mean_intensity": mean,
                                 "baseline_mean_intensity": base, "sci_score": rounded(sci, 4),
                                 "savings_g": rounded(base_sci - sci, 4),
                                 "savings_percent": rounded(100 * (base_sci - sci) / base_sci, 2)}
        return found

    def executions(self):
        for day in range(self.days):
            for p in self.pipelines:
                n = int(self.runs_per_day) + (self.random.random() < self.runs_per_day % 1)
                for i in range(n):
                    minute = (p["hour"] * 60 + i * 1440 // max(n, 1)) % 1440
                    yield self.execution(p, self.first + day * DAY + minute * 60)

    def history(self):
        for i in range(self.days * 48):
            time = self.first + i * 1800
            for region in self.regions:
                value = self.slots[region][i]
                yield {"region": region, "timestamp": time, "intensity": value, "grid_intensity": value,
                       "renewable_pct": 0, "pue": 1, "index": "low" if value < 100 else "moderate",
                       "source": "electricity-maps", "is_realtime": i % 7 != 0, "duration_minutes": 30,
                       "basis": "lifecycle", "ttl": time + RETENTION["carbon_intensity_history"] * DAY}

    # ---- a configuration that fits ----

    def config(self, sinks="  - {plugin: local_file, path: ./rows.db}\n", trace=None):
        """trace: a CSV file with a column a region, as write_trace() makes it; else yearly averages are the source."""
        lines = [f"regions: [{', '.join(self.regions)}]", "engine: {state_dir: ./state}", "sources:"]
        lines += [f"  - plugin: {'trace' if trace else 'static_pue'}", "    regions:"]
        lines += [f"      {name}: " + (f"{{file: {trace}, column: {name}}}" if trace else
                                       f"{{intensity: {self.profile[name][0]}}}") for name in self.regions]
        lines += ["policies:", "  use: [{plugin: deferral_window}, {plugin: relocation}]", "pipelines:"]
        for p in self.pipelines:
            lines.append(f"  - {{name: {p['name']}, team: {p['team']}, region: {p['region']}, relocate_to: "
                         f"[{', '.join(p['relocate_to'])}], auto_trigger: false, max_defer_hours: {p['slack']}, workload: "
                         f"{{duration_minutes: {p['duration']}, vcpu_count: {p['vcpu']}, memory_gb: {p['memory']}}}}}")
        return "\n".join(lines) + f"\nsinks:\n{sinks}"


# ---- derived tables, in the plainest way ----

def ran(item):
    return "started_at" in item


def emitted(item):
    return item["realised"]["sci_score"] if "realised" in item else item["workload"]["sci_score"]


def saved(item):
    return item["realised"]["savings_g"] if "realised" in item else item["carbon_analysis"]["savings_g"]


def rate(part, whole):
    return rounded(part / whole, 3) if whole else None


def known(members):
    return {name: value for name, value in members.items() if value is not None}


def analytics_item(name, date, items):
    done = [i for i in items if ran(i)]
    good, bad = (sum(i["status"] in words for i in items) for words in (("SUCCESS",), ("FAILED", "TIMED_OUT")))
    by_region = collections.defaultdict(list)
    for i in done:
        by_region[i["pipeline_region"]].append(i["carbon_analysis"]["optimal_intensity"])
    means = {region: sum(values) / len(values) for region, values in by_region.items()}
    decisions = collections.Counter(i["carbon_analysis"]["decision"] for i in items)
    deferred = [i for i in done if i["carbon_analysis"]["decision"] == "DEFER"]
    n = len(done)
    hours = [i["workload"]["duration_minutes"] / 60 for i in done]
    return {"pipeline_name": name, "date": date,
            "executions": known({"total": len(items), "successful": good, "failed": bad, "success_rate": rate(good, good + bad), "ran": n}),
            "carbon": known({"total_emissions_g": rounded(sum(map(emitted, done)), 2),
                             "avg_emissions_g": rounded(sum(map(emitted, done)) / n, 2) if n else None,
                             "total_savings_g": rounded(sum(map(saved, done)), 2),
                             "planned_savings_g": rounded(sum(i["carbon_analysis"]["savings_g"] for i in done), 2),
                             "realised_executions": sum("realised" in i for i in done),
                             "cleanest_region_used": min(means, key=means.get) if means else None,
                             "dirtiest_region_used": max(means, key=means.get) if means else None}),
            "performance": known({"avg_duration_minutes": rounded(sum(i["workload"]["duration_minutes"] for i in done) / n, 2) if n else None,
                                  "avg_energy_kwh": rounded(sum(i["workload"]["energy_kwh"] for i in done) / n, 3) if n else None,
                                  "avg_sci_score": rounded(sum(map(emitted, done)) / n, 2) if n else None,
                                  "total_vcpu_hours": rounded(sum(h * i["workload"]["vcpu_count"] for h, i in zip(hours, done)), 2),
                                  "total_memory_gb_hours": rounded(sum(h * i["workload"]["memory_gb"] for h, i in zip(hours, done)), 2)}),
            "decisions": known({"run_now": decisions["RUN_NOW"], "defer": decisions["DEFER"], "relocate": decisions["RELOCATE"],
                                "defer_success_rate": rate(sum(i["status"] == "SUCCESS" and saved(i) > 0 for i in deferred), len(deferred))}),
            "updated_at": date + "T23:59:59Z", "ttl": seconds_of(date) + RETENTION["pipeline_analytics"] * DAY}


def insights_items(year):
    for hour in range(year.days * 24):
        time = year.first + hour * 3600
        means = [(rounded(sum(year.slots[r][hour * 2:hour * 2 + 2]) / 2, 1), i, r) for i, r in enumerate(year.regions)]
        ranked = [{"region": r, "intensity": value, "rank": n + 1} for n, (value, _, r) in enumerate(sorted(means))]
        best, worst = ranked[0], ranked[-1]
        opening = math.floor(1000 * (worst["intensity"] - best["intensity"]) / worst["intensity"]) / 10
        yield {"date": date_of(time), "hour": hour % 24, "rankings": ranked,
               "opportunities": {"max_savings_percent": rounded(opening, 1), "best_region": best["region"],
                                 "worst_region": worst["region"],
                                 "regions_below_threshold": [r["region"] for r in ranked if r["intensity"] <= 100]},
               "data_quality": {"regions_with_data": len(ranked), "realtime_sources": 1, "estimated_sources": 0,
                                "data_freshness_minutes": 5},
               "created_at": stamp(time), "ttl": time + RETENTION["regional_insights"] * DAY}


def periods_of(date):
    day = datetime.date.fromisoformat(date)
    monday = day - datetime.timedelta(days=day.weekday())
    sunday = monday + datetime.timedelta(days=6)
    last = (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
    week = day.isocalendar()
    return [("daily", date, date, date), ("weekly", f"{week[0]}-W{week[1]:02d}", str(monday), str(sunday)),
            ("monthly", date[:7], date[:8] + "01", str(last))]


def leaderboard_items(executions, teams):
    sums = collections.defaultdict(lambda: [0.0, 0.0, 0, 0])
    for item in executions:
        for name, kind in ((item["pipeline_name"], "pipeline"), (teams[item["pipeline_name"]], "team")):
            for period in periods_of(date_of(item["timestamp"])):
                entry = sums[(period, kind, name)]
                if ran(item):
                    entry[0] += emitted(item)
                    entry[1] += saved(item)
                    entry[2] += item["carbon_analysis"]["decision"] != "RUN_NOW" and saved(item) > 0
                    entry[3] += 1
    groups = collections.defaultdict(list)
    for (period, kind, name), entry in sums.items():
        groups[(period, kind)].append((name, *entry))
    for ((period, key, first, last), kind), rows in groups.items():
        ranks = {which: {row[0]: n + 1 for n, row in enumerate(sorted(rows, key=order))} for which, order in (
            ("carbon_savings_rank", lambda r: (-r[2], r[0])), ("optimization_rate_rank", lambda r: (-(r[3] / r[4] if r[4] else 0), r[0])),
            ("total_executions_rank", lambda r: (-r[4], r[0])))}
        for name, emissions, savings, optimised, total in rows:
            achieved = [word for limit, word in ((10000, "gold"), (1000, "silver"), (100, "bronze")) if savings >= limit][:1]
            item = {"period": f"{period}#{key}", "identifier": name, "kind": kind, "period_start": first, "period_end": last,
                    "carbon_metrics": known({"total_emissions_g": rounded(emissions, 2), "total_savings_g": rounded(savings, 2),
                                             "savings_rate": rate(savings, emissions + savings),
                                             "executions_optimized": optimised, "total_executions": total,
                                             "optimization_rate": rate(optimised, total)}),
                    "rankings": {which: order[name] for which, order in ranks.items()},
                    "achievements": [f"carbon_saver_{word}" for word in achieved],
                    "updated_at": last + "T23:59:59Z", "ttl": seconds_of(last) + RETENTION["carbon_leaderboard"] * DAY}
            yield item


def rows(year, raw=False):
    """Pairs of a table's name and an item."""
    by_day, all_runs = collections.defaultdict(list), []
    for item in year.executions():
        by_day[(item["pipeline_name"], date_of(item["timestamp"]))].append(item)
        if not raw:
            all_runs.append(item)
        yield "pipeline_executions", item
    for item in year.history():
        yield "carbon_intensity_history", item
    if raw:
        return
    for (name, date), items in by_day.items():
        yield "pipeline_analytics", analytics_item(name, date, items)
    for item in insights_items(year):
        yield "regional_insights", item
    for item in leaderboard_items(all_runs, {p["name"]: p["team"] for p in year.pipelines}):
        yield "carbon_leaderboard", item


def text_of(item):
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)


def lines(year, raw=False):
    for table, item in rows(year, raw):
        yield f"{table}\t{text_of(item)}\n"


def write_database(path, pairs):
    """Into the tables that the sink made: key columns, ttl, item. Returns the number of rows."""
    database, n = sqlite3.connect(path), 0
    database.execute("PRAGMA synchronous = OFF")
    statements = {}
    for table, keys in FIELDS.items():
        names = ", ".join(f'"{key}"' for key in [*keys, "ttl", "item"])
        statements[table] = f'INSERT OR REPLACE INTO {table} ({names}) VALUES ({", ".join("?" * (len(keys) + 2))})'
    for table, item in pairs:
        database.execute(statements[table], [*(item.get(key) for key in FIELDS[table]), item["ttl"], text_of(item)])
        n += 1
    database.commit()
    database.close()
    return n


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name, default in (("days", 365), ("pipelines", 200), ("regions", 8), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--end", default="2025-12-31", help="the last day")
    parser.add_argument("--raw", action="store_true", help="executions and history only")
    parser.add_argument("--config", help="write a configuration with these pipelines and regions")
    parser.add_argument("--database", help="a file of the local_file sink")
    given = parser.parse_args()
    year = Year(given.days, given.pipelines, given.regions, given.end, given.seed)
    if given.config:
        with open(given.config, "w", encoding="utf-8") as file:
            file.write(year.config())
    if given.database:
        print(write_database(given.database, rows(year, given.raw)), "rows")
    else:
        sys.stdout.writelines(lines(year, given.raw))


if __name__ == "__main__":
    main()
