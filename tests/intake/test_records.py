"""Files cut into the texts of their rows: what a sign in the wrong place may cost, and which layout a file has."""

import gzip
from pathlib import Path

import pytest

from lsif.errors import LsifError
from lsif.intake.files import delivered_files
from lsif.intake.records import csv_texts
from lsif.intake.streams import check_text
from tests.intake.test_files import files, given, refused


def numbered(*lines: str, **said: str) -> list[tuple[int, str]]:
    return list(csv_texts(iter(f"{line}\r\n" for line in lines), given(multiline=True, **said)))


def cut(*lines: str, **said: str) -> list[str]:
    return [text for _, text in numbered(*lines, **said)]


def test_a_sign_for_inches_joins_no_rows() -> None:
    lines = ['1,5" pipe', "2,tea", '3,6" pipe', "4,bun"]
    assert cut(*lines) == lines
    assert cut('1;5" pipe', "2;tea", '3;6" pipe', delimiter=";") == ['1;5" pipe', "2;tea", '3;6" pipe']
    assert cut('1::5" pipe', "2::tea", '3::6" pipe', delimiter="::") == ['1::5" pipe', "2::tea", '3::6" pipe']
    assert cut(*lines[:3], '4,"green', 'tea"') == [*lines[:3], '4,"green\r\ntea"'], "a cell over two lines still is one"


def test_a_cell_over_lines_is_one_whatever_it_holds() -> None:
    for cell in ('"a\r\n2,b"', '"a ""b""\r\n\r\nc"', f'"{"x" * 200_000}\r\ny"'):
        assert cut(f"1,{cell}", "2,tea") == [f"1,{cell}", "2,tea"]
    assert cut("1,'a\r\n2,b'", "2,tea", quote="'", escape="\\") == ["1,'a\r\n2,b'", "2,tea"]
    assert cut('1,"a\\"\r\nb"', "2,tea", escape="\\") == ['1,"a\\"\r\nb"', "2,tea"]


def test_a_row_has_the_number_of_the_line_on_which_it_begins() -> None:
    found = numbered("id,note", '1,"a', "", 'b"', '2,5" pipe', "3,tea", "", '4,"x', "5,bun")
    assert [number for number, _ in found] == [1, 2, 5, 6, 7, 8, 9]
    assert [text[0] for _, text in found if text] == ["i", "1", "2", "3", "4", "5"]


def test_a_header_may_go_over_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text('id,user,"a\nnote"\n1,2,3\n')
    (file,) = files(path, multiline=True)
    assert (file.columns, file.header) == (("id", "user", "a\nnote"), 'id,user,"a\nnote"')


@pytest.mark.parametrize("text", ["[]", " [ \n] "])
def test_a_list_of_no_objects_is_a_day_without_rows(tmp_path: Path, text: str) -> None:
    path = tmp_path / "day.json"
    path.write_text(text)
    (file,) = files(path, "json", json="array")
    assert file.columns == ("id", "user")


@pytest.mark.parametrize(
    ("text", "said", "told"),
    [
        ('[\n {\n  "id": 1,\n  "user": 2\n }\n]', {}, 'no line is an object (one list of objects? set json = "array")'),
        ('[{"id": 1, "user": 2}]', {}, 'set json = "array"'),
        ('{"id": 1, "user": 2},\n{"id": 2, "user": 2},\n', {}, "no line is an object"),
        ('{"id": 1, "user": 2}\n', {"json": "array"}, "this begins otherwise (lines? leave it out)"),
    ],
)
def test_the_wrong_layout_says_what_to_set(tmp_path: Path, text: str, said: dict[str, str], told: str) -> None:
    path = tmp_path / "day.json"
    path.write_text(text)
    assert told in refused(path, "json", **said)


def test_what_is_no_text_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "day.csv.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"id,user\n1,2\n")))
    assert refused(path) == f"{path} is compressed twice: unpack it once"
    path.write_bytes(bytes(range(2, 32)) * 9)
    assert "is no text in utf-8" in refused(path)
    path.write_bytes(b"id\x01user\n1\x012\n")
    check_text(str(path), "utf-8")
    assert delivered_files(given(delimiter="\x01"), str(path))[0].columns == ("id", "user"), "as Hive parts columns"
    path.write_bytes(b"id,us\x02er\n1,2\n")
    with pytest.raises(LsifError) as error:
        files(path)
    assert "it has id, 'us\\x02er'" in str(error.value)
