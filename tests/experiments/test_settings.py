"""Settings of experiments: what a variant changes, and what is refused in a line."""

from pathlib import Path

import pytest

from lsif.config import Settings, load_settings
from lsif.errors import LsifError
from lsif.experiment import of_variant, on_night
from tests.conftest import SHOP

HEAD = """
[experiment]
name = "fresh"
from = 2024-03-01
through = 2024-03-07
"""
CONTROL = "[experiment.variants.as_is]\nshare = 0.5\n"
OTHER = "[experiment.variants.bold]\nshare = 0.5\n"
K = "[experiment.variants.bold.lists.for_you]\nk = 7\nrules.where = \"category <> 'c1'\"\n"
BASE = "[lists.for_you]\nk = 9\nrules.not_within = { purchase = 3 }\n[lists.mine]\nitems = 'own'\n"


def load(home: Path, text: str) -> Settings:
    (home / "given.toml").write_text(SHOP + text)
    return load_settings(home / "given.toml")


def test_a_variant_changes_what_it_says_and_nothing_else(home: Path) -> None:
    settings, plain = load(home, BASE + HEAD + CONTROL + OTHER + K), load(home, BASE)
    assert settings.experiment and settings.experiment.control == "as_is"
    bold = of_variant(settings, "bold")
    assert (bold.lists["for_you"].k, bold.lists["for_you"].items) == (7, "all")
    assert bold.rules_of("for_you").where == "category <> 'c1'"
    assert bold.rules_of("for_you").not_within == {"purchase": 3}, "what it does not say, it keeps"
    assert bold.lists["mine"] == settings.lists["mine"] and bold.experiment is None
    assert of_variant(settings, "as_is").fingerprint() == plain.fingerprint() != bold.fingerprint()


def test_nights_before_and_after_are_what_they_were(home: Path) -> None:
    settings, plain = load(home, BASE + HEAD + CONTROL + OTHER + K), load(home, BASE)
    for ds, days_more, holds in (
        ("2024-02-29", 0, False),
        ("2024-03-01", 0, True),
        ("2024-03-07", 0, True),
        ("2024-03-08", 0, False),
        ("2024-03-08", 1, True),
    ):
        at = on_night(settings, ds, days_more)
        assert ((at.experiment is not None), at.fingerprint() == plain.fingerprint()) == (holds, not holds), ds


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            HEAD + CONTROL + OTHER.replace("0.5", "0.4") + K,
            "shares of the variants as_is, bold add up to 0.9, not to 1",
        ),
        (HEAD + CONTROL, "an experiment has two variants or more, not only as_is"),
        (HEAD + CONTROL + OTHER, "one variant is the control and says only its share, not as_is, bold"),
        (HEAD + CONTROL.replace("0.5", "0.5\nmodel = '7'") + OTHER + K, "says only its share, not none"),
        (HEAD.replace("-07", "-01").replace("-03-01\nthr", "-03-02\nthr") + CONTROL + OTHER + K, "is after through"),
        (
            HEAD + CONTROL + OTHER + K.replace("for_you", "for_us"),
            "bold.lists.for_us: there is no such list, but for_you",
        ),
        (HEAD + CONTROL + OTHER + K + "items = 'own'\n", 'a variant keeps items = "all"'),
        (HEAD + CONTROL + OTHER + "lists.mine.new_share = 0.5\n", 'new_share goes with items = "all", not "own"'),
        (
            HEAD + CONTROL + OTHER + K + "rules.wher = 'x'\n",
            "unknown key experiment.variants.bold.lists.for_you.rules.wher",
        ),
        (
            HEAD + CONTROL + OTHER + K.replace("category", "color"),
            "experiment.variants.bold.lists.for_you.rules.where",
        ),
        (HEAD + "guard = 'sales'\n" + CONTROL + OTHER + K, "experiment.guard: Input should be 'click_through' or"),
        (HEAD + CONTROL + OTHER.replace("bold", "'very bold'") + "model = '7'\n", "not 'very bold'"),
    ],
)
def test_what_does_not_hold_together_is_one_line(home: Path, text: str, line: str) -> None:
    with pytest.raises(LsifError) as said:
        load(home, BASE + text)
    assert line in str(said.value) and "\n" not in str(said.value)
