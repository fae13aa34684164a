"""A broker that has forgotten our session has thrown away what it queued for us: people are told, once, and see it."""

import json
import urllib.error

import pytest

import stack
from client import gateway_once_heard
from test_notify import SECRET, Receiver


@pytest.fixture
def broker(tmp_path):
    broker = stack.Broker(tmp_path / "mqtt").start()
    yield broker
    broker.stop()


@pytest.fixture
def told():
    receiver = Receiver((200, {}))
    yield receiver
    receiver.close()


@pytest.fixture
def service(tmp_path, broker, program, told):
    secret = tmp_path / "webhook-secret"
    secret.write_text(SECRET, encoding="utf-8")
    settings = {"notify.webhook.url": told.url, "notify.webhook.secret_file": secret}
    service = stack.Service(tmp_path / "data", broker, program, settings=settings).import_plant().start()
    gateway_once_heard(broker).close()
    stack.until(lambda: service.health()["broker"] == "connected", what="the session")
    yield service
    service.stop()


def forget(broker):
    """The broker's state is gone, as after a disk was changed."""
    broker.stop()
    state = list(broker.folder.rglob("mosquitto.db"))
    assert state, "the broker keeps its state somewhere else"
    for file in state:
        file.unlink()
    broker.start()


def losses(service):
    """As /healthz and the intake page both show them; one may come between the two requests."""
    def shown():
        health = service.health()["session_losses"]
        return [health] if health == service.api.get("api/intake")["losses"] else None

    return stack.until(shown, 5, what="the same losses in both places")[0]


def heard(told):
    """The next notice's fields."""
    return json.loads(told.post(wait=20).body)["data"]


def test_is_told_once_and_shown_until_somebody_has_seen_to_it(service, broker, told):
    broker.stop()
    broker.start()
    stack.until(lambda: service.health()["broker"] == "connected", 40, what="the return of a broker that forgot nothing")
    assert losses(service) == []

    forget(broker)
    loss = stack.until(lambda: losses(service), 40, what="the alarm")[0]
    place = f"127.0.0.1:{broker.port}"
    assert (loss["broker"], loss["session"]) == (place, "fieldloop")
    assert 0 <= loss["noticed_at"] - loss["away_since"] < 60_000
    notice = heard(told)
    assert (notice["kind"], notice["broker"], notice["session"]) == ("session_lost", place, "fieldloop")
    assert notice["url"].endswith("/intake")
    assert place in notice["text_zh"]
    assert "丢失" in notice["text_zh"]
    assert "readings, answers and photos may be missing" in notice["text_en"]
    assert "ticket" not in notice

    # Over a restart of the service it stays, and is told no second time.
    stack.until(lambda: service.health()["broker"] == "connected", 40, what="the new session")
    service.stop()
    service.start()
    stack.until(lambda: service.health()["broker"] == "connected", 40, what="the session again")
    assert [each["id"] for each in losses(service)] == [loss["id"]]
    assert told.posts.empty()

    service.api.request("POST", f"api/intake/losses/{loss['id']}/acknowledge", {})
    assert losses(service) == []
    forget(broker)
    again = stack.until(lambda: losses(service), 40, what="the next alarm")[0]
    assert again["id"] > loss["id"]
    assert heard(told)["kind"] == "session_lost"


def test_while_the_service_was_stopped(service, broker, told):
    service.stop()
    forget(broker)
    service.start()
    loss = stack.until(lambda: losses(service), 40, what="the alarm")[0]
    assert loss["away_since"] is None
    assert "while the service was stopped" in heard(told)["text_en"]


def test_another_broker_owes_us_no_session(service, broker, told, tmp_path):
    """Moved to a new broker: that it does not know us is no loss."""
    service.stop()
    other = stack.Broker(tmp_path / "other").start()
    try:
        service.settings |= {"mqtt.port": other.port, "mqtt.password_file": other.password_file("fieldloop")}
        service.start()
        stack.until(lambda: service.health()["broker"] == "connected", 40, what="the session at the new broker")
        assert losses(service) == []
        assert told.posts.empty()
    finally:
        service.stop()
        other.stop()


def test_only_a_supervisor_may_say_that_it_is_seen_to(service, broker):
    forget(broker)
    loss = stack.until(lambda: losses(service), 40, what="the alarm")[0]
    with pytest.raises(urllib.error.HTTPError) as refused:
        stack.Api(service.url, "nobody").request("POST", f"api/intake/losses/{loss['id']}/acknowledge", {})
    assert refused.value.code == 401
    assert losses(service)
