"""Who may say what on the broker: the topic is the proof of who sent it, so this is the identity check."""

import pytest

import stack
from client import NOT_AUTHORIZED, Client, Refused

READING = "fieldloop/v1/beilun/BL-P101/DE-H/reading"
DEVICE = "BL-P110"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """With a maker's bridge that is trusted with topics that name no site, and a ThingsBoard device."""
    folder = tmp_path_factory.mktemp("mqtt")
    (folder / "foreign").write_text("# trusted\nbridge\ngw-cixi\n")
    broker = stack.Broker(folder, extra=[DEVICE]).start()
    yield broker
    broker.stop()


@pytest.mark.parametrize("user, topic", [
    ("gw-beilun", READING),
    ("gw-beilun", "fieldloop/v1/beilun/BL-P101/DE-H/waveform"),
    ("E03", "fieldloop/v1/engineers/E03/position"),
    ("E03", "fieldloop/v1/engineers/E03/answer"),
    ("E03", "fieldloop/v1/photos/E03/upload-1"),
    ("fieldloop", "fieldloop/v1/engineers/E03/inbox"),
    ("fieldloop", "fieldloop/v1/beilun/BL-P101/DE-H/resend"),
    ("fieldloop", "spBv1.0/STATE/fieldloop"),
    ("fieldloop", "spBv1.0/beilun/NCMD/node-1"),
    ("gw-beilun", "fieldloop/v1/beilun/senml"),
    ("gw-beilun", "spBv1.0/beilun/NBIRTH/node-1"),
    ("gw-beilun", "spBv1.0/beilun/DDATA/node-1/BL-P101"),
    ("bridge", "v1/gateway/telemetry"),
    ("bridge", "ncd/gateway-1/device-1/sensor_data"),
    ("bridge", "ifm/device-1/processdata"),
    ("gw-cixi", "v1/gateway/telemetry"),
    ("gw-cixi", "fieldloop/v1/cixi/CX-P101/DE-H/reading"),
    (DEVICE, f"v1/devices/{DEVICE}/telemetry"),
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
    ("fieldloop", "spBv1.0/beilun/NDATA/node-1"),
    ("fieldloop", "v1/gateway/telemetry"),
    ("fieldloop", "ncd/gateway-1/device-1/sensor_data"),
    ("gw-beilun", "spBv1.0/yinzhou/NBIRTH/node-1"),
    ("gw-beilun", "spBv1.0/STATE/fieldloop"),
    ("gw-beilun", "v1/gateway/telemetry"),
    ("gw-beilun", f"v1/devices/{DEVICE}/telemetry"),
    ("gw-beilun", "ncd/gateway-1/device-1/sensor_data"),
    (DEVICE, "v1/devices/BL-P111/telemetry"),
    ("bridge", READING),
    ("bridge", "ncd/gateway-1/device-1/elsewhere"),
    ("gw-beilun", "$SYS/broker/publish/messages/dropped"),
])
def test_may_not_write(connect, user, topic):
    assert connect(user).publish(topic, b"{}") == NOT_AUTHORIZED


@pytest.mark.parametrize("user, topic, sender", [
    ("fieldloop", READING, "gw-beilun"),
    ("fieldloop", "fieldloop/v1/engineers/E03/answer", "E03"),
    ("fieldloop", "fieldloop/v1/photos/E03/upload-1", "E03"),
    ("E03", "fieldloop/v1/engineers/E03/inbox", "fieldloop"),
    ("fieldloop", "spBv1.0/beilun/DDATA/node-1/BL-P101", "gw-beilun"),
    ("fieldloop", "v1/gateway/telemetry", "bridge"),
    ("fieldloop", f"v1/devices/{DEVICE}/telemetry", DEVICE),
    ("fieldloop", "ncd/gateway-1/device-1/sensor_data", "bridge"),
    ("fieldloop", "wise/gateway-1/device-1/json", "gw-cixi"),
    ("gw-beilun", "fieldloop/v1/beilun/BL-P101/DE-H/resend", "fieldloop"),
    ("gw-beilun", "spBv1.0/beilun/NCMD/node-1", "fieldloop"),
    ("gw-beilun", "spBv1.0/STATE/fieldloop", "fieldloop"),
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
    ("gw-beilun", "#", "fieldloop/v1/yinzhou/YZ-S101/FB-H/resend", "fieldloop"),
    ("gw-beilun", "spBv1.0/#", "spBv1.0/yinzhou/NCMD/node-1", "fieldloop"),
    ("gw-yinzhou", "spBv1.0/#", "spBv1.0/beilun/NDATA/node-1", "gw-beilun"),
    ("bridge", "#", "v1/gateway/telemetry", "gw-cixi"),
    (DEVICE, "#", "v1/gateway/telemetry", "bridge"),
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


def test_what_the_broker_dropped_is_for_the_service_alone(connect):
    dropped = "$SYS/broker/publish/messages/dropped"
    stranger, service = connect("gw-beilun"), connect("fieldloop")
    for listener in (stranger, service):
        listener.subscribe(dropped)
    assert int(service.receive(wait=25).payload) >= 0
    assert stranger.receive(wait=0.2) is None


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
