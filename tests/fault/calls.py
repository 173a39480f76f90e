"""One call that fails: memory that is refused, a disk that gives errors. The faulty program is built with
sanitizers, so that a leak or a wrong access behind the failure ends it with a status of its own."""
import errno
import json
import os
import signal
import subprocess
import sys
import time

from kills import tracer
from rounds import RealWorld, finish
from world import ENDED, Broken, World, expect, look_at_fault, query, restart

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
from cli_material import request  # noqa: E402

FOUND = 99  # the sanitizers' exit status
OPTIONS = {"ASAN_OPTIONS": f"detect_leaks=1:exitcode={FOUND}:allocator_may_return_null=1",
           "LSAN_OPTIONS": f"exitcode={FOUND}", "UBSAN_OPTIONS": f"halt_on_error=1:exitcode={FOUND}"}
# 0 and 1: it went on; 69 and 70: it could not, and said so; 78: a plugin said so of its settings.
IN_ORDER = {0, 1, 69, 70, 78}
# libuv aborts where its table of descriptors is to grow, or its first loop is made, and gets no memory; the oracle has
# to hold behind that too.
IN_ORDER_OF_LIBRARIES = IN_ORDER | {-signal.SIGABRT}
PIPELINES = 6
DISK = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate64", "rename", "unlink", "open64")
ERRORS = ("EIO", "ENOSPC", "EINTR")


def environment(kind, n, times=1, error="EIO"):
    made = dict(OPTIONS, ZC_FAULT=f"{kind},{n},{times},{getattr(errno, error)}")
    if kind == "allocation":  # whole stacks, so that it can be told what a library leaks of its own accord
        made["ASAN_OPTIONS"] += ":fast_unwind_on_malloc=0"
        made["LSAN_OPTIONS"] += f":suppressions={os.path.join(HERE, 'leaks.supp')}:print_suppressions=0"
    return made


def count(program, kind):
    """How many calls of a kind a whole run makes."""
    with World(program, pipelines=PIPELINES) as world:
        path = world.path("count")
        status = world.replay(env=dict(environment(kind, 1 << 40), ZC_FAULT_COUNT=path))
        expect(status == 0, f"the faulty program without a fault ends with {status}: {world.said()[-800:]}")
        with open(path, encoding="utf-8") as file:
            return int(file.read().split()[1])


def last_words(world):
    lines = world.said().splitlines()
    marks = [i for i, line in enumerate(lines) if "ERROR: " in line or "runtime error" in line]
    begin = marks[0] if marks else max(0, len(lines) - 5)
    return "\n  ".join(line[:160] for line in lines[begin:begin + 14])


def look_at_giving_up(world):
    """An engine that can promise nothing any more begins nothing any more."""
    after = world.said().partition("nothing can be promised any more")[2]
    expect(" decide: " not in after and " execute: " not in after, f"went on:\n  {after[:600]}")


def in_order(world, kind, status):
    """Whether a process ended as it may. Where a thread begins, AddressSanitizer asks glibc for the stack's bounds; that
    takes memory, and it ends the process where there is none: a kill, too."""
    if kind != "allocation":
        return status in IN_ORDER
    return status in IN_ORDER_OF_LIBRARIES or (status == FOUND and "CHECK failed: sanitizer_linux" in world.said())


def fail_at(program, reference, kind, n, times=1, error="EIO"):
    """One run with a fault, one without. Gives the runs' ends."""
    what = f"{kind} {n} fails ({'no memory' if kind in ('allocation', 'own') else error}, {times}x)"
    with World(program, pipelines=PIPELINES) as world:
        try:
            status = world.replay(env=environment(kind, n, times, error))
            expect(in_order(world, kind, status), f"ends with {status}:\n  {last_words(world)}")
            look_at_giving_up(world)
            return restart(world, reference, look_at_fault(world), dict(OPTIONS))
        except (Broken, subprocess.TimeoutExpired) as reason:
            raise Broken(f"{what}: {reason} ({world.folder})") from reason


def log_fails_at(binary, reference, n, error):
    """The n-th write to the log, or of the output behind it, fails; strace does it, as stdio's writes are its own."""
    with World(binary, pipelines=PIPELINES) as world:
        try:
            log = world.path("log")
            with open(log, "a", encoding="utf-8"):  # strace looks it up before the engine is there
                pass
            status = world.replay(tracer(["write"], "-P", log, "-e", f"inject=write:error={error}:when={n}"))
            expect(status in IN_ORDER, f"ends with {status}:\n  {last_words(world)}")
            return restart(world, reference, look_at_fault(world))
        except (Broken, subprocess.TimeoutExpired) as reason:
            raise Broken(f"write {n} to the log fails ({error}): {reason} ({world.folder})") from reason


def check_at(program, n):
    """`check` with one allocation refused: it ends in order, and does not call a good file wrong."""
    with World(program, pipelines=PIPELINES) as world:
        done = subprocess.run([program, "check", "-c", "zerocarb.yaml"], cwd=world.folder, text=True, capture_output=True,
                              env=dict(os.environ, **environment("allocation", n)), timeout=60, check=False)
        expect(done.returncode in IN_ORDER_OF_LIBRARIES, f"check, allocation {n} fails: ends with {done.returncode}: "
               f"{done.stderr[-1500:]}")
        return {}


def count_check(program):
    with World(program, pipelines=PIPELINES) as world:
        path = world.path("count")
        subprocess.run([program, "check", "-c", "zerocarb.yaml"], cwd=world.folder, capture_output=True, timeout=60, check=True,
                       env=dict(os.environ, ZC_FAULT_COUNT=path, **environment("allocation", 1 << 40)))
        with open(path, encoding="utf-8") as file:
            return int(file.read().split()[1])


def ask(world, method, path):
    """The answer, or None: a refused allocation may cost it, not more."""
    try:
        return request(world, method, path)
    except Exception:  # whatever http.client makes of half an answer
        return None


def serve(world, env):
    """A running engine is asked for a run, told to reload, asked for its status, and ended. Gives its status, and
    the run that it promised."""
    with open(world.path("log"), "ab") as log, \
            subprocess.Popen([world.binary, "run", "-c", "zerocarb.yaml"], cwd=world.folder, env=dict(os.environ, **env),
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log) as engine:
        end = time.monotonic() + 20
        while engine.poll() is None and not ask(world, "GET", "/v1/status") and time.monotonic() < end:
            time.sleep(0.02)
        answer = ask(world, "POST", "/v1/pipelines/command/trigger") if engine.poll() is None else None
        if engine.poll() is None:
            engine.send_signal(signal.SIGHUP)
            ask(world, "GET", "/v1/executions")
            engine.send_signal(signal.SIGTERM)
        status = engine.wait(timeout=30)
    return status, answer[1]["execution_id"] if answer and answer[0] == 202 else None


def served_at(program, n, times=1):
    with RealWorld(program) as world:
        try:
            world.prepare("http://127.0.0.1:9/")
            status, promised = serve(world, environment("own", n, times))
            expect(status in IN_ORDER, f"ends with {status}:\n  {last_words(world)}")
            finish(world)
            ends = {row[0]: json.loads(row[1])["status"] for row in
                    query(world.path("rows.db"), "SELECT execution_id, item FROM pipeline_executions")}
            expect(promised is None or ends.get(promised) in ENDED, f"promised and lost: {promised}")
            expect(max(world.started().values(), default=0) <= 1, "started twice")
            return {"promised": promised is not None}
        except (AssertionError, Broken, subprocess.TimeoutExpired) as reason:
            raise Broken(f"served, own {n} fails: {reason} ({world.folder})") from reason


def count_served(program):
    with RealWorld(program) as world:
        world.prepare("http://127.0.0.1:9/")
        path = world.path("count")
        status, promised = serve(world, dict(environment("own", 1 << 40), ZC_FAULT_COUNT=path))
        expect(status == 0 and promised, f"the faulty program without a fault: {status} {promised} {last_words(world)}")
        with open(path, encoding="utf-8") as file:
            return int(file.read().split()[1])
