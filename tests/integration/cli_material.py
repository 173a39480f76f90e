"""What the tests of the commands share: a config with a trace, looking, waiting, a running engine."""
import datetime
import http.client
import json
import signal
import socket
import subprocess
import time

from program import equal, stamp, write_trace

CONFIG = """
regions: [eu-west-2, eu-north-1]
engine:
  state_dir: ./state
sources:
  - plugin: trace
    regions:
      eu-west-2: {{file: trace.csv, column: GB}}
      eu-north-1: {{file: trace.csv, column: SE}}
  - plugin: static_pue
    regions:
      eu-west-2: {{pue: 1.2, renewable_pct: 0.5}}
      eu-north-1: {{pue: 1.2}}
policies:
  use:
    - {{plugin: threshold, max_intensity: {limit}}}
    - {{plugin: deferral_window}}
    - {{plugin: relocation}}
defaults: {{max_defer_hours: 6}}
pipelines:
{pipelines}
sinks:
  - plugin: local_file
    path: ./rows.db
"""

PIPELINE = """  - name: {name}
    region: eu-west-2
    relocate_to: [eu-north-1]
    workload: {{duration_minutes: 90, vcpu_count: 2, memory_gb: 4}}
{more}"""

# eu-west-2, hourly from 2026-01-01T00:00Z. Of all 90 minutes that begin by 06:00 those from 03:00 are the
# cleanest: (100 x 60 + 120 x 30) / 90 = 106.67; at once it is (300 x 60 + 280 x 30) / 90 = 293.33.
GB = [300, 280, 200, 100, 120, 250, 260, 300] + [300] * 40


def pipeline(name, script=None, more=()):
    lines = list(more)
    if script is None:
        lines.append("auto_trigger: false")
    else:
        lines.append(f"trigger: {{plugin: exec, command: [/bin/sh, -c, {json.dumps(script)}]}}")
    return PIPELINE.format(name=name, more="".join(f"    {line}\n" for line in lines))


def prepare(program, *pipelines, limit=20, start="2026-01-01T00:00:00Z", values=None):
    values = values or GB
    write_trace(program.path("trace.csv"), start, 60, {"GB": values, "SE": [150] * len(values)})
    text = CONFIG.format(limit=limit, pipelines="".join(pipelines) or pipeline("build"))
    return program.write("zerocarb.yaml", text)


def prepare_now(program, *pipelines):
    """A trace around the present, clean enough that every run starts at once."""
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0) - datetime.timedelta(hours=30)
    return prepare(program, *pipelines, limit=1000, start=stamp(start), values=[100] * 100)


def has(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def expect(program, status, *arguments, **more):
    done = program.run(*arguments, **more)
    equal(done.returncode, status, f"{arguments}: {done.stderr[-2000:]}")
    return done


def listed(program, *more):
    return json.loads(expect(program, 0, "executions", "list", "--json", *more).stdout)


def wait_for(what, look, seconds=20):
    """Waits until look() gives something true; a wait that is over is a failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def answers(program):
    """Whether an engine answers on its socket."""
    try:
        return request(program, "GET", "/v1/status")[0] == 200
    except OSError:
        return False


class Engine:
    """A running engine; killed at the latest when the test ends."""

    def __init__(self, program, *arguments, prefix=()):
        self.program = program
        self.log = open(program.path("engine.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([*prefix, program.binary, "run", *arguments], cwd=program.folder,
                                        stdout=subprocess.DEVNULL, stderr=self.log)

    def __enter__(self):
        wait_for("the engine's socket", self.answers)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the engine has ended with {self.process.returncode}: {self.said()}")
        return answers(self.program)

    def said(self):
        with open(self.program.path("engine.log"), encoding="utf-8") as file:
            return file.read()

    def end(self, number=signal.SIGTERM, seconds=8):
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("engine", timeout=15)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(15)
        self.sock.connect(self.path)


def request(program, method, path, body=None, headers=None):
    connection = UnixConnection(program.path("state/engine.sock"))
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text else None, dict(answer.getheaders())
    finally:
        connection.close()
