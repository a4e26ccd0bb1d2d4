"""The commands that show a user's lists and interests, what became of one item in lists, and those beside an item."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsif.config import Interest
from lsif.days import parsed_day
from lsif.rows_out import AsCsv, AsJson, form

if TYPE_CHECKING:
    from lsif.list_rules import ListRules
    from lsif.ranking.why import Way

User = Annotated[str, typer.Argument(help="User id, as it stands in the events.")]
Item = Annotated[str, typer.Argument(help="Item id, as it stands in the catalogue.")]
Published = Annotated[str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Default: the newest published.")]
OneList = Annotated[str | None, typer.Option("--list", metavar="NAME", help="Only this list; default: all.")]


def recs(
    user: User,
    ds: Published = None,
    name: OneList = None,
    only: Annotated[
        Interest | None, typer.Option("--only", help="As this interest alone would rank, by the day's model.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show a user's lists with titles: `lsif recs 385 --ds 2017-10-31 --list discover`.

    An id that is also an option stands after `--`: `lsif recs --ds 2017-10-31 -- --ds`.
    """
    from lsif.lookup import recommendations
    from lsif.screen import show

    how = form(as_json, as_csv)
    day, rows = recommendations(user, parsed_day(ds) if ds else None, name, only)
    model = rows[0]["model_version"]
    columns = ["list", "rank", "item_id", "title", "score", "alpha", "long_part", "short_part", "reason_code", "reason"]
    alone = f", by {only} interest alone" if only else ""
    variant = of_variant(rows[0]["variant"])
    show(how, f"user {user}, ds={day}, model version {model}{variant}{alone}", columns, rows)


def of_variant(variant: str | None, by: str | None = None) -> str:
    """Which variant of an experiment a user belongs to, and whose lists those are, where they are another's."""
    instead = f", with the lists of {by}" if by and by != variant else ""
    return f", variant {variant}{instead}" if variant else ""


def why(
    user: User,
    item: Item,
    ds: Published = None,
    name: OneList = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Tell why an item is in a user's lists, or at which step it left: `lsif why 385 1082185 --ds 2017-10-31`.

    The night's own functions answer, with the model of that night and the settings of today.
    """
    from lsif.lookup import ways, with_titles
    from lsif.ranking.rows import PARTS
    from lsif.screen import show

    how = form(as_json, as_csv)
    day, version, found, by = ways(user, item, parsed_day(ds) if ds else None, name)
    rows: list[dict[str, Any]] = []
    for one, row in found:
        sentence = because(one, by.settings.rules_of(one.name), by.settings.lists[one.name].k)
        said = {column: row.get(column) for column in (*PARTS, "reason_code", "reason", "evidence")}
        rows.append({"list": one.name, **vars(one), "because": sentence, **said})
    title = f"user {user}, item {item}, ds={day}, model version {version}{of_variant(by.variant, by.by)}"
    show(how, title, ["list", "place", "of", "score", "rule", "place_by_rules", "rank", "because"], rows)
    if how != "screen":
        return
    if listed := [row for row in rows if row["rank"]]:
        show(how, "what the rows say of themselves", ["list", *PARTS, "reason_code", "reason"], listed)
    if pieces := [{"list": row["list"], **piece} for row in listed for piece in row["evidence"] or []]:
        columns = ["list", "item_id", "title", "piece", "event_type", "events", "first_day", "last_day", "share"]
        show(how, "what carries them", columns, with_titles(day, pieces))


def similar(
    item: Item,
    ds: Annotated[str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Default: the newest there is.")] = None,
    name: OneList = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the lists beside an item with titles: `lsif similar 1082185 --list taken_together`.

    Where the configuration names them in `[item_lists]`, each night makes them.
    """
    from lsif.lookup import beside
    from lsif.screen import show

    how = form(as_json, as_csv)
    day, rows = beside(item, parsed_day(ds) if ds else None, name)
    told = ["score", "text", "attributes", "factors", "baskets", "users"]
    show(how, f"item {item}, ds={day}", ["list", "rank", "other_item_id", "title", *told], rows)


def interests(
    user: User,
    ds: Annotated[str | None, typer.Option("--ds", metavar="YYYY-MM-DD", help="Default: the newest written.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show what a user is interested in, of long and of late: `lsif interests 385 --ds 2017-10-31`.

    Weights are events, faded; `change` is against `recent_days` days before.
    """
    from lsif.lookup import interests as found
    from lsif.screen import show

    how = form(as_json, as_csv)
    day, rows = found(user, parsed_day(ds) if ds else None)
    columns = ["attribute", "theme", "long_weight", "short_weight", "change", "share", "share_change", "last_day"]
    show(how, f"user {user}, ds={day}", columns, rows)


def because(way: "Way", rules: "ListRules", k: int) -> str:
    """A sentence: why the item is there, or which step it left at and what would have to change."""
    if way.place is None:
        had = "the user has had it" if way.own else "the user never had it"
        return f"no candidate of {way.name}: {had}, or it may not be recommended (available)"
    if way.closed is not None:
        return f"the filter {way.closed} keeps it out{_said(way.closed, rules)}"
    if way.rank is not None:
        moved = f", {'raised' if way.rule > 0 else 'lowered'} by {abs(way.rule):g}" if way.rule else ""
        return f"in the list{moved}"
    if way.limit is not None:
        return f"{way.limit} does not let it stand beside the rows of the list"
    last = "" if way.last is None else f"; the last row has {way.last:.4f}, it has {(way.score or 0) + way.rule:.4f}"
    return f"its score is not among the {k} best{last}"


def _said(closed: str, rules: "ListRules") -> str:
    """The filter as the settings say it."""
    if closed == "where":
        return f": {rules.where}"
    if closed == "not_within":
        return f": {', '.join(f'{kind} within {days} days' for kind, days in rules.not_within.items())}"
    return f": {', '.join(rules.blocked_items)}" if closed == "blocked_items" else ""
