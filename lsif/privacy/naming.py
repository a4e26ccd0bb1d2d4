"""Users as people name them, and as the tables do."""

import pyarrow as pa

from lsif.config import Settings
from lsif.privacy.key import key_of
from lsif.privacy.pseudonym import stored_name


def naming(settings: Settings) -> dict[str, str]:
    """How users are named, for the steps that take them in; nothing where they keep their ids.

    Raises:
        LsifError: as `key_of`.
    """
    if not settings.privacy.pseudonyms:
        return {}
    return {"pseudonyms": " ".join([key_of(settings).id, *sorted(settings.privacy.pseudonym_columns)])}


def stored_user(settings: Settings, typed: str) -> str:
    """What the tables call a user whom a person names by id; a pseudonym stays one.

    Raises:
        LsifError: as `key_of`, where users are pseudonyms.
    """
    return stored_name(key_of(settings), typed) if settings.privacy.pseudonyms else typed


def stored_users(settings: Settings, typed: pa.Array) -> pa.Array:
    """The same of many."""
    if not settings.privacy.pseudonyms:
        return typed
    key = key_of(settings)
    return pa.array(sorted({stored_name(key, one) for one in typed.to_pylist()}), pa.string())
