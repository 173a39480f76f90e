"""The trigger `codepipeline`, against an endpoint that checks every signature and every request."""
import calendar
import json
import time

from aws_endpoint import Refused
from aws_material import endpoint, ended, only_row, pipeline, prepare, replay
from program import equal, instant, main

ROUNDS = 200
HOURLY = ['schedule: "0 * * * *"']
ONE_AT_ONE = ['schedule: "0 1 2 1 *"']
PASSING = "{plugin: codepipeline, pipeline: app, pass_decision: true}"


def none_wrong(aws):
    equal(aws.problems, [], "what the endpoint refused")


def starts(aws):
    return [call for call in aws.calls if call[0] == "StartPipelineExecution"]


def once(program, aws, trigger="{plugin: codepipeline, pipeline: app}", status=0, more=ONE_AT_ONE, wait=0):
    prepare(program, pipeline(trigger=trigger, more=more, wait=wait))
    end = "2026-01-02T02:30:00Z" if wait == 0 else "2026-01-02T04:30:00Z"
    done = replay(program, end, aws.environment(), status=status)
    return done, only_row(program)


def a_run_is_started_watched_and_recorded(program):
    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.polls_until_end = 3
        aws.pipelines.hidden_polls = 2
        _, row = once(program, aws)
        none_wrong(aws)
        equal(row["status"], "SUCCESS", row)
        equal("Succeeded: summary of Succeeded" in row["message"], True, row["message"])
        (execution,) = aws.pipelines.all()
        equal(execution["token"], "zc-" + row["execution_id"])
        equal(execution["variables"], [])
        equal(json.dumps(row).count(execution["id"]) >= 1, True, f"the remote's id is recorded: {row}")


def variables_revisions_and_twins(program):
    with endpoint() as aws:
        aws.pipelines.add("eu-north-1", "app-north")
        _, row = once(program, aws, trigger="{plugin: codepipeline, pipeline: app, pass_decision: true, "
                      "pipeline_by_region: [eu-north-1=app-north], variables: ['WHO=a \"b\" \\c=d', 'N=1'], "
                      "source_revisions: ['Source:COMMIT_ID:abc:def']}",
                      more=[*ONE_AT_ONE, "relocate_to: [eu-north-1]"])
        none_wrong(aws)
        equal(row["status"], "SUCCESS", row)
        (execution,) = aws.pipelines.all()
        equal(execution["region"], "eu-north-1")
        equal(execution["variables"], [
            {"name": "WHO", "value": 'a "b" \\c=d'}, {"name": "N", "value": "1"},
            {"name": "ZEROCARB_DECISION", "value": "RELOCATE"}, {"name": "ZEROCARB_REGION", "value": "eu-north-1"},
            {"name": "ZEROCARB_EXECUTION_ID", "value": row["execution_id"]}])
        equal(execution["revisions"], [{"actionName": "Source", "revisionType": "COMMIT_ID",
                                        "revisionValue": "abc:def"}])


def every_end_has_its_status(program):
    for word, status in {"Failed": "FAILED", "Stopped": "CANCELLED", "Cancelled": "CANCELLED",
                         "Superseded": "SUPERSEDED", "Succeeded": "SUCCESS"}.items():
        with endpoint() as aws:
            other = type(program)(program.binary)
            aws.pipelines.add("eu-west-2", "app")
            aws.pipelines.ends_as = word
            prepare(other, pipeline(more=ONE_AT_ONE))
            other.run("run", "-c", "zerocarb.yaml", "--from", "2026-01-02T00:30:00Z", "--to", "2026-01-02T02:30:00Z",
                      env=aws.environment())
            equal((word, only_row(other)["status"]), (word, status))
            none_wrong(aws)


def bad_options_are_refused_before_anything_is_sent(program):
    for option, words in {"pipeline: 'a b'": "no name of a pipeline",
                          "pipeline: app, variables: [novalue]": "entry 1: not NAME=value",
                          "pipeline: app, variables: ['A=']": "its value is empty",
                          "pipeline: app, variables: ['ZEROCARB_X=1']": "set by ZeroCarb itself",
                          "pipeline: app, pipeline_by_region: [eu-west-2]": "not region=pipeline",
                          "pipeline: app, source_revisions: ['a:COMMIT:b']": "not action:TYPE:value",
                          "pipeline: app, endpoint: 'http://127.0.0.1:1/?a=b'": "may hold no query"}.items():
        with endpoint() as aws:
            aws.pipelines.add("eu-west-2", "app")
            other = type(program)(program.binary)
            prepare(other, pipeline(trigger="{plugin: codepipeline, " + option + "}", more=ONE_AT_ONE))
            done = replay(other, "2026-01-02T02:30:00Z", aws.environment(), status=78)
            equal(words in done.stderr, True, done.stderr[-500:])
            equal(aws.calls, [])


def a_missing_pipeline_is_named_with_its_region(program):
    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        _, row = once(program, aws, status=1, more=[*ONE_AT_ONE, "relocate_to: [eu-north-1]"])
        none_wrong(aws)
        equal(row["status"], "FAILED")
        for words in ("app in eu-north-1", "pipeline_by_region", "PipelineNotFoundException"):
            equal(words in row["message"], True, row["message"])
        equal(len(aws.calls), 1, "it is not tried again")


def a_region_without_codepipeline_is_told(program):
    """A host under .invalid, which no name service knows."""
    with endpoint() as aws:
        prepare(program, pipeline(trigger="{plugin: codepipeline, pipeline: app}", more=ONE_AT_ONE))
        text = open(program.path("zerocarb.yaml"), encoding="utf-8").read().replace("eu-west-2", "ca-west-1")
        program.write("zerocarb.yaml", text)
        env = aws.environment()
        env.update(AWS_ENDPOINT_URL="http://codepipeline.ca-west-1.invalid", http_proxy="")
        done = replay(program, "2026-01-02T02:30:00Z", env, status=1)
        row = only_row(program)
        equal(row["status"], "FAILED")
        equal("had no CodePipeline" in row["message"] and "could not resolve" in row["message"], True, row["message"])
        equal("tried again" in done.stderr, True)


def busy_limits_and_throttles_are_retried(program):
    faults = [Refused("ConflictException", "Your request cannot be handled because the pipeline is busy"),
              Refused("ConcurrentPipelineExecutionsLimitExceededException", "limit"),
              Refused("ThrottlingException", "Rate exceeded"), None]
    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.fault = lambda operation, *_: faults.pop(0) if operation == "StartPipelineExecution" else None
        _, row = once(program, aws, wait=2)
        none_wrong(aws)
        equal(row["status"], "SUCCESS", row)
        equal(len(aws.pipelines.all()), 1)
        equal(len(starts(aws)), 4)


def clock_skew_is_told_by_how_much(program):
    for offset, words in ((3600, "3600 s slow"), (-3600, "3600 s fast")):
        with endpoint() as aws:
            aws.pipelines.add("eu-west-2", "app")
            aws.clock_offset = offset
            other = type(program)(program.binary)
            _, row = once(other, aws, status=1)
            equal(row["status"], "FAILED")
            seconds = [int(word) for word in row["message"].split() if word.isdigit()]
            equal(any(abs(second - 3600) <= 2 for second in seconds), True, row["message"])
            equal(words.split()[-1] in row["message"] and "clock is off" in row["message"], True, row["message"])


def _lose_some(lost):
    def fault(operation, body, _):
        if operation != "StartPipelineExecution" or body["clientRequestToken"] in lost:
            return None
        lost.add(body["clientRequestToken"])
        return "lose"
    return fault


def _rounds(program, aws, trigger, fault):
    """One run an hour: the endpoint's clock follows the engine's, by the number of runs that it has started."""
    base = calendar.timegm(time.strptime("2026-01-02T01:00:00", "%Y-%m-%dT%H:%M:%S"))
    aws.pipelines.add("eu-west-2", "app")
    aws.pipelines.start_time = lambda: base + 3600 * len({e["token"] for e in aws.pipelines.all()}) + 5
    aws.fault = fault
    prepare(program, pipeline(trigger=trigger, more=HOURLY))
    replay(program, "2026-01-10T08:30:00Z", aws.environment())
    none_wrong(aws)
    rows = ended(program)
    equal(len(rows), ROUNDS, "runs")
    equal({row["status"] for row in rows}, {"SUCCESS"})
    tokens = [execution["token"] for execution in aws.pipelines.all()]
    equal(len(tokens) - len(set(tokens)), 0, "double starts")
    equal({token[3:] for token in tokens} ^ {row["execution_id"] for row in rows}, set(), "forgotten, or not ours")


def lost_answers_with_tokens_start_nothing_twice(program):
    with endpoint() as aws:
        _rounds(program, aws, "{plugin: codepipeline, pipeline: app}", _lose_some(set()))
        equal(len(starts(aws)), 2 * ROUNDS, "each was sent again once")


def lost_answers_are_found_by_the_variable_alone(program):
    """CodePipeline forgets every token at once: only the look-up is left."""
    with endpoint() as aws:
        aws.pipelines.remembers_tokens = False
        _rounds(program, aws, PASSING, _lose_some(set()))
        equal(len(starts(aws)), ROUNDS, "nothing was sent twice")


def lost_requests_are_sent_again(program):
    seen = set()

    def fault(operation, body, _):
        if operation != "StartPipelineExecution" or body["clientRequestToken"] in seen:
            return None
        seen.add(body["clientRequestToken"])
        return "drop"

    with endpoint() as aws:
        aws.pipelines.remembers_tokens = False
        _rounds(program, aws, PASSING, fault)


def look_ups_that_fail_are_repeated_before_anything_is_resent(program):
    """Committed, answer lost, then a quarter of an hour of nothing but throttling."""
    state = {"failures": 0}

    def fault(operation, *_):
        if operation == "StartPipelineExecution":
            return "lose"
        if operation == "ListPipelineExecutions" and state["failures"] < 20:
            state["failures"] += 1
            return Refused("ThrottlingException", "Rate exceeded")
        return None

    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.remembers_tokens = False
        aws.pipelines.start_time = lambda: instant("2026-01-02T01:00:01Z").timestamp()
        aws.fault = fault
        _, row = once(program, aws, trigger=PASSING, wait=2)
        none_wrong(aws)
        equal(row["status"], "SUCCESS", row)
        equal(len(aws.pipelines.all()), 1)
        equal(len(starts(aws)), 1)


def an_execution_that_is_listed_and_not_yet_found_is_asked_for_again(program):
    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.remembers_tokens = False
        aws.pipelines.hidden_polls = 2
        aws.pipelines.start_time = lambda: instant("2026-01-02T01:00:01Z").timestamp()
        aws.fault = _lose_some(set())
        _, row = once(program, aws, trigger=PASSING, wait=2)
        none_wrong(aws)
        equal(row["status"], "SUCCESS", row)
        equal(len(aws.pipelines.all()), 1, "double starts")


def an_answer_that_describes_no_execution_is_asked_for_again(program):
    """It does not tell whose the execution is: the token, which is forgotten here, is not sent again by it."""
    odd = [{}, {"pipelineExecution": None}]

    def fault(operation, *_):
        if operation == "GetPipelineExecution" and odd:
            return odd.pop()
        return "lose" if operation == "StartPipelineExecution" else None

    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.remembers_tokens = False
        aws.pipelines.start_time = lambda: instant("2026-01-02T01:00:01Z").timestamp()
        aws.fault = fault
        _, row = once(program, aws, trigger=PASSING, wait=2)
        none_wrong(aws)
        equal((row["status"], len(starts(aws)), odd), ("SUCCESS", 1, []), row)


def an_execution_without_our_variable_may_be_ours(program):
    """It is listed, and does not tell whose it is: long after the run was due nothing is sent again."""
    def fault(operation, body, _):
        if operation != "StartPipelineExecution":
            return None
        del body["variables"]
        return "lose"

    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.start_time = lambda: instant("2026-01-02T01:00:01Z").timestamp()
        aws.fault = fault
        _, row = once(program, aws, trigger=PASSING, wait=2, status=1)
        none_wrong(aws)
        equal(row["status"], "UNKNOWN", row)
        equal("none can be told to be it or not" in row["message"], True, row["message"])
        equal(len(aws.pipelines.all()), 1, "double starts")


def a_list_that_is_too_long_to_be_read_tells_nothing(program):
    """Half an hour later, behind executions that other triggers began: the run is not said to be missing."""
    lists = []

    def fault(operation, *_):
        if operation == "ListPipelineExecutions":
            lists.append(operation)
            if len(lists) <= 60:
                return Refused("InternalFailure", "not now", 500)
            other = {"status": "Succeeded", "trigger": "Webhook", "token": None, "variables": [], "revisions": [],
                     "polls": 0, "start": instant("2026-01-02T01:00:02Z").timestamp()}
            aws.pipelines.of("eu-west-2", "app").extend({**other, "id": f"other-{i}"} for i in range(600))
        return "lose" if operation == "StartPipelineExecution" and len(starts(aws)) == 1 else None

    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.remembers_tokens = False
        aws.pipelines.start_time = lambda: instant("2026-01-02T01:00:01Z").timestamp()
        aws.fault = fault
        _, row = once(program, aws, trigger=PASSING, wait=2, status=1)
        none_wrong(aws)
        equal((row["status"], len(starts(aws))), ("UNKNOWN", 1), row)
        equal("too many executions of app began in eu-west-2" in row["message"], True, row["message"])


def starts_that_all_fail_are_tried_ten_times_with_pauses(program):
    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.fault = lambda operation, *_: (Refused("InternalFailure", "We encountered an internal error", 500)
                                           if operation == "StartPipelineExecution" else None)
        done, row = once(program, aws, trigger=PASSING, wait=2, status=1)
        none_wrong(aws)
        equal((row["status"], row["started_at"] if "started_at" in row else None), ("FAILED", None), row)
        equal("a look-up tells that nothing was started" in row["message"], True, row["message"])
        equal(len(starts(aws)), 10)
        equal(done.stderr.count("tried again in "), 9, done.stderr[-3000:])


def what_cannot_be_told_is_left_to_a_person(program):
    """Always lost, no variables: within a quarter of an hour the token is sent again, then never more."""
    with endpoint() as aws:
        aws.pipelines.add("eu-west-2", "app")
        aws.pipelines.start_time = lambda: instant("2026-01-02T01:00:01Z").timestamp()
        aws.fault = lambda operation, *_: "lose" if operation == "StartPipelineExecution" else None
        _, row = once(program, aws, status=1, wait=2)
        none_wrong(aws)
        equal(row["status"], "UNKNOWN", row)
        equal(len(aws.pipelines.all()), 1)


main([a_run_is_started_watched_and_recorded, variables_revisions_and_twins, every_end_has_its_status,
      bad_options_are_refused_before_anything_is_sent, a_missing_pipeline_is_named_with_its_region,
      a_region_without_codepipeline_is_told, busy_limits_and_throttles_are_retried, clock_skew_is_told_by_how_much,
      lost_answers_with_tokens_start_nothing_twice, lost_answers_are_found_by_the_variable_alone,
      lost_requests_are_sent_again, look_ups_that_fail_are_repeated_before_anything_is_resent,
      what_cannot_be_told_is_left_to_a_person, an_execution_that_is_listed_and_not_yet_found_is_asked_for_again,
      an_answer_that_describes_no_execution_is_asked_for_again,
      an_execution_without_our_variable_may_be_ours, a_list_that_is_too_long_to_be_read_tells_nothing,
      starts_that_all_fail_are_tried_ten_times_with_pauses])
