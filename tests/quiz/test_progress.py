"""Progress is appended, shared by processes, survives kills and bad disks, and says so when it cannot."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coursekit import progress
from coursekit.errors import CourseError

WRITER = """
import sys
from coursekit import progress
for number in range(int(sys.argv[2])):
    progress.record("answer", lesson="01", item=f"{sys.argv[1]}-{number}", data={"session": "practice", "right": True})
    print(number, flush=True)
"""


def test_events_come_back_in_order_and_by_lesson() -> None:
    progress.record("answer", lesson="01_loading_weights", item="01-a", data={"right": True})
    progress.record("guess", lesson="2", item="02-b", data={"answer": [1, "ü"]})
    assert [(one.event, one.lesson, one.item) for one in progress.events()] == [
        ("answer", "01", "01-a"),
        ("guess", "02", "02-b"),
    ]
    assert progress.events("02")[0].data == {"answer": [1, "ü"]}
    assert progress.events("1", "guess") == []
    assert datetime.now(UTC) - progress.events()[0].at < timedelta(minutes=5)


def test_nothing_is_written_by_reading() -> None:
    assert progress.events() == []
    assert progress.summary() == {}
    assert not progress.progress_file().exists()


def test_two_processes_at_once_lose_nothing(home: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name, "25"], stdout=subprocess.DEVNULL) for name in ("a", "b")
    ]
    assert [one.wait(timeout=300) for one in writers] == [0, 0]
    items = {one.item for one in progress.events("01", "answer")}
    assert items == {f"{name}-{number}" for name in ("a", "b") for number in range(25)}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX systems")
def test_a_kill_keeps_every_event_that_was_reported(home: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, "k", "100000"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    reported = [int(writer.stdout.readline()) for _ in range(5)]
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    kept = [one.item for one in progress.events("01")]
    assert kept[: len(reported)] == [f"k-{number}" for number in reported]
    progress.record("answer", lesson="01", item="after")
    assert progress.events("01")[-1].item == "after"


def test_a_newer_file_is_left_alone(home: Path) -> None:
    progress.record("answer", lesson="01", item="old")
    with sqlite3.connect(progress.progress_file()) as connection:
        connection.execute(f"PRAGMA user_version = {progress.FORMAT + 1}")
    connection.close()
    for use in (lambda: progress.record("answer", lesson="01"), progress.events, progress.learner_seed):
        with pytest.raises(CourseError, match="newer coursekit"):
            use()
    with sqlite3.connect(progress.progress_file()) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
    connection.close()


def test_a_home_that_cannot_be_written_is_said_once_and_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a file, not a folder"
    file.write_text("")
    monkeypatch.setenv("COURSEKIT_HOME", str(file / "home"))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        progress.record("answer", lesson="01", item="one", data={"session": "practice", "right": True})
        progress.record("answer", lesson="01", item="two", data={"session": "practice", "right": False})
        seeds = {progress.learner_seed() for _ in range(3)}
    assert len(said) == 1
    assert "COURSEKIT_HOME" in str(said[0].message)
    assert [one.item for one in progress.events("01")] == ["one", "two"]
    assert progress.summary()["01"]["practice_right"] == 1
    assert len(seeds) == 1


def test_what_could_not_be_written_is_written_when_it_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = tmp_path / "home"
    blocker.write_text("")
    monkeypatch.setenv("COURSEKIT_HOME", str(blocker))
    with pytest.warns(UserWarning, match="cannot be written"):
        progress.record("answer", lesson="01", item="early")
    blocker.unlink()
    progress.record("answer", lesson="01", item="late")
    with sqlite3.connect(blocker / "progress.sqlite3") as connection:
        assert connection.execute("SELECT item FROM events ORDER BY id").fetchall() == [("early",), ("late",)]
    connection.close()


@pytest.mark.parametrize("damage", ["torn page", "not a database"])
def test_a_damaged_file_is_kept_and_what_can_be_read_is_carried_over(home: Path, damage: str) -> None:
    for number in range(200):
        progress.record("answer", lesson="01", item=f"{number:03}", data={"text": "x" * 200})
    seed = progress.learner_seed()
    path = progress.progress_file()
    content = bytearray(path.read_bytes())
    if damage == "torn page":
        content[-4096:] = b"\x55" * 4096
    else:
        content[:100] = b"\x00" * 100
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="was damaged"):
        kept = progress.events("01")
    assert [path.read_bytes() for path in home.glob("progress.damaged-*.sqlite3")] == [bytes(content)]
    if damage == "torn page":
        assert len(kept) > 50
        assert [one.item for one in kept] == [f"{number:03}" for number in range(len(kept))]
        assert progress.learner_seed() == seed
    progress.record("answer", lesson="01", item="new")
    assert progress.events("01")[-1].item == "new"


def test_data_that_is_not_json_is_refused_before_anything_is_written(home: Path) -> None:
    with pytest.raises(TypeError):
        progress.record("answer", lesson="01", data={"answer": object()})
    assert progress.events() == []


def test_the_summary_counts_what_was_done() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for item, right in (("a", False), ("a", True), ("b", False)):
        progress.record("answer", lesson="01", item=item, data={"session": "practice", "right": right})
    progress.record("answer", lesson="01", item="t", data={"session": "test", "right": True})
    for verdict in ("not yet", "strong"):
        progress.record("verdict", lesson="01", data={"verdict": verdict})
    for earned in (True, False):
        progress.record("badge", lesson="01", data={"earned": earned})
    for card, days in (("c1", 2), ("c1", -1), ("c2", 3)):
        progress.record("card", lesson="01", item=card, data={"due": (now + timedelta(days=days)).isoformat()})
    for exercise, status in (("e1", "failed"), ("e1", "passed"), ("e2", "not_attempted")):
        progress.record("exercise", lesson="01", item=exercise, data={"status": status})
    found = progress.summary(now=now)["01"]
    found.pop("last")  # type: ignore[misc]
    assert found == {
        "practice_answered": 2,
        "practice_right": 1,
        "test_verdict": "strong",
        "challenge_badge": True,
        "cards_seen": 2,
        "cards_due": 1,
        "exercises_passed": 1,
        "exercises_tried": 1,
    }
