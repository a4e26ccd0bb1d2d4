"""Identity of the code a job runs: a hash over its own file and every module of ours it imports, directly or not."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent


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
    """Our source of a module: beside the entry point, where Python looks first, or in `lsif`.

    Found by its place: to ask Python for a module imports the package that it is in, and a job would load torch only to
    know what it is made of.
    """
    neighbour = beside / f"{module.replace('.', '/')}.py"
    if neighbour.exists():
        return neighbour
    package, *inside = module.split(".")
    if package != PACKAGE.name:
        return None
    place = PACKAGE.joinpath(*inside)  # `from lsif.days import day_before` names a function: there is no such file
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.exists()), None)
