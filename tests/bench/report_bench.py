"""`zerocarb report` on generated years of tables in a local file: 8 regions, 20 and 200 pipelines (ZC_PIPELINES=2000 for ten
times as many; takes an hour to make). Medians of whole processes, start included."""
import os
import statistics
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


def wall(folder, *arguments):
    begun = time.monotonic()
    subprocess.run([ZEROCARB, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.monotonic() - begun) * 1000


def median(folder, *arguments):
    return statistics.median(wall(folder, *arguments) for _ in range(11))


def make(pipelines, days=365):
    folder = tempfile.mkdtemp(prefix="zerocarb-bench-")
    year = table_year.Year(days=days, pipelines=pipelines, regions=8, end="2090-12-31")
    with open(os.path.join(folder, "zerocarb.yaml"), "w", encoding="utf-8") as file:
        file.write(year.config())
    wall(folder, "report", "-c", "zerocarb.yaml", "savings")  # makes the file
    database = os.path.join(folder, "rows.db")
    n = table_year.write_database(database, table_year.rows(year))
    print(f"{pipelines} pipelines, {days} days: {n} rows, {os.path.getsize(database) / 2 ** 20:.0f} MiB", flush=True)
    return folder


def main():
    sizes = [20, int(os.environ.get("ZC_PIPELINES", "200"))]
    folders = [make(size) for size in sizes]
    version = median(folders[0], "--version")
    print(f"--version: {version:.1f} ms\nloading the configuration: " + ", ".join(
        f"{median(folder, 'check', '-c', 'zerocarb.yaml'):.1f} ms with {size} pipelines" for folder, size in zip(folders, sizes)))
    print(f"{'query':44} {sizes[0]:>6} {sizes[1]:>6}  pipelines, ms; ratio")
    for query in QUERIES:
        small, large = (median(folder, "report", "-c", "zerocarb.yaml", *AT, *query, "--json") for folder in folders)
        print(f"{' '.join(query):44} {small:6.1f} {large:6.1f}  {large / small:.2f}", flush=True)
    for folder in folders:
        subprocess.run(["rm", "-rf", folder], check=True)


if __name__ == "__main__":
    main()
