"""Who gets to see secrets: not the commands that are started, no core dump, no other user."""
import json
import os
import stat
import subprocess

from cli_material import Engine, expect, has, pipeline, prepare_now, wait_for
from program import Skipped, equal, main

NOBODY = 65534
SECRET = "whsec_" + "A" * 32
VARIABLES = {"HOOK_SECRET": SECRET, "LATER_SECRET": SECRET, "PLAIN": "plain-value", "GITLAB": "glpat-example", "CI_KEY": "ci-example", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
             "AWS_SECRET_ACCESS_KEY": "example-secret-key", "AWS_SESSION_TOKEN": "example-session-token"}


HEADERS = ["PRIVATE-TOKEN: ${GITLAB}", "X-CI: ${CI_KEY}", "X-Team: ${PLAIN}"]


def webhook(name, secret, headers=()):
    return (f"  - name: {name}\n    region: eu-west-2\n    workload: {{duration_minutes: 5, vcpu_count: 1, memory_gb: 1}}\n"
            f"    trigger: {{plugin: webhook, url: \"https://example.org/\", secret: \"{secret}\", headers: {json.dumps(headers)}}}\n")


CODEPIPELINE = """  - name: remote
    region: eu-west-2
    workload: {duration_minutes: 5, vcpu_count: 1, memory_gb: 1}
    trigger: {plugin: codepipeline, pipeline: build}
"""


def environment_of_a_command(program):
    expect(program, 0, "trigger", "show", "--wait", env=VARIABLES)
    with open(program.path("environment"), encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)


def commands_do_not_inherit_secrets(program):
    show = pipeline("show", "env > environment").replace(
        "command: [", 'environment: ["GIVEN=${AWS_SESSION_TOKEN}", "HOOK_SECRET=given"], command: [')
    prepare_now(program, show, webhook("hook", "${HOOK_SECRET}", HEADERS))
    with Engine(program, prefix=("env", *(f"{name}={value}" for name, value in VARIABLES.items()))) as engine:
        seen = environment_of_a_command(program)
        equal(seen["PLAIN"], "plain-value")
        equal(seen["HOOK_SECRET"], "given")
        equal(seen["GIVEN"], VARIABLES["AWS_SESSION_TOKEN"])
        # Nothing in the file uses AWS's or the other one yet.
        used = {"HOOK_SECRET", "GITLAB", "CI_KEY"}
        equal({name: seen.get(name) for name in VARIABLES if name != "HOOK_SECRET"},
              {name: None if name in used else value for name, value in VARIABLES.items() if name != "HOOK_SECRET"})
        has(engine.said(), "commands do not inherit the variables HOOK_SECRET, GITLAB, CI_KEY, which hold secrets")
        prepare_now(program, show, webhook("hook", "${HOOK_SECRET}"), webhook("later", "${LATER_SECRET}"), CODEPIPELINE)
        with open(program.path("zerocarb.yaml"), encoding="utf-8") as file:
            good = file.read()
        program.write("zerocarb.yaml", good.replace("file: trace.csv", "file: missing.csv"))
        expect(program, 78, "reload")  # what is refused takes nothing from anybody
        program.write("zerocarb.yaml", good)
        equal("LATER_SECRET" in environment_of_a_command(program), True)
        expect(program, 0, "reload")
        seen = environment_of_a_command(program)
        equal({name for name in VARIABLES if name in seen}, {"PLAIN", "HOOK_SECRET"})
        equal((seen["HOOK_SECRET"], seen["GIVEN"]), ("given", VARIABLES["AWS_SESSION_TOKEN"]))
        has(engine.said(), "AWS_SECRET_ACCESS_KEY")
        equal([name for name, value in VARIABLES.items() if value in engine.said()], [], "values in the log")
        equal(engine.end(), 0)


def there_are_no_core_dumps(program):
    prepare_now(program, pipeline("quick", "ulimit -c > limit"))
    with Engine(program, prefix=("sh", "-c", "ulimit -S -c unlimited 2>/dev/null; exec \"$@\"", "sh")) as engine:
        with open(f"/proc/{engine.process.pid}/limits", encoding="utf-8") as file:
            core = [line.split()[4:6] for line in file if line.startswith("Max core file size")]
        equal(core, [["0", "0"]])
        expect(program, 0, "trigger", "quick", "--wait")
        with open(program.path("limit"), encoding="utf-8") as file:
            equal(file.read().strip(), "0")
        equal(engine.end(), 0)


def the_engines_memory_is_not_its_users_to_read(program):
    """Linux gives /proc/PID of such a process to root, so that no other program of the same user reads it."""
    with open(program.binary, "rb") as file:
        if b"__asan_init" in file.read():
            raise Skipped("the sanitizer has to look at its own process")
    prepare_now(program, pipeline("quick", "true"))
    prefix, user = (), os.getuid()
    if user == 0:
        prefix, user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"), NOBODY
        for name in (".", "zerocarb.yaml", "trace.csv"):
            os.chown(program.path(name), NOBODY, NOBODY)
        if subprocess.run([*prefix, program.binary, "--version"], capture_output=True, check=False).returncode != 0:
            raise Skipped("another user cannot run the program where it is")
    with Engine(program, prefix=prefix) as engine:
        other = subprocess.Popen([*prefix, "sleep", "60"])
        try:
            wait_for("the other process", lambda: os.stat(f"/proc/{other.pid}").st_uid == user)
            equal(os.stat(f"/proc/{engine.process.pid}/environ").st_uid, 0)
        finally:
            other.kill()
            other.wait()
        equal(engine.end(), 0)


def modes(program):
    """Of the state dir, what is in it, and the sink's files."""
    found = {name: os.lstat(program.path(name)) for name in os.listdir(program.folder) if name.startswith("rows.db")}
    found["state"] = os.lstat(program.path("state"))
    for name in os.listdir(program.path("state")):
        found[f"state/{name}"] = os.lstat(program.path(f"state/{name}"))
    return {name: stat.S_IMODE(about.st_mode) for name, about in found.items()}


def check_modes(program, *wanted):
    found = modes(program)
    equal(sorted(set(wanted) - set(found)), [], f"files that should be there; found {sorted(found)}")
    equal({name: oct(mode) for name, mode in found.items() if mode != (0o700 if name == "state" else 0o600)}, {})


OPEN = ("sh", "-c", "umask 0; exec \"$@\"", "sh")


def files_are_the_users_alone_whatever_the_umask(program):
    prepare_now(program, pipeline("quick", "umask > mask; true > made"))
    with Engine(program, prefix=OPEN) as engine:
        expect(program, 0, "trigger", "quick", "--wait")
        wait_for("the sink", lambda: os.path.exists(program.path("rows.db-wal")))
        check_modes(program, "state/journal.db", "state/journal.db-wal", "state/journal.db-shm", "state/engine.sock",
                    "state/engine.lock", "rows.db", "rows.db-wal", "rows.db-shm")
        equal(stat.S_IMODE(os.stat(program.path("made")).st_mode), 0o600)
        equal(engine.end(), 0)
    check_modes(program, "state/journal.db", "rows.db")


def without_an_engine_they_are_too(program):
    prepare_now(program, pipeline("quick", "true"))
    done = subprocess.run([*OPEN, program.binary, "trigger", "quick", "--json"], cwd=program.folder, text=True,
                          capture_output=True, timeout=60, check=False)
    equal((done.returncode, json.loads(done.stdout)["status"]), (0, "SUCCESS"), done.stderr[-500:])
    check_modes(program, "state/journal.db", "state/engine.lock", "rows.db")


main([
    commands_do_not_inherit_secrets,
    there_are_no_core_dumps,
    the_engines_memory_is_not_its_users_to_read,
    files_are_the_users_alone_whatever_the_umask,
    without_an_engine_they_are_too,
])
