"""SIGKILL at the system calls that change something: strace kills the engine at the N-th call of one kind."""
import collections
import os
import random
import shutil
import subprocess

from world import Broken, look_at_fault, restart

CALLS = ("write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "sendto", "sendmsg",
         "clone", "clone3", "fork", "vfork", "execve", "mkdir", "openat", "fcntl", "flock")
# Counted, but not killed at one by one: they change nothing, so that a few of them are enough.
RARELY = {"openat": 10, "fcntl": 10, "flock": 1, "execve": 10}


def can_trace():
    strace = shutil.which("strace")
    return strace and subprocess.run([strace, "-qq", "-o", "/dev/null", "true"], check=False).returncode == 0


def tracer(calls, *more):
    return ("strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=" + ",".join(calls), *more)


def count_calls(kind, binary):
    """call -> how often the thread of the engine that makes it most often does"""
    with kind(binary) as world:
        prefix = ["strace", "-f", "-qq", "-o", world.path("calls"), "-e", "trace=" + ",".join(CALLS)]
        world.replay(prefix)
        seen = collections.Counter()
        with open(world.path("calls"), encoding="utf-8", errors="replace") as file:
            for line in file:
                thread, _, rest = line.partition(" ")
                name = rest.strip().partition("(")[0]
                if name in CALLS:
                    seen[thread, name] += 1
    most = collections.Counter()
    for (_, name), n in seen.items():
        most[name] = max(most[name], n)
    return most


def points(counts):
    """(call, n): the n-th of its kind in a thread. They differ a little from run to run."""
    return [(name, n) for name, most in sorted(counts.items())
            for n in range(1, most + 1, max(1, most // RARELY[name]) if name in RARELY else 1)]


def chosen(all_points, limit, seed):
    if limit is None or limit >= len(all_points):
        return all_points
    return random.Random(seed).sample(all_points, limit)


def kill_at(kind, binary, reference, point):
    """One kill and one restart. None where the engine had ended before that call."""
    name, n = point
    with kind(binary) as world:
        try:
            status = world.replay(tracer([name], "-e", f"inject={name}:signal=SIGKILL:when={n}"))
            if status not in (-9, 137):
                return None
            return restart(world, reference, look_at_fault(world))
        except (Broken, subprocess.TimeoutExpired) as reason:
            raise Broken(f"killed at {name} {n}: {reason} ({world.folder})") from reason
