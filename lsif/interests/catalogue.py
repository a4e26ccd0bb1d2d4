"""The catalogue's contract: delivered products as rows of `items`, and what breaks a rule as rows of `quarantine`."""

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lsif.bounds import Rules
from lsif.intake.cells import any_of
from lsif.intake.mapping import Mapped
from lsif.interests.attributes import named_numbers, named_texts
from lsif.interests.listed import Door, Listed, judged
from lsif.interests.quarantine import CATALOGUE
from lsif.sources import Catalogue

NAMES = ("title", "category", "brand")


def judged_products(spark: SparkSession, catalogue: Catalogue, path: str, rules: Rules) -> Listed:
    """Rows of `items` sorted by id, and what became of the others.

    A product listed twice is the first of its rows. Words that are no yes and no no leave a product for sale, and are
    counted; so are texts that are longer than `max_text`, and cut. Rules: as `listed.judged`.
    """

    def columns(part: Mapped) -> tuple[dict[str, Column], dict[str, Column]]:
        words = {name: part.words(name) for name in NAMES}
        described = part.each("text")
        for_sale, strange = part.flag("available")
        published = part.time("published")
        attributes, attribute_lost = named_texts(part, rules)
        numbers, number_lost = named_numbers(part)
        said = part.text("published") if "published" in catalogue.mapped else F.lit(None)
        made = {name: column for name, (column, _) in words.items()}
        made |= {
            "text": F.concat_ws(" ", *(text for _, text, _ in described)),
            "available": F.coalesce(for_sale, F.lit(True)),
            "published": published,
            "attributes": attributes,
            "numbers": numbers,
        }
        lost = {name: is_lost for name, (_, is_lost) in words.items()}
        lost |= {"text": any_of([is_lost for _, _, is_lost in described]), "available": strange}
        lost |= {"published": said.isNotNull() & published.isNull()}
        lost |= {"attributes": attribute_lost, "numbers": number_lost}
        return made, lost

    return judged(spark, Door("items", CATALOGUE, columns, (*NAMES, "text")), catalogue, path, rules)
