"""The trigger `webhook`, against a receiver that checks signatures as Standard Webhooks has them."""
import base64
import hashlib
import hmac
import json
import os

from aws_material import ended, only_row, pipeline, prepare
from program import equal, main, write_trace
from receiver import Receiver

END = "2026-01-02T02:30:00Z"
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def trigger(url, *more):
    return "{" + ", ".join(["plugin: webhook", f"url: '{url}'", *more]) + "}"


def run(program, text, schedule="0 1 2 1 *", status=0, wait=0, end=END):
    prepare(program, pipeline(trigger=text, more=[f'schedule: "{schedule}"'], wait=wait))
    done = program.run("run", "-c", "zerocarb.yaml", "--from", "2026-01-02T00:30:00Z", "--to", end, timeout=300)
    equal(done.returncode, status, done.stderr[-3000:])
    return done


def signature(key, headers, body):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_as_standard_webhooks_has_it(program):
    other = bytes(range(100, 124))
    both = SECRET + " whsec_" + base64.b64encode(other).decode()
    with Receiver() as receiver:
        run(program, trigger(receiver.url + "/start?to={region}&of={pipeline}", f"secret: '{both}'",
                             "authorization: Bearer abc", "headers: ['X-Team: green ones']"))
        row = only_row(program)
        equal((row["status"], row["message"]), ("SUCCESS", "accepted by the receiver"))
        ((method, path, headers, body),) = receiver.requests
        equal((method, path), ("POST", "/start?to=eu-west-2&of=nightly"))
        equal(headers["webhook-id"], row["execution_id"])
        equal(headers["webhook-timestamp"], "1767315600")  # 2026-01-02T01:00:00Z
        equal(headers["webhook-signature"], f"{signature(KEY, headers, body)} {signature(other, headers, body)}")
        equal((headers["Content-Type"], headers["Authorization"], headers["X-Team"]),
              ("application/cloudevents+json", "Bearer abc", "green ones"))
        event = json.loads(body)
        data = event.pop("data")
        equal(event, {"specversion": "1.0", "id": row["execution_id"], "source": "/zerocarb",
                      "type": "io.zerocarb.run.start.v1", "subject": "nightly", "time": "2026-01-02T01:00:00Z",
                      "datacontenttype": "application/json"})
        reason = data.pop("reason")
        equal(reason, row["carbon_analysis"]["reason"])
        equal(data, {"execution_id": row["execution_id"], "pipeline": "nightly", "region": "eu-west-2",
                     "default_region": "eu-west-2", "decision": "RUN_NOW", "intensity": 200.0,
                     "requested_at": "2026-01-02T01:00:00Z", "planned_start": "2026-01-02T01:00:00Z"})


def its_intensity_is_rounded_as_the_records(program):
    with Receiver() as receiver:
        prepare(program, pipeline(trigger=trigger(receiver.url), more=['schedule: "0 1 2 1 *"'], wait=0))
        write_trace(program.path("trace.csv"), "2026-01-01T00:00:00Z", 60, {"GB": [100.25] * 48, "SE": [30] * 48})
        done = program.run("run", "-c", "zerocarb.yaml", "--from", "2026-01-02T00:30:00Z", "--to", END, timeout=300)
        equal(done.returncode, 0, done.stderr[-3000:])
        ((_, _, _, body),) = receiver.requests
        recorded = only_row(program)["carbon_analysis"]["optimal_intensity"]
        equal((json.loads(body)["data"]["intensity"], recorded), (100.3, 100.3))


def a_known_signature(_):
    """The published example of Standard Webhooks' reference libraries, so that this test's own sum is right."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"}
    equal(signature(key, headers, b'{"test": 2432232314}'), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


def secrets_that_are_none_are_refused_unshown(program):
    for secret in ("cAnArY", "whsec_cAnArY", "whsec_" + base64.b64encode(b"short").decode(),
                   "whsec_" + base64.b64encode(bytes(65)).decode(), " ".join([SECRET] * 5)):
        with Receiver() as receiver:
            folder = type(program)(program.binary)
            done = run(folder, trigger(receiver.url, f"secret: '{secret}'"), status=78)
            equal("not whsec_ and 24 to 64 bytes" in done.stderr, True, done.stderr[-500:])
            equal(secret in done.stderr + done.stdout, False)
            equal(receiver.requests, [])


def sent_again_with_the_same_id_and_body(program):
    """Lost, busy, away, slowed down: 50 runs, the receiver takes each id once."""
    taken, tries = set(), {}

    def answer(_method, _path, body, _n):
        run_id = json.loads(body)["id"]
        tries[run_id] = tries.get(run_id, 0) + 1
        if tries[run_id] == 1:
            return [(0, "", True), (503, "away", False), (429, "slow down", False), (409, "busy", False),
                    (0, "", True)][len(tries) % 5]
        taken.add(run_id)
        return (200, "", False)

    with Receiver(answer) as receiver:
        run(program, trigger(receiver.url, f"secret: '{SECRET}'"), schedule="0 * * * *", end="2026-01-04T02:30:00Z",
            wait=1)
        rows = ended(program)
        equal((len(rows), {row["status"] for row in rows}), (50, {"SUCCESS"}))
        equal(taken, {row["execution_id"] for row in rows})
        bodies = {}
        for _, _, headers, body in receiver.requests:
            equal(headers["webhook-signature"], signature(KEY, headers, body))
            bodies.setdefault(headers["webhook-id"], set()).add(body)
        equal({len(different) for different in bodies.values()}, {1}, "bodies of one run")


def retry_after_is_kept_within_the_deadline(program):
    """The pauses in minutes; where the receiver asks for more than there is, the deadline is the last attempt."""
    for status, wait, expected in ((429, 12, [60] * 3), (503, 12, [60] * 3), (429, 2.5, [60, 60, 30])):

        def answer(_method, _path, _body, n, status=status):
            return (202, "", False) if n == 4 else (status, "", False, ("Retry-After", "3600"))

        with Receiver(answer) as receiver:
            folder = type(program)(program.binary)
            run(folder, trigger(receiver.url), wait=wait, end="2026-01-02T14:00:00Z")
            times = [int(headers["webhook-timestamp"]) for _, _, headers, _ in receiver.requests]
            pauses = [round((b - a) / 60) for a, b in zip(times, times[1:])]
            equal((only_row(folder)["status"], pauses), ("SUCCESS", expected), f"{status}, {wait} h")


def a_retry_after_without_end_ends_with_the_deadline(program):
    for value, least in (("999999999", 119), ("soon", 0), ("-5", 0), ("99999999999999999999", 0)):
        with Receiver(lambda *_, value=value: (429, "", False, ("Retry-After", value))) as receiver:
            folder = type(program)(program.binary)
            run(folder, trigger(receiver.url), wait=2, status=1, end="2026-01-02T14:00:00Z")
            times = [int(headers["webhook-timestamp"]) for _, _, headers, _ in receiver.requests]
            equal(only_row(folder)["status"], "FAILED")
            equal((times[-1] - times[0]) // 60 >= least and len(times) == (2 if least else 10), True, f"{value}: {times}")


def one_that_may_start_twice_is_asked_once(program):
    with Receiver(lambda *_: (0, "", True)) as receiver:
        run(program, trigger(receiver.url, "body: '{}'"), status=1, wait=1)
        row = only_row(program)
        equal((row["status"], len(receiver.requests)), ("UNKNOWN", 1))
        equal("may start it twice" in row["message"], True, row["message"])


def refusals_are_final_and_say_why(program):
    for code, words in ((401, "HTTP 401"), (404, "HTTP 404: no such hook"), (410, "gone for good"), (302, "redirects")):
        with Receiver(lambda *_, code=code: (code, "no such hook", False)) as receiver:
            folder = type(program)(program.binary)
            run(folder, trigger(receiver.url), status=1, wait=1)
            row = only_row(folder)
            equal((row["status"], len(receiver.requests)), ("FAILED", 1))
            equal(words in row["message"], True, row["message"])


def headers_of_ours_are_refused(program):
    for header, words in {"webhook-id: x": "set by ZeroCarb", "content-type: x": "content_type", "X": "Name: value",
                          "X:": "no value"}.items():
        with Receiver() as receiver:
            folder = type(program)(program.binary)
            done = run(folder, trigger(receiver.url, f"headers: ['{header}']"), status=78)
            equal(words in done.stderr, True, done.stderr[-500:])
            equal(receiver.requests, [])


def _github(conclusion):
    """The two calls of GitHub Actions that are needed: workflow_dispatch with return_run_details, and the run."""
    polls = []

    def answer(method, path, body, _):
        if method == "POST" and path == "/repos/acme/shop/actions/workflows/ci.yml/dispatches":
            equal(json.loads(body), {"ref": "main", "return_run_details": True,
                                     "inputs": {"region": "eu-west-2", "decision": "RUN_NOW"}})
            return (200, '{"workflow_run_id": 1296269001234, "run_url": "x"}', False)
        if path != "/repos/acme/shop/actions/runs/1296269001234":
            return (404, path, False)
        polls.append(path)
        over = len(polls) == 3
        return (200, json.dumps({"id": 1296269001234, "status": "completed" if over else "in_progress",
                                 "conclusion": conclusion if over else None}), False)
    return answer


GITHUB = ["authorization_file: ./token", "headers: ['Accept: application/vnd.github+json', 'X-GitHub-Api-Version: 2022-11-28']",
          'body: \'{"ref": "main", "return_run_details": true, "inputs": {"region": "{region}", "decision": "{decision}"}}\'',
          "remote_id_path: workflow_run_id", "status_path: conclusion",
          "failure_values: [failure, timed_out, startup_failure, action_required, stale]",
          "cancelled_values: [cancelled, skipped]"]


def github_actions_as_documented(program):
    for conclusion, status in (("success", "SUCCESS"), ("timed_out", "FAILED"), ("cancelled", "CANCELLED")):
        with Receiver(_github(conclusion)) as receiver:
            folder = type(program)(program.binary)
            folder.write("token", "Bearer github_pat_cAnArY\n")
            base = receiver.url + "/repos/acme/shop/actions"
            done = run(folder, trigger(base + "/workflows/ci.yml/dispatches", *GITHUB,
                                       f"status_url: '{base}/runs/{{remote_id}}'"), status=int(status == "FAILED"))
            equal((only_row(folder)["status"], only_row(folder)["message"]), (status, conclusion))
            equal({r[2]["Authorization"] for r in receiver.requests}, {"Bearer github_pat_cAnArY"})
            equal(any("User-Agent" not in r[2] for r in receiver.requests), False)
            equal("cAnArY" in done.stderr + json.dumps(only_row(folder)), False)


def gitlab_as_documented(program):
    def answer(method, path, body, n):
        if method == "POST":
            equal((path, json.loads(body)), ("/api/v4/projects/42/pipeline", {
                "ref": "main", "variables": [{"key": "REGION", "value": "eu-west-2"}]}))
            return (201, '{"id": 77, "status": "created"}', False)
        return (200, json.dumps({"id": 77, "status": ["created", "pending", "running", "success"][n - 1]}), False)

    with Receiver(answer) as receiver:
        base = receiver.url + "/api/v4/projects/42"
        run(program, trigger(base + "/pipeline", "authorization: Bearer x",
                             'body: \'{"ref": "main", "variables": [{"key": "REGION", "value": "{region}"}]}\'',
                             "remote_id_path: id", f"status_url: '{base}/pipelines/{{remote_id}}'",
                             "cancelled_values: [canceled, skipped]"))
        equal(only_row(program)["status"], "SUCCESS")
        equal([r[1] for r in receiver.requests[1:]], ["/api/v4/projects/42/pipelines/77"] * 3)


def jenkins_as_documented(program):
    with Receiver(lambda *_: (201, "", False)) as receiver:
        run(program, trigger(receiver.url + "/job/shop/buildWithParameters?REGION={region}&ID={execution_id}",
                             "authorization: Basic dXNlcjp0b2tlbg==", "body: ''", "deduplicates: false",
                             "content_type: application/x-www-form-urlencoded"))
        row = only_row(program)
        equal(row["status"], "SUCCESS")
        ((_, path, _, body),) = receiver.requests
        equal((path, body), (f"/job/shop/buildWithParameters?REGION=eu-west-2&ID={row['execution_id']}", b""))


def an_answer_without_the_id_is_left_to_a_person(program):
    with Receiver(lambda *_: (204, "", False)) as receiver:
        run(program, trigger(receiver.url, *GITHUB[1:], f"status_url: '{receiver.url}/x'"), status=1, wait=1)
        equal((only_row(program)["status"], len(receiver.requests)), ("UNKNOWN", 1))


def fields_are_filled_in(program):
    with Receiver() as receiver:
        run(program, trigger(receiver.url + "/{pipeline}?all", 'body: \'{"why": "{reason}", "left": "{nothing} {}"}\''))
        ((_, path, _, body),) = receiver.requests
        equal(path, "/nightly?all")
        equal(json.loads(body), {"why": only_row(program)["carbon_analysis"]["reason"], "left": "{nothing} {}"})


for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]
main([a_known_signature, signed_as_standard_webhooks_has_it, its_intensity_is_rounded_as_the_records,
      retry_after_is_kept_within_the_deadline, a_retry_after_without_end_ends_with_the_deadline,
      secrets_that_are_none_are_refused_unshown,
      sent_again_with_the_same_id_and_body, one_that_may_start_twice_is_asked_once, refusals_are_final_and_say_why,
      headers_of_ours_are_refused, github_actions_as_documented, gitlab_as_documented, jenkins_as_documented,
      an_answer_without_the_id_is_left_to_a_person, fields_are_filled_in])
