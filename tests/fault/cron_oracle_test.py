"""The engine's cron schedules against croner's: random ones, and all kinds around clock changes.

ZC_LONG=1: a million random ones, and every clock change of every zone. ZC_SEED: another seed."""
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
from program import Skipped, equal, main  # noqa: E402

ORACLE = os.path.join(HERE, "cron_oracle")


def croner(folder):
    """croner's module, as the lock file names it."""
    for name in ("node", "npm"):
        if not shutil.which(name):
            raise Skipped(f"{name} is not installed")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(ORACLE, name), folder)
    try:
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
                              cwd=folder, text=True, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired as reason:
        raise Skipped("npm did not answer") from reason
    if done.returncode != 0:
        raise Skipped(f"npm has no croner: {done.stderr.strip()[-300:]}")
    return os.path.join(folder, "node_modules", "croner", "dist", "croner.js")


def no_slot_differs_but_as_the_header_says(program):
    lines = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "cron_lines")
    if not os.path.exists(lines):
        raise Skipped(f"{lines} is not built")
    size = ["--cases", "1000000", "--changes", "all"] if os.environ.get("ZC_LONG") else []
    seed = ["--seed", os.environ["ZC_SEED"]] if os.environ.get("ZC_SEED") else []
    done = subprocess.run(["node", os.path.join(ORACLE, "compare.mjs"), lines, croner(program.folder), *size, *seed],
                          text=True, capture_output=True, check=False)
    print(done.stdout, end="")
    equal((done.returncode, "undocumented differences: 0\n" in done.stdout), (0, True), done.stdout + done.stderr)


main([no_slot_differs_but_as_the_header_says])
