"""Tables are read by what their columns are called, and every record keeps its line number."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from sim.calibrate.reading.columns import Role, parse_columns
from sim.calibrate.reading.table import read_table
from sim.errors import InputError

ROLES = {
    "customer": Role(("customer id", "respondent")),
    "answer": Role(("likert", "score")),
    "week": Role(needed=False),
}
WHAT = "a survey"


def write(folder: Path, content: str | bytes, name: str = "survey.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "Customer_ID,Note,SCORE\n08,x,5\n07,,3\n"),
        ("a.tsv", "respondent\tNote\tlikert\r\n08\tx\t5\r\n07\t\t3"),
        ("a.txt", "\ufeffanswer;Note;customer\n 5 ; x ; 08 \n3;;07\n"),
        ("a.csv.gz", gzip.compress(b'"Customer-Id","Note","Score"\n"08","x","5"\n"07","","3"\n', mtime=0)),
        ("a[1]*.csv", "customer.id|Note|Score|\r08|x|5|\r07||3|\r"),
    ],
)
def test_columns_are_found_by_name_in_every_layout(tmp_path: Path, name: str, content: str | bytes) -> None:
    table = read_table(write(tmp_path, content, name), ROLES, what=WHAT, others=True)
    assert table.columns.tolist() == ["customer", "answer", "Note"]
    assert table["customer"].tolist() == ["08", "07"]
    assert table["answer"].tolist() == ["5", "3"]
    assert table["Note"].tolist() == ["x", ""]
    assert table.index.tolist() == [2, 3]


def test_parquet_gives_the_same_text_and_numbers_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a'b[1].parquet"
    rows = "VALUES ('08', 'x', 5), ('07', NULL, 3)"
    sink = str(path).replace("'", "''")
    duckdb.sql(f"COPY (SELECT * FROM ({rows}) AS t (\"Customer ID\", note, score)) TO '{sink}' (FORMAT parquet)")
    table = read_table(path, ROLES, what=WHAT, others=True)
    assert table.to_numpy().tolist() == [["08", "5", "x"], ["07", "3", ""]]
    assert table.index.tolist() == [1, 2]


def test_a_record_over_several_lines_keeps_the_number_of_its_first(tmp_path: Path) -> None:
    path = write(tmp_path, '\n"cust\nomer",score\n\n"a ""x""\nb",5\n\nc,3\n,\nd,1\n')
    table = read_table(path, ROLES, {"customer": "cust\nomer"}, WHAT)
    assert table["customer"].tolist() == ['a "x"\nb', "c", "d"]
    assert table.index.tolist() == [5, 8, 10]


def test_a_given_column_goes_before_a_name_that_fits(tmp_path: Path) -> None:
    path = write(tmp_path, "customer,CustNo,score\na,1,5\n")
    table = read_table(path, ROLES, {"customer": "custno"}, WHAT, others=True)
    assert table.to_dict("list") == {"customer": ["1"], "answer": ["5"], "customer.1": ["a"]}


@pytest.mark.parametrize(
    ("content", "given", "said"),
    [
        ("", {}, "the file is empty; a survey has one line per answer"),
        ("customer,score\n", {}, "nothing below the header; a survey has one line per answer"),
        ("customer,score\na,5\nb\n", {}, "line 3: found 1 columns, 2 in the first line"),
        ("customer,score\na,5\n\nb,3,4\n", {}, "line 4: found 3 columns, 2 in the first line"),
        ('customer,score\na,5\nb,"3\nc,4\n', {}, "line 3: .* quotation mark that is not closed"),
        (b"customer,score\na,5\n\xe9,4\n", {}, "line 3: byte 0xe9 is not UTF-8"),
        (b"PAR1\0\0", {}, "begins as a Parquet file but is damaged"),
        (b"PK\x03\x04", {}, "binary file"),
        (b"a\0b", {}, "binary file"),
        ("customer,score\n".encode("utf-16"), {}, "text in UTF-16"),
        (gzip.compress(b"customer,score\na,5\n" * 99, mtime=0)[:-9], {}, "the file is damaged"),
        (
            "who,score\na,5\n",
            {},
            r"no column for the customer among those found \(who, score\); .*--columns customer=NAME",
        ),
        ("customer,respondent,score\na,a,5\n", {}, "'customer' and 'respondent' could each be the customer"),
        ("Who,score\na,5\n", {"customer": "Whom"}, r"no column 'Whom', given for the customer, .*mean 'Who'\?"),
        ("who,score\na,5\n", {"custmer": "who"}, "'custmer' is nothing that .*customer, answer, week"),
        ("who,x\na,5\n", {"customer": "x", "answer": "x"}, "'x' is given for both"),
        ("x,x\na,5\n", {"customer": "x"}, "2 columns are called 'x'"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_in_one_sentence(
    tmp_path: Path, content: str | bytes, given: dict[str, str], said: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError, match=said) as refusal:
        read_table(path, ROLES, given, WHAT, each="answer")
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; give the path of a survey"):
        read_table(tmp_path / "nowhere.csv", ROLES, what=WHAT)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path, ROLES, what=WHAT)


def test_columns_are_parsed_from_the_command_line() -> None:
    assert parse_columns(" customer = Cust No , date=Day") == {"customer": "Cust No", "date": "Day"}
    for wrong in ("", "customer", "=x", "customer=", "a=b,"):
        with pytest.raises(InputError, match="write ROLE=NAME"):
            parse_columns(wrong)
    with pytest.raises(InputError, match="given twice"):
        parse_columns("date=a,date=b")
