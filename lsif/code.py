"""Identity of the code a job runs: a hash over its own file and every module of ours it imports, directly or not."""

import ast
import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path


def code_hash(entry_point: Path) -> str:
    """SHA-256 over the sources, so that editing an unrelated module leaves a step's hash alone."""
    digest = hashlib.sha256()
    for source in sorted(imported_sources(entry_point)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def imported_sources(entry_point: Path) -> set[Path]:
    """`entry_point` and our files reachable from it by import statements, wherever they stand."""
    seen: set[Path] = set()
    waiting = [entry_point]
    while waiting:
        source = waiting.pop()
        if source not in seen:
            seen.add(source)
            waiting += [file for name in _imports(source) if (file := _file(name, entry_point.parent))]
    return seen


def _imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file(module: str, beside: Path) -> Path | None:
    """Our source of a module: beside the entry point, where Python looks first, or in `lsif`."""
    neighbour = beside / f"{module.replace('.', '/')}.py"
    if neighbour.exists():
        return neighbour
    if module.split(".", maxsplit=1)[0] != "lsif":
        return None
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # `from lsif.days import day_before` names a function, not a module
        return None
    return Path(spec.origin) if spec and spec.origin else None
