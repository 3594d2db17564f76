"""Real sets: fetched from a server on loopback, unpacked, opened by torchvision, with the face of the smears."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from coursekit.data import real_sets
from coursekit.data.real_sets import real_images
from coursekit.errors import CourseError
from coursekit.fetch import FetchError, Patience

pytestmark = pytest.mark.usefixtures("online")
HASTY = Patience(connect=1, silence=1, tries=2, pause=0.01, lock=5)
BREEDS = ("Abyssinian", "beagle", "great_pyrenees")


class Quiet(SimpleHTTPRequestHandler):
    seen: list[str] = []  # noqa: RUF012, emptied by the fixture

    def do_GET(self) -> None:
        self.seen.append(self.path)
        super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server on loopback over a folder: its address and the folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    Quiet.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()
    thread.join()


def photograph(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40 + number, 60), (20 * number % 256, 100, 200)).save(file, "JPEG")
    return file.getvalue()


def pack(path: Path, files: dict[str, bytes]) -> str:
    """Write an archive; returns its MD5."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture
def pets(site: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """30 pets to train with and 6 to test with, as the real archives hold them."""
    address, folder = site
    names = [f"{BREEDS[number % 3]}_{number}" for number in range(36)]
    lines = [f"{name} {number % 3 + 1} {1 + (number % 3 > 0)} 1" for number, name in enumerate(names)]
    images = {f"images/{name}.jpg": photograph(number) for number, name in enumerate(names)}
    notes = {
        "annotations/trainval.txt": "\n".join(lines[:30]).encode(),
        "annotations/test.txt": "\n".join(lines[30:]).encode(),
    }
    resources = (
        (f"{address}/images.tar.gz", pack(folder / "images.tar.gz", images)),
        (f"{address}/annotations.tar.gz", pack(folder / "annotations.tar.gz", notes)),
    )
    monkeypatch.setattr(datasets.OxfordIIITPet, "_RESOURCES", resources)
    return folder


def test_pets_are_fetched_once_and_look_like_the_smears(pets: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    found = real_images("pets", size=32, root=tmp_path / "sets", patience=HASTY, report=lambda *both: told.append(both))
    assert told
    assert found.classes == ("Abyssinian", "Beagle", "Great Pyrenees")
    assert len(found) == 24  # 30 less every fifth
    image, label = found[5]
    assert image.shape == (3, 32, 32)
    assert image.dtype == torch.float32
    assert type(image) is torch.Tensor
    assert 0 <= float(image.min()) <= float(image.max()) <= 1
    assert label == int(found.labels[5])
    assert found.images.shape == (24, 3, 32, 32)
    before = len(Quiet.seen)
    again = real_images("pets", "val", size=32, root=tmp_path / "sets", patience=HASTY, transform=torch.numel)
    assert len(again) == 6
    assert again[0][0] == 3 * 32 * 32
    assert len(Quiet.seen) == before, "nothing is fetched twice"


def test_train_val_and_test_share_no_image(pets: Path, tmp_path: Path) -> None:
    parts = [real_images("pets", split, size=8, root=tmp_path, patience=HASTY) for split in real_sets.SPLITS]
    assert [len(part) for part in parts] == [24, 6, 6]
    assert not set(parts[0]._rows.tolist()) & set(parts[1]._rows.tolist())


def test_a_count_is_drawn_evenly_and_by_seed(pets: Path, tmp_path: Path) -> None:
    draw = partial(real_images, "pets", size=8, root=tmp_path, patience=HASTY)
    some = draw(count=9)
    assert some.labels.bincount().tolist() == [3, 3, 3]
    assert some._rows.tolist() == draw(count=9)._rows.tolist()
    assert some._rows.tolist() != draw(count=9, seed=1)._rows.tolist()
    for wrong in (0, 25):
        with pytest.raises(CourseError, match=r"1\.\.24"):
            draw(count=wrong)


def test_flowers(site: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from scipy.io import savemat

    address, folder = site
    packed = pack(
        folder / "102flowers.tgz", {f"jpg/image_{number:05d}.jpg": photograph(number) for number in range(1, 13)}
    )
    savemat(folder / "imagelabels.mat", {"labels": np.arange(12)[None] % 4 + 1})
    ids = {"trnid": [[1, 2, 3, 4]], "valid": [[5, 6, 7, 8]], "tstid": [[9, 10, 11, 12]]}
    savemat(folder / "setid.mat", {name: np.array(numbers) for name, numbers in ids.items()})
    files = {"image": ("102flowers.tgz", packed)}
    for key, name in (("label", "imagelabels.mat"), ("setid", "setid.mat")):
        files[key] = (name, hashlib.md5((folder / name).read_bytes()).hexdigest())
    monkeypatch.setattr(datasets.Flowers102, "_file_dict", files)
    monkeypatch.setattr(datasets.Flowers102, "_download_url_prefix", f"{address}/")
    found = real_images("flowers", "test", size=16, root=tmp_path, patience=HASTY)
    assert found.labels.tolist() == [0, 1, 2, 3]
    assert len(found.classes) == 102
    assert found[0][0].shape == (3, 16, 16)


def test_tissue(site: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import gzip

    import h5py

    address, folder = site
    files = {}
    for key, letter, values in (
        ("images", "x", np.full((4, 96, 96, 3), 120, np.uint8)),
        ("targets", "y", np.array([0, 1, 1, 0], np.uint8).reshape(4, 1, 1, 1)),
    ):
        name = f"camelyonpatch_level_2_split_valid_{letter}.h5"
        with h5py.File(tmp_path / name, "w") as file:
            file[letter] = values
        (folder / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        files[key] = (name, "", hashlib.md5((folder / f"{name}.gz").read_bytes()).hexdigest())
    monkeypatch.setitem(datasets.PCAM._FILES, "val", files)
    monkeypatch.setattr(real_sets, "ZENODO", f"{address}/")
    found = real_images("tissue", "val", size=64, root=tmp_path / "sets", patience=HASTY)
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.classes == ("no tumour", "tumour")
    assert found[1][0].shape == (3, 64, 64)


def test_another_file_than_promised_is_thrown_away(pets: Path, tmp_path: Path) -> None:
    (pets / "images.tar.gz").write_bytes(b"a page that asks you to log in")
    with pytest.raises(FetchError, match="thrown away"):
        real_images("pets", root=tmp_path, patience=HASTY)
    assert not (tmp_path / "oxford-iiit-pet" / "images.tar.gz").exists()


def test_a_server_without_the_file_is_said(pets: Path, tmp_path: Path) -> None:
    (pets / "annotations.tar.gz").unlink()
    with pytest.raises(FetchError, match="answered 404"):
        real_images("pets", root=tmp_path, patience=HASTY)
    assert (tmp_path / "oxford-iiit-pet" / "images.tar.gz").is_file()  # kept for the next try


def test_offline_is_said(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_OFFLINE", "1")
    with pytest.raises(FetchError, match="COURSEKIT_OFFLINE"):
        real_images("pets", root=tmp_path, patience=HASTY)


def test_unpacking_that_was_cut_off_is_done_again(pets: Path, tmp_path: Path) -> None:
    real_images("pets", root=tmp_path, patience=HASTY)
    folder = tmp_path / "oxford-iiit-pet"
    for mark in folder.glob("complete-*"):
        mark.unlink()
    (folder / "images" / "Abyssinian_0.jpg").unlink()
    assert real_images("pets", root=tmp_path, size=8, patience=HASTY)[0][0].shape == (3, 8, 8)


def test_a_missing_photograph_is_said(pets: Path, tmp_path: Path) -> None:
    found = real_images("pets", root=tmp_path, patience=HASTY)
    (tmp_path / "oxford-iiit-pet" / "images" / "Abyssinian_0.jpg").unlink()
    with pytest.raises(CourseError, match=r"Image 0 cannot be read.*fetched anew"):
        found[0]


@pytest.mark.parametrize(("name", "split"), [("birds", "train"), ("pets", "dev")])
def test_an_unknown_set_or_split_is_said(name: str, split: str, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="Sets: pets, flowers, tissue; splits: train, val, test"):
        real_images(name, split, root=tmp_path)  # type: ignore[arg-type]
