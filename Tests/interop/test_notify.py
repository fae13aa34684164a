"""Notices over HTTP: what leaves is checked by a receiver that shares no code with the service."""

import base64
import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
import typing
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import stack
from client import gateway_once_heard

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
PATH = "/cgi-bin/webhook/send?key=0f9a1c2e-robot-key"
OK, BUSY = {"errcode": 0, "errmsg": "ok"}, {"errcode": -1, "errmsg": "system busy"}


class Post(typing.NamedTuple):
    """What came, with the headers' names in small letters and the moment."""

    path: str
    headers: dict
    body: bytes
    at: float


class Receiver:
    """Answers POSTs as `script` says, then with its last line for ever; keeps what came."""

    def __init__(self, *script):
        self.script, self.posts = list(script), queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = receiver.script[0]
                if len(receiver.script) > 1:
                    receiver.script.pop(0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.put(Post(self.path, headers, body, time.time()))
                sent = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_):
                """Not into the tests' output."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def post(self, wait=15):
        return self.posts.get(timeout=wait)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    opened = []

    def receiver(*script):
        opened.append(Receiver(*script))
        return opened[-1]

    yield receiver
    for each in opened:
        each.close()


@pytest.fixture
def broker(tmp_path):
    broker = stack.Broker(tmp_path / "mqtt").start()
    yield broker
    broker.stop()


@pytest.fixture
def serve(tmp_path, broker, program):
    """serve(settings, asset): a service of its own, with the ticket of a breach on `asset`."""
    services = []

    def serve(settings, asset):
        services.append(stack.Service(tmp_path / "data", broker, program, settings=settings).import_plant().start())
        gateway, first = gateway_once_heard(broker), time.time_ns() // 1_000_000 - 10_000
        readings = [{"ts": first + 1000 * n, "velocity_rms_mm_s": 3.4, "running": True} for n in range(3)]
        assert gateway.publish(f"fieldloop/v1/beilun/{asset}/DE-H/reading", json.dumps(readings)) == 0
        gateway.close()
        return services[-1]

    yield serve
    for service in services:
        service.stop()


def secret_file(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def signature(post):
    """As standardwebhooks.com says, by hashlib."""
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    return "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()


def test_the_webhook_is_signed_and_comes_again_under_its_id(serve, receiver, tmp_path):
    hook = receiver((503, {}), (503, {}), (200, {}))
    service = serve({"notify.webhook.url": hook.url + "/hook",
                     "notify.webhook.secret_file": secret_file(tmp_path, "whsec", SECRET)}, "BL-P102")
    seen = {}
    # Until every notice was taken: the first two posts were answered with 503, so two come again.
    while len(seen) < 2 or sum(seen.values()) < len(seen) + 2:
        post = hook.post()
        assert post.path == "/hook"
        assert hmac.compare_digest(post.headers["webhook-signature"], signature(post))
        assert abs(int(post.headers["webhook-timestamp"]) - post.at) <= 5
        message = json.loads(post.body)
        assert post.headers["webhook-id"] == message["data"]["id"]
        assert message["type"] == "ticket." + message["data"]["kind"]
        assert message["data"]["asset"] == "BL-P102"
        seen[post.headers["webhook-id"]] = seen.get(post.headers["webhook-id"], 0) + 1
    stack.until(lambda: all(row["sent_at"] for row in rows(service, "webhook")), what="the booking")
    assert SECRET not in service.process.log.read_text()


def rows(service, channel):
    return [row for row in service.api.get("api/outbox")["notices"] if row["channel"] == channel]


def robot_file(tmp_path, robot):
    return {"notify.wecom.url_file": secret_file(tmp_path, "robot", robot.url + PATH)}


def test_wecom_refuses_with_200_and_is_asked_again(serve, receiver, tmp_path):
    """HTTP 200 says nothing; `errcode` does."""
    robot = receiver((200, BUSY), (200, OK))
    service = serve(robot_file(tmp_path, robot), "BL-P102")
    first, again = robot.post(), robot.post()
    assert [first.path, again.path] == [PATH, PATH]
    message = json.loads(again.body)
    assert message["msgtype"] == "text"
    assert len(message["text"]["content"].encode()) <= 2048
    stack.until(lambda: rows(service, "wecom") and all(row["sent_at"] for row in rows(service, "wecom")), 20,
                what="the booking")
    assert sum(row["attempts"] for row in rows(service, "wecom")) == len(rows(service, "wecom")) + 1
    assert "errcode -1" in service.process.log.read_text()
    assert "robot-key" not in service.process.log.read_text()


def request(method, url, cookie=None):
    """One request, redirects not followed: (status, headers)."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""),
                       headers={"Cookie": cookie} if cookie else {})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers


def link_in(post):
    """The last line of a WeCom text."""
    return json.loads(post.body)["text"]["content"].splitlines()[-1]


def test_the_link_in_the_text_signs_its_engineer_in_once(serve, receiver, tmp_path):
    robot = receiver((200, OK))
    service = serve(robot_file(tmp_path, robot), "BL-P102")
    card = stack.until(lambda: service.api.cards_of("BL-P102"), what="the ticket")[0]
    link = next(link for link in (link_in(robot.post()) for _ in range(5)) if "/l/" in link)
    assert link.startswith(service.url)

    # A chat application that fetches the link for a preview does not use it up.
    assert request("GET", link)[0] == 200
    status, headers = request("POST", link)
    assert status == 303
    assert headers["Location"] == f"/m?t={card['ticket']}"
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    me = service.url + "api/me"
    with urllib.request.urlopen(urllib.request.Request(me, headers={"Cookie": cookie.split(";")[0]})) as response:
        assert json.load(response)["engineer"] == card["engineer"]
    assert request("POST", link)[0] == 403


def test_without_personal_links_the_text_leads_to_the_plain_page(serve, receiver, tmp_path):
    robot = receiver((200, OK))
    service = serve(robot_file(tmp_path, robot) | {"notify.wecom.personal_link": "no"}, "BL-P102")
    card = stack.until(lambda: service.api.cards_of("BL-P102"), what="the ticket")[0]
    stack.until(lambda: rows(service, "wecom") and all(row["sent_at"] for row in rows(service, "wecom")),
                what="the booking")
    links = {link_in(robot.post()) for _ in rows(service, "wecom")}
    assert links == {f"{service.url}t/{card['ticket']}"}
