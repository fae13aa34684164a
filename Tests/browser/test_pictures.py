"""A full board with a story in every column: the pictures that the README shows."""

import json
import time

import pytest
from playwright.sync_api import expect

import stack
from client import Client
from conftest import ROOT, faint, screenshot

PHOTOS = ROOT / "fixtures/photos"


@pytest.fixture(scope="module")
def full(plant):
    """A ticket in each column; returns the one that has the most to tell."""
    plant.here("E03")
    mended = plant.breach("beilun", "BL-P102", "DE-H", peak=4.9)["ticket"]
    accept(plant, mended)
    plant.act(mended, "arrived")
    send_photos(plant, mended, "after.jpg")
    plant.act(mended, "override", "联轴器已重新对中，停机检修期间无运行数据")

    waiting = plant.breach("zhenhai", "ZH-F101", "DE-H", peak=9.4)["ticket"]
    accept(plant, waiting)
    plant.act(waiting, "arrived")
    plant.act(waiting, "awaiting_parts", "叶轮已订货，明早到")

    coming = plant.breach("yinzhou", "YZ-P201", "DE-H", peak=6.1)["ticket"]
    accept(plant, coming)
    plant.act(coming, "en_route")

    plant.breach("beilun", "BL-P110", "DE-H", peak=3.4)
    plant.breach("fenghua", "FH-G201", "OUT-H", peak=4.1)

    told = plant.breach("beilun", "BL-P101", "DE-H", peak=6.8, minutes=45)["ticket"]
    accept(plant, told)
    plant.act(told, "arrived")
    plant.act(told, "comment", "驱动端有异响，准备拆检轴承")
    send_photos(plant, told, "before.jpg", "nameplate.jpg")
    return told


def accept(plant, ticket):
    """Only the one who was asked can."""
    plant.answer(ticket, plant.api.get(f"api/tickets/{ticket}")["engineer"], "accept")
    stack.until(lambda: plant.api.get(f"api/tickets/{ticket}")["state"] == "accepted", what="accept")


def send_photos(plant, ticket, *names):
    """Over MQTT, as the engineer who has the ticket."""
    engineer = plant.api.get(f"api/tickets/{ticket}")["engineer"]
    phone = Client(plant.broker, engineer)
    now = int(time.time() * 1000)
    for name in names:
        position = {"lat": 29.875976, "lon": 121.794568, "datum": "gcj02", "accuracy_m": 8, "fix_at": now}
        header = {"ticket": ticket, "captured_at": now, "position": position}
        photo = json.dumps(header).encode() + b"\n" + (PHOTOS / name).read_bytes()
        assert phone.publish(f"fieldloop/v1/photos/{engineer}/{ticket}-{name}", photo) == 0
    phone.close()
    stack.until(lambda: len(plant.api.get(f"api/tickets/{ticket}")["photos"]) == len(names), what="the photos")
    stack.until(lambda: all(photo["stamped"] for photo in plant.api.get(f"api/tickets/{ticket}")["photos"]), 20,
                what="the stamps")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_board_is_full(supervisor, full, language):
    page = supervisor(language=language, size={"width": 1440, "height": 640})
    for column in page.locator(".column").all():
        expect(column.locator(".card").first).to_be_visible()
    assert faint(page) == []
    screenshot(page, "board" if language == "zh" else "board-en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_ticket_has_everything(supervisor, full, language):
    page = supervisor(language=language, size={"width": 1440, "height": 1280})
    page.goto(f"/t/{full}")
    expect(page.locator(".chart canvas")).to_be_visible()
    for picture in page.locator(".photo img").all():
        picture.scroll_into_view_if_needed()
        stack.until(lambda: picture.evaluate("(image) => image.complete && image.naturalWidth"), what="the picture")
    page.evaluate("window.scrollTo(0, 0)")
    assert faint(page) == []
    screenshot(page, "ticket" if language == "zh" else "ticket-en", full_page=True)
