"""Settings: a typo is one line that names the nearest key, and nothing is guessed."""

from pathlib import Path

import pytest

from lsif.config import Settings, load_settings
from lsif.errors import LsifError
from tests.conftest import SHOP


def load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "given.toml"
    file.write_text(text)
    return load_settings(file)


def test_the_file_overrides_the_defaults(home: Path) -> None:
    settings = load(home, SHOP + "\n[ranking]\nchunk_users = 7\n")
    assert (settings.ranking.chunk_users, settings.interests.window_events) == (7, 64)
    assert settings.event_types == {"purchase": 1.0, "browse": 0.5, "search": 0.0}


RULED = SHOP.replace('text = ["title"] }', 'text = ["title"], numbers = "price" }') + "[ranking.rules]\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SHOP + "[rankng]\nk = 7\n", "unknown key rankng; did you mean ranking?"),
        (SHOP + "[interests]\nrecent_dayz = 7\n", "unknown key interests.recent_dayz; did you mean recent_days?"),
        (SHOP.replace("user_id", "usr_id"), "unknown key sources.shop.columns.usr_id; did you mean user_id?"),
        (SHOP + "[lists.l]\nk = 0\n", "lists.l.k: Input should be greater than 0"),
        (SHOP + '[lists."For you"]\n', "a list's name is of small letters"),
        (SHOP + '[lists.l]\nitems = "old"\n', "lists.l.items: Input should be 'all', 'own' or 'new'"),
        (
            SHOP + "[model]\ntext_encoder = 'precomputed:vectors.parquet'\n",
            "model.text_encoder: Value error, choose hash",
        ),
        (SHOP.replace("[sources.shop]", "[sources.shop]\ntime_zone = 'Mars'"), "no such time zone: 'Mars'"),
        (SHOP.replace("purchase = 1.0", "purchase = -1.0"), "event_types.purchase: Input should be greater than or"),
        (SHOP + "[interests]\nrow_half_life_days = 2\n", "2 is none of half_lives_days (7, 30, 60, 90, 180)"),
        (
            SHOP + "[deliver.shop]\nto = 'sql'\nurl = 'postgresql://me:secret@db/x'\n",
            "deliver.shop.url: Value error, a password stands in the url",
        ),
        (SHOP + "[deliver.shop]\nto = 'redis'\nurl = 'redis://h/0?password=secret'\n", "a password stands in the url"),
        (
            SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\nof = 'similar_items'\n",
            "deliver.shop.of: [item_lists] does not name similar_items, so it is not made",
        ),
        (SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\nof = 'x'\n", "deliver.shop.of: Input should be"),
        (SHOP + "[item_lists]\n", "name the lists that are wanted: similar_items = {}, taken_together = {}"),
        (SHOP + "[item_lists]\nsimilar = {}\n", "item_lists.similar; did you mean similar_items?"),
        (
            SHOP + "[item_lists.similar_items]\nrules.not_within = { purchase = 3 }\n",
            "not_within is a rule of users' lists; a list beside an item is the same for everybody",
        ),
        (SHOP + "[item_lists.similar_items]\nrules.rotate = 0.2\n", "rotate is a rule of users' lists"),
        (
            SHOP + "[item_lists.taken_together]\nrules.caps = [{ column = 'colour', most = 1 }]\n",
            "item_lists.taken_together.rules.caps: the catalogue has no column colour",
        ),
        (SHOP + "[deliver.shop]\nto = 'sql'\nurl = 'lists.db'\n", "it is no url of a database"),
        (SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\nprefx = 'a'\n", "deliver.shop.prefx; did you mean prefix?"),
        (SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\nprefix = 'a'\n", 'prefix is not for to = "sql"'),
        (SHOP + "[deliver.shop]\nto = 'redis'\nurl = '${U}'\ntable = 'a'\n", 'table is not for to = "redis"'),
        (
            SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\ntable = 'a; b'\n",
            "deliver.shop.table: String should match",
        ),
        (SHOP + "[deliver.shop]\nto = 'redis'\nurl = '${U}'\nprefix = 'a:7'\n", "deliver.shop.prefix: String should"),
        (SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\ncolumns = ['title']\n", "'title' is no column to deliver"),
        (
            SHOP + "[deliver.a]\nto = 'redis'\nurl = '${U}'\n[deliver.b]\nto = 'redis'\nurl = '${U}'\n",
            "deliver.b is the same place as deliver.a",
        ),
        (SHOP + "[deliver.shop]\nto = 'sql'\nurl = '${U}'\nlists = ['all']\n", "'all' is none of the lists: for_you"),
        (SHOP + '[training]\ntargets = ["search"]\n', "'search' is none of the event types of positive weight"),
        (
            SHOP.replace("search = 0.0", "impression = 0.1"),
            "what was shown is no interest: impression = 0, not 0.1",
        ),
        (
            SHOP + "[feedback]\nclicks = ['clik']\n",
            "feedback: 'clik' is none of the event types: purchase, browse, search",
        ),
        (
            SHOP + "[feedback.satisfaction]\nevent_type = 'rate'\n",
            "feedback: 'rate' is none of the event types: purchase, browse, search",
        ),
        (
            SHOP + "[feedback.satisfaction]\nevent_type = 'purchase'\nat_least = 3\nfollowed_by = 'browse'\n",
            "feedback.satisfaction: Value error, keep one of at_least, followed_by and not_followed_by",
        ),
        (
            SHOP + "[feedback]\nuser_groups = ['country']\n",
            "feedback.user_groups: 'country' is none of the attributes of [users]: none",
        ),
        (
            SHOP + "[fairness]\nuser_groups = ['country']\n",
            "fairness.user_groups: 'country' is neither built in nor an attribute of [users]; there are activity, hist",
        ),
        (SHOP + "[fairness]\nitem_groups = ['age']\n", "fairness.item_groups: age wants published among columns of"),
        (
            SHOP + "[fairness]\nitem_groups = ['colour']\n",
            "fairness.item_groups: 'colour' is neither built in nor a column that groups items; there are popularity, ",
        ),
        (SHOP + "[fairness]\nitem_groups = ['text']\n", "'text' is neither built in nor a column that groups items"),
        (
            SHOP + "[checks.fairness]\nworst_group = { fail = 0.1 }\n",
            "checks.fairness: Value error, worst_group is known when the lists are long published",
        ),
        (SHOP + "[checks.fairness]\nexposur = { fail = 0.1 }\n", "checks.fairness.exposur; did you mean exposure?"),
        (SHOP + "[checks.fairness]\ngini = { fial = 0.1 }\n", "checks.fairness.gini.fial; did you mean fail?"),
        (
            RULED + 'where = "pric < 3"\n',
            "ranking.rules.where: 'pric < 3': there is no column pric; did you mean price?",
        ),
        (RULED + 'where = "price <"\n', "'price <' is no SQL expression: syntax error at or near"),
        (RULED + 'where = "random() < price"\n', "random makes another value each time"),
        (RULED + 'where = "price > (select 1)"\n', "asks another table: it may only make a value of a row's columns"),
        (RULED + 'where = "title"\n', "'title' is VARCHAR, where yes or no is wanted"),
        (
            RULED + "not_within = { search = 3 }\n",
            "search is none of the event types of positive weight: purchase, browse",
        ),
        (
            RULED + "not_within = { purchase = 181 }\n",
            "181 days of purchase are more than [retention] days = 180 keeps",
        ),
        (RULED + "explore = { share = 0.1 }\n", "which items are new? Map `published` of the catalogue"),
        (
            RULED + 'caps = [{ column = "brand", most = 1 }]\n',
            "the catalogue has no column brand; there are price, item_id",
        ),
        (RULED + 'caps = [{ column = "title", most = 0 }]\n', "most: Input should be greater than 0"),
        (RULED + 'caps = [{ column = "title", most = 3, every = 3 }]\n', "most = 3 among every 3 rows forbids nothing"),
        (RULED + 'for_users = [{ users = "age = 3", where = "true" }]\n', "there is no [users] that says anything"),
        (RULED + 'pins = [{ item = "a", rank = 1 }, { item = "b", rank = 1 }]\n', "a and b are both pinned at rank 1"),
        (
            SHOP + '[lists.l]\nrules.pins = [{ item = "a", rank = 21 }]\n',
            "lists.l.rules.pins: a is pinned at rank 21 of 20",
        ),
        (
            SHOP + '[lists.l]\nitems = "own"\nrules.explore = { share = 0.1, where = "true" }\n',
            'a list of items = "own" has no room',
        ),
        (SHOP + '[user_interests]\ncolumns = ["colour"]\n', "the catalogue has no column of texts 'colour'"),
        (RULED + "rotate = 0.7\n", "rotate.share: Input should be less than or equal to 0.5"),
        (
            SHOP + '[lists.l]\nk = 2\nrules.rotate = 0.5\nrules.explore = { share = 0.5, where = "true" }\n'
            'rules.pins = [{ item = "a", rank = 1 }]\n',
            "lists.l.rules.rotate: 1 rows that rotate, 1 to explore and 1 pins are more than the list's 2",
        ),
        (
            RULED + 'rotate = 0.2\nexplore = { share = 0.1, where = "true" }\n'
            'caps = [{ column = "title", most = 1 }]\n',
            "with explore, cap title could forbid what one of them draws beside the other's",
        ),
        (SHOP + "x = [", "is not valid TOML"),
        ("home = '/x'\n" + SHOP, "home is set by LSIF_HOME, not in the file"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(home: Path, text: str, line: str) -> None:
    with pytest.raises(LsifError) as caught:
        load(home, text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_has_its_rules_and_those_of_all(home: Path) -> None:
    for_all = 'where = "price > 1"\nnot_within = { purchase = 7 }\ncaps = [{ column = "title", most = 2 }]\n'
    own = '[lists.l.rules]\nwhere = "price < 9"\nnot_within = { purchase = 3, browse = 1 }\n'
    own += 'caps = [{ column = "title", most = 1 }]\nshown = { discount = 0.1 }\n'
    rules = load(home, RULED + for_all + own).rules_of("l")
    assert (rules.where, rules.not_within) == ("(price > 1) and (price < 9)", {"purchase": 7, "browse": 1})
    assert [cap.most for cap in rules.caps] == [1], "of one column the list's own"
    assert rules.shown is not None and rules.shown.days == 14


def test_a_missing_file_is_named(home: Path) -> None:
    with pytest.raises(LsifError, match=r"cannot read the configuration .*absent\.toml: No such file"):
        load_settings(home / "absent.toml")


def test_a_file_that_is_no_text_is_one_clear_line(home: Path) -> None:
    (home / "odd.toml").write_bytes(b"\xff\xfe[")
    with pytest.raises(LsifError, match=r"^[^\n]*odd\.toml is not valid TOML: [^\n]*$"):
        load_settings(home / "odd.toml")


def test_the_fingerprint_follows_settings_and_not_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load(home, SHOP).fingerprint()
    monkeypatch.setenv("LSIF_TABLES", "s3://bucket/tables")
    assert load(home, SHOP).fingerprint() == before
    assert load(home, SHOP + "[ranking]\nchunk_users = 7\n").fingerprint() != before


def test_a_narrow_copy_holds_its_sections_and_the_places(settings: Settings) -> None:
    narrow = settings.only(["rules"])
    assert (narrow.rules, narrow.home, narrow.tables) == (settings.rules, settings.home, settings.tables)
    with pytest.raises(AttributeError, match=r"^\[ranking\] is none of the sections"):
        print(narrow.ranking)
    assert narrow.fingerprint() not in (settings.fingerprint(), settings.only([]).fingerprint())
    assert settings.ranking.chunk_users == 64, "the whole ones are as they were"


def test_relative_places_start_at_home_and_urls_stay(settings: Settings, home: Path) -> None:
    assert settings.locate("landing/{ds}.csv", "2017-01-01") == f"{home}/landing/2017-01-01.csv"
    assert settings.locate("s3://shop/{ds}/", "2017-01-01") == "s3://shop/2017-01-01/"
