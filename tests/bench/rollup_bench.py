"""`zerocarb tables rebuild` over generated years in a local file, which has executions and history and not one derived row: 8
regions, 20 and 200 pipelines, and with ZC_TIMES=10 the latter ten times over, under other names. Beside it what reading the same
rows in the same order alone takes, and a second rebuild, which finds every row as it should be. ZC_BENCH_FOLDER: where the
files are made, else the system's folder for temporary ones."""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))
import table_year  # noqa: E402

ZEROCARB = os.path.abspath(sys.argv[1])
DAYS, END = 365, "2090-12-31"  # rows of a time to come do not expire
DERIVED = ("pipeline_analytics", "regional_insights", "carbon_leaderboard")
ROUNDS = 3


def rows(year):
    """History as if it were kept for a year: all of it is to be read."""
    for item in year.executions():
        yield "pipeline_executions", item
    for item in year.history():
        yield "carbon_intensity_history", {**item, "ttl": item["timestamp"] + 366 * table_year.DAY}


def make(pipelines):
    folder = tempfile.mkdtemp(prefix="zerocarb-bench-", dir=os.environ.get("ZC_BENCH_FOLDER"))
    year = table_year.Year(days=DAYS, pipelines=pipelines, regions=8, end=END)
    with open(os.path.join(folder, "zerocarb.yaml"), "w", encoding="utf-8") as file:
        file.write(year.config())
    subprocess.run([ZEROCARB, "tables", "rebuild", "-c", "zerocarb.yaml", "--from", END, "--to", END, "--now", f"{END}T00:00:00Z"],
                   cwd=folder, check=True, capture_output=True)  # makes the file
    n = table_year.write_database(os.path.join(folder, "rows.db"), rows(year))
    print(f"{pipelines} pipelines, {DAYS} days: {n} rows, {os.path.getsize(os.path.join(folder, 'rows.db')) / 2 ** 20:.0f} MiB",
          flush=True)
    return folder


def multiply(folder, times):
    """Every pipeline and its runs, times over: the first as they are, the others with a number behind the names."""
    path = os.path.join(folder, "zerocarb.yaml")
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    copies = [line.replace(",", f"-{i},", 1) for i in range(1, times) for line in lines if line.startswith("  - {name: ")]
    at = lines.index("sinks:")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines[:at] + copies + lines[at:]) + "\n")
    keys = [f'"{key}"' for key in table_year.FIELDS["pipeline_executions"]]
    renamed = """replace(replace(item, '"pipeline_name":"' || pipeline_name, '"pipeline_name":"' || pipeline_name || :end),
                         '"execution_id":"' || execution_id, '"execution_id":"' || execution_id || :end)"""
    values = [f"{key} || :end" if key in ('"execution_id"', '"pipeline_name"') else key for key in keys]
    with sqlite3.connect(os.path.join(folder, "rows.db")) as database:
        last = database.execute("SELECT max(rowid) FROM pipeline_executions").fetchone()[0]
        for i in range(1, times):
            database.execute(f"INSERT INTO pipeline_executions({', '.join(keys)}, ttl, item) SELECT {', '.join(values)}, ttl, {renamed} "
                             f"FROM pipeline_executions WHERE rowid <= {last}", {"end": f"-{i}"})
    database.close()


def rebuild(folder):
    """Seconds of the clock and of the processor, and MiB of memory at the most."""
    begun = time.monotonic()
    process = subprocess.Popen([ZEROCARB, "tables", "rebuild", "-c", "zerocarb.yaml", "--from", f"{END[:4]}-01-01", "--to", END,
                                "--now", END + "T23:59:59Z"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"rebuild: {status}")
    return time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def forget(folder):
    with sqlite3.connect(os.path.join(folder, "rows.db")) as database:
        for table in DERIVED:
            database.execute(f"DELETE FROM {table}")
    database.close()
    shutil.rmtree(os.path.join(folder, "state"))


def read_alone(folder):
    """The same rows in the same order, from SQLite, and nothing done with them: seconds of the processor."""
    database, begun = sqlite3.connect(os.path.join(folder, "rows.db")), time.process_time()
    for table, order in (("pipeline_executions", "pipeline_name, timestamp"), ("carbon_intensity_history", "region, timestamp")):
        for (item,) in database.execute(f"SELECT item FROM {table} ORDER BY {order}"):
            len(item)
    spent = time.process_time() - begun
    database.close()
    return spent


def counts(folder):
    database = sqlite3.connect(os.path.join(folder, "rows.db"))
    found = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in DERIVED]
    database.close()
    return found


def measure(folder):
    """The least of each: what a machine with nothing else to do would show."""
    first, second, alone = [], [], []
    for _ in range(ROUNDS):
        first.append(rebuild(folder))
        second.append(rebuild(folder))
        alone.append(read_alone(folder))
        made = counts(folder)
        forget(folder)
    print("  rows made: " + ", ".join(f"{table} {n}" for table, n in zip(DERIVED, made)))
    for name, found in (("rebuild", first), ("once more", second)):
        clock, processor, memory = map(min, zip(*found))
        print(f"  {name:10} {clock:6.2f} s, processor {processor:6.2f} s ({processor / min(alone):.2f} times reading alone), "
              f"{memory:.1f} MiB", flush=True)
    print(f"  reading the rows alone: processor {min(alone):.2f} s", flush=True)
    return min(processor for _, processor, _ in first)


def main():
    found = []
    for size in (20, 200):
        folder = make(size)
        found.append(measure(folder))
        print(f"  {found[-1] / found[0]:.2f} times the first", flush=True)
        times = int(os.environ.get("ZC_TIMES", "1")) if size == 200 else 1
        if times > 1:
            multiply(folder, times)
            print(f"{size} pipelines {times} times over: {os.path.getsize(os.path.join(folder, 'rows.db')) / 2 ** 20:.0f} MiB", flush=True)
            print(f"  {measure(folder) / found[-1]:.2f} times these {size}", flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
