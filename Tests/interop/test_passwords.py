"""ops/make-passwords: running it again changes nobody's password."""

import shutil
import subprocess

import pytest

import stack


@pytest.fixture
def plant(tmp_path):
    return shutil.copytree(stack.PLANT, tmp_path / "plant")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "mqtt"


def make(plant, out, *further):
    command = [stack.ROOT / "ops/make-passwords", "--plant", plant, "--out", out, *further]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_gateway_every_engineer_and_the_service_is_a_user(plant, out):
    assert make(plant, out).returncode == 0
    users = {line.partition(":")[0] for line in (out / "passwd").read_text().splitlines()}
    assert {"fieldloop", "gw-beilun", "gw-fenghua", "E01", "E16"} <= users
    assert len(users) == 1 + 6 + 17


def test_passwords_are_private_and_stored_hashed(plant, out):
    make(plant, out)
    password = (out / "E03.password").read_text().strip()
    assert len(password) >= 32
    assert password not in (out / "passwd").read_text()
    for name in ("E03.password", "passwd", "acl"):
        assert (out / name).stat().st_mode & 0o777 == 0o600, name


def test_again_keeps_all_and_adds_only_the_new(plant, out):
    make(plant, out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    assert "0 new" in make(plant, out).stdout
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before

    with (plant / "engineers.csv").open("a") as file:
        file.write("E18,新人,New Hand,,pump:1,,,,Asia/Shanghai,1-5,08:00,17:00,1,\n")
    assert "1 new" in make(plant, out).stdout
    assert (out / "E18.password").exists()
    assert (out / "E03.password").read_bytes() == before["E03.password"]


def test_rotating_changes_one_password_only(plant, out):
    make(plant, out)
    before = {file.name: file.read_bytes() for file in out.glob("*.password")}
    (out / "E05.password").unlink()
    assert make(plant, out, "--rotate", "E03").returncode == 0
    after = {file.name: file.read_bytes() for file in out.glob("*.password")}
    assert after["E03.password"] != before["E03.password"]
    assert "E05.password" not in after, "handed over and deleted: that is no reason for a new one"
    assert after | {"E03.password": b"", "E05.password": b""} == before | {"E03.password": b"", "E05.password": b""}
    assert make(plant, out, "--rotate", "E99").returncode != 0


def test_who_left_the_plant_can_no_longer_come_in(plant, out):
    make(plant, out)
    lines = (plant / "engineers.csv").read_text().splitlines(keepends=True)
    (plant / "engineers.csv").write_text("".join(line for line in lines if not line.startswith("E16,")))
    make(plant, out)
    assert "E16:" not in (out / "passwd").read_text()
    assert not (out / "E16.password").exists()


def lines_of(out, user):
    """What the acl says of one user."""
    parts = (out / "acl").read_text().split("\nuser ")
    mine = [part.splitlines() for part in parts if part.startswith(f"{user}\n")]
    return [line for lines in mine for line in lines if line.startswith("topic")]


def test_topics_that_name_no_site_are_for_those_named_in_foreign(plant, out):
    make(plant, out)
    assert "topic write v1/gateway/telemetry" not in (out / "acl").read_text()
    (out / "foreign").write_text("# bridges\n\nbridge\ngw-beilun\n")
    assert "1 new" in make(plant, out).stdout
    assert "topic write v1/gateway/telemetry" in lines_of(out, "bridge")
    assert "topic write v1/gateway/telemetry" in lines_of(out, "gw-beilun")
    assert "topic write fieldloop/v1/beilun/#" in lines_of(out, "gw-beilun")
    assert "topic write v1/gateway/telemetry" not in lines_of(out, "gw-yinzhou")
    (out / "foreign").write_text("all of them\n")
    assert "foreign" in make(plant, out).stderr


def test_the_service_reads_what_the_profiles_say(plant, out, tmp_path):
    make(plant, out)
    always = (stack.ROOT / "ops/acl").read_text().splitlines()
    shipped = list((stack.ROOT / "fixtures/profiles").glob("*.yaml"))
    assert len([line for line in lines_of(out, "fieldloop") if line not in always]) == len(shipped) > 0
    assert "topic read wise/+/+/json" in lines_of(out, "fieldloop")
    own = tmp_path / "profiles"
    own.mkdir()
    (own / "maker.yaml").write_text('title: x\ntopic: "maker/{site}/+/{point}/#"   # ours\n')
    make(plant, out, "--profiles", own)
    assert "topic read maker/+/+/+/#" in lines_of(out, "fieldloop")
    assert not any("ncd" in line for line in lines_of(out, "fieldloop"))
    (own / "other.yaml").write_text("title: without\n")
    assert "other.yaml" in make(plant, out, "--profiles", own).stderr


@pytest.mark.parametrize("row", ["engineers,x,x", "STATE,x,x", "a/b,x,x", "+,x,x", "..,x,x"])
def test_a_site_that_would_open_other_topics_is_refused(plant, out, row):
    with (plant / "sites.csv").open("a") as file:
        file.write(row + ",30,121,wgs84,Asia/Shanghai,x\n")
    result = make(plant, out)
    assert result.returncode != 0
    assert "sites.csv" in result.stderr
