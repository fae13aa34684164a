"""What one writes in an afternoon: paho-mqtt into SQLite, one row a message, as durable as ours (WAL, FULL).

    paho_peer.py PORT USER PASSWORD COUNT DATABASE batched|autocommit

batched: up to 2000 rows a transaction, acknowledged by hand after the commit. autocommit: a row, a commit; paho
acknowledges. Says "ready" when subscribed and the monotonic time when COUNT messages are stored.
"""

import json
import sqlite3
import sys
import time

import paho.mqtt.client as mqtt

COLUMNS = ["ts", "seq", "velocity_rms_mm_s", "acceleration_peak_g", "acceleration_rms_g", "crest_factor", "kurtosis",
           "speed_rpm", "temperature_c"]
INSERT = f"INSERT OR IGNORE INTO reading VALUES (?, {', '.join('?' * len(COLUMNS))})"
BURST, WAIT = 2000, 0.2


def open_store(path):
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute(f"CREATE TABLE reading (topic, {', '.join(COLUMNS)}, PRIMARY KEY (topic, ts)) WITHOUT ROWID")
    return store


def row(message):
    reading = json.loads(message.payload)
    return [message.topic, *(reading.get(column) for column in COLUMNS)]


def main(port, user, password, count, database, mode):
    store, batch, stored = open_store(database), [], 0
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "bench-peer", manual_ack=mode == "batched")
    client.username_pw_set(user, password)
    client.on_connect = lambda *_: client.subscribe("fieldloop/v1/#", qos=1)
    client.on_subscribe = lambda *_: print("ready", flush=True)

    def store_one(_client, _data, message):
        nonlocal stored
        store.execute(INSERT, row(message))
        stored += 1

    client.on_message = store_one if mode == "autocommit" else lambda _client, _data, message: batch.append(message)
    client.connect("127.0.0.1", port)
    due = time.monotonic() + WAIT
    while stored < count:
        client.loop(timeout=WAIT)
        if batch and (len(batch) >= BURST or time.monotonic() > due):
            store.execute("BEGIN")
            store.executemany(INSERT, map(row, batch))
            store.execute("COMMIT")
            for message in batch:
                client.ack(message.mid, message.qos)
            stored += len(batch)
            batch.clear()
            due = time.monotonic() + WAIT
    print(json.dumps({"end": time.monotonic()}))


main(int(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4]), *sys.argv[5:])
