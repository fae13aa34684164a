"""`fieldloop profile test` with payloads as people have them at hand."""

import struct
import subprocess

import stack


def profile_test(program, name, payload, *more):
    return subprocess.run(
        [program, "profile", "test", f"fixtures/profiles/{name}.yaml", "--payload", payload, *more],
        capture_output=True, text=True, cwd=stack.ROOT)


def test_json_on_the_command_line(program):
    done = profile_test(program, "ifm-vvb", '{"v-Rms": 21, "Temperature": 394}')
    assert done.returncode == 0, done
    assert "velocity_rms_mm_s = 2.1" in done.stdout and "temperature_c = 39.4" in done.stdout


def test_bytes_become_the_text_that_senders_write(program):
    axes = b"".join(struct.pack("<HHHHhHhHH", 0, *axis) for axis in (
        (120, 850, 240, -12, 359, 46, 24, 6), (130, 700, 250, 20, 654, 38, 26, 4), (140, 600, 260, 0, 0, 0, 0, 0)))
    records = struct.pack("<BBBBBi", 0x50, 7, 6, 0, 0, 24_500) + bytes([0x54, 2 + len(axes), 0xE2, 0xFF]) + axes
    frame = bytes([0x81, 0x01, len(records)]) + records + b"\0"
    done = profile_test(program, "advantech-wise-2410-lora", f"hex:{frame.hex()}", "--topic", "wise/gw1/d1/up")
    assert done.returncode == 0, done
    assert "velocity_rms_mm_s = 1.2" in done.stdout and "temperature_c = 24.5" in done.stdout


def test_what_is_nothing_of_it_says_what_to_give(program):
    done = profile_test(program, "ifm-vvb", "no-such-file.json")
    assert done.returncode == 64 and "{…} JSON" in done.stderr
    done = profile_test(program, "ifm-vvb", "hex:7f0")
    assert done.returncode == 64 and "is not hex" in done.stderr
    done = profile_test(program, "ifm-vvb", '{"v-Rms": "fast"}')
    assert done.returncode == 1 and "wrong_type" in done.stdout
