"""`fieldloop analyze` on files as people and loggers write them: WAV by Python's own writer, CSV, raw floats."""

import json
import math
import random
import struct
import subprocess
import wave
import xml.etree.ElementTree as xml

import pytest

import stack

RATE, RPM, ORDERS = 12_800, 1_480, {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.35675, "ftf": 0.39828}


def struck(order, seconds=4, seed=7):
    """Strikes so often a turn that ring at 3.2 kHz, in noise, on a shaft that is heard; g."""
    noise, hertz = random.Random(seed), order * RPM / 60
    return [
        math.exp(-900 * since) * math.sin(2 * math.pi * 3_200 * since) + noise.gauss(0, 0.05)
        + 0.02 * math.sin(2 * math.pi * RPM / 60 * n / RATE)
        for n, since in ((n, (n / RATE) % (1 / hertz)) for n in range(seconds * RATE))
    ]


def analyze(file, *flags):
    return subprocess.run([stack.binary(), "analyze", str(file), *flags], capture_output=True, text=True)


def told(file, *flags):
    done = analyze(file, "--json", *flags)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def outer():
    return struck(ORDERS["bpfo"])


def raw(path, samples):
    path.write_bytes(struct.pack(f"<{len(samples)}f", *samples))
    return path


def test_one_signal_in_every_file_is_one_answer(outer, tmp_path):
    files = {"raw": (raw(tmp_path / "a.f32", outer), ["--rate", str(RATE), "--unit", "g"])}
    csv = tmp_path / "a.csv"
    rows = (f"{n / RATE};{9.80665 * value};0" for n, value in enumerate(outer))
    csv.write_text("time;ax;ay\r\n" + "\r\n".join(rows).replace(".", ","))
    files["csv"] = (csv, ["--rate", str(RATE), "--unit", "m/s2", "--column", "ax"])
    for bits in (16, 24):
        path = tmp_path / f"a{bits}.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(bits // 8)
            out.setframerate(RATE)
            scale = 2 ** (bits - 1) / 4
            for value in outer:
                word = int(value * scale).to_bytes(bits // 8, "little", signed=True)
                out.writeframesraw(bytes(bits // 8) + word)
        files[f"wav{bits}"] = (path, ["--unit", "g", "--channel", "2", "--full-scale", "4"])
    answers = {name: told(path, "--rpm", str(RPM), "--bearing", "6205-2RS", *flags) for name, (path, flags) in files.items()}
    for name, answer in answers.items():
        assert answer["diagnosis"] == "outer_race", name
        assert answer["confidence"] > 0.8
        assert answer["validity"] == []
        assert answer["zone"] == "A"
        for column in ("acc_rms_g", "kurtosis", "vel_rms_welch_mm_s", "bpfo_env_g", "pk1_g"):
            assert answer[column] == pytest.approx(answers["raw"][column], rel=3e-3), (name, column)
        assert answer["bpfo_env_hz"] == pytest.approx(ORDERS["bpfo"] * RPM / 60, rel=0.004)


def test_orders_by_hand_and_a_picture(outer, tmp_path):
    picture = tmp_path / "out.svg"
    flags = [item for name, order in ORDERS.items() for item in (f"--{name}-order", str(order))]
    answer = told(
        raw(tmp_path / "a.f32", outer), "--rate", str(RATE), "--unit", "g", "--rpm", str(RPM), *flags,
        "--envelope-band", "2000-5000", "--plot", str(picture), "--class", "iso10816-1-I")
    assert (answer["diagnosis"], answer["zone_class"]) == ("outer_race", "iso10816-1-I")
    assert (answer["env_lo_hz"], answer["env_hi_hz"]) == (2000, 5000)
    root = xml.parse(picture).getroot()
    texts = "".join(root.itertext())
    assert "BPFO" in texts and "1×" in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 10


def test_people_read_a_sentence(outer, tmp_path):
    done = analyze(raw(tmp_path / "a.f32", outer), "--rate", str(RATE), "--unit", "g", "--rpm", str(RPM), "--bearing", "6205")
    assert done.returncode == 0
    assert "Bearing, outer race, confidence" in done.stdout
    assert "times above its neighbours" in done.stdout


@pytest.mark.parametrize("samples, flags, doubts, zone", [
    ([0.5], [], {"under_one_second", "no_speed", "flat"}, None),
    ([0.1] * 20_000, [], {"flat", "no_speed", "offset"} - {"offset"}, "A"),
    ([math.nan] * 20_000, [], {"not_finite", "no_speed"}, None),
    (struck(3.58, seconds=1)[:4_000], ["--rpm", "1480"], {"under_one_second", "few_turns"}, None),
    ([max(-0.2, min(0.2, math.sin(n / 9))) for n in range(20_000)], ["--rpm", "1480"], {"clipped"}, None),
])
def test_what_keeps_it_from_being_sure(samples, flags, doubts, zone, tmp_path):
    answer = told(raw(tmp_path / "a.f32", samples), "--rate", str(RATE), "--unit", "g", *flags)
    assert doubts <= set(answer["validity"]), answer["validity"]
    if zone is None and "under_one_second" in doubts | set(answer["validity"]):
        assert answer["zone"] is None
    assert answer["diagnosis"] in ("unknown", "clean")
    assert answer["confidence"] is None


@pytest.mark.parametrize("content, flags, says", [
    (b"abc", ["--rate", "100", "--unit", "g"], "no whole number of float32 samples"),
    (b"", ["--rate", "100", "--unit", "g"], "holds no samples"),
    (b"RIFF....WAVEjunk", ["--unit", "g"], "the WAV file has no samples"),
    (bytes(400), ["--unit", "g"], "how many samples a second"),
    (bytes(400), ["--rate", "100", "--unit", "furlong"], "the unit is g or m/s2"),
    (bytes(400), ["--rate", "100", "--unit", "g", "--bearing", "9999X"], "is not in the table"),
    (bytes(400), ["--rate", "100", "--unit", "g", "--bpfo-order", "3"], "all four orders"),
    (bytes(400), ["--rate", "100", "--unit", "g", "--class", "toy"], "there is no class"),
    (bytes(400), ["--rate", "100", "--unit", "g", "--envelope-band", "9-5"], "a band is like"),
])
def test_a_bad_request_says_what_to_do(content, flags, says, tmp_path):
    path = tmp_path / "a.f32"
    path.write_bytes(content)
    done = analyze(path, *flags)
    assert done.returncode != 0
    assert says in done.stderr
    assert analyze(tmp_path / "none.f32", "--rate", "1", "--unit", "g").returncode != 0


@pytest.mark.parametrize("text, flags, says", [
    ("0,123\n-0,045\n-1,310\n", [], "may be one number or two columns"),
    ('"0,123"\n"0,045"\n', [], "may be one number or two columns"),
    ("0,123\n0,045\n", ["--column", "2"], None),
    ("0.5\n0.25\nERR\n0.5\n", [], "line 3 has no number"),
    ("# logger 7\nx\n" + "0.5\n0.25\n" * 10 + "end of file\n", [], None),
    ("0,000 0,123\n0,001 0,045\n", [], None),
    ("0.000, 0.123\n0.001, 0.045\n", [], None),
])
def test_a_table_is_read_in_one_way_or_not_at_all(text, flags, says, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text)
    done = analyze(path, "--rate", "100", "--unit", "g", "--json", *flags)
    if says is None:
        assert done.returncode == 0, done.stderr
        wanted = {"0,0": 0.168 / 2, "0.0": 0.168 / 2}.get(text[:3])
        assert wanted is None or json.loads(done.stdout)["mean_g"] == pytest.approx(wanted)
    else:
        assert done.returncode != 0 and says in done.stderr, done.stderr


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "1e300"])
def test_no_rate_is_no_crash(outer, rate, tmp_path):
    answer = told(raw(tmp_path / "a.f32", outer), "--unit", "g", f"--rate={rate}", "--rpm", "nan")
    assert "no_sample_rate" in answer["validity"] and answer["vel_rms_welch_mm_s"] is None
    assert answer["acc_rms_g"] > 0


def test_damaged_wav_files_are_refused_or_read(tmp_path):
    whole = tmp_path / "whole.wav"
    with wave.open(str(whole), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframesraw(bytes(range(256)) * 4)
    content, noise = whole.read_bytes(), random.Random(11)
    damaged = [content[:length] for length in range(0, len(content), 23)]
    for _ in range(60):
        wrong = bytearray(content)
        for _ in range(noise.randrange(1, 5)):
            wrong[noise.randrange(48)] = noise.randrange(256)
        damaged.append(bytes(wrong))
    for number, bytes_ in enumerate(damaged):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(bytes_)
        done = analyze(path, "--unit", "g", "--rate", "1000", "--json")
        assert done.returncode in (0, 64), (number, done.returncode, done.stderr[-300:])


def test_ten_million_samples_are_cut_and_said(tmp_path):
    path = tmp_path / "long.f32"
    block = struct.pack("<100000f", *(math.sin(n / 20) + 0.01 * (n % 7) for n in range(100_000)))
    with path.open("wb") as out:
        for _ in range(100):
            out.write(block)
    script = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        ["python3", "-c", script, stack.binary(), "analyze", str(path), "--rate", "25600", "--unit", "g", "--json"],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "cut" in json.loads(done.stdout)["validity"]
    assert int(done.stderr.split()[-1]) < 1_000_000, "more than a gigabyte"


def test_what_cannot_be_read_or_written_is_said_in_a_sentence(outer, tmp_path):
    folder = analyze(tmp_path, "--rate", str(RATE), "--unit", "g")
    assert folder.returncode == 64 and "can't be read; check the path" in folder.stderr
    record = raw(tmp_path / "a.f32", outer)
    done = analyze(record, "--rate", str(RATE), "--unit", "g", "--plot", str(tmp_path / "no" / "such.svg"))
    assert done.returncode == 64 and "can't be written" in done.stderr and "acceleration" in done.stdout


def test_progress_says_what_it_is_at(outer, tmp_path):
    record = raw(tmp_path / "a.f32", outer)
    done = analyze(record, "--rate", str(RATE), "--unit", "g", "--json", "--progress")
    assert done.stderr.splitlines() == [f"reading {record}", f"analysing {len(outer)} samples"]
    assert json.loads(done.stdout)["diagnosis"]
