"""A carbon API on a local port that misbehaves: one way of it each, below HTTP libraries' good manners."""
import datetime
import gzip
import socket
import ssl
import struct
import subprocess
import threading

UTC = datetime.timezone.utc
HALF_HOUR, HOUR = datetime.timedelta(minutes=30), datetime.timedelta(hours=1)
GOOD = 57  # gCO2eq/kWh of a good answer: no answer below may bring it into a record


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%MZ")


def rows_of(now, step, back, ahead):
    begin = now - (now - datetime.datetime(2000, 1, 1, tzinfo=UTC)) % step
    return [begin + i * step for i in range(-back, ahead)]


def uk_answer(path, value=str(GOOD), age=datetime.timedelta(0), zone=None):
    """As the API of Great Britain answers; value is raw JSON text."""
    del path
    now = datetime.datetime.now(UTC) - age
    rows = ",".join('{"from":"%s","to":"%s","intensity":{"forecast":%s,"actual":%s,"index":"low"}}'
                    % (stamp(t), stamp(t + HALF_HOUR), value, value) for t in rows_of(now, HALF_HOUR, 48, 96))
    if zone:
        return '{"data":[{"regionid":%s,"data":[%s]}]}' % (zone, rows)
    return '{"data":[%s]}' % rows


def maps_answer(path, value=str(GOOD), age=datetime.timedelta(0), zone=None):
    """As Electricity Maps answers."""
    now = datetime.datetime.now(UTC) - age
    zone = zone or "DE"

    def row(time):
        return '{"zone":"%s","carbonIntensity":%s,"datetime":"%s","isEstimated":false}' % (zone, value, stamp(time))
    if "/latest" in path:
        return row(rows_of(now, HOUR, 0, 1)[0])
    word, span = ("forecast", (0, 24)) if "/forecast" in path else ("history", (24, 1))
    return '{"zone":"%s","%s":[%s]}' % (zone, word, ",".join(map(row, rows_of(now, HOUR, *span))))


ANSWERS = {"uk_grid_eso": uk_answer, "electricity_maps": maps_answer}


def http(body, status="200 OK", headers="", length=None):
    body = body.encode() if isinstance(body, str) else body
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n"
    return head.encode() + body


# ---- the ways; each gets the connection, the path, and the good answer's maker ----

def slow(server, connection, path, answer):
    for byte in http(answer(path)):
        connection.sendall(bytes([byte]))
        if server.stopping.wait(1):
            return


def without_end(server, connection, path, answer):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not server.stopping.is_set():
        connection.sendall(b"10000\r\n" + b"[" * 65536 + b"\r\n")


def of_100_megabytes(server, connection, path, answer):
    text = answer(path).encode()
    connection.sendall(http(text, length=len(text) + 100_000_000))
    for _ in range(100):
        connection.sendall(b" " * 1_000_000)


def silent(server, connection, path, answer):
    server.stopping.wait(60)


def reset(server, connection, path, answer):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def headers_without_end(server, connection, path, answer):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not server.stopping.is_set():
        connection.sendall(b"X-More: " + b"x" * 4000 + b"\r\n")


def says(make):
    """A way that answers with the bytes that make(path, answer) gives."""
    return lambda server, connection, path, answer: connection.sendall(make(path, answer))


def in_two(text):
    return text[: len(text) // 2]


def doubled(path, answer):
    """Each figure twice in its row, the good one last."""
    text = answer(path)
    for key in ("forecast", "actual", "carbonIntensity"):
        text = text.replace(f'"{key}":{GOOD}', f'"{key}":9,"{key}":{GOOD}')
    return http(text)


WEEK = datetime.timedelta(days=7)
WAYS = {
    "1 byte a second": slow,
    "a redirect to itself": says(lambda path, _: http("", "302 Found", f"Location: {path}\r\n")),
    "401": says(lambda *_: http('{"error":"Invalid auth-token"}', "401 Unauthorized")),
    "403": says(lambda *_: http('{"error":"forbidden"}', "403 Forbidden")),
    "404": says(lambda *_: http('{"error":{"message":"no such thing"}}', "404 Not Found")),
    "429 with Retry-After": says(lambda *_: http("{}", "429 Too Many Requests", "Retry-After: 86400\r\n")),
    "500": says(lambda *_: http('{"error":{"message":"broken"}}', "500 Internal Server Error")),
    "503 with Retry-After": says(lambda *_: http("", "503 Service Unavailable", "Retry-After: 86400\r\n")),
    "HTML with 200": says(lambda *_: http("<!DOCTYPE html><html><body>Please log in</body></html>")),
    "JSON cut in two": says(lambda path, answer: http(in_two(answer(path)))),
    "a body cut off": says(lambda path, answer: in_two(http(answer(path)))),
    "NaN": says(lambda path, answer: http(answer(path, "NaN"))),
    "1e400": says(lambda path, answer: http(answer(path, "1e400"))),
    "negative": says(lambda path, answer: http(answer(path, f"-{GOOD}"))),
    "null": says(lambda path, answer: http(answer(path, "null"))),
    "figures as text": says(lambda path, answer: http(answer(path, f'"{GOOD}"'))),
    "absurdly high": says(lambda path, answer: http(answer(path, "987654321"))),
    "a week old": says(lambda path, answer: http(answer(path, age=WEEK))),
    "about another zone": says(lambda path, answer: http(answer(path, zone="7" if answer is uk_answer else "FR"))),
    "100 MB": of_100_megabytes,
    "without end": without_end,
    "headers without end": headers_without_end,
    "empty 200": says(lambda *_: http("")),
    "an empty list": says(lambda *_: http('{"data":[]}')),
    "gzip that nobody asked for": says(lambda path, answer: http(gzip.compress(answer(path).encode()))),
    "100 MB in 100 kB of gzip": says(lambda path, answer: http(gzip.compress(b" " * 100_000_000, 1),
                                                               headers="Content-Encoding: gzip\r\n")),
    "no HTTP": says(lambda *_: b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "silence": silent,
    "a reset connection": reset,
    "deep nesting": says(lambda *_: http("[" * 100_000)),
    "not UTF-8": says(lambda path, answer: http(answer(path).encode().replace(b'"data"', b'"data\xff"')
                                                .replace(b'"zone"', b'"z\xffone"'))),
}

# Odd, and yet there is a good answer in it.
SOUND = {
    "doubled keys": says(doubled),
    "plain text that calls itself gzip": says(
        lambda path, answer: http(answer(path), headers="Content-Encoding: gzip\r\n")),
}


class HostileApi:
    """with HostileApi(way, plugin) as api: … api.url. certificate: (file, key) for TLS."""

    def __init__(self, way, plugin, certificate=None):
        self.way, self.answer = way, ANSWERS[plugin]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.listener.getsockname()[1]}"
        self.stopping = threading.Event()
        self.requests = 0

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    part = connection.recv(65536)
                    if not part:
                        return
                    request += part
                self.requests += 1
                self.way(self, connection, request.split(b" ")[1].decode(), self.answer)
        except OSError:
            pass  # clients that hang up are part of it


def self_signed(folder):
    """A certificate that nobody vouches for: (file, key)."""
    files = (f"{folder}/certificate.pem", f"{folder}/key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


