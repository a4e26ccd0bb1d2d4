"""The commands about what is held on users: their key, their pseudonyms, an export of one."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lsif.errors import LsifError
from lsif.rows_out import AsCsv, AsJson, form

User = Annotated[str, typer.Argument(help="User id, as the sources spell it.")]


def privacy_key() -> None:
    """Make the key that `[privacy] key_file` names, for its owner alone to read. Keep a copy where no table is."""
    from lsif.config import load_settings
    from lsif.privacy.key import key_path, made_key
    from lsif.screen import console

    path = key_path(load_settings())
    console.print(f"the key {made_key(path).id} is in {path}: who has it can say whose a pseudonym is", soft_wrap=True)


def rotate_key(
    yes: Annotated[bool, typer.Option("--yes", help="Take what names users out of the tables.")] = False,
) -> None:
    """Replace the key: tables that name users are emptied, and the past comes in again under the new key.

    Stop the nights before. The key of before is kept beside, for copies of the tables.
    """
    from lsif.config import load_settings
    from lsif.privacy.rotation import names_users, rotated
    from lsif.screen import console
    from lsif.tables import Tables

    settings = load_settings()
    if not yes:
        raise LsifError(f"rotate-key empties {', '.join(names_users())}, to be made again: say --yes")
    done = rotated(Tables(settings.tables), settings)
    told = [f"the key is {done.key.id}"]
    if done.aside:
        told += [f"that of before lies at {done.aside}: delete it when no copy of the tables needs it"]
    told += [f"{name}: {rows:,} rows are gone" for name, rows in done.rows.items()]
    if done.days:
        first, last = done.days
        told += [f"bring the past in again: jobs/import_past.py --from {first} --ds {last}, then the nights after it"]
    for line in told:
        console.print(line, soft_wrap=True)


def pseudonym(user: User) -> None:
    """Print what the tables call a user: `lsif pseudonym 385`."""
    from lsif.config import load_settings
    from lsif.privacy.naming import stored_user

    print(stored_user(load_settings(), user))


def reveal(
    pseudonyms: Annotated[
        list[str], typer.Argument(metavar="PSEUDONYM...", help="As tables, checks or lines show it.")
    ],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Say whose a pseudonym is, with the key: `lsif reveal p_4f0c...`."""
    from lsif.config import load_settings
    from lsif.lookup import tables
    from lsif.privacy.lines import revealing
    from lsif.screen import show

    how, ids = form(as_json, as_csv), revealing(tables(), load_settings())
    if ids is None:
        raise LsifError("[privacy] pseudonyms is not true: users are named by their ids")
    rows = [{"pseudonym": one, "user_id": user} for one, user in zip(pseudonyms, ids(pseudonyms), strict=True)]
    show(how, "users", ["pseudonym", "user_id"], rows)


def export_user(
    user: User,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="A new file; default: the screen.")] = None,
) -> None:
    """Give everything that the tables hold on a user, as JSON: `lsif export-user 385 --to 385.json`."""
    from lsif.lookup import tables, user_in
    from lsif.privacy.erased import is_erased
    from lsif.privacy.export import held_on

    stored = tables()
    name = user_in(stored, user)
    held = dict(held_on(stored, name))
    if not held:
        if is_erased(stored, name, user):
            raise LsifError(f"user {user!r} is erased, and the tables hold nothing on them (`lsif receipts`)")
        raise LsifError(f"the tables hold nothing on user {user!r}: is the id spelled as the sources do?")
    text = json.dumps({"user": user, "named": name, "tables": held}, indent=1, default=str, ensure_ascii=False)
    if to is None:
        sys.stdout.write(f"{text}\n")
        return
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise LsifError(f"cannot write {to}: {error.strerror}") from error
    print(f"{sum(map(len, held.values())):,} rows of {len(held)} tables are in {to}")


COMMANDS = (privacy_key, rotate_key, pseudonym, reveal, export_user)
