"""A file of weights arrives whole under its final name, or not at all."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path

import pytest
from support.loopback import Behaviour, serve

from coursekit.fetch import FetchError, Patience, expected_hash, fetch, has_expected_hash

CONTENT = bytes(range(256)) * 4096  # 1 MiB
HASH = hashlib.sha256(CONTENT).hexdigest()[:8]
NAME = f"tiny-{HASH}.pth"
HASTY = Patience(connect=1, silence=0.5, tries=2, pause=0.01, lock=5)


@pytest.fixture(autouse=True)
def network_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSEKIT_OFFLINE", raising=False)


def get(behaviour: Behaviour, folder: Path, name: str = NAME) -> Path:
    with serve(behaviour) as address:
        return fetch(f"{address}/{name}", folder, patience=HASTY)


def nothing_under_the_final_name(folder: Path) -> bool:
    return not (folder / NAME).exists()


def test_a_plain_download_arrives_with_its_hash_checked(tmp_path: Path) -> None:
    path = get(Behaviour(CONTENT), tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT
    assert has_expected_hash(path)
    assert not path.with_name(NAME + ".part").exists()


def test_a_file_that_is_there_is_not_asked_for_again(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT)
    get(behaviour, tmp_path)
    get(behaviour, tmp_path)
    assert len(behaviour.requests) == 1


def test_a_damaged_file_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT[:-1])
    assert get(Behaviour(CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_server_that_cuts_off_is_asked_for_the_rest_only(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, cut_after=[300_000, 300_000, 300_000])
    assert get(behaviour, tmp_path).read_bytes() == CONTENT
    assert behaviour.requests == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_the_next_call_goes_on_where_the_last_one_gave_up(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"times in a row after 400,000 bytes"):
        get(Behaviour(CONTENT, cut_after=[400_000, 0, 0]), tmp_path)
    assert nothing_under_the_final_name(tmp_path)
    behaviour = Behaviour(CONTENT)
    assert get(behaviour, tmp_path).read_bytes() == CONTENT
    assert behaviour.requests == ["bytes=400000-"]


def test_a_server_without_ranges_is_started_over(tmp_path: Path) -> None:
    (tmp_path / (NAME + ".part")).write_bytes(CONTENT[:1000])
    assert get(Behaviour(CONTENT, ignore_range=True), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / (NAME + ".part")).write_bytes(CONTENT + b"more")
    assert get(Behaviour(CONTENT), tmp_path).read_bytes() == CONTENT


def test_a_part_of_another_file_costs_a_second_download_and_no_more(tmp_path: Path) -> None:
    (tmp_path / (NAME + ".part")).write_bytes(b"\0" * 1000)
    behaviour = Behaviour(CONTENT)
    assert get(behaviour, tmp_path).read_bytes() == CONTENT
    assert behaviour.requests == ["bytes=1000-", None]


def test_a_lie_about_the_hash_is_thrown_away_and_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=f"expected {HASH}"):
        get(Behaviour(CONTENT[::-1]), tmp_path)
    assert nothing_under_the_final_name(tmp_path)
    assert not list(tmp_path.glob("*.part"))


def test_a_silent_server_is_given_up_in_time(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="ReadTimeout"):
        get(Behaviour(CONTENT, silent=True), tmp_path)
    assert nothing_under_the_final_name(tmp_path)


def test_a_slow_server_that_keeps_sending_is_waited_for(tmp_path: Path) -> None:
    assert get(Behaviour(CONTENT, drip=0.2), tmp_path).read_bytes() == CONTENT  # longer in all than one silence


def test_not_found_is_said_at_once(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, status=404)
    with pytest.raises(FetchError, match="404"):
        get(behaviour, tmp_path)
    assert len(behaviour.requests) == 1


def test_an_overloaded_server_is_asked_again(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, status=503)
    with pytest.raises(FetchError, match="answered 503 2 times"):
        get(behaviour, tmp_path)
    assert len(behaviour.requests) == HASTY.tries


def test_a_refused_connection_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(f"http://127.0.0.1:{port}/{NAME}", tmp_path, patience=HASTY)


def test_offline_means_no_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_OFFLINE", "1")
    behaviour = Behaviour(CONTENT)
    with pytest.raises(FetchError, match="COURSEKIT_OFFLINE"):
        get(behaviour, tmp_path)
    assert behaviour.requests == []


def test_a_name_without_a_hash_is_refused(tmp_path: Path) -> None:
    assert expected_hash("weights.pth") is None
    with pytest.raises(FetchError, match="carries no hash"):
        get(Behaviour(CONTENT), tmp_path, name="weights.pth")


def test_a_full_disk_is_noticed_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    monkeypatch.setattr("coursekit.fetch.shutil.disk_usage", lambda path: SimpleNamespace(free=10_000_000))
    with pytest.raises(FetchError, match="10 MB free"):
        get(Behaviour(CONTENT), tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FetchError, match="cannot be written"):
        get(Behaviour(CONTENT), tmp_path / "file" / "folder")


def test_two_at_once_download_once(tmp_path: Path) -> None:
    behaviour = Behaviour(CONTENT, drip=0.05)
    with serve(behaviour) as address:
        threads = [threading.Thread(target=fetch, args=(f"{address}/{NAME}", tmp_path)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert len(behaviour.requests) == 1


def test_progress_counts_up_to_the_whole(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with serve(Behaviour(CONTENT)) as address:
        fetch(f"{address}/{NAME}", tmp_path, report=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
