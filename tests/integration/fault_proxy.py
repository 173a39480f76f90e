"""A small HTTP proxy in front of a server, that throttles, fails, stays silent and breaks connections."""
import collections
import http.client
import http.server
import json
import random
import socket
import struct
import threading

FAULTS = ("throttled", "unprocessed", "failed", "silent before", "silent after", "reset before", "reset after")


class Proxy:
    """plan(action, n): one of FAULTS, "away", bytes (answered with status 200), or None, for the n-th request of
    that action.

    `silence` seconds without an answer must be longer than the client waits."""

    def __init__(self, target_port, plan, silence=2.0):
        self.target_port, self.plan, self.silence = target_port, plan, silence
        self.lock = threading.Lock()
        self.requests = collections.Counter()
        self.faults = collections.Counter()
        self.items = 0  # in all BatchWriteItem requests, those with faults included
        self.ended = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler(), bind_and_activate=False)
        self.server.daemon_threads = True
        self.server.request_queue_size = 128
        self.server.server_bind()
        self.server.server_activate()
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def choose(self, action, body):
        with self.lock:
            self.requests[action] += 1
            if action == "BatchWriteItem":
                self.items += sum(len(puts) for puts in json.loads(body)["RequestItems"].values())
            fault = self.plan(action, self.requests[action])
            if fault:
                self.faults[fault] += 1
            return fault

    def handler(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            upstream = None

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                action = self.headers["X-Amz-Target"].rsplit(".", 1)[1]
                fault = proxy.choose(action, body)
                if isinstance(fault, bytes):
                    self.answer(200, {}, fault)
                elif fault == "throttled":
                    self.refuse(400, "ProvisionedThroughputExceededException", "slow down")
                elif fault == "failed":
                    self.refuse(500, "InternalServerError", "sorry")
                elif fault == "unprocessed":
                    self.leave_some(body)
                elif fault in ("away", "reset before", "silent before"):
                    self.break_off(fault)
                else:
                    status, headers, text = self.forward(body)
                    if fault:
                        self.break_off(fault)
                    else:
                        self.answer(status, headers, text)

            def forward(self, body):
                if not self.upstream:
                    self.upstream = http.client.HTTPConnection("127.0.0.1", proxy.target_port)
                kept = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "expect")}
                self.upstream.request("POST", "/", body, kept)
                response = self.upstream.getresponse()
                text = response.read()
                return response.status, {"x-amz-crc32": response.getheader("x-amz-crc32")}, text

            def answer(self, status, headers, text):
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(text)))
                for name, value in headers.items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def refuse(self, status, code, message):
                text = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message})
                self.answer(status, {}, text.encode())

            def leave_some(self, body):
                """Stores the first half of the items, gives the others back."""
                wanted = json.loads(body)["RequestItems"]
                rows = [(table, put) for table, puts in wanted.items() for put in puts]
                taken, left = {}, {}
                for i, (table, put) in enumerate(rows):
                    (taken if i < len(rows) // 2 else left).setdefault(table, []).append(put)
                if taken:
                    status, headers, text = self.forward_changed(json.dumps({"RequestItems": taken}).encode())
                    if status != 200:
                        self.answer(status, headers, text)
                        return
                self.answer(200, {}, json.dumps({"UnprocessedItems": left}).encode())

            def forward_changed(self, body):
                self.headers.replace_header("Content-Length", str(len(body)))
                return self.forward(body)

            def break_off(self, fault):
                if fault.startswith("silent"):
                    proxy.ended.wait(proxy.silence)
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.rfile = self.wfile = open("/dev/null", "r+b", buffering=0)

        return Handler


def some_of_all(share, seed=7, actions=("BatchWriteItem",)):
    """A plan: that share of the actions meets a fault, each kind as often as the others."""
    chance = random.Random(seed)

    def plan(action, _):
        if action not in actions or chance.random() >= share:
            return None
        return chance.choice(FAULTS)
    return plan
