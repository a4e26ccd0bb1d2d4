"""SHA-256 of every file of a model version: no weights format notices a flipped bit, so we do."""

import hashlib
import json
from pathlib import Path

from lsif.errors import LsifError

MANIFEST = "manifest.json"


def write_manifest(folder: Path) -> str:
    """List every file of `folder` with its digest; returns the list's own digest, to be kept elsewhere."""
    text = json.dumps(_digests(folder), indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def verify_manifest(folder: Path, digest: str | None = None) -> None:
    """Compare every file with the manifest, and the manifest with `digest` when given.

    Raises:
        LsifError: a file is missing, unknown or not what was registered; it names the file.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise LsifError(f"the model has no {MANIFEST}: it was not registered by LSIF, or is incomplete")
    text = path.read_bytes()
    if digest is not None and hashlib.sha256(text).hexdigest() != digest:
        raise LsifError(f"{MANIFEST} of the model is not the one that was registered: refusing to load")
    listed, found = _parsed(text), _digests(folder)
    for name in sorted(listed.keys() | found.keys()):
        if listed.get(name) != found.get(name):
            raise LsifError(f"{name} of the model is not the file that was registered: refusing to load")


def _parsed(text: bytes) -> dict[str, str]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise LsifError(f"{MANIFEST} of the model cannot be read: {error}") from error


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
