"""Damage to the journal's files: flipped bits, overwritten stretches, cut ends, swapped pages; in the WAL too.

A damaged journal is either named (the engine refuses, and the files stay as they are) or the damage did no harm:
it lay in unused bytes, in a WAL's tail that SQLite's checksums discard, or in an outbox row that is passed over."""
import collections
import os
import random
import shutil
import subprocess

from kills import tracer
from world import ENDED, Broken, Reference, World, expect, some

PAGE = 4096
PIPELINES = 20


def prepare_closed(world):
    """A journal that was closed in order, with runs that wait."""
    expect(world.replay(until="2026-01-01T11:00:00Z") == 0, "the journal to be damaged could not be made")


def prepare_killed(world):
    """A journal as a killed engine leaves it: its newest changes are in the WAL."""
    world.replay(tracer(["fdatasync"], "-e", "inject=fdatasync:signal=SIGKILL:when=25"))
    expect(len(contents(world.path("state"))) == 2, "the journal to be damaged has no WAL")


def read_wal(wal):
    """Its transactions: lists of frames, each (place, page, whether it ends the transaction)."""
    transactions = [[]]
    for at in range(32, len(wal) - 24 - PAGE + 1, 24 + PAGE):
        if wal[at + 8:at + 16] != wal[16:24]:
            break
        ends = int.from_bytes(wal[at + 4:at + 8], "big") != 0
        transactions[-1].append((at, int.from_bytes(wal[at:at + 4], "big"), ends))
        if ends:
            transactions.append([])
    return [frames for frames in transactions if frames]


def looks_like_a_crash(sound, damaged, first):
    """Whether what is left looks like a transaction that a crash cut off: no frame behind a commit, no page twice."""
    behind = [frames for frames in read_wal(sound) if frames[-1][0] + 24 + PAGE > first]
    if first < 32:
        return False
    committed, pages = False, []
    for at, page, ends in (frame for frames in behind for frame in frames):
        if sound[at:at + 16] != damaged[at:at + 16]:
            continue  # nothing is left that tells of it
        if committed:
            return False
        pages.append(page)
        committed = ends
        if ends and len(pages) > len(set(pages)):
            return False
    return True


def flip(data, chance):
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data, chance):
    begin = chance.randrange(len(data))
    length = min(chance.choice((1, 16, 512, PAGE)), len(data) - begin)
    data[begin:begin + length] = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))


def cut(data, chance):
    del data[chance.randrange(len(data)):]


def swap(data, chance):
    """Two pages change places: each is sound in itself."""
    pages = len(data) // PAGE
    if pages < 2:
        return flip(data, chance)
    a, b = (PAGE * n for n in chance.sample(range(pages), 2))
    data[a:a + PAGE], data[b:b + PAGE] = data[b:b + PAGE], data[a:a + PAGE]
    return None


DAMAGES = (flip, flip, flip, overwrite, overwrite, cut, swap)


def damage(path, chance):
    """What was done, and whether it cannot be told from a crash: the file is as if the last change had not been."""
    with open(path, "rb") as file:
        sound = file.read()
    data, kind = bytearray(sound), chance.choice(DAMAGES)
    kind(data, chance)
    with open(path, "wb") as file:
        file.write(data)
    first = next((i for i, (a, b) in enumerate(zip(sound, data)) if a != b), len(data))
    return kind.__name__, path.endswith("-wal") and (kind is cut or looks_like_a_crash(sound, data, first))


def contents(folder):
    """The journal's files that hold something: to look at it SQLite makes an empty WAL."""
    found = {}
    for name in ("journal.db", "journal.db-wal"):
        path = os.path.join(folder, name)
        if os.path.exists(path) and os.path.getsize(path):
            with open(path, "rb") as file:
                found[name] = file.read()
    return found


def look_at_refusal(world, before):
    said = world.said()
    expect("journal.db" in said and "Nothing was changed" in said, f"refused without naming it: {said[-400:]}")
    expect(contents(world.path("state")) == before, "a damaged journal was changed")
    return "named"


def look_at_aside(world, before):
    """On request it is kept, byte for byte, and the engine starts; nothing that was started is started again."""
    status = world.replay(more=("--journal-aside",), begin="2026-01-01T13:30:00Z")
    expect(status == 0, f"--journal-aside ends with {status}: {world.said()[-300:]}")
    state = world.path("state")
    kept = [name for name in os.listdir(state) if name.startswith("journal.db.damaged-") and not name.endswith("-shm")]
    found = {"journal.db" + ("-wal" if name.endswith("-wal") else ""): name for name in kept}
    for part, data in before.items():
        with open(os.path.join(state, found[part]), "rb") as file:
            expect(file.read() == data, f"{part} is not kept as it was")
    twice = [run for run, n in world.started().items() if n > 1]
    expect(not twice, f"started twice: {some(twice)}")


def look_at_harmless(world, sound, reference):
    """What went on must have been whole: no run made up, none changed, none forgotten, none started again."""
    after = world.journal()
    made_up = set(after) - reference.runs
    expect(not made_up, f"runs made up: {some(made_up)}")
    lost = set(sound) - set(after)
    expect(not lost, f"runs lost: {some(lost)}")
    changed = [run for run, status in sound.items() if status in ENDED - {"UNKNOWN"} and after[run] != status]
    expect(not changed, f"runs changed: {some(changed)}")
    twice = [run for run, n in world.started().items() if n > 1]
    expect(not twice, f"started twice: {some(twice)}")
    return "harmless"


class Corruption:
    """Two journals are made once, one closed and one left by a kill; each case damages a copy of one of them."""

    def __init__(self, binary, seed):
        self.binary, self.seed = binary, seed
        self.reference = Reference(binary, pipelines=PIPELINES)
        self.worlds = [World(binary, pipelines=PIPELINES) for _ in range(2)]
        prepare_closed(self.worlds[0])
        prepare_killed(self.worlds[1])
        self.sound = [world.journal() for world in self.worlds]
        for runs in self.sound:
            expect({"DEFERRED", "SUCCESS"} <= set(runs.values()), f"a journal not worth damaging: {runs}")

    def finish(self):
        for world in self.worlds:
            shutil.rmtree(world.folder)

    def copy(self, which, world):
        shutil.copytree(self.worlds[which].path("state"), world.path("state"))
        for name in ("starts", "rows.db", "rows.db-wal"):
            if os.path.exists(self.worlds[which].path(name)):
                shutil.copy(self.worlds[which].path(name), world.folder)

    def case(self, n):
        chance, which = random.Random(f"{self.seed} {n}"), n % 2
        with World(self.binary, pipelines=PIPELINES) as world:
            self.copy(which, world)
            part = chance.choice(sorted(contents(world.path("state"))))
            kind, as_by_a_crash = damage(world.path("state/" + part), chance)
            before = contents(world.path("state"))
            try:
                status = world.replay(timeout=60)
                expect(status in (0, 1, 70), f"ends with {status}: {world.said()[-300:]}")
                if status == 70:
                    verdict = look_at_refusal(world, before)
                    if n % 4 < 2:
                        look_at_aside(world, before)
                elif as_by_a_crash:
                    verdict = "as by a crash"
                else:
                    verdict = look_at_harmless(world, self.sound[which], self.reference)
                return collections.Counter([f"{verdict} ({part})"])
            except (Broken, subprocess.TimeoutExpired) as reason:
                raise Broken(f"case {n}: {kind} in {part}: {reason} ({world.folder})") from reason
