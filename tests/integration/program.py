"""What the integration tests share: the program under test, files of its own, and counting."""
import csv
import datetime
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("ZC_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")


class Skipped(Exception):
    """Raised by a test whose material is not there."""


class Program:
    """The program in a folder of its own."""

    def __init__(self, binary):
        self.binary = os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="zerocarb-test-")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)  # others must not be able to write it, whatever the umask
        return self.path(name)

    def run(self, *arguments, timeout=60, env=None, text=True):
        environment = dict(os.environ, **(env or {}))
        return subprocess.run([self.binary, *arguments], cwd=self.folder, env=environment, text=text,
                              capture_output=True, timeout=timeout, check=False)

    def start(self, *arguments, env=None):
        environment = dict(os.environ, **(env or {}))
        return subprocess.Popen([self.binary, *arguments], cwd=self.folder, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def rows(self, table, database="rows.db"):
        """Every item of a table of the local file, parsed."""
        connection = sqlite3.connect(f"file:{self.path(database)}?mode=ro", uri=True)
        try:
            return [json.loads(row[0]) for row in connection.execute(f"SELECT item FROM {table}")]
        finally:
            connection.close()


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_trace(path, start, minutes, columns):
    """columns: name -> values; one row every `minutes` from `start`."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["timestamp", *columns])
        count = len(next(iter(columns.values())))
        for i in range(count):
            time = instant(start) + datetime.timedelta(minutes=minutes * i)
            writer.writerow([stamp(time), *(columns[name][i] for name in columns)])


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: found {str(found)[:700]}, wanted {str(wanted)[:700]}")


def main(tests):
    """Runs tests (functions of one Program), prints each, and the closing line."""
    binary = sys.argv[1]
    only = sys.argv[2:]
    passed = failed = skipped = 0
    done_with = []
    for test in tests:
        if only and test.__name__ not in only:
            continue
        program = Program(binary)
        try:
            test(program)
            passed += 1
            print(f"ok {test.__name__}", flush=True)
            done_with.append(program.folder)
        except Skipped as reason:
            skipped += 1
            print(f"skipped {test.__name__}: {reason}", flush=True)
            done_with.append(program.folder)
        except Exception:  # a test that breaks is a test that fails
            failed += 1
            print(f"FAILED {test.__name__} in {program.folder}", flush=True)
            traceback.print_exc(file=sys.stdout)
    for folder in done_with:  # those that failed are kept to be looked at
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
