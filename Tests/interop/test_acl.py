"""Who may say what on the broker: the topic is the proof of who sent it, so this is the identity check."""

import pytest

from client import NOT_AUTHORIZED, Client, Refused

READING = "fieldloop/v1/beilun/BL-P101/DE-H/reading"


@pytest.mark.parametrize("user, topic", [
    ("gw-beilun", READING),
    ("gw-beilun", "fieldloop/v1/beilun/BL-P101/DE-H/waveform"),
    ("E03", "fieldloop/v1/engineers/E03/position"),
    ("E03", "fieldloop/v1/engineers/E03/answer"),
    ("E03", "fieldloop/v1/photos/E03/upload-1"),
    ("fieldloop", "fieldloop/v1/engineers/E03/inbox"),
])
def test_may_write(connect, user, topic):
    assert connect(user).publish(topic, b"{}") in (0, 0x10)  # 0x10: taken, nobody listens


@pytest.mark.parametrize("user, topic", [
    ("gw-beilun", "fieldloop/v1/yinzhou/YZ-S101/FB-H/reading"),
    ("gw-beilun", "fieldloop/v1/engineers/E03/position"),
    ("gw-beilun", "fieldloop/v1/photos/E03/upload-1"),
    ("gw-beilun", "somewhere/else"),
    ("E03", READING),
    ("E03", "fieldloop/v1/engineers/E05/position"),
    ("E03", "fieldloop/v1/engineers/E05/answer"),
    ("E03", "fieldloop/v1/engineers/E03/inbox"),
    ("E03", "fieldloop/v1/photos/E05/upload-1"),
    ("E03", "fieldloop/v1/photos/E03/deeper/upload-1"),
    ("fieldloop", READING),
    ("fieldloop", "fieldloop/v1/engineers/E03/answer"),
])
def test_may_not_write(connect, user, topic):
    assert connect(user).publish(topic, b"{}") == NOT_AUTHORIZED


@pytest.mark.parametrize("user, topic, sender", [
    ("fieldloop", READING, "gw-beilun"),
    ("fieldloop", "fieldloop/v1/engineers/E03/answer", "E03"),
    ("fieldloop", "fieldloop/v1/photos/E03/upload-1", "E03"),
    ("E03", "fieldloop/v1/engineers/E03/inbox", "fieldloop"),
])
def test_may_read(connect, user, topic, sender):
    listener = connect(user)
    listener.subscribe(topic)
    connect(sender).publish(topic, b"for you")
    assert listener.receive().payload == b"for you"


@pytest.mark.parametrize("user, listens_to, topic, sender", [
    ("E05", "fieldloop/v1/engineers/E03/inbox", "fieldloop/v1/engineers/E03/inbox", "fieldloop"),
    ("E05", "#", "fieldloop/v1/engineers/E03/inbox", "fieldloop"),
    ("E05", "fieldloop/v1/+/+/+/reading", READING, "gw-beilun"),
    ("gw-beilun", "fieldloop/v1/#", "fieldloop/v1/engineers/E03/position", "E03"),
    ("gw-beilun", "fieldloop/v1/#", "fieldloop/v1/photos/E03/upload-1", "E03"),
])
def test_may_not_read(connect, user, listens_to, topic, sender):
    listener = connect(user)
    listener.subscribe(listens_to)
    connect(sender).publish(topic, b"not for you")
    # The listener's own inbox comes last: when it is there, what was refused would have been there too.
    own = f"fieldloop/v1/engineers/{user}/inbox"
    listener.subscribe(own)
    connect("fieldloop").publish(own, b"last")
    assert listener.receive().payload == b"last"


def test_own_inbox_by_wildcard_holds_nothing_of_others(connect):
    listener = connect("E05")
    listener.subscribe("fieldloop/v1/engineers/+/inbox")
    service = connect("fieldloop")
    service.publish("fieldloop/v1/engineers/E03/inbox", b"for E03")
    service.publish("fieldloop/v1/engineers/E05/inbox", b"for E05")
    assert listener.receive().payload == b"for E05"
    assert listener.receive(wait=0.2) is None


@pytest.mark.parametrize("user, password", [(None, None), ("E03", "guess"), ("nobody", "guess"), ("E03", "")])
def test_nobody_comes_in_without_a_password(broker, user, password):
    with pytest.raises(Refused):
        Client(broker, user, password=password)


def test_one_users_password_opens_no_other_door(broker):
    with pytest.raises(Refused):
        Client(broker, "E05", password=broker.password("E03"))
