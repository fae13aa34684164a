"""A wrong setting stops the start with the key's name: a sentence, not a crash."""

import subprocess

import pytest

from stack import binary


@pytest.mark.parametrize(
    "key, value",
    [
        ("notify.wecom.personal_link", "true"),
        ("notify.webhook.url", "http://127.0.0.1:9/"),
        ("http.tls.cert", "no-such-file.pem"),
        ("http.listen", "everywhere"),
        ("mqtt.port", "70000"),
        ("proof.minutes", "soon"),
        ("language", "fr"),
        ("no.such.key", "1"),
    ],
)
def test_wrong_setting_is_named(tmp_path, key, value):
    if binary() is None:
        pytest.skip("fieldloop is not built")
    command = [binary(), "serve", "--data", tmp_path, "--set", "mqtt.port=1", "--set", "http.listen=127.0.0.1:0"]
    done = subprocess.run([*command, "--set", f"{key}={value}"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (1, 64), done.stderr
    assert done.stderr.startswith("Error: ") or "\nError: " in done.stderr
    named = "http.tls.key" if key == "http.tls.cert" else key
    named = "notify.webhook.secret_file" if key == "notify.webhook.url" else named
    assert named in done.stderr
