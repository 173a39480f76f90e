"""`zerocarb report` on generated years of tables in a local file: 8 regions, 20 and 200 pipelines (ZC_PIPELINES=2000 for ten
times as many; takes an hour to make). The least of eleven whole processes, start included."""
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))
import table_year  # noqa: E402

ZEROCARB = os.path.abspath(sys.argv[1])
AT = ["--at", "2090-12-31T12:34:56Z"]  # rows of a time to come do not expire
PIPELINE = "payments-build-000"
QUERIES = [["performance", PIPELINE], ["trends", PIPELINE], ["runs", PIPELINE], ["failed"], ["savings"], ["leaderboard"],
           ["optimal-times", "eu-west-2"], ["optimal-times", "all"], ["regions"], ["regions", "--days", "7"],
           ["optimal-regions"], ["monthly"], ["performance", PIPELINE, "--days", "366"], ["trends", PIPELINE, "--days", "366"]]


def once(folder, *arguments):
    """Milliseconds of the clock and of the processor, for a whole process."""
    begun = time.monotonic()
    process = subprocess.Popen([ZEROCARB, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = (time.monotonic() - begun) * 1000
    if status:
        raise SystemExit(f"{arguments}: {status}")
    return wall, (used.ru_utime + used.ru_stime) * 1000


def least(folder, *arguments):
    """Of eleven: what a machine with nothing else to do would show."""
    return tuple(map(min, zip(*(once(folder, *arguments) for _ in range(11)))))


def make(pipelines, days=365):
    folder = tempfile.mkdtemp(prefix="zerocarb-bench-")
    year = table_year.Year(days=days, pipelines=pipelines, regions=8, end="2090-12-31")
    with open(os.path.join(folder, "zerocarb.yaml"), "w", encoding="utf-8") as file:
        file.write(year.config())
    once(folder, "tables", "rebuild", "-c", "zerocarb.yaml", "--from", "2090-12-31", "--to", "2090-12-31", "--now",
         "2090-12-31T00:00:00Z")  # makes the file
    database = os.path.join(folder, "rows.db")
    n = table_year.write_database(database, table_year.rows(year))
    print(f"{pipelines} pipelines, {days} days: {n} rows, {os.path.getsize(database) / 2 ** 20:.0f} MiB", flush=True)
    return folder


def main():
    sizes = [20, int(os.environ.get("ZC_PIPELINES", "200"))]
    folders = [make(size) for size in sizes]
    print("--version: {:.1f} ms, processor {:.1f} ms".format(*least(folders[0], "--version")))
    print(f"{'query':44} clock and processor, ms, of {sizes[0]} and of {sizes[1]} pipelines; ratio of the latter")
    for query in QUERIES:
        small, large = (least(folder, "report", "-c", "zerocarb.yaml", *AT, *query, "--json") for folder in folders)
        print(f"{' '.join(query):44} {small[0]:6.1f} {small[1]:6.1f} {large[0]:7.1f} {large[1]:6.1f}  {large[1] / small[1]:.2f}",
              flush=True)
    for folder in folders:
        subprocess.run(["rm", "-rf", folder], check=True)


if __name__ == "__main__":
    main()
