"""Files that are no table, kept beside the tables: a folder of them, and a few words about it."""

from pathlib import Path

import pyarrow.fs as pafs

from lsif.errors import LsifError
from lsif.failpoints import failpoint
from lsif.tables.answering import answering
from lsif.tables.files import get_json, make_folder, put_json

FOLDER, ABOUT = "_kept", "about.json"
TRAINING = "training"
"""The name of the trained model that waits for MLflow."""


@answering
class Kept:
    """What is kept under one name.

    Args:
        root: of the tables, a local folder or an object-store URL.
    """

    def __init__(self, root: str, name: str) -> None:
        self._filesystem, place = pafs.FileSystem.from_uri(root)
        self._place = f"{place}/{FOLDER}/{name}"

    def about(self) -> dict[str, str] | None:
        """The words about what is kept; None where nothing is, or nothing that can be read: it is kept anew."""
        try:
            found: dict[str, str] | None = get_json(self._filesystem, f"{self._place}/{ABOUT}")
        except LsifError:
            return None
        return found

    def keep(self, folder: Path, about: dict[str, str]) -> None:
        """Keep the files of `folder`; `about["files"]` names this set of files, and those of another set go.

        The words are written after the files: whoever reads them finds the files that they are about.
        """
        files = about["files"]
        if (self.about() or {}).get("files") != files:
            make_folder(self._filesystem, f"{self._place}/{files}")
            pafs.copy_files(str(folder), f"{self._place}/{files}", pafs.LocalFileSystem(), self._filesystem)
        failpoint("after_copy")
        put_json(self._filesystem, f"{self._place}/{ABOUT}", about)
        failpoint("after_about")
        for info in self._filesystem.get_file_info(pafs.FileSelector(self._place)):
            if info.type == pafs.FileType.Directory and info.base_name != files:
                self._filesystem.delete_dir(info.path)

    def drop(self) -> None:
        """Keep nothing: the words go before the files."""
        for info in self._filesystem.get_file_info(pafs.FileSelector(self._place, allow_not_found=True)):
            if info.type == pafs.FileType.File:
                self._filesystem.delete_file(info.path)
        for info in self._filesystem.get_file_info(pafs.FileSelector(self._place, allow_not_found=True)):
            self._filesystem.delete_dir(info.path)

    def fetch(self, files: str, to: Path) -> None:
        """Copy the set of files into the folder `to`."""
        pafs.copy_files(f"{self._place}/{files}", str(to), self._filesystem, pafs.LocalFileSystem())
