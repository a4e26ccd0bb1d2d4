"""Files that are no table, kept beside the tables: a folder of them, and a few words about it."""

import json
from pathlib import Path

import pyarrow.fs as pafs

from lsif.tables.answering import answering
from lsif.tables.files import make_folder

FOLDER, ABOUT = "_kept", "about.json"


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
        """The words about what is kept; None where nothing is."""
        path = f"{self._place}/{ABOUT}"
        if self._filesystem.get_file_info(path).type != pafs.FileType.File:
            return None
        with self._filesystem.open_input_stream(path) as stream:
            return dict(json.loads(stream.read()))

    def keep(self, folder: Path, about: dict[str, str]) -> None:
        """Keep the files of `folder`; `about["files"]` names this set of files, and those of another set go.

        The words are written after the files: whoever reads them finds the files that they are about.
        """
        files = about["files"]
        if (self.about() or {}).get("files") != files:
            make_folder(self._filesystem, f"{self._place}/{files}")
            pafs.copy_files(str(folder), f"{self._place}/{files}", pafs.LocalFileSystem(), self._filesystem)
        with self._filesystem.open_output_stream(f"{self._place}/{ABOUT}") as stream:
            stream.write(json.dumps(about).encode())
        for info in self._filesystem.get_file_info(pafs.FileSelector(self._place)):
            if info.type == pafs.FileType.Directory and info.base_name != files:
                self._filesystem.delete_dir(info.path)

    def fetch(self, files: str, to: Path) -> None:
        """Copy the set of files into the folder `to`."""
        pafs.copy_files(f"{self._place}/{files}", str(to), self._filesystem, pafs.LocalFileSystem())
