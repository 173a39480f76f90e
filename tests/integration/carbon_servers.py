"""A stand-in for the carbon APIs on a local port: bodies by path, and misbehaviour where it is asked for."""
import datetime
import http.server
import re
import socket
import struct
import threading

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d+)?)?Z")


def shift_times(text, by):
    """Moves every instant in a body by a timedelta and keeps the form it was written in."""

    def moved(match):
        time = datetime.datetime.strptime(match.group(1), "%Y-%m-%dT%H:%M") + by
        return time.strftime("%Y-%m-%dT%H:%M") + (match.group(2) or "") + "Z"

    return TIME.sub(moved, text)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers.items())))
        rule = server.rule_for(self.path)
        behaviour = rule["behaviour"]
        if behaviour == "silent":
            server.stopping.wait(30)
            self.close_connection = True
        elif behaviour == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        else:
            self.answer(rule)

    def answer(self, rule):
        body = rule["body"]
        self.send_response(rule["status"])
        for name, value in rule["headers"].items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if rule["behaviour"] == "truncate":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *_):
        pass


class CarbonServer(http.server.ThreadingHTTPServer):
    """with CarbonServer() as server: server.script("/intensity", body); … server.url"""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests = []
        self.rules = []
        self.stopping = threading.Event()
        self.script("/", "{}", status=404)

    def script(self, prefix, body="", status=200, headers=None, behaviour="normal"):
        """What paths that begin with `prefix` are answered: the longest prefix, then the latest rule.
        behaviour: normal, truncate (half of the body), reset (the connection), silent (nothing)."""
        if isinstance(body, str):
            body = body.encode()
        self.rules.append({"prefix": prefix, "body": body, "status": status, "behaviour": behaviour,
                           "headers": {"Content-Type": "application/json", **(headers or {})}})

    def rule_for(self, path):
        fitting = [rule for rule in self.rules if path.startswith(rule["prefix"])]
        longest = max(len(rule["prefix"]) for rule in fitting)
        return [rule for rule in fitting if len(rule["prefix"]) == longest][-1]

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the tests

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.shutdown()
        self.thread.join()
        self.server_close()
