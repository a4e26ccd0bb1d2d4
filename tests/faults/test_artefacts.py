"""Files of a model that somebody made to harm: none is executed, none is loaded, each is one line."""

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lsif.config import load_settings
from lsif.errors import LsifError
from lsif.registry.bundle import ARRAYS, CARD, VOCABULARY, WEIGHTS, load_model, save_model
from lsif.registry.manifest import MANIFEST, verify_manifest, write_manifest
from tests.conftest import SHOP
from tests.faults.tally import Tally
from tests.ranking import shop

NAMES = (WEIGHTS, ARRAYS, VOCABULARY, CARD)
Make = Callable[[Path, Path], None]
"""Changes the files in a folder; the second path is written if something of them is ever executed."""


class Bomb:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def pickled(mark: Path) -> bytes:
    return pickle.dumps(Bomb(mark))


def saved_by_torch(mark: Path) -> bytes:
    out = io.BytesIO()
    torch.save({"weights": Bomb(mark)}, out)
    return out.getvalue()


def exported(mark: Path) -> bytes:
    """As `torch.export` writes: an archive, with a pickle in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(mark))
        archive.writestr("../../escaped", "x")
    return out.getvalue()


def header(**tensors: Any) -> bytes:
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


def tensor(shape: list[int], offsets: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


BYTES: dict[str, Callable[[Path], bytes]] = {
    "a pickle": pickled,
    "a file of torch.save": saved_by_torch,
    "a pt2 archive": exported,
    "nothing": lambda mark: b"",
    "a header of 2^63 bytes": lambda mark: struct.pack("<Q", 2**63) + b"{}",
    "a header longer than the file": lambda mark: struct.pack("<Q", 10**6) + b"{}",
    "a tensor of 2^60 numbers": lambda mark: header(w=tensor([2**30, 2**30], [0, 2**62])),
    "a shape that overflows": lambda mark: header(w=tensor([2**63, 4], [0, 16])) + bytes(16),
    "negative offsets": lambda mark: header(w=tensor([4], [-16, 0])) + bytes(16),
    "offsets backwards": lambda mark: header(w=tensor([4], [16, 0])) + bytes(16),
    "tensors over each other": lambda mark: header(a=tensor([4], [0, 16]), b=tensor([4], [8, 24])) + bytes(24),
    "an unknown type": lambda mark: header(w=tensor([4], [0, 16], "PICKLE")) + bytes(16),
    "a deep list": lambda mark: b"[" * 100_000 + b"]" * 100_000,
    "no UTF-8": lambda mark: b"\xff\xfe\xfd",
}
"""What stands in place of each file."""

CARDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a shape of 2^40": lambda card: {**card, "shape": {**card["shape"], "width": 2**40}},
    "a negative shape": lambda card: {**card, "shape": {**card["shape"], "width": -1}},
    "a shape of text": lambda card: {**card, "shape": {**card["shape"], "width": "__import__('os').system('id')"}},
    "another field": lambda card: {**card, "shape": {**card["shape"], "__class__": "os.system"}},
    "another format": lambda card: {**card, "format": 99},
    "no shape": lambda card: {name: value for name, value in card.items() if name != "shape"},
    "a list": lambda card: [card],
    "nothing": lambda card: None,
    "no half-lives": lambda card: {**card, "interests": {"half_lives_days": []}},
}

FILES: dict[str, Make] = {
    "one more file": lambda folder, mark: write(folder / "extra.pkl", pickled(mark)),
    "a module": lambda folder, mark: write(folder / "sitecustomize.py", f"open({str(mark)!r}, 'w')".encode()),
    "a file is lost": lambda folder, mark: (folder / WEIGHTS).unlink(),
    "weights and items change places": lambda folder, mark: swap(folder),
    "a way out of the folder": lambda folder, mark: leads_out(folder),
    "a link to a file of the machine": lambda folder, mark: link(folder),
}


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def swap(folder: Path) -> None:
    weights, arrays = (folder / WEIGHTS).read_bytes(), (folder / ARRAYS).read_bytes()
    write(folder / WEIGHTS, arrays)
    write(folder / ARRAYS, weights)


def leads_out(folder: Path) -> None:
    listed = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**listed, "../../../etc/passwd": "0" * 64}))


def link(folder: Path) -> None:
    (folder / VOCABULARY).unlink()
    (folder / VOCABULARY).symlink_to("/etc/passwd")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's files, as registered."""
    torch.set_num_threads(1)
    config = tmp_path_factory.mktemp("config") / "shop.toml"
    config.write_text(SHOP)
    small = shop.small(load_settings(str(config)))
    night = shop.known(shop.events(users=8, items=12), small, shop.catalogue(12))
    folder = tmp_path_factory.mktemp("model")
    save_model(folder, shop.trained(night, shop.vectors(night.items), small), {})
    write_manifest(folder)
    assert load_model(folder, "1").trained_through
    return folder


def refused(files: Path, tmp_path: Path, change: Make, tally: Tally, listed: bool = True) -> None:
    """Registered as they are (`listed`, with a manifest of their own), or changed after they were registered."""
    folder, mark = tmp_path / "files", tmp_path / "executed"
    folder.mkdir()
    for file in files.iterdir():
        write(folder / file.name, file.read_bytes())
    change(folder, mark)
    if listed:
        write_manifest(folder)
    before = set(tmp_path.parent.rglob("escaped"))
    with pytest.raises(LsifError, match=r"^[^\n]+$"):
        verify_manifest(folder)
        load_model(folder, "7")
    tally.add("hostile files of a model", mark.exists() or set(tmp_path.parent.rglob("escaped")) != before)


@pytest.mark.parametrize("name", [WEIGHTS, *(pytest.param(one, marks=pytest.mark.long) for one in NAMES[1:])])
@pytest.mark.parametrize("what", BYTES)
def test_a_file_that_is_something_else_is_refused(
    what: str, name: str, files: Path, tmp_path: Path, tally: Tally
) -> None:
    refused(files, tmp_path, lambda folder, mark: write(folder / name, BYTES[what](mark)), tally)


@pytest.mark.parametrize("what", CARDS)
def test_a_card_that_lies_is_refused(what: str, files: Path, tmp_path: Path, tally: Tally) -> None:
    def change(folder: Path, mark: Path) -> None:
        card = json.loads((folder / CARD).read_text())
        (folder / CARD).write_text(json.dumps(CARDS[what](card)))

    refused(files, tmp_path, change, tally)


@pytest.mark.parametrize("what", FILES)
def test_files_that_were_not_registered_are_refused(what: str, files: Path, tmp_path: Path, tally: Tally) -> None:
    refused(files, tmp_path, FILES[what], tally, listed=False)
