"""The engineer's page, one thumb at 390 × 844: from the link in the chat to a stamped photo on the ticket."""

import re

import pytest
from playwright.sync_api import expect

import stack
from conftest import ROOT, faint, fits, screenshot, unnamed

PHOTO = ROOT / "fixtures/photos/before.jpg"
PLACE = {"latitude": 29.8783, "longitude": 121.7902, "accuracy": 8}


@pytest.fixture(scope="module")
def job(plant):
    """A ticket that is offered to 王磊 (E03)."""
    plant.here("E03")
    card = plant.breach("beilun", "BL-P101", "DE-H")
    assert card["engineer"] == "E03"
    return card["ticket"]


def photos(plant, ticket, count):
    """The ticket's photos once there are so many and each is stamped."""
    def stamped():
        found = plant.api.get(f"api/tickets/{ticket}")["photos"]
        return found if len(found) >= count and all(photo["stamped"] for photo in found) else None

    return stack.until(stamped, 20, what=f"{count} stamped photos")


def test_the_whole_job(engineer, plant, job):
    page = engineer("E03", geolocation=PLACE, permissions=["geolocation"])
    card = page.locator(f'.job[data-key="{job}"]')
    expect(card).to_contain_text("1号冷却水循环泵")
    expect(card).to_contain_text("新派单，请答复")
    assert fits(page) and unnamed(page) == [] and faint(page) == []
    screenshot(page, "phone-offer-zh")

    card.get_by_role("button", name="接单").click()
    card.get_by_role("button", name="出发").click()
    card.get_by_role("button", name="已到现场").click()
    expect(card).to_contain_text("现场诊断")

    # Two taps: the button, and the shutter.
    with page.expect_file_chooser() as chooser:
        card.get_by_text("拍照").click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(PHOTO)
    row = card.locator(".uploads li")
    expect(row).to_have_class("arrived")
    expect(row).to_contain_text("定位精度 ±8.0 米")
    screenshot(page, "phone-photo-zh", full_page=True)

    [photo] = photos(plant, job, 1)
    assert photo["engineer"] == "E03"
    assert abs(photo["lat"] - PLACE["latitude"]) < 1e-6 and photo["accuracy_m"] == PLACE["accuracy"]
    original = page.request.get(f"/api/photos/{photo['id']}/original").body()
    assert original == PHOTO.read_bytes()
    stamped = page.request.get(f"/api/photos/{photo['id']}/stamped").body()
    assert stamped[:2] == b"\xff\xd8" and stamped != original

    # The machine still shakes, and says so in the engineer's language.
    card.locator(".deed-done summary").click()
    card.locator(".deed-done").get_by_role("button", name="确认完工").click()
    expect(card.get_by_role("alert")).to_contain_text("振动速度仍为 5.20 mm/s")
    screenshot(page, "phone-refused-zh", full_page=True)

    plant.feed("beilun", "BL-P101", "DE-H", [1.0, 1.0, 0.9, 0.9, 0.9])
    stack.until(lambda: plant.api.get(f"api/tickets/{job}")["episodes"][0]["cleared_at"], what="the breach to clear")
    if not card.locator(".deed-done[open]").count():
        card.locator(".deed-done summary").click()
    card.locator(".deed-done textarea").fill("更换驱动端轴承")
    card.locator(".deed-done").get_by_role("button", name="确认完工").click()
    expect(card).to_contain_text("设备正在自证")
    screenshot(page, "phone-verifying-zh", full_page=True)

    # The photo is on the ticket's page, as a picture that loads.
    card.get_by_role("link", name=f"T{job}").click()
    picture = page.locator(".photo img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    stack.until(lambda: picture.evaluate("(image) => image.complete && image.naturalWidth"), what="the picture")


def test_works_without_a_position(engineer, plant, job):
    """Permission refused: said, marked, and the photo arrives all the same."""
    before = len(plant.api.get(f"api/tickets/{job}")["photos"])
    page = engineer("E03", language="en")
    card = page.locator(f'.job[data-key="{job}"]')
    card.locator("input[type=file]").set_input_files(ROOT / "fixtures/photos/after.jpg")
    expect(card.locator(".uploads li")).to_have_class("arrived", timeout=20_000)
    expect(card.locator(".uploads li")).to_contain_text(re.compile("without one"))
    found = photos(plant, job, before + 1)
    assert any(photo["lat"] is None for photo in found)
    screenshot(page, "phone-no-position-en", full_page=True)


def test_says_what_is_wrong_with_a_picture(engineer, plant, job, tmp_path):
    fake = tmp_path / "photo.jpg"
    fake.write_bytes(b"GIF89a, with the wrong name")
    page = engineer("E03", language="en", geolocation=PLACE, permissions=["geolocation"])
    card = page.locator(f'.job[data-key="{job}"]')
    card.locator("input[type=file]").set_input_files(fake)
    row = card.locator(".uploads li")
    expect(row).to_have_class("failed")
    expect(row).to_contain_text("JPEG")
    expect(row.get_by_role("button", name="Send again")).to_be_visible()


def test_an_upload_is_sent_again(engineer, plant, job):
    """The network goes, the photo stays; a second try is the same photo."""
    page = engineer("E03", geolocation=PLACE, permissions=["geolocation"])
    card = page.locator(f'.job[data-key="{job}"]')
    page.route("**/api/photos", lambda route: route.abort())
    card.locator("input[type=file]").set_input_files(ROOT / "fixtures/photos/nameplate.jpg")
    row = card.locator(".uploads li")
    expect(row).to_have_class("failed")
    expect(row).to_contain_text("连不上服务器")
    page.unroute("**/api/photos")
    row.get_by_role("button", name="重新发送").click()
    expect(row).to_have_class("arrived")


def test_declines_with_a_reason(engineer, plant, job):
    plant.here("E03")
    card = plant.breach("beilun", "BL-P102", "DE-H")
    assert card["engineer"] == "E03"
    page = engineer("E03", language="en", dark=True)
    offer = page.locator(f'.job[data-key="{card["ticket"]}"]')
    expect(offer).to_contain_text("please answer")
    offer.locator(".deed-decline summary").click()
    offer.get_by_role("button", name="Busy with another job").click()
    assert faint(page) == []
    screenshot(page, "phone-decline-en-dark", full_page=True)
    offer.locator(".deed-decline").get_by_role("button", name="Decline").click()
    expect(offer).to_have_count(0)
    entries = plant.api.get(f"api/tickets/{card['ticket']}")["entries"]
    assert any(entry["kind"] == "declined" and entry["detail"]["reason"] == "Busy with another job" for entry in entries)


def test_a_link_works_once(window, plant, job):
    # E04 is not skilled enough for these pumps: nothing is offered to him.
    link = plant.link("E04")
    first, second = window(), window(language="en")
    for page in (first, second):
        page.goto(link)
        expect(page.locator("main button")).to_be_visible()
    first.click("main button")
    expect(first.locator(".page-phone h1, h1")).to_have_text("我的工单")
    expect(first.locator(".notice")).to_contain_text("现在没有工单")
    second.click("main button")
    expect(second.locator("main")).to_contain_text("The link has been used")
    screenshot(second, "link-used-en")
    # Whoever has no link is told where to get one.
    second.goto("/m")
    expect(second.locator("main")).to_contain_text("ask your dispatcher")


def test_the_phone_page_is_light(engineer, plant, job):
    """What a phone loads before any photo: at most 100 KB."""
    page = engineer("E03")
    page.wait_for_load_state("load")
    weight = page.evaluate("""performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
        .reduce((sum, entry) => sum + entry.decodedBodySize, 0)""")
    assert 0 < weight <= 100_000
