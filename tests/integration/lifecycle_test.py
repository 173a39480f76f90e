"""A run's life: slots missed, runs that would overlap, places, pauses, resolutions; over recorded time."""
import json
import os
import sqlite3

from program import equal, main, write_trace

CONFIG = """
regions: [eu-west-2, eu-north-1]
engine:
  state_dir: ./state
sources:
  - plugin: trace
    regions:
      eu-west-2: {{file: trace.csv, column: GB}}
      eu-north-1: {{file: trace.csv, column: SE}}
    forecast_hours: 48
    every: 30m
policies:
  use:
    - plugin: deferral_window
    - plugin: relocation
{more}
pipelines:
{pipelines}
sinks:
  - plugin: local_file
    path: ./rows.db
"""

# Each command writes when it begins and when it ends, so that the log shows how many went on at once.
COMMAND = 'echo "begin $ZEROCARB_PIPELINE $ZEROCARB_REGION" >> commands.log; {body}; echo "end $ZEROCARB_PIPELINE $ZEROCARB_REGION" >> commands.log'

# Cheap at 03:00 only; the same day again and again.
DAY = [200, 200, 200, 50] + [200] * 20


def pipeline(name, *more, body="true"):
    command = json.dumps(["/bin/sh", "-c", COMMAND.format(body=body)])
    lines = [f"  - name: {name}", "    region: eu-west-2",
             "    workload: {duration_minutes: 60, vcpu_count: 2, memory_gb: 3}", *("    " + line for line in more),
             f"    trigger: {{plugin: exec, directory: ., command: {command}}}"]
    return "\n".join(lines) + "\n"


def prepare(program, *pipelines, more=""):
    write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"GB": DAY * 10, "SE": [150] * 240})
    program.write("zerocarb.yaml", CONFIG.format(pipelines="".join(pipelines), more=more))


def replay(program, start, end, status=0):
    """Replays the engine from `start` to `end`; what it came to, and what it logged."""
    done = program.run("run", "-c", "zerocarb.yaml", "--from", start, "--to", end, timeout=120)
    equal(done.returncode, status, done.stderr[-3000:])
    return json.loads(done.stdout), done.stderr


def commands(program):
    try:
        with open(program.path("commands.log"), encoding="utf-8") as file:
            return [tuple(line.split()) for line in file]
    except FileNotFoundError:
        return []


def most_at_once(program, key=lambda line: True):
    """Of the commands that `key` says are meant: the most that went on at the same time."""
    going_on = most = 0
    for line in commands(program):
        if key(line):
            going_on += 1 if line[0] == "begin" else -1
            most = max(most, going_on)
    return most


def items(program, status=None):
    rows = sorted(program.rows("pipeline_executions"), key=lambda row: (row["timestamp"], row.get("slot", "")))
    return [row for row in rows if status in (None, row["status"])]


def mark(program, name):
    connection = sqlite3.connect(program.path("state/journal.db"))
    try:
        return connection.execute("SELECT slot FROM marks WHERE pipeline = ?", (name,)).fetchone()[0]
    finally:
        connection.close()


# ---- slots missed --------------------------------------------------------------------------------------------------

HOURLY = 'schedule: "0 * * * *"'


def after_an_absence(program, *more):
    """Slots at 00:00 and 01:00 run; then the engine is away until 09:30, and runs until 10:30."""
    prepare(program, pipeline("hourly", HOURLY, *more))
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T01:30:00Z")
    status, said = replay(program, "2026-01-02T09:30:00Z", "2026-01-02T10:30:00Z")
    slots = [row["slot"][11:16] for row in items(program, "SUCCESS")]
    equal(mark(program, "hourly"), 1767348000000, "the mark: 10:00")
    return slots, status["slots_missed"], said


def the_first_slot_is_not_lost_where_a_restart_falls_on_it(program):
    prepare(program, pipeline("hourly", HOURLY, "max_defer_hours: 0"))
    replay(program, "2026-01-02T00:00:30Z", "2026-01-02T00:59:57Z")
    equal(items(program), [])
    status, _ = replay(program, "2026-01-02T01:00:04Z", "2026-01-02T01:30:00Z")
    equal([row["slot"][11:16] for row in items(program, "SUCCESS")], ["01:00"])
    equal(status["slots_missed"], 0)


def another_schedule(program, *steps):
    """Runs the engine from 10:00 to 16:30 with each of these schedules but the last, day after day, and then a minute with
    that one; the slots that the last one took up, and what the engine said."""
    catch_up = ("max_defer_hours: 0", "catch_up: all")
    for day, schedule in enumerate(steps):
        own = (f'schedule: "{schedule}"',) if schedule else ()
        prepare(program, pipeline("p", *own, *catch_up))
        last = day == len(steps) - 1
        date = f"2026-01-0{day + 2 - last}"
        _, said = replay(program, f"{date}T{'16:31' if last else '10:00'}:00Z", f"{date}T{'16:32' if last else '16:30'}:00Z")
    return [row["slot"][11:16] for row in items(program)], said


def a_schedule_that_came_with_a_restart_begins_then(program):
    slots, said = another_schedule(program, "0 3 * * *", "*/15 * * * *")
    equal(slots, [], "no slot of */15 has come yet")
    equal("missed" in said, False, said)
    status, _ = replay(program, "2026-01-02T16:46:00Z", "2026-01-02T16:47:00Z")
    equal([row["slot"][11:16] for row in items(program)], ["16:45"], "a restart with the same one goes on")
    equal(status["slots_missed"], 0)


def a_schedule_that_was_away_for_a_while_begins_when_it_is_back(program):
    slots, said = another_schedule(program, "0 3 * * *", None, "0 3 * * *")
    equal(slots, [], said)


def a_schedule_with_another_zone_begins_anew(program):
    prepare(program, pipeline("p", 'schedule: "0 12 * * *"', "catch_up: all"))
    replay(program, "2026-01-02T10:00:00Z", "2026-01-02T10:10:00Z")
    prepare(program, pipeline("p", 'schedule: "0 12 * * *"', "catch_up: all", "time_zone: Asia/Tokyo"))
    replay(program, "2026-01-03T10:00:00Z", "2026-01-03T10:10:00Z")
    equal(items(program), [])


ONCE = """
regions: [a]
engine: {state_dir: ./state}
sources: [{plugin: static_pue, regions: {a: {pue: 1, intensity: 200}}}]
sinks: [{plugin: local_file, path: ./rows.db}]
pipelines:
  - {name: p, region: a, schedule: "* * * * *", catch_up: all, auto_trigger: false,
     workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: 1}}
"""


def a_pipeline_that_once_sees_first_has_missed_nothing(program):
    program.write("zerocarb.yaml", ONCE)
    done = program.run("run", "-c", "zerocarb.yaml", "--once")
    equal(done.returncode, 0, done.stderr)
    equal(len(items(program)), 1, "the newest slot alone")
    equal("missed" in done.stderr, False, done.stderr)


def a_trigger_in_the_foreground_starts_no_deferred_run(program):
    prepare(program, pipeline("nightly", 'schedule: "0 0 2 1 *"', "max_defer_hours: 4"), pipeline("other"))
    replay(program, "2026-01-01T23:59:00Z", "2026-01-02T00:01:00Z")
    equal([row["status"] for row in items(program)], ["DEFERRED"])
    done = program.run("trigger", "other")  # long after its planned start
    equal((done.returncode, "not reached" in done.stderr), (0, False), done.stderr)
    equal([line[1] for line in commands(program)], ["other"] * 2)
    equal({row["pipeline_name"]: row["status"] for row in items(program)}, {"nightly": "DEFERRED", "other": "SUCCESS"})
    done = program.run("run", "--once")
    equal((done.returncode, len(items(program, "SUCCESS"))), (0, 2), done.stderr)


def slots_made_up_for_start_in_their_order(program):
    prepare(program, pipeline("often", 'schedule: "*/5 * * * *"', "max_defer_hours: 0", "catch_up: all", "overlap: queue",
                              body='echo "$ZEROCARB_EXECUTION_ID" >> order.log'))
    replay(program, "2026-01-01T23:58:00Z", "2026-01-02T00:01:00Z")
    replay(program, "2026-01-02T02:32:00Z", "2026-01-02T02:34:00Z")
    slots = {row["execution_id"]: row["slot"] for row in items(program, "SUCCESS")}
    with open(program.path("order.log"), encoding="utf-8") as file:
        order = [slots[line.strip()] for line in file]
    equal(len(order), 25)
    equal(order, sorted(order))


def catch_up_none_counts_what_was_missed(program):
    slots, missed, said = after_an_absence(program, "max_defer_hours: 0", "catch_up: none")
    equal(slots, ["00:00", "01:00", "10:00"])
    equal(missed, 8)
    equal("8 slots missed, from 2026-01-02T02:00:00Z to 2026-01-02T09:00:00Z" in said, True, said)


def catch_up_latest_takes_the_newest_while_its_deadline_lasts(program):
    slots, missed, _ = after_an_absence(program, "max_defer_hours: 1")
    equal(slots, ["00:00", "01:00", "09:00", "10:00"])
    equal(missed, 7)


def catch_up_latest_drops_what_is_long_past_its_deadline(program):
    slots, missed, _ = after_an_absence(program, "max_defer_hours: 0", "catch_up: latest")  # 09:00 is 30 minutes past
    equal(slots, ["00:00", "01:00", "10:00"])
    equal(missed, 8)


def catch_up_all_takes_the_newest_few_in_their_order(program):
    slots, missed, _ = after_an_absence(program, "max_defer_hours: 0", "catch_up: all", "catch_up_max: 5")
    equal(slots, ["00:00", "01:00", "05:00", "06:00", "07:00", "08:00", "09:00", "10:00"])
    equal(missed, 3)
    taken_late = [row for row in items(program) if row["slot"] < "2026-01-02T10" and row["slot"] > "2026-01-02T02"]
    equal({row["created_at"] for row in taken_late}, {"2026-01-02T09:30:00Z"}, "requested when they are taken up")
    if any(row["triggered_at"] != "2026-01-02T09:30:00Z" for row in taken_late):
        raise AssertionError(f"deadlines have passed, and they wait: {taken_late}")


def ten_years_of_missed_minutes_are_counted_exactly(program):
    prepare(program, pipeline("minutely", 'schedule: "* * * * *"', "catch_up: none"))
    replay(program, "2016-01-01T00:00:30Z", "2016-01-01T00:02:30Z")
    status, _ = replay(program, "2026-01-01T00:00:30Z", "2026-01-01T00:01:30Z")
    # From 00:03 of the first to 23:59 of the last day; 00:00 is 30 seconds ago, and on time.
    equal(status["slots_missed"], 3653 * 1440 - 3)
    status, _ = replay(program, "2026-01-01T00:10:30Z", "2026-01-01T00:11:30Z")
    equal(status["slots_missed"], 3653 * 1440 - 3 + 8, "the count outlives a restart")


def no_slot_fires_twice_when_the_clock_is_set_back(program):
    prepare(program, pipeline("hourly", HOURLY, "max_defer_hours: 0"))
    replay(program, "2026-01-02T00:30:00Z", "2026-01-02T05:30:00Z")
    for start in ("2026-01-02T03:30:00Z", "2026-01-01T22:30:00Z", "1970-01-01T00:30:00Z"):
        replay(program, start, start.replace("30:00Z", "40:00Z"))
    replay(program, "2026-01-02T02:30:00Z", "2026-01-02T07:30:00Z")
    slots = [row["slot"][11:16] for row in items(program)]
    equal(slots, [f"0{hour}:00" for hour in range(1, 8)])
    equal(len(commands(program)), 14, "seven runs, each begins and ends once")


# ---- overlap -------------------------------------------------------------------------------------------------------

def overlap_skip_records_the_slot_that_it_passes_over(program):
    prepare(program, pipeline("hourly", HOURLY, "max_defer_hours: 4", "overlap: skip"))
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T03:30:00Z")
    ended = [(row["slot"][11:16], row["status"]) for row in items(program)]
    # 00:00 waits for 03:00. When the slot of 03:00 comes, it has been started and has ended, or has not: a tie.
    equal(ended[:3], [("00:00", "SUCCESS"), ("01:00", "CANCELLED"), ("02:00", "CANCELLED")])
    first, skipped = items(program)[0], items(program)[1]
    equal(skipped["message"], f"skipped: run {first['execution_id'][:8]} has not ended (DEFERRED)")
    equal("triggered_at" in skipped, False)
    replay(program, "2026-01-02T01:30:00Z", "2026-01-02T03:30:00Z")
    equal(len(items(program)), 4, "a slot that was skipped does not come again")


def clean_hour(program, *more, limits="", body="sleep 0.2", pipelines=1):
    """Slots from 00:00 to 02:00 that all wait for 03:00."""
    each = [pipeline(f"hourly-{i}", HOURLY, "max_defer_hours: 4", *more, body=body) for i in range(pipelines)]
    prepare(program, *each, more=limits)
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T02:59:59Z")
    equal(commands(program), [], "before the clean hour")
    status, said = replay(program, "2026-01-02T02:59:59Z", "2026-01-02T03:00:00Z")
    equal(len(items(program, "SUCCESS")), 4 * pipelines, said[-2000:])
    return [row for row in items(program) if "wait" in row]


def overlap_allow_runs_side_by_side(program):
    waited = clean_hour(program)
    equal(waited, [])
    if most_at_once(program) < 2:
        raise AssertionError(f"one after another: {commands(program)}")


def overlap_queue_runs_one_after_another(program):
    waited = clean_hour(program, "overlap: queue", body="sleep 0.05")
    equal(most_at_once(program), 1)
    equal(len(waited), 3)
    equal({row["wait"]["reason"] for row in waited}, {"another run of its pipeline has not ended (overlap: queue)"})


def overlap_queue_holds_past_the_deadline(program):
    prepare(program, pipeline("hourly", HOURLY, "max_defer_hours: 0", "overlap: queue", "catch_up: all", body="sleep 0.05"))
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T00:30:00Z")
    replay(program, "2026-01-02T06:30:00Z", "2026-01-02T06:31:00Z")  # six at once, their deadlines past
    equal(len(items(program, "SUCCESS")), 7)
    equal(most_at_once(program), 1)


# ---- places --------------------------------------------------------------------------------------------------------

def max_parallel_of_a_pipeline_holds_the_others(program):
    waited = clean_hour(program, "max_parallel: 2")
    equal(most_at_once(program), 2)
    equal({row["wait"]["reason"] for row in waited},
          {"as many runs of its pipeline are under way as its max_parallel, 2"})
    equal(len(waited), 2)


def max_parallel_of_all_gives_places_by_deadline(program):
    waited = clean_hour(program, limits="limits: {max_parallel: 3}", pipelines=2, body="sleep 0.1")
    equal(most_at_once(program), 3)
    equal({row["wait"]["reason"] for row in waited}, {"as many runs are under way as limits.max_parallel, 3"})
    # The runs of 03:00, whose deadlines are the furthest, have their turn last.
    started = sorted(items(program), key=lambda row: row["started_at"])
    equal({row["slot"][11:16] for row in items(program) if "wait" not in row} <= {"00:00", "01:00"}, True, started)


def max_parallel_of_a_region_leaves_the_others_free(program):
    prepare(program, pipeline("here", HOURLY, "max_defer_hours: 4", body="sleep 0.2"),
            pipeline("there", HOURLY, "max_defer_hours: 4", body="sleep 0.2").replace("eu-west-2", "eu-north-1"),
            more="limits: {max_parallel_per_region: 1}")
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T03:00:00Z")
    equal(len(items(program, "SUCCESS")), 8)
    for region in ("eu-west-2", "eu-north-1"):
        equal(most_at_once(program, lambda line, region=region: line[2] == region), 1, region)
    reasons = {row["wait"]["reason"] for row in items(program) if "wait" in row}
    equal(reasons, {"as many runs are under way in eu-west-2 as limits.max_parallel_per_region, 1"})


def at_its_deadline_a_run_starts_without_a_place(program):
    prepare(program, pipeline("hourly", HOURLY, "max_defer_hours: 0", "catch_up: all", body="sleep 0.2"),
            more="limits: {max_parallel: 1}")
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T00:30:00Z")
    replay(program, "2026-01-02T04:30:00Z", "2026-01-02T04:31:00Z")
    equal(len(items(program, "SUCCESS")), 5)
    equal(most_at_once(program) > 1, True, commands(program))


def at_deadline_wait_never_exceeds_the_limit(program):
    prepare(program, pipeline("hourly", HOURLY, "max_defer_hours: 0", "catch_up: all", body="sleep 0.05"),
            more="limits: {max_parallel: 1, at_deadline: wait}")
    replay(program, "2026-01-01T23:30:00Z", "2026-01-02T00:30:00Z")
    replay(program, "2026-01-02T04:30:00Z", "2026-01-02T04:31:00Z")
    equal(len(items(program, "SUCCESS")), 5)
    equal(most_at_once(program), 1)


if __name__ == "__main__":
    main([the_first_slot_is_not_lost_where_a_restart_falls_on_it, a_pipeline_that_once_sees_first_has_missed_nothing,
          a_schedule_that_came_with_a_restart_begins_then, a_schedule_that_was_away_for_a_while_begins_when_it_is_back,
          a_schedule_with_another_zone_begins_anew, a_trigger_in_the_foreground_starts_no_deferred_run,
          slots_made_up_for_start_in_their_order,
          catch_up_none_counts_what_was_missed, catch_up_latest_takes_the_newest_while_its_deadline_lasts,
          catch_up_latest_drops_what_is_long_past_its_deadline, catch_up_all_takes_the_newest_few_in_their_order,
          ten_years_of_missed_minutes_are_counted_exactly, no_slot_fires_twice_when_the_clock_is_set_back,
          overlap_skip_records_the_slot_that_it_passes_over, overlap_allow_runs_side_by_side,
          overlap_queue_runs_one_after_another, overlap_queue_holds_past_the_deadline,
          max_parallel_of_a_pipeline_holds_the_others, max_parallel_of_all_gives_places_by_deadline,
          max_parallel_of_a_region_leaves_the_others_free, at_its_deadline_a_run_starts_without_a_place,
          at_deadline_wait_never_exceeds_the_limit])
