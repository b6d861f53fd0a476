"""Agents that speak with their driver through a shared folder."""

import contextlib
import errno
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trimma.engines.remote.engine import Remote
from trimma.errors import EngineError
from trimma.folders.held_folder import HeldFolder
from trimma.ports import Engine
from trimma.program import Program
from trimma.testing import EngineContract
from trimma.testing.processes import Processes
from trimma.wire.addresses import Listen, Unreachable
from trimma.wire.keys import Keys
from trimma.wire.relay_files import relay_key, sealed_file
from trimma.wire.relay_folder import SCHEME, AgentRelay, DriverRelay
from trimma.wire.ticket import Ticket

IDENTITY = b"\1\0\0\0\0agent"


@pytest.mark.timeout(60)
class TestRemoteByFolder:
    """Of the contract what depends on how messages travel; the rest is kept by the same code as over sockets."""

    opened = EngineContract.opened
    test_trials_run_to_their_end = EngineContract.test_a_trial_runs_to_its_end
    test_workers_run_side_by_side = EngineContract.test_workers_run_side_by_side
    test_stops_are_heeded = EngineContract.test_a_stop_is_heeded_at_the_next_report
    test_trials_wait_at_rungs = EngineContract.test_a_trial_waits_at_its_rung_until_it_may_go_on
    test_trials_can_be_killed = EngineContract.test_a_killed_attempt_is_followed_by_a_fresh_worker
    test_output_belongs_to_its_trial = EngineContract.test_output_belongs_to_its_trial

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.shared = tmp_path / "shared"
        self.shared.mkdir()

    def make(self) -> Engine:
        return Remote(Processes(Listen(folder=str(self.shared))), 2)

    def test_closing_leaves_nothing_in_the_folder(self) -> None:
        engine = self.make()
        engine.open(Program(objective=lambda: 1.0, metric="m"))
        engine.poll(0.5)
        assert list(self.shared.iterdir())
        engine.close()
        assert not list(self.shared.iterdir())


class Pair:
    """Both ends, and what has been said."""

    def __init__(self, folder: Path) -> None:
        self.keys = Keys.fresh()
        self.driver = DriverRelay(Listen(folder=str(folder)), self.keys)
        self.root = Path(self.driver.addresses[0].removeprefix(SCHEME))
        self.agent = self.end(self.keys.secret)
        self.agent.dial(5.0, lambda: True)

    def end(self, secret: bytes) -> AgentRelay:
        ticket = Ticket(
            prefix="p",
            addresses=self.driver.addresses,
            server_key=b"",
            public_key=b"",
            secret_key=secret,
            digest="",
            size=0,
        )
        return AgentRelay(ticket, IDENTITY)

    def said(self, *bodies: bytes) -> None:
        """The agent says something, which is written down."""
        for body in bodies:
            self.agent.send(body)
        self.agent.wait(0.0, ())

    def heard(self) -> list[bytes]:
        self.driver.wait(0.0)
        return [body for _, body in self.driver.received()]


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_what_is_said_arrives_in_order_and_leaves_nothing_behind(pair: Pair) -> None:
    pair.said(b"one", b"")
    pair.said(b"two")
    assert pair.heard() == [b"one", b"", b"two"]
    assert not list((pair.root / "up").iterdir())
    pair.driver.send(IDENTITY, b"back")
    pair.driver.wait(0.0)
    assert list(pair.agent.received()) == [b"back"]


def test_an_end_that_waits_is_woken_by_what_arrives(pair: Pair) -> None:
    pair.said(b"one")
    pair.driver.wait(30.0)
    assert [body for _, body in pair.driver.received()] == [b"one"]


def test_what_is_said_to_nobody_is_lost(pair: Pair) -> None:
    pair.driver.send(b"stranger", b"hello")
    pair.driver.wait(0.0)
    assert [folder.name for folder in (pair.root / "down").iterdir()] == [IDENTITY.hex()]


@pytest.mark.parametrize("name", ["x", "zz-1", f"{IDENTITY.hex()}-x", f"{IDENTITY.hex()}-000000000007", "-", "7"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"\0" * 100])
def test_what_is_not_ours_is_left_alone_and_disturbs_nobody(pair: Pair, name: str, content: bytes) -> None:
    (pair.root / "up" / name).write_bytes(content)
    assert pair.heard() == []
    assert (pair.root / "up" / name).read_bytes() == content
    pair.said(b"fine")
    assert pair.heard() == [b"fine"]


def test_what_is_sealed_and_makes_no_sense_disturbs_nobody(pair: Pair) -> None:
    key = relay_key(pair.keys.secret)
    odd = f"{IDENTITY.hex()}-000000000007"
    for name, content in {"x": b"", "zz-1": b"", "00-x": b"", odd: b"\0\0\0\7abc"}.items():
        (pair.root / "up" / name).write_bytes(sealed_file(key, f"up/{name}", content))
    assert pair.heard() == []
    pair.said(b"fine")
    assert pair.heard() == [b"fine"]


def test_a_pipe_and_a_link_among_the_messages_disturb_nobody(pair: Pair, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("years of work")
    os.mkfifo(pair.root / "up" / "0-1")
    (pair.root / "up" / "0-2").symlink_to(precious)
    pair.said(b"fine")
    assert pair.heard() == [b"fine"]
    assert precious.read_text() == "years of work"


@pytest.mark.parametrize("part", ["", "up", "down"])
def test_a_folder_in_the_place_of_the_study_s_is_neither_read_nor_emptied(
    pair: Pair, tmp_path: Path, part: str
) -> None:
    precious = tmp_path / "precious"
    (precious / "sub").mkdir(parents=True)
    for file in (precious / "thesis.tex", precious / "sub" / "kept.txt"):
        file.write_text("years of work")
    place = pair.root / part
    place.rename(tmp_path / "moved")
    place.symlink_to(precious)
    pair.said(b"still here")
    assert pair.heard() == [b"still here"], "both ends hold the folder that the driver has made"
    pair.driver.send(IDENTITY, b"back")
    pair.driver.wait(0.0)
    assert list(pair.agent.received()) == [b"back"]
    pair.driver.close()
    assert sorted(str(file.relative_to(precious)) for file in precious.rglob("*")) == [
        "sub",
        "sub/kept.txt",
        "thesis.tex",
    ]


def test_an_agent_is_not_taken_in_by_another_folder(pair: Pair) -> None:
    pair.root.rename(pair.root.with_name("moved"))
    for part in ("up", "down"):
        (pair.root / part).mkdir(parents=True)
    with pytest.raises(Unreachable, match="No such file"):
        pair.end(pair.keys.secret).dial(0.2, lambda: True)
    (pair.root / "study").write_bytes(sealed_file(relay_key(Keys.fresh().secret), "study", b""))
    with pytest.raises(Unreachable, match="it isn't this study's"):
        pair.end(pair.keys.secret).dial(0.2, lambda: True)


def test_a_descriptor_that_gets_the_number_of_a_closed_one_is_watched(pair: Pair) -> None:
    one, other = socket.socketpair()
    number = one.fileno()
    pair.agent.wait(0.0, [number])
    one.close()
    other.close()
    one, other = socket.socketpair()
    assert one.fileno() == number
    other.send(b"x")
    assert pair.agent.wait(30.0, [number]) == {number}
    one.close()
    other.close()


def test_a_folder_among_the_messages_disturbs_nobody(pair: Pair) -> None:
    (pair.root / "up" / "0-1").mkdir()
    pair.said(b"fine")
    assert pair.heard() == [b"fine"]
    begun = time.monotonic()
    pair.driver.wait(0.2)
    assert time.monotonic() >= begun + 0.2, "nor does it keep anybody awake"


def test_half_a_message_is_not_read(pair: Pair) -> None:
    pair.said(b"whole")
    (written,) = (pair.root / "up").iterdir()
    written.write_bytes(written.read_bytes()[:-2])
    assert pair.heard() == []


def test_what_a_stranger_writes_is_not_read(pair: Pair) -> None:
    stranger = pair.end(Keys.fresh().secret)
    stranger.send(b"let me in")
    stranger.wait(0.0, ())
    assert pair.heard() == []


def test_what_was_written_cannot_be_repeated_nor_moved(pair: Pair) -> None:
    pair.said(b"once")
    (written,) = (pair.root / "up").iterdir()
    content = written.read_bytes()
    assert pair.heard() == [b"once"]
    written.write_bytes(content)
    assert pair.heard() == [], "the same once more"
    written.with_name(f"{IDENTITY.hex()}-{99:012d}").write_bytes(content)
    assert pair.heard() == [], "under a later number"
    written.with_name(f"{b'other'.hex()}-{1:012d}").write_bytes(content)
    assert pair.heard() == [], "as another's"
    back = pair.root / "down" / IDENTITY.hex() / f"{1:012d}"
    back.write_bytes(content)
    assert list(pair.agent.received()) == [], "in the other direction"


def test_the_folder_s_end_is_the_driver_s(pair: Pair) -> None:
    assert pair.agent.connected
    pair.driver.close()
    pair.agent.wait(0.0, ())
    assert not pair.agent.connected


def test_a_folder_that_agents_do_not_see(pair: Pair) -> None:
    pair.driver.close()
    with pytest.raises(Unreachable, match="No such file"):
        pair.end(pair.keys.secret).dial(0.2, lambda: True)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no messages can be left in .*nowhere"):
        DriverRelay(Listen(folder=str(tmp_path / "nowhere")), Keys.fresh())


def test_only_its_owner_may_look_inside(pair: Pair) -> None:
    assert pair.root.stat().st_mode & 0o777 == 0o700


def test_descriptors_are_watched_too(pair: Pair) -> None:
    reading, writing = os.pipe()
    pair.driver.watch(reading)
    os.write(writing, b"x")
    assert pair.driver.wait(30.0) == {reading}
    assert pair.agent.wait(30.0, [reading]) == {reading}
    os.close(reading)
    os.close(writing)


def test_secrets_do_not_travel_in_the_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hush")
    engine = Remote(Processes(Listen(folder=str(tmp_path))), 1, env=["TOKEN"])
    with pytest.raises(EngineError, match=r"env=\['TOKEN'\] can't travel through a shared folder"):
        engine.open(Program(objective=lambda: 1.0, metric="m"))
    assert not list(tmp_path.iterdir())


KILLED = """
import sys
from trimma.wire.addresses import Listen
from trimma.wire.keys import Keys
from trimma.wire.relay_folder import DriverRelay

relay = DriverRelay(Listen(folder=sys.argv[1]), Keys.fresh())
print(relay.addresses[0].removeprefix("dir:"), flush=True)
sys.stdin.read()
"""


def test_what_a_killed_driver_leaves_is_cleared_by_the_next_and_not_what_is_in_use(tmp_path: Path, pair: Pair) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdout is not None
        left = Path(driver.stdout.readline().strip())
        (left / "up" / "message").write_text("secret")
        DriverRelay(Listen(folder=str(tmp_path)), Keys.fresh()).close()
        assert (left / "up" / "message").exists(), "it is in use"
        driver.kill()
    assert left.is_dir()
    DriverRelay(Listen(folder=str(tmp_path)), Keys.fresh()).close()
    assert not left.exists()
    pair.said(b"still here")
    assert pair.heard() == [b"still here"]


def test_agents_that_are_lost_leave_no_descriptor_open(pair: Pair) -> None:
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208
    for number in range(20):
        identity = IDENTITY + bytes([number])
        (pair.root / "down" / identity.hex()).mkdir()
        pair.driver.send(identity, b"welcome")
        pair.driver.wait(0.0)
        assert list((pair.root / "down" / identity.hex()).iterdir())
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("method", ["read", "remove"])
def test_a_shared_file_system_that_fails_for_a_moment_costs_no_message(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    pair.said(b"one")

    def fails(folder: HeldFolder, *given: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as broken:
        broken.setattr(HeldFolder, method, fails)
        heard = pair.heard()
        begun = time.monotonic()
        pair.driver.wait(0.2)
        assert time.monotonic() >= begun + 0.2, "what can't be read keeps nobody awake"
    assert heard + pair.heard() == [b"one"], "once, and not twice"
    assert not list((pair.root / "up").iterdir())


def test_what_vanishes_while_a_folder_is_removed_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        (tmp_path / "some" / str(number)).mkdir(parents=True)
        (tmp_path / "some" / str(number) / "file").touch()
    names = HeldFolder.names
    monkeypatch.setattr(HeldFolder, "names", lambda folder: [*names(folder), "vanished"])
    with contextlib.closing(HeldFolder(tmp_path)) as folder:
        folder.remove_folder("some")
    assert not list(tmp_path.iterdir())
