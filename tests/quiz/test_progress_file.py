"""Progress as one file: nothing doubled, nothing lost, and nothing taken from a file that is not whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from coursekit import progress
from coursekit.cli import app
from coursekit.errors import CourseError
from coursekit.portable import export_to, import_from, reset


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sit down at the machine of this name: each has its own progress."""

    def sit(name: str) -> None:
        monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "machines" / name))

    return sit


def answer(item: str, lesson: str = "01", **data: Any) -> None:
    progress.record("answer", lesson=lesson, item=item, data={"session": "practice", "right": True, **data})


def items() -> list[str | None]:
    return [one.item for one in progress.events()]


def test_what_is_exported_here_is_there_after_the_import(machine: Callable[[str], None], tmp_path: Path) -> None:
    machine("old")
    answer("01-a", text="\u00fc \U0001f600 \n")
    progress.record("verdict", lesson="02", data={"verdict": "strong"})
    seed, before = progress.learner_seed(), progress.events()
    assert export_to(tmp_path / "mine.json") == 2
    machine("new")
    assert import_from(tmp_path / "mine.json") == (2, 0)
    assert progress.events() == before
    assert progress.learner_seed() == seed  # the same numbers in the questions


def test_importing_twice_doubles_nothing(tmp_path: Path) -> None:
    answer("01-a")
    export_to(tmp_path / "mine.json")
    assert import_from(tmp_path / "mine.json") == (0, 1)
    assert import_from(tmp_path / "mine.json") == (0, 1)
    assert items() == ["01-a"]


def test_two_machines_become_one_history_in_the_order_of_time(machine: Callable[[str], None], tmp_path: Path) -> None:
    machine("desk")
    answer("first")
    machine("laptop")
    answer("second")
    seed = progress.learner_seed()
    machine("desk")
    answer("third")
    export_to(tmp_path / "desk.json")
    machine("laptop")
    assert import_from(tmp_path / "desk.json") == (2, 0)
    assert items() == ["first", "second", "third"]
    assert progress.learner_seed() == seed  # something was done here: its questions keep their numbers
    export_to(tmp_path / "laptop.json")
    machine("desk")
    assert import_from(tmp_path / "laptop.json") == (1, 2)
    assert items() == ["first", "second", "third"]


def test_the_latest_verdict_is_the_latest_in_time_wherever_it_was_given(
    machine: Callable[[str], None], tmp_path: Path
) -> None:
    machine("desk")
    progress.record("verdict", lesson="01", data={"verdict": "not yet"})
    export_to(tmp_path / "desk.json")
    machine("laptop")
    progress.record("verdict", lesson="01", data={"verdict": "strong"})
    import_from(tmp_path / "desk.json")
    assert progress.summary()["01"]["test_verdict"] == "strong"


def whole(tmp_path: Path) -> dict[str, Any]:
    answer("01-a")
    answer("01-b")
    export_to(tmp_path / "whole.json")
    return json.loads((tmp_path / "whole.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.update(format=progress.FORMAT + 1), "newer coursekit"),
        (lambda file: file.update(format="1"), "newer coursekit"),
        (lambda file: file.update(format=True), "newer coursekit"),
        (lambda file: file.update(kind="something"), "no progress file"),
        (lambda file: file.pop("events"), "no progress file"),
        (lambda file: file.update(seed="x"), "'seed'"),
        (lambda file: file["events"][1].pop("uid"), "event number 2"),
        (lambda file: file["events"][1].update(uid=""), "event number 2"),
        (lambda file: file["events"][1].update(more=1), "event number 2"),
        (lambda file: file["events"][1].update(at="2026-01-01T00:00:00"), "event number 2"),
        (lambda file: file["events"][1].update(at="yesterday"), "event number 2"),
        (lambda file: file["events"][1].update(data=[]), "event number 2"),
        (lambda file: file["events"][1].update(lesson=None), "event number 2"),
        (lambda file: file["events"][1].update(item="\ud800"), "event number 2"),
        (lambda file: file["events"].append("x"), "event number 3"),
    ],
)
def test_a_file_with_something_wrong_is_refused_whole(
    machine: Callable[[str], None], tmp_path: Path, damage: Callable[[Any], Any], said: str
) -> None:
    machine("old")
    file = whole(tmp_path)
    damage(file)
    (tmp_path / "damaged.json").write_text(json.dumps(file))
    machine("new")
    answer("mine")
    with pytest.raises(CourseError, match=said):
        import_from(tmp_path / "damaged.json")
    assert items() == ["mine"]


def test_a_file_that_was_cut_off_is_refused_and_says_so(machine: Callable[[str], None], tmp_path: Path) -> None:
    machine("old")
    whole(tmp_path)
    content = (tmp_path / "whole.json").read_bytes()
    machine("new")
    for length in range(0, len(content) - 1, 40):
        (tmp_path / "cut.json").write_bytes(content[:length])
        with pytest.raises(CourseError, match="cut off"):
            import_from(tmp_path / "cut.json")
    assert progress.events() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(), lambda one: st.lists(one)).map(json.dumps))
def test_no_file_breaks_an_import(tmp_path: Path, content: bytes | str) -> None:
    (tmp_path / "junk").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CourseError):
        import_from(tmp_path / "junk")


def test_deep_nesting_is_said_not_raised(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 200_000)
    with pytest.raises(CourseError, match="cut off"):
        import_from(tmp_path / "deep.json")


def test_an_export_writes_over_nothing_unless_told_to(tmp_path: Path) -> None:
    answer("01-a")
    path = tmp_path / "mine.json"
    path.write_text("something else")
    with pytest.raises(CourseError, match="--force"):
        export_to(path)
    assert path.read_text() == "something else"
    assert export_to(path, force=True) == 1
    with pytest.raises(CourseError, match="cannot be written"):
        export_to(path / "below a file" / "x.json")


def test_a_reset_of_one_lesson_leaves_the_others_and_can_be_undone() -> None:
    answer("01-a")
    answer("02-a", "02")
    seed = progress.learner_seed()
    removed, backup = reset("1")
    assert (removed, items()) == (1, ["02-a"])
    assert backup is not None
    assert "lesson-01" in backup.name
    assert progress.learner_seed() == seed
    assert import_from(backup) == (1, 0)
    assert items() == ["01-a", "02-a"]


def test_a_whole_reset_begins_a_new_learner_and_can_be_undone() -> None:
    answer("01-a")
    seed = progress.learner_seed()
    removed, backup = reset()
    assert (removed, progress.events()) == (1, [])
    assert backup is not None
    assert progress.learner_seed() != seed
    import_from(backup)
    assert progress.learner_seed() == seed
    assert items() == ["01-a"]


def test_two_resets_in_a_second_keep_two_backups() -> None:
    kept = []
    for number in range(3):
        answer(f"{number}")
        kept.append(reset()[1])
    assert len(set(kept)) == 3
    assert all(one is not None and one.is_file() for one in kept)


def test_a_reset_without_a_backup_removes_nothing(home: Path) -> None:
    answer("01-a")
    (home / "backups").write_text("a file stands where the folder belongs")
    with pytest.raises(CourseError, match="cannot be written"):
        reset()
    assert items() == ["01-a"]


def test_a_newer_file_of_progress_is_neither_exported_nor_reset_nor_imported_into(home: Path, tmp_path: Path) -> None:
    import sqlite3

    whole(tmp_path)
    connection = sqlite3.connect(progress.progress_file())
    connection.execute(f"PRAGMA user_version = {progress.FORMAT + 1}")
    connection.close()
    before = progress.progress_file().read_bytes()
    uses: list[Callable[[], object]] = [
        lambda: export_to(tmp_path / "x.json"),
        reset,
        lambda: import_from(tmp_path / "whole.json"),
    ]
    for use in uses:
        with pytest.raises(CourseError, match="newer coursekit"):
            use()
    assert progress.progress_file().read_bytes() == before
    assert not (tmp_path / "x.json").exists()


IMPORTER = """
import sys
from pathlib import Path
from coursekit import portable
print("ready", flush=True)
print(portable.import_from(Path(sys.argv[1]))[0], flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX systems")
def test_a_kill_during_an_import_leaves_all_of_it_or_nothing(machine: Callable[[str], None], tmp_path: Path) -> None:
    machine("old")
    answer("0")
    export_to(tmp_path / "few.json")
    file = json.loads((tmp_path / "few.json").read_text())
    file["events"] = [{**file["events"][0], "uid": f"u{n}", "item": str(n)} for n in range(20_000)]
    (tmp_path / "many.json").write_text(json.dumps(file))
    for number, delay in enumerate((0.0, 0.1, 0.25, 0.5)):
        machine(f"new-{number}")
        importer = subprocess.Popen(
            [sys.executable, "-c", IMPORTER, str(tmp_path / "many.json")], stdout=subprocess.PIPE, text=True
        )
        assert importer.stdout is not None
        assert importer.stdout.readline() == "ready\n"
        try:
            importer.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            os.kill(importer.pid, signal.SIGKILL)
        importer.wait()
        importer.stdout.close()
        assert len(progress.events()) in (0, 20_000)
        assert sum(import_from(tmp_path / "many.json")) == 20_000
        assert len(progress.events()) == 20_000


WRITER = """
import sys
from coursekit import progress
for number in range(30):
    progress.record("answer", lesson="01", item=f"{sys.argv[1]}-{number}", data={"session": "practice", "right": True})
"""


@pytest.mark.slow
def test_exports_while_two_kernels_write_are_whole_and_nothing_is_lost(home: Path, tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name]) for name in ("a", "b")]
    exported = []
    while any(one.poll() is None for one in writers):
        exported.append(export_to(tmp_path / "during.json", force=True))
        assert len(json.loads((tmp_path / "during.json").read_text())["events"]) == exported[-1]
    assert [one.returncode for one in writers] == [0, 0]
    assert exported == sorted(exported)
    assert set(items()) == {f"{name}-{number}" for name in ("a", "b") for number in range(30)}


def test_the_commands_say_what_they_did_and_reset_asks(tmp_path: Path) -> None:
    answer("01-a")
    run = CliRunner().invoke
    file = str(tmp_path / "mine.json")
    assert "1 events written" in run(app, ["progress", "export", file]).output
    refused = run(app, ["progress", "reset"], input="n\n")
    assert (refused.exit_code, items()) == (1, ["01-a"])
    done = run(app, ["progress", "reset", "--lesson", "01", "--yes"])
    assert "coursekit progress import" in done.output
    assert items() == []
    assert "1 events added" in run(app, ["progress", "import", file]).output
    assert "nothing to forget" in run(app, ["progress", "reset", "--lesson", "05", "--yes"]).output
    for command in ("export", "import", "reset"):
        assert f"Example: coursekit progress {command}" in run(app, ["progress", command, "--help"]).output
