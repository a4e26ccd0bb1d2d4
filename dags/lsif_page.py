"""The task that makes the night's page, with a button that opens it. Airflow and the standard library only."""

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.types import TaskInstanceKey
from lsif_operator import JobOperator


class PageLink(BaseOperatorLink):
    """Opens what the job said last, where that is an address that a browser may open from here."""

    name = "The night's page"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        said = str(getattr(operator, "said", ""))
        return said if said.startswith(("http://", "https://")) else ""


class PageOperator(JobOperator):  # type: ignore[misc]
    """A job whose last line is an address."""

    operator_extra_links = (PageLink(),)
