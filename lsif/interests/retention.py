"""Which days of tiles, histories and windows nobody needs any more."""

from lsif.config import Settings
from lsif.days import day_before
from lsif.interests.bases import history_settings, usable_bases
from lsif.tables import Tables

LATE_TRAINING_DAYS = 14
"""A training is for the Monday a week before it runs, and may be repaired a week later."""

OF_ITEMS = ("item_hours", "item_states", "similar_items", "taken_together")
"""What each night says of items."""


def days_to_thin(tables: Tables, settings: Settings, ds: str) -> dict[str, list[str]]:
    """Table = its days that go, in the order in which they must.

    Kept is what the nights of the last `retention.days` days need, and the trainings whose cutoffs reach further back:
    their windows and those of `recent_days` before, the popularity of the days before, the newest base at or before the
    first of them, and the tiles after that base. Everything that goes can be made again from `events`.
    """
    training = settings.training.cutoffs * settings.training.horizon_days + LATE_TRAINING_DAYS
    oldest = day_before(ds, max(settings.retention.days, training))
    first = day_before(oldest, settings.interests.recent_days)
    popular = day_before(first, settings.interests.popularity_days - 1)
    found = {name: tables.days(name, last=day_before(popular)) for name in ("user_tiles", "item_tiles")}
    found["recent_windows"] = tables.days("recent_windows", last=day_before(first))
    found |= {
        name: tables.days(name, last=day_before(oldest)) for name in (*OF_ITEMS, "user_interests", "night_profiles")
    }
    if base := max(usable_bases(tables, first, history_settings(settings)), default=None):
        # Bases first: once their tiles are gone, the oldest base that is left stands for them.
        found["long_term_histories"] = tables.days("long_term_histories", last=day_before(base))
        found["history_tiles"] = tables.days("history_tiles", last=base)
    return found | personal_days(tables, settings, ds, min(day_before(popular), base or ""))


def personal_days(tables: Tables, settings: Settings, ds: str, held: str) -> dict[str, list[str]]:
    """Table that holds users = its days that are older than `retention.tables` keeps them.

    Args:
        held: the last day whose events no night and no training needs any more: a base holds them.
    """
    found = {}
    for name, days in settings.retention.tables.items():
        last = day_before(ds, days + 1)
        if name == "events":
            last = min(last, held)
        if name == "users":  # the newest delivery before what is kept is in force there
            last = day_before(tables.newest_day(name, last) or last)
        found[name] = tables.days(name, last=last)
    return found
