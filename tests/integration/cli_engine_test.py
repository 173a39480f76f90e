"""The running engine: its socket, its HTTP API, signals, as process 1 too, and replays."""
import datetime
import http.client
import json
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import time

from cli_material import (Engine, UnixConnection, answers, expect, has, listed, pipeline, prepare, prepare_now, request,
                          wait_for)
from program import Skipped, equal, main, stamp


# ---- the running engine ----


def the_engine_takes_commands_over_its_socket(program):
    prepare_now(program, pipeline("quick", "true"), pipeline("bad", "false"), pipeline("long", "exec sleep 60"))
    with Engine(program) as engine:
        mode = os.stat(program.path("state/engine.sock")).st_mode
        equal((stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o600))
        accepted = json.loads(expect(program, 0, "trigger", "quick", "--json").stdout)
        equal(set(accepted), {"execution_id", "status"})
        shown = wait_for("the run's end", lambda: [r for r in listed(program) if r["status"] == "SUCCESS"])
        equal([r["execution_id"] for r in shown], [accepted["execution_id"]])
        has(expect(program, 0, "trigger", "quick", "--wait").stdout, "SUCCESS")
        has(expect(program, 1, "trigger", "bad", "--wait").stdout, "FAILED")
        words = expect(program, 0, "trigger", "long").stdout.split()
        wait_for("the long run", lambda: [r["status"] for r in listed(program, "--live")] == ["RUNNING"])
        done = expect(program, 0, "executions", "cancel", words[0][:8])
        has(done.stderr, "is being cancelled")
        wait_for("its end", lambda: listed(program, "--live") == [])
        has(expect(program, 0, "executions", "show", words[0]).stdout, "CANCELLED")
        done = expect(program, 1, "executions", "cancel", words[0])
        equal(done.stdout, "")
        for more in ((), ("--once",)):
            equal(re.findall(r"(?m)^20\S+Z (error +run: another zerocarb)", expect(program, 69, "run", *more).stderr),
                  ["error   run: another zerocarb"])
        equal(engine.end(), 0)
    equal(os.path.exists(program.path("state/engine.sock")), False, "the socket is left behind")


def the_http_api_says_what_is_wrong(program):
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        status, body, headers = request(program, "GET", "/v1/status")
        equal((status, body["pipelines"], headers["Content-Type"]), (200, 1, "application/json"))
        trigger = "/v1/pipelines/quick/trigger"
        cases = [
            ("GET", "/", None, 404), ("GET", "/v2/status", None, 404), ("DELETE", "/v1/status", None, 405),
            ("GET", trigger, None, 405), ("POST", trigger, "[]", 400), ("POST", trigger, "{", 400),
            ("POST", trigger, '{"when": 1}', 400), ("POST", trigger, "x" * 70000, 413),
            ("POST", "/v1/pipelines/quik/trigger", None, 404), ("POST", "/v1/pipelines/%zz/trigger", None, 400),
            ("GET", "/v1/executions?limit=0", None, 400), ("GET", "/v1/executions?limit=x", None, 400),
            ("GET", "/v1/executions?live=maybe", None, 400), ("GET", "/v1/executions/none", None, 404),
            ("GET", "/v1/executions/" + "0" * 36, None, 404), ("GET", "/v1/executions/" + "0" * 100, None, 404),
            ("POST", "/v1/executions/none/cancel", None, 404),
        ]
        for method, path, content, wanted in cases:
            status, body, headers = request(program, method, path, content)
            equal((status, list(body)), (wanted, ["error"]), f"{method} {path}")
            if wanted == 405:
                has("GET POST", headers["Allow"])
        has(request(program, "POST", "/v1/pipelines/quik/trigger")[1]["error"], "quick")
        equal(request(program, "GET", "/v1/executions")[1], {"executions": []})
        status, body, _ = request(program, "POST", trigger, "{}")
        equal(status, 202)
        found = wait_for("its end", lambda: [
            r for r in request(program, "GET", "/v1/executions?live=0&limit=5")[1]["executions"]
            if r["status"] == "SUCCESS"])
        equal(found, [request(program, "GET", "/v1/executions/" + body["execution_id"])[1]])
        equal(engine.end(), 0)


def a_body_sent_in_pieces_is_bounded_too(program):
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        pieces = (b"x" * 1000 for _ in range(100))
        connection = UnixConnection(program.path("state/engine.sock"))
        connection.request("POST", "/v1/pipelines/quick/trigger", pieces, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        equal(connection.getresponse().status, 413)
        connection.close()
        endless = UnixConnection(program.path("state/engine.sock"))
        cut = False
        try:
            endless.request("POST", "/v1/pipelines/quick/trigger", (b"x" * 10000 for _ in range(2000)),
                            encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
            cut = endless.getresponse().status == 413
        except (OSError, http.client.HTTPException):
            cut = True
        endless.close()
        equal(cut, True, "20 MB were read")
        equal(request(program, "GET", "/v1/status")[0], 200)
        equal(engine.end(), 0)


def silent_connections_do_not_stop_the_engine(program):
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        idle = []
        for _ in range(40):
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            try:
                one.connect(program.path("state/engine.sock"))
            except BlockingIOError:
                pass
            idle.append(one)
        for one in idle:
            one.close()
        wait_for("an answer", engine.answers)
        equal(engine.end(), 0)


def a_socket_left_by_a_killed_engine_is_replaced(program):
    prepare_now(program, pipeline("quick", "true"))
    with Engine(program) as engine:
        item = json.loads(expect(program, 0, "trigger", "quick", "--wait", "--json").stdout)
        engine.process.kill()
        engine.process.wait()
    equal(os.path.exists(program.path("state/engine.sock")), True)
    has(expect(program, 69, "executions", "cancel", item["execution_id"]).stderr, "no engine runs here")
    with Engine(program) as engine:
        has(expect(program, 0, "trigger", "quick", "--wait").stdout, "SUCCESS")
        equal(engine.end(), 0)


def a_file_in_the_sockets_place_is_left_alone(program):
    prepare_now(program, pipeline("quick", "true"))
    os.mkdir(program.path("state"), 0o700)
    program.write("state/engine.sock", "mine")
    has(expect(program, 1, "run").stderr, "is in the way and is no socket")
    equal(open(program.path("state/engine.sock"), encoding="utf-8").read(), "mine")


# ---- signals ----


def ends_in_time(program, prefix=(), find=None):
    """SIGTERM while a command runs that ends on TERM, and one that does not."""
    prepare_now(program, pipeline("long", "exec sleep 60"),
                pipeline("deaf", "trap '' TERM; echo $$$$ > deaf.pid; while :; do sleep 1; done"))
    with Engine(program, prefix=prefix) as engine:
        for name in ("long", "deaf"):
            expect(program, 0, "trigger", name)
        wait_for("both runs", lambda: [r["status"] for r in listed(program, "--live")] == ["RUNNING"] * 2)
        begun = time.monotonic()
        os.kill(find(engine) if find else engine.process.pid, signal.SIGTERM)
        equal(engine.process.wait(timeout=8), 0, engine.said()[-2000:])
        took = time.monotonic() - begun
        print(f"  ended {took:.1f} s after SIGTERM")
        equal("by force" in engine.said(), False, "forced")
    rows = listed(program)
    equal([row["status"] for row in rows], ["CANCELLED"] * 2)
    equal({row["message"] for row in rows}, {"the engine was stopped, and the command with it"})
    if not prefix:  # else it ended with its PID namespace
        equal(os.path.exists("/proc/" + open(program.path("deaf.pid"), encoding="utf-8").read().strip()), False)


def sigterm_ends_within_8_s_with_everything_journalled(program):
    ends_in_time(program)


def child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return int(file.read().split()[0])


def sigterm_ends_process_1_too(program):
    if os.geteuid() != 0:
        raise Skipped("a PID namespace wants root")
    prefix = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        raise Skipped("no PID namespace can be made here")
    ends_in_time(program, prefix, lambda engine: child_of(engine.process.pid))


def an_engine_that_this_user_may_not_ask_is_told_from_none(program):
    prepare_now(program, pipeline("quick", "true"))
    weak = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if weak and subprocess.run([*weak, "true"], capture_output=True, check=False).returncode != 0:
        raise Skipped("capabilities cannot be dropped here")
    with Engine(program) as engine:
        os.chmod(program.path("state/engine.sock"), 0)
        for command in (["status"], ["trigger", "quick"], ["reload"]):
            done = subprocess.run([*weak, program.binary, *command], cwd=program.folder, capture_output=True, text=True, check=False)
            equal(done.returncode, 69, done.stderr)
            has(done.stderr, "engine.sock: permission denied: ask as the engine's user")
        equal(engine.end(), 0)


def sigterm_during_the_start_is_not_lost(program):
    prepare_now(program, pipeline("quick", "true"))
    for delay in (0.0, 0.001, 0.003, 0.01, 0.03):
        process = program.start("run")
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=8)
        # Before main() the default action is all there is.
        equal(process.returncode in (0, -signal.SIGTERM), True, f"{delay}: {process.returncode} {said}")


def a_second_signal_ends_at_once(program):
    prepare_now(program, pipeline("deaf", "trap '' TERM; echo $$$$ > pid; while :; do sleep 1; done"))
    with Engine(program) as engine:
        expect(program, 0, "trigger", "deaf")
        wait_for("the command", lambda: os.path.exists(program.path("pid")))
        wait_for("the run", lambda: [r["status"] for r in listed(program, "--live")] == ["RUNNING"])
        engine.process.send_signal(signal.SIGTERM)
        wait_for("the stop", lambda: "stopping" in engine.said())
        equal(engine.end(signal.SIGINT), 128 + signal.SIGINT)
    with open(program.path("pid"), encoding="utf-8") as file:
        os.killpg(int(file.read()), signal.SIGKILL)  # by force means that nobody ends it


def a_stopped_engines_work_is_taken_up_again(program):
    """A deferred run outlives a restart; while the engine stops, it takes nothing new."""
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=3)
    prepare(program, pipeline("build", "true"), start=stamp(start), values=[400] * 7 + [40] * 40)
    with Engine(program) as engine:
        item = json.loads(expect(program, 0, "trigger", "build", "--json").stdout)
        wait_for("the deferral", lambda: [r["status"] for r in listed(program)] == ["DEFERRED"])
        equal(engine.end(), 0)
        has(engine.said(), ": 1 pipeline, 2 sources; ")
        has(engine.said(), "stopped; 1 run waits in the journal")
        table = expect(program, 0, "executions").stdout.splitlines()
        equal("." in table[1].split()[6], False, table[1])  # PLANNED: whole seconds
    before = listed(program, "--live")
    equal([r["execution_id"] for r in before], [item["execution_id"]])
    with Engine(program) as engine:
        equal([r["execution_id"] for r in listed(program, "--live")], [item["execution_id"]])
        expect(program, 0, "executions", "cancel", item["execution_id"])
        wait_for("its end", lambda: listed(program, "--live") == [])
        equal(engine.end(), 0)
        has(engine.said(), "stopped; no run waits")


def closed_standard_streams_become_no_file_of_the_engines(program):
    prepare_now(program, pipeline("quick", "true"))
    for closed, status in (("<&- 2>&-", 0), (">&-", 70), ("<&- >&- 2>&-", 70)):  # 70: the record cannot be written
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", program.binary, "trigger", "quick", "--json"],
                              cwd=program.folder, capture_output=True, timeout=60, check=False)
        equal(done.returncode, status, (closed, done.stderr[-500:]))
    equal([row["status"] for row in listed(program)], ["SUCCESS"] * 3)


# ---- once, and replay ----


def once_does_what_is_due_and_ends(program):
    prepare_now(program, pipeline("minutely", "true", ['schedule: "* * * * *"']))
    done = expect(program, 0, "run", "--once")
    has(done.stderr, "SUCCESS")
    equal([r["status"] for r in listed(program)], ["SUCCESS"])
    prepare_now(program, pipeline("other", "false", ['schedule: "* * * * *"']))
    expect(program, 1, "run", "--once")


def a_replay_runs_in_virtual_order(program):
    prepare(program, pipeline("nightly", "echo run >> runs", ['schedule: "0 0 * * *"']))
    done = expect(program, 0, "run", "--from", "2025-12-31T23:59:00Z", "--to", "2026-01-01T12:00:00Z")
    has(done.stderr, "2026-01-01T03:00:00")
    rows = listed(program)
    equal([(r["status"], r["schedule"]["planned_start"]) for r in rows], [("SUCCESS", "2026-01-01T03:00:00Z")])
    with open(program.path("runs"), encoding="utf-8") as file:
        equal(file.read(), "run\n")


def sigterm_ends_a_replay_where_it_is(program):
    prepare(program, pipeline("minutely", "true", ['schedule: "* * * * *"']))
    with subprocess.Popen([program.binary, "run", "-c", "zerocarb.yaml", "--from", "2026-01-01T00:00:00Z", "--to",
                           "2036-01-01T00:00:00Z"], cwd=program.folder, text=True, stderr=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as process:
        while "SUCCESS" not in process.stderr.readline():
            equal(process.poll(), None)
        process.send_signal(signal.SIGTERM)
        lines = process.stderr.read().splitlines()
    equal(process.returncode, 0)
    equal([line[:4] for line in lines if "run: stopped" in line], ["2026"])


def a_replay_that_is_stopped_ends_its_commands_in_real_time(program):
    path = prepare(program, pipeline("minutely", "exec sleep 60", ['schedule: "* * * * *"', "overlap: queue"]),
                   limit=1000)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    program.write("zerocarb.yaml", text.replace("state_dir: ./state", "state_dir: ./state\n  shutdown_timeout: 1s"))
    with subprocess.Popen([program.binary, "run", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:04:00Z"],
                          cwd=program.folder, text=True, stderr=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        while ": RUNNING" not in process.stderr.readline():
            equal(process.poll(), None)
        process.send_signal(signal.SIGTERM)
        lines = process.stderr.read().splitlines()
        state = json.loads(process.stdout.read())
    equal(process.returncode, 0, lines)
    equal([line[:16] for line in lines if "run: stopped" in line], ["2026-01-01T00:01"], lines)
    equal((state["slots_missed"], state["decisions"]), (0, 1))
    equal([row["status"] for row in listed(program)], ["CANCELLED"])


# ---- what cannot be had ----


def once_ends_although_a_sink_refuses_its_file(program):
    prepare_now(program, pipeline("minutely", "true", ['schedule: "* * * * *"']))
    program.write("rows.db", "no database " * 1000)
    done = expect(program, 1, "run", "--once")
    equal(re.findall(r"run: (\d+) rows wait in the journal", done.stderr) > ["1"], True, done.stderr)
    equal([r["status"] for r in listed(program)], ["SUCCESS"])
    os.remove(program.path("rows.db"))
    expect(program, 0, "run", "--once")
    equal(len(program.rows("pipeline_executions")) > 0, True)


def a_program_that_is_not_there_has_never_run(program):
    path = prepare_now(program, pipeline("gone", "true", ['schedule: "* * * * *"']))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    program.write("zerocarb.yaml", text.replace("/bin/sh", "/no/such/program"))
    done = expect(program, 1, "run", "--once")
    equal("RUNNING" in done.stderr, False, done.stderr)
    row = listed(program)[0]
    equal((row["status"], row["message"]), ("FAILED", "no such program: /no/such/program"))
    equal(row["schedule"].get("started_at"), None)


def held_back(process):
    """Reads on to the line that says that an intent to start is held back."""
    while "(TRIGGERING) is held back" not in (line := process.stderr.readline()):
        equal(process.poll(), None, line)


def a_run_held_back_by_a_full_disk_is_not_started_by_a_stop(program):
    """The disk is full while its intent is to be journalled, and has room again while the engine stops."""
    script = "echo run >> runs; while [ ! -e go ]; do sleep 0.05; done"
    prepare_now(program, pipeline("build", script, ["overlap: queue"]))
    with program.start("run") as process:
        try:
            wait_for("the engine", lambda: answers(program))
            expect(program, 0, "trigger", "build")
            wait_for("a run", lambda: [r["status"] for r in listed(program)] == ["RUNNING"])
            expect(program, 0, "trigger", "build")
            wait_for("two", lambda: {r["status"] for r in listed(program)} == {"RUNNING", "DEFERRED"})
            _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, most))
            program.write("go", "")
            held_back(process)
            process.send_signal(signal.SIGTERM)
            while "stopping" not in process.stderr.readline():
                equal(process.poll(), None)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    equal(process.returncode, 0, said)
    with open(program.path("runs"), encoding="utf-8") as file:
        equal(file.read(), "run\n", said)
    equal(len(listed(program, "--live")), 1, said)
    with Engine(program) as engine:
        wait_for("the end of both", lambda: [r["status"] for r in listed(program)] == ["SUCCESS"] * 2)
        equal(engine.end(), 0)


main([
    the_engine_takes_commands_over_its_socket,
    the_http_api_says_what_is_wrong,
    a_body_sent_in_pieces_is_bounded_too,
    silent_connections_do_not_stop_the_engine,
    a_socket_left_by_a_killed_engine_is_replaced,
    a_file_in_the_sockets_place_is_left_alone,
    sigterm_ends_within_8_s_with_everything_journalled,
    sigterm_ends_process_1_too,
    an_engine_that_this_user_may_not_ask_is_told_from_none,
    sigterm_during_the_start_is_not_lost,
    a_second_signal_ends_at_once,
    a_stopped_engines_work_is_taken_up_again,
    closed_standard_streams_become_no_file_of_the_engines,
    once_does_what_is_due_and_ends,
    a_replay_runs_in_virtual_order,
    sigterm_ends_a_replay_where_it_is,
    a_replay_that_is_stopped_ends_its_commands_in_real_time,
    once_ends_although_a_sink_refuses_its_file,
    a_program_that_is_not_there_has_never_run,
    a_run_held_back_by_a_full_disk_is_not_started_by_a_stop,
])
