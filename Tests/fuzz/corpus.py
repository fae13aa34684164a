#!/usr/bin/env python3
"""Seeds for the fuzzer: what the fixtures and, where they are, real senders' bytes hold.

    corpus.py FOLDER      writes FOLDER/{decoder}/{name}
"""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT.parent / "shared/data/vibration/vectors"
FIXTURES = ROOT / "fixtures"

READING = ('{"ts":1767225600123,"seq":17,"velocity_rms_mm_s":3.21,"acceleration_rms_g":0.5,"acceleration_peak_g":0.8,'
           '"crest_factor":4.2,"kurtosis":3.1,"envelope_peak_g":0.2,"temperature_c":45.2,"speed_rpm":1485,'
           '"running":true,"fw":"1.\\u0032"}')
HEADER = ('{"ts":1767225600123,"sample_rate_hz":25600,"unit":"g","encoding":"int16le","scale":0.000244,"rpm":1485,'
          '"seq":7')
GATEWAY = '{"A":[{"ts":1767225600123,"values":{"velrms":2.5,"temp":"41.5","other":[null]}}],"B":[{"velrms":true}]}'
SENML = ('[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1767225600.123,"bu":"mm/s","bv":1,"bver":10,"n":"velrms","v":2},'
         '{"n":"accpk","u":"m/s2","t":-5,"v":7.25},{"n":"temp","u":"Cel","vs":"x"},{"n":"s","s":1,"ut":2,"vb":true},'
         '{"n":"d","vd":"AA","must_":1}]')


def seeds():
    """(decoder, name, bytes)"""
    yield "reading", "one", READING.encode()
    yield "reading", "batch", f"[{READING},\n {READING}]".encode()
    for line in (FIXTURES / "telemetry/bad-input.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if "text" in case:
            yield "reading", case["name"], case["text"].encode()
        elif "base64" in case:
            yield "reading", case["name"], base64.b64decode(case["base64"])
    yield "waveform", "bytes", (HEADER + ',"n":4}\n').encode() + bytes(range(8))
    yield "waveform", "floats", (HEADER.replace("int16le", "float32le") + ',"n":9,"part":2,"of":3}\n').encode() + bytes(8)
    yield "waveform", "base64", (HEADER + ',"samples_base64":"AAECAwQFBgc="}').encode()
    yield "thingsboard", "gateway", GATEWAY.encode()
    yield "thingsboard", "device", b'[{"velrms":2.5},{"ts":1767225600123,"values":{"temp":1}}]'
    yield "senml", "json", SENML.encode()
    for path in sorted((FIXTURES / "profiles").glob("*.yaml")):
        yield "profile-file", path.name, path.read_bytes()
    yield "answer", "accept", b'{"ticket":12,"epoch":1,"answer":"decline","reason":"busy"}'
    yield "photo", "envelope", (b'{"ticket":12,"captured_at":1767225600123,"position":{"lat":29.8,"lon":121.5,'
                                b'"datum":"wgs84","accuracy_m":8,"fix_at":1767225600000}}\n\xff\xd8\xff')
    yield "position", "fix", b'{"lat":29.868,"lon":121.544,"datum":"gcj02","accuracy_m":12,"fix_at":1767225600000}'
    yield from profile_seeds()
    yield from sparkplug_parts()
    yield from photo_seeds()
    if VECTORS.is_dir():
        yield from vector_seeds()


def profile_seeds():
    """The first byte chooses the profile, in no order that a seed could know: each goes to all."""
    axis = '{"OAVelocity":0.2,"Peakmg":30,"RMSmg":21,"Kurtosis":-0.1,"CrestFactor":3.6,"Skewness":0}'
    payloads = {
        "wise": '{"Accelerometer":{"X-Axis":%s,"Y-Axis":%s},"TempHumi":{"SenVal":24.5}}' % (axis, axis),
        "ifm": '{"Crest":41,"OUT1":true,"Temperature":394,"a-Peak":2,"a-Rms":32764,"v-Rms":21}',
        "ncd": '{"temperature":34.2,"x_rms_ACC_G":0.142,"x_max_ACC_G":0.387,"x_velocity_mm_sec":1.24}',
        "packet": "7f000a030e050050000fff06" + "008e0183007c00010078000000000001" * 3,
        "banner": '{"X-Axis RMS Velocity (in/sec)":0.1,"Temperature (°F)":212,"Z-Axis Kurtosis":3}',
        "monitron": '{"timestamp":"2025-12-31 17:06:10.695","eventType":"measurement","eventPayload":{"sensor":'
                    '{"physicalId":"d"},"features":{"velocity":{"band10To1000Hz":{"xAxis":{"rms":0.02}}}}}}',
        "own": '{"d":"AAEEAAEAAgIAAAA=","e":[{"kind":"a","id":"d","at":"2026-01-01 08:00:00","s":1,"m":{"X":{"v":1}}}]}',
        "frame": "81000f5007060000b45f0000540200ffff00",
    }
    for name, text in payloads.items():
        for choice in range(8):
            yield "profile", f"{name}-{choice}", bytes([choice]) + text.encode()


def vector_seeds():
    for name in ("senml_kpn.json", "senml_kpn.cbor"):
        yield "senml", name, (VECTORS / name).read_bytes()
    yield "cbor", "senml_kpn", (VECTORS / "senml_kpn.cbor").read_bytes()
    for index, frame in enumerate(json.loads((VECTORS / "vendor_vectors.json").read_text())["advantech_wise2410"]):
        for choice in range(8):
            yield "profile", f"wise-{index}-{choice}", bytes([choice]) + frame["hex"].encode()
    yield from sparkplug_seeds()


KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH", "STATE", "NCMD")


def said(kind, payload):
    """A message of a conversation, as Sparkplug.swift reads it."""
    return bytes([KINDS.index(kind), len(payload) >> 8, len(payload) & 0xFF]) + payload


def sparkplug_seeds():
    tahu = {name: (VECTORS / f"tahu_{name}.bin").read_bytes()
            for name in ("nbirth", "dbirth", "ddata_aliasonly", "ndeath")}
    births = said("NBIRTH", tahu["nbirth"]) + said("DBIRTH", tahu["dbirth"])
    yield "sparkplug", "tahu", births + said("DDATA", tahu["ddata_aliasonly"]) + said("NDEATH", tahu["ndeath"])
    sent = [json.loads(line) for line in (VECTORS / "cap_pyspb.jsonl").read_text().splitlines()]
    captured = [(part["topic"].split("/")[2], base64.b64decode(part["payload_b64"])) for part in sent]
    yield "sparkplug", "pyspb", b"".join(said(kind, payload) for kind, payload in captured if kind in KINDS)
    for index, (kind, payload) in enumerate(captured):
        if kind in KINDS:
            yield "sparkplug", f"pyspb-{index}", said(kind, payload)


def field(number, value):
    """One field of protobuf: a whole number, or bytes; either of at most 127."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    key = number << 3 | 2
    return bytes([key] if key < 128 else [key & 0x7F | 0x80, key >> 7]) + bytes([len(value)]) + value


def metric(name, kind, value):
    return field(2, field(1, name) + field(4, kind) + value)


def sparkplug_parts():
    """A template, a data set and an array with its rate, of the device P1."""
    kurtosis = metric(b"kurtosis", 9, b"\x65" + bytes(4))
    rate = field(9, field(1, b"sampleRate") + field(2, field(3, 100)))
    array = metric(b"w", 23, rate + field(16, b"\x01\x00\xff\xff"))
    row = field(4, field(1, field(2, 9)) + field(1, field(1, 3)))
    table = field(2, b"t") + field(2, b"kurtosis") + field(3, 13) + field(3, 3) + row + row
    for name, part in (("array", array), ("template", metric(b"DE-H", 19, field(18, kurtosis))),
                       ("nested", metric(b"t", 19, field(18, array))), ("table", metric(b"DE-H", 16, field(17, table)))):
        payload = field(1, 7) + part + field(3, 1)
        yield "sparkplug", name, said("DBIRTH", payload) + said("DDATA", payload)


def photo_seeds():
    """Small pictures of every sampling and coding, where libjpeg's programs are, and an Exif structure."""
    exif = b"MM\0*" + (8).to_bytes(4, "big") + (2).to_bytes(2, "big")
    exif += bytes.fromhex("0112000300000001000600008769000400000001") + (38).to_bytes(4, "big")
    exif += (38).to_bytes(4, "big") + (2).to_bytes(2, "big") + bytes.fromhex("0201000400000001")
    exif += (68).to_bytes(4, "big") + bytes.fromhex("020200040000000100000004") + bytes(4) + b"\xff\xd8\xff\xd9"
    yield "exif", "thumbnail", exif
    if not shutil.which("cjpeg"):
        return
    pixels = bytes((i * 7 ^ i >> 3) & 255 if i % 5 else 128 for i in range(33 * 25 * 3))
    for options in ("", "-sample 1x1", "-sample 2x1", "-sample 1x2 -restart 1", "-sample 4x1", "-grayscale", "-rgb",
                    "-restart 1B", "-optimize", "-progressive", "-arithmetic", "-quality 100", "-quality 5"):
        yield "stamp", "jpeg" + options, subprocess.run(
            ["cjpeg", *options.split()], input=b"P6\n33 25\n255\n" + pixels, check=True, capture_output=True).stdout


def main():
    folder = Path(sys.argv[1])
    for decoder, name, content in seeds():
        path = folder / decoder / name.replace("/", "-").replace(" ", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        # What is JSON for one decoder is for all that read JSON.
        if content[:1] in b"[{" and decoder not in ("profile", "json"):
            (folder / "json").mkdir(exist_ok=True)
            (folder / "json" / f"{decoder}-{path.name}").write_bytes(content)


if __name__ == "__main__":
    main()
