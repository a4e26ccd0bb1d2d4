"""Where scoring meets the tables."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from lsif.config import Interest, Settings
from lsif.errors import LsifError
from lsif.features.evening import Evening, Few, evening
from lsif.features.words import with_words
from lsif.ranking.by_rules import without_rules
from lsif.ranking.rows import SCHEMA, of_variant
from lsif.ranking.scoring import Night, PopularNight, recommend, recommend_batches
from lsif.ranking.tally import Tally
from lsif.ranking.trained import TrainedModel
from lsif.ranking.user_facts import UserFacts
from lsif.ranking.why import Way, way
from lsif.spark_master import is_local, spark_master
from lsif.tables import Tables
from lsif.tables.write import Writer


def write_lists(
    writer: Writer,
    trained: TrainedModel | None,
    at: Evening,
    settings: Settings,
    facts: UserFacts,
    variant: str | None = None,
) -> Tally:
    """Every user's lists, written and not visible yet: by this process, or by the executors where there is a cluster.

    Args:
        variant: of an experiment, that all of `at.people` belong to.

    Returns:
        What rules did, and how evidence held.

    Raises:
        LsifError: as `recommend_batches`, or Spark's master does not answer.
    """
    tally = Tally()
    if trained is None or is_local(spark_master()):
        rows = recommend_batches(trained, at, settings, facts=facts, tally=tally)
        writer.write(at.ds, (of_variant(batch, variant) for batch in rows))
        return tally
    from lsif.ranking.by_executors import write_by_executors  # and Spark, which one machine scores without

    write_by_executors(writer, trained, at, settings, facts, tally, variant)
    return tally


def lists_at(
    tables: Tables,
    ds: str,
    settings: Settings,
    trained: TrainedModel | None,
    users: Sequence[str] | None = None,
    only: Interest | None = None,
    told: bool = True,
) -> pa.Table:
    """What the night of `ds` would recommend, without writing it anywhere; with evidence and reasons where `told`."""
    facts, tally = UserFacts(tables, ds, settings), Tally() if told else None
    return recommend(trained, evening_of(tables, ds, settings, trained), settings, users, only, facts, tally)


def lists_one_by_one(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None, users: Sequence[str]
) -> Iterator[tuple[str, pa.Table]]:
    """The lists of each of `users` as `lists_at` makes them for this user alone; tables are opened once for all."""
    facts, at = UserFacts(tables, ds, settings), evening_of(tables, ds, settings, trained)
    chosen = pa.array(sorted(users), pa.string())
    at = replace(at, people=Few(at.people, chosen), earlier=Few(at.earlier, chosen))
    night = night_of(trained, at, settings, facts)
    for user in users:
        alone = pa.array([user], pa.string())
        known = alone.filter(pc.is_in(alone, value_set=at.people.ids))
        yield user, pa.Table.from_batches(night.rows_of(known, Tally()), SCHEMA)


def parts_at(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel, users: Sequence[str]
) -> Iterator[pa.Table]:
    """The same without rules, some users at a time: each part is let go before the next is made.

    Models are compared by what they rank: what is in stock, pinned or drawn that day says nothing of them.
    """
    settings = without_rules(settings)
    batches = recommend_batches(trained, evening_of(tables, ds, settings, trained), settings, users)
    return (pa.Table.from_batches([batch]) for batch in batches)


def night_of(trained: TrainedModel | None, at: Evening, settings: Settings, facts: UserFacts) -> Night | PopularNight:
    """What makes lists of users without evidence and reasons, by a model or by what is popular."""
    return Night(trained, at, settings, facts=facts) if trained else PopularNight(at, settings, facts)


def evening_of(tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None) -> Evening:
    """What the night of `ds` reads to score with this model, and what its rules name of a language model's words.

    Raises:
        LsifError: as `with_words`.
        MissingDays: as `evening`.
    """
    at = evening(tables, ds, settings, trained.index.text_encoder if trained else None)
    return replace(at, items=with_words(at.items, tables, ds, settings))


def ways_at(
    tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None, user: str, item: str
) -> list[Way]:
    """What became of an item in each list of a user in the night of `ds`, by the same functions.

    Raises:
        LsifError: the user gets no list, or nothing was known of the item.
    """
    facts, at = UserFacts(tables, ds, settings), evening_of(tables, ds, settings, trained)
    if user in facts.without_lists.to_pylist():
        raise LsifError(f"user {user} gets no list: opted out, or in the file of blocked users")
    if user not in at.people.ids.to_pylist():
        raise LsifError(f"nothing is known of user {user} at the end of {ds}: there is no list")
    by, asked, item_ids = night_of(trained, at, settings, facts).asked(user)
    number = pc.index(item_ids, item).as_py()
    if number < 0:
        raise LsifError(
            f"nobody knows item {item} at the end of {ds}: no catalogue of until then has it, or it is not available"
        )
    return [way(one, number, by) for one in asked]


def lists_of(tables: Tables, ds: str, settings: Settings, trained: TrainedModel | None, user: str) -> str:
    """One user's lists of the night of `ds`, as text.

    Raises:
        LsifError: nothing is known of the user.
    """
    rows = lists_at(tables, ds, settings, trained, [user])
    if not len(rows):
        raise LsifError(f"nothing is known of user {user} at the end of {ds}: there is no list to print")
    return str(rows.to_pandas().to_string(index=False))
