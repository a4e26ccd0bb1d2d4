"""The demo: real nights on a real year of shopping, on one machine."""

from lsif.demo.story import run

__all__ = ["run"]
