"""A Sparkplug B edge node with one device, on pysparkplug as it comes from PyPI. Does what the lines on standard input
say, one JSON object each, and prints the commands that it hears."""

import json
import os
import sys
import threading

from pysparkplug import Client, DataType, DData, Device, EdgeNode, Message, MessageType, Metric, QoS, Topic
from pysparkplug import _protobuf, get_current_timestamp

GROUP, DEVICE = "beilun", "BL-P102"
# Name: alias, datatype, value at birth.
METRICS = {
    "DE-V/velocity_rms_mm_s": (1, DataType.FLOAT, 2.31),
    "DE-V/temperature_c": (2, DataType.INT16, -12),
    "DE-V/running": (3, DataType.BOOLEAN, True),
    "Serial": (4, DataType.STRING, "K-4711"),
    "DE-V/kurtosis": (5, DataType.DOUBLE, None),
    "Accelerometer": (6, DataType.INT16_ARRAY, None),
}


def metric(name, value, alias=None, named=True):
    return Metric(get_current_timestamp(), name if named else None, METRICS[name][1], value=value, alias=alias)


class Edge:
    def __init__(self, port, name, user, password):
        self.port, self.name, self.connected = port, name, threading.Event()
        self.client = Client(client_id=name, username=user, password=password)
        self.node = EdgeNode(GROUP, name, [], client=self.client, cmd_callback=self.heard)
        self.node.register(Device(DEVICE, [metric(name, value, alias) for name, (alias, _, value) in METRICS.items()]))

    @staticmethod
    def heard(_node, message):
        for command in message.payload.metrics:
            print(json.dumps({"command": command.name, "value": command.value}), flush=True)

    def connect(self):
        self.node.connect("127.0.0.1", port=self.port)

    def connect_unborn(self):
        """As a node whose births were lost."""
        self.client.connect("127.0.0.1", port=self.port, callback=lambda _client: self.connected.set())
        self.connected.wait(10)

    def update(self, values):
        self.node.update_device(DEVICE, [metric(name, value) for name, value in values.items()])

    def by_alias(self, seq, name, value, alias=None):
        """Names no metric and no type, only the alias: what a frugal node sends."""
        topic = Topic(message_type=MessageType.DDATA, group_id=GROUP, edge_node_id=self.name, device_id=DEVICE)
        sent = metric(name, value, alias or METRICS[name][0], named=False)
        payload = DData(get_current_timestamp(), seq=seq, metrics=(sent,))
        self.client.publish(Message(topic, payload, QoS.AT_MOST_ONCE, retain=False), include_dtypes=False)

    def template(self, seq, name, members):
        """What pysparkplug has no words for, by its own protobuf."""
        sent = _protobuf.Metric(name=name, datatype=DataType.TEMPLATE)
        for member, value in members.items():
            sent.template_value.metrics.add(name=member, datatype=DataType.DOUBLE, double_value=value)
        self.send(seq, sent)

    def data_set(self, seq, name, columns, rows):
        """`columns`: name to type; a cell is a whole number, or one with a point."""
        sent = _protobuf.Metric(name=name, datatype=DataType.DATASET)
        table = sent.dataset_value
        table.num_of_columns = len(columns)
        table.columns.extend(columns)
        table.types.extend(DataType[kind] for kind in columns.values())
        for row in rows:
            cells = table.rows.add().elements
            for value in row:
                cells.add(**{"double_value" if isinstance(value, float) else "long_value": value})
        self.send(seq, sent)

    def send(self, seq, sent):
        payload = _protobuf.Payload(timestamp=get_current_timestamp(), seq=seq, metrics=[sent])
        topic = f"spBv1.0/{GROUP}/DDATA/{self.name}/{DEVICE}"
        self.client._client.publish(topic, payload.SerializeToString(), qos=0)

    def leave(self):
        self.node.disconnect()

    @staticmethod
    def vanish():
        """As when the power goes: the broker sends the will."""
        os._exit(0)


def main():
    edge = Edge(int(sys.argv[1]), *sys.argv[2:])
    for line in sys.stdin:
        order = json.loads(line)
        getattr(edge, order.pop("do"))(**order)
        print(json.dumps({"done": True}), flush=True)


main()
