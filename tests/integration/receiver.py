"""A receiver of webhooks: notes each request, answers as the test says, or loses the connection."""
import http.server
import socket
import struct
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.take("POST")

    def do_GET(self):
        self.take("GET")

    def take(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        server = self.server
        server.requests.append((method, self.path, dict(self.headers.items()), body))
        status, answer, lose, *headers = server.answer(method, self.path, body, len(server.requests))
        if lose:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        text = answer.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def log_message(self, *_):
        pass


class Receiver(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # an engine starts many at once; behind a full queue each would wait for a second

    def __init__(self, answer=lambda *_: (202, "", False)):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests, self.answer = [], answer

    def handle_error(self, request, client_address):
        pass

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()
