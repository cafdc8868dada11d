"""Hears of the decision and acts on it, once Standard Webhooks' own library believes it."""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from handrail_client import Handrail, verify_webhook
from standardwebhooks import Webhook, WebhookVerificationError

SECRET = os.environ["WEBHOOK_SECRET"]
ran, refused = [], []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = Webhook(SECRET).verify(body, headers)
        assert verify_webhook(body, headers, secret=SECRET).data == event["data"]
        try:
            Webhook(SECRET).verify(body.replace(b"90.00", b"99.00"), headers)
        except WebhookVerificationError:
            refused.append("altered")
        decision = event["data"]["decision"]
        if event["type"] == "case.decided" and decision["type"] in ("approve", "edit"):
            ran.append(decision["action"]["args"]["amount"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", int(os.environ["WEBHOOK_PORT"])), Receiver)
with Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]) as line:
    action = {"name": "refund", "args": {"order": "A1", "amount": "900.00"}}
    line.open("agent-tools", idempotency_key="k", action=action)
    while not ran:
        server.handle_request()
print(json.dumps({"ran": ran, "refused": sorted(set(refused))}))
