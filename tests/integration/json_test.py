"""The program's JSON reader beside Python's: what one takes the other takes, and reads the same."""
import json
import math
import os
import random
import subprocess
import sys

from program import equal, main

DEPTH = 32  # json.h
TEXTS = int(os.environ.get("ZC_JSON_TEXTS", "20000"))
PIECES = ['"', "\\", "\\u", "\\ud83d", "\\ude00", "\\n", "{", "}", "[", "]", ",", ":", "null", "true", "false", "nul",
          "0", "1", "-", "-0", "01", ".", "1.", ".5", "e", "1e5", "1E-3", "1e400", "+1", "NaN", "Infinity", " ", "\t",
          "\n", "\x00", "\x1f", "\x7f", "\ufeff", "\u00e9", "\U0001f600", "//", "'", "a", "12345678901234567890"]


def value(random_, depth):
    kind = random_.randrange(9 if depth else 6)
    if kind == 0:
        return random_.choice([None, True, False])
    if kind == 1:
        return random_.randrange(-10**random_.randrange(1, 25), 10**random_.randrange(1, 25))
    if kind == 2:
        return random_.uniform(-1, 1) * 10.0**random_.randrange(-30, 30)
    if kind < 6:
        return "".join(chr(random_.choice([random_.randrange(0x80), random_.randrange(0x20, 0xd800),
                                           random_.randrange(0x10000, 0x110000)])) for _ in range(random_.randrange(8)))
    if kind == 6:
        return [value(random_, depth - 1) for _ in range(random_.randrange(5))]
    return {value_key(random_): value(random_, depth - 1) for _ in range(random_.randrange(5))}


def value_key(random_):
    return random_.choice(["a", "b", "", "key", "\u00fc", "with \"quotes\""])


def well_formed(random_):
    return json.dumps(value(random_, 5), ensure_ascii=random_.random() < 0.5,
                      indent=random_.choice([None, None, 1])).encode("utf-8")


def broken(random_):
    text = bytearray(well_formed(random_))
    for _ in range(random_.randrange(1, 4)):
        at = random_.randrange(len(text) + 1)
        what = random_.randrange(4)
        if what == 0:
            text[at:at] = random_.choice(PIECES).encode("utf-8")
        elif what == 1 and at < len(text):
            del text[at]
        elif what == 2 and at < len(text):
            text[at] = random_.randrange(256)
        else:
            del text[at:]
    return bytes(text)


def random_pieces(random_):
    return "".join(random_.choice(PIECES) for _ in range(random_.randrange(1, 12))).encode("utf-8")


def refuse(word):
    raise ValueError(word)


def depth_of(found):
    if isinstance(found, dict):
        return 1 + max((depth_of(member) for member in found.values()), default=0)
    if isinstance(found, list):
        return 1 + max((depth_of(member) for member in found), default=0)
    return 0


def whole_characters(found):
    """As the program has them: half a surrogate pair is U+FFFD."""
    if isinstance(found, str):
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(found, dict):
        return {whole_characters(key): whole_characters(member) for key, member in found.items()}
    if isinstance(found, list):
        return [whole_characters(member) for member in found]
    return found


def python_reads(text):
    """(what it reads,), or None where it is no JSON."""
    try:
        if text.startswith(b"\xef\xbb\xbf"):
            return None
        found = json.loads(text.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return (found,) if depth_of(found) <= DEPTH else None


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return float(a) == float(b) or (math.isinf(float(a)) and math.isinf(float(b)))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def it_takes_what_python_takes_and_reads_the_same(program):
    random_ = random.Random(4711)
    texts = [b"", b" ", b"{", b"[" * DEPTH + b"]" * DEPTH, b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), b'{"a":1,"a":2}',
             b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\u0000"', b"\xff", b'"\xed\xa0\x80"', b"1 2", b"[1,]", b"{,}"]
    texts += [random_.choice([well_formed, broken, broken, random_pieces])(random_) for _ in range(TEXTS)]
    reader = os.path.join(os.path.dirname(os.path.dirname(program.binary)), "tests", "json_lines")
    done = subprocess.run([reader], input="\n".join(text.hex() for text in texts) + "\n", text=True, encoding="utf-8",
                          capture_output=True, timeout=600, check=True)
    answers = done.stdout.split("\n")[:-1]
    equal(len(answers), len(texts), "answers")
    taken = 0
    for text, answer in zip(texts, answers):
        wanted = python_reads(text)
        equal(answer != "-", wanted is not None, f"whether {text!r} is taken ({answer!r})")
        if wanted:
            taken += 1
            equal(same(whole_characters(wanted[0]), json.loads(answer)), True, f"{text!r} became {answer!r}")
    print(f"   {len(texts)} texts, {taken} of them JSON")
    equal(taken * 10 > len(texts) and taken * 10 < 9 * len(texts), True, "some of both")


sys.setrecursionlimit(20000)
main([it_takes_what_python_takes_and_reads_the_same])
