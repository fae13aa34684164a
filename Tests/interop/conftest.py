"""Real clients against the real broker and the real service."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ops/lib"))

import stack  # noqa: E402
from client import Client, gateway_once_heard  # noqa: E402


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = stack.Broker(tmp_path_factory.mktemp("mqtt")).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def program():
    found = stack.binary()
    if found is None:
        pytest.skip("no program: swift build, or FIELDLOOP_BINARY=path")
    return found


@pytest.fixture(scope="module")
def service(tmp_path_factory, broker, program):
    service = stack.Service(tmp_path_factory.mktemp("data"), broker, program).import_plant().start()
    gateway_once_heard(broker).close()
    yield service
    service.stop()


@pytest.fixture
def connect(broker):
    """connect(user): a client that is on the broker as that user; all are closed at the end."""
    clients = []

    def connect(user, **options):
        clients.append(Client(broker, user, **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()
