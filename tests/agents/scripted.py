"""A real HTTP server that gives the scripted answers in turn and keeps what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PENDING = {"id": "case_1", "status": "pending", "lane": "human", "version": 1}
APPROVED = PENDING | {"status": "decided", "decision": {"type": "approve", "by": "reviewer"}}
ACTION = {"name": "refund", "args": {"order": "R-100001", "amount": "900.00"}}


class ScriptedServer:
    def __init__(self):
        self.answers, self.requests = [], []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                script.requests.append((self.command, self.path, self.headers, body))
                answer = script.answers.pop(0)
                if answer == "hang up":
                    self.close_connection = True
                    self.connection.close()
                    return
                status, headers, document = answer
                payload = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, status, document, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, named, document))

    def close(self):
        self.http.shutdown()
        self.http.server_close()
