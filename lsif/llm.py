"""Settings of what a large language model is asked, apart from the nights."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from lsif.sources import Section

KIND = "kind"
AttributeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Llm(Section):
    """What a large language model is asked about the catalogue's texts, apart from the nights."""

    model: Annotated[str, Field(min_length=1)] | None = None
    """What the requests ask for; without one nobody is asked."""
    way: Literal["files", "airflow"] = "files"
    """Who brings the answers: `lsif llm import`, or the DAG `lsif_enrichment`, which asks them through Airflow."""
    prompt_version: Annotated[str, Field(min_length=1)] = "1"
    """Another one asks about every text anew."""
    attributes: Annotated[tuple[AttributeName, ...], Field(min_length=1, max_length=6)] = (
        "theme",
        "material",
        "use",
        "occasion",
        "audience",
    )
    """Names of the attributes that an answer may give."""
    sample_texts: PositiveInt = 1000
    """Texts that the first request shows, which proposes the kinds."""
    max_tokens: PositiveInt = 8192
    """Tokens of an answer at the most, thoughts included; a list of eighty kinds takes about 5,000."""
    use: bool = False
    """Whether the next training reads the answers; a model that was trained with them goes on to."""

    @property
    def made_by(self) -> str:
        """Whose answers to which prompt."""
        return f"{self.model}@{self.prompt_version}"

    @property
    def words(self) -> tuple[str, ...]:
        """Names of what is said of an item in one word; nothing where nobody is asked."""
        return (KIND, *self.attributes) if self.model else ()

    @model_validator(mode="after")
    def _uses_what_is_asked_for(self) -> Self:
        if self.use and self.model is None:
            raise ValueError("use = true wants a model, whose answers are to be read")
        if KIND in self.attributes:
            raise ValueError(f"attributes: the {KIND} of an item is asked for in any case")
        if self.way == "airflow" and self.model is None:
            raise ValueError('way = "airflow" wants a model, who is to be asked')
        return self
