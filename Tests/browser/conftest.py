"""A real browser against the real service: what people see and do."""

import io
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "ops/lib"))

import stack  # noqa: E402
from client import Client, gateway_once_heard  # noqa: E402

#: Where pictures go; `ops/screenshots` holds the ones that the README shows.
SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", ROOT / "var/screenshots"))
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TAGS = {"zh": "zh-CN", "en": "en-GB"}


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """The service with its broker, and hands on the plant's sensors."""
    program = stack.binary()
    if program is None:
        pytest.skip("no program: swift build, or FIELDLOOP_BINARY=path")
    broker = stack.Broker(tmp_path_factory.mktemp("mqtt")).start()
    service = stack.Service(tmp_path_factory.mktemp("data"), broker, program).import_plant().start()
    plant = Plant(broker, service)
    yield plant
    plant.close()
    service.stop()
    broker.stop()


class Plant:
    """Sends what gateways and engineers send, and asks what came of it."""

    def __init__(self, broker, service):
        self.broker, self.service = broker, service
        self.gateways = {"beilun": gateway_once_heard(broker)}
        self.api = service.api

    def close(self):
        for gateway in self.gateways.values():
            gateway.close()

    def feed(self, site, asset, point, values, minutes=0.0, running=True):
        """Readings that end now, spread over so many minutes."""
        gateway = self.gateways.setdefault(site, None) or Client(self.broker, f"gw-{site}")
        self.gateways[site] = gateway
        now = int(time.time() * 1000)
        step = max(1, int(minutes * 60_000 / len(values)))
        readings = [
            {"ts": now - (len(values) - 1 - index) * step, "velocity_rms_mm_s": round(value, 3), "running": running}
            for index, value in enumerate(values)
        ]
        topic = f"fieldloop/v1/{site}/{asset}/{point}/reading"
        for start in range(0, len(readings), 200):
            assert gateway.publish(topic, json.dumps(readings[start:start + 200])) == 0

    def breach(self, site, asset, point, peak=5.2, minutes=20.0):
        """A machine that goes bad, and the ticket that it gets."""
        noise = random.Random(asset)
        quiet = [1.1 + noise.gauss(0, 0.06) for _ in range(160)]
        rise = [1.2 + (peak - 1.2) * (index / 40) ** 2 + noise.gauss(0, 0.08) for index in range(40)]
        self.feed(site, asset, point, quiet + rise + [peak, peak, peak], minutes)
        return stack.until(lambda: self.api.cards_of(asset), what=f"the ticket of {asset}")[0]

    def here(self, engineer, lat=29.884, lon=121.795):
        """The engineer's phone says where it is."""
        phone = Client(self.broker, engineer)
        fix = {"lat": lat, "lon": lon, "datum": "wgs84", "accuracy_m": 10, "fix_at": int(time.time() * 1000)}
        assert phone.publish(f"fieldloop/v1/engineers/{engineer}/position", json.dumps(fix)) == 0
        phone.close()

    def act(self, ticket, action, text=""):
        """A step by the supervisor, who may take an engineer's."""
        now = self.api.get(f"api/tickets/{ticket}")
        body = {"action": action, "epoch": now["epoch"], "text": text}
        return self.api.request("POST", f"api/tickets/{ticket}/actions", body)

    def answer(self, ticket, engineer, answer):
        """A step by the engineer, over MQTT."""
        now = self.api.get(f"api/tickets/{ticket}")
        phone = Client(self.broker, engineer)
        body = {"ticket": ticket, "epoch": now["epoch"], "answer": answer}
        assert phone.publish(f"fieldloop/v1/engineers/{engineer}/answer", json.dumps(body)) == 0
        phone.close()

    def link(self, engineer):
        """A personal link, as the command line makes it."""
        command = [self.service.program, "link", engineer, *self.service.flags()]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        return next(word for word in printed.split() if "/l/" in word)


@pytest.fixture
def window(chromium, plant):
    """window(language="zh", size=DESK, dark=False, …): a fresh browser window; any script error fails the test."""
    opened, faults = [], []

    def window(language="zh", size=DESK, dark=False, **further):
        context = chromium.new_context(
            base_url=plant.service.url, viewport=size, locale=TAGS[language], timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light", **further)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
        opened.append(context)
        return page

    yield window
    for context in opened:
        context.close()
    assert faults == []


def is_fault(message):
    """Chromium also reports every request that was refused or failed; what we then show is for the test to look at."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


@pytest.fixture
def supervisor(window, plant):
    """supervisor(…): a window that is signed in with the administrator token."""

    def supervisor(**options):
        page = window(**options)
        page.goto("/signin")
        page.fill("#token", plant.api.token)
        page.click("main button")
        page.wait_for_selector(".columns")
        return page

    return supervisor


@pytest.fixture
def engineer(window, plant):
    """engineer("E03", …): a phone that is signed in by a personal link."""

    def engineer(name, **options):
        page = window(**({"size": PHONE, "is_mobile": True, "has_touch": True} | options))
        page.goto(plant.link(name))
        page.click("main button")
        page.wait_for_selector(".page-phone h1")
        return page

    return engineer


def screenshot(page, name, **options):
    """A picture to look at; a large one in 256 colours, for the README's are part of every clone."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(300)
    taken = page.screenshot(animations="disabled", **options)
    if len(taken) > 200_000:
        picture = Image.open(io.BytesIO(taken)).convert("RGB")
        small = io.BytesIO()
        picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE).save(
            small, "PNG", optimize=True)
        taken = small.getvalue()
    (SCREENSHOTS / f"{name}.png").write_bytes(taken)


def fits(page):
    """Nothing sticks out to the side."""
    return page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")


def unnamed(page):
    """Controls and pictures that a screen reader could not name."""
    return page.evaluate("""
        [...document.querySelectorAll('a, button, input:not([type=hidden]), textarea, img, progress, meter, canvas, summary')]
            .filter((node) => node.checkVisibility() && !(node.textContent.trim() || node.getAttribute('aria-label')
                || node.hasAttribute('alt') || node.labels?.length || node.title))
            .map((node) => node.outerHTML.slice(0, 120))""")


def faint(page):
    """Texts with less than 4.5 : 1 against what they stand on (WCAG 2.2, 1.4.3)."""
    return page.evaluate("""() => {
        const parse = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
        const over = ([r, g, b, a = 1], under) => [r, g, b].map((value, index) => value * a + under[index] * (1 - a));
        const ground = (node) => {
            const layers = [];
            for (let at = node; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
            return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
        };
        const luminance = (colour) => colour.map((value) => value / 255)
            .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
            .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
        const found = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest('.skip, noscript')) continue;
            const behind = ground(node);
            const [a, b] = [over(parse(getComputedStyle(node).color), behind), behind].map(luminance).sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className || node.tagName}: ${walker.currentNode.data.trim().slice(0, 40)}`);
        }
        return found; }""")
