"""Dates, amounts, returns and duplicates of a purchase log are read by the rules that its docstring states."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibrate import PurchaseLog, read_log
from sim.calibrate.purchases.returns import netted
from sim.calibrate.reading.amounts import reading
from sim.errors import InputError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a log with the header customer;date;amount, or another one."""

    def written(*lines: str, header: str = "customer;date;amount", name: str = "log.csv") -> Path:
        path = tmp_path / name
        text = "\n".join([header, *lines]).encode()
        path.write_bytes(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)
        return path

    return written


def rows(log: PurchaseLog) -> list[tuple[str, str, int]]:
    table = log.purchases
    return list(zip(table["customer"], table["day"].dt.strftime("%Y-%m-%d"), table["cents"], strict=True))


def refused(said: str, path: Path, **wishes: object) -> None:
    with pytest.raises(InputError, match=said) as refusal:
        read_log(path, **wishes)  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)


# Dates


@pytest.mark.parametrize(
    "written",
    [
        ("2024-01-31", "2024-02-05"),
        ("2024/1/31", "2024/2/5"),
        ("2024.01.31", "20240205"),
        ("20240131T101500Z", "2024-02-05T23:59:59.123+02:00"),
        ("31/01/2024", "05/02/2024"),
        ("31-1-24 10:15", "5-2-24 9:00"),
        ("31.01.2024", "05.02.2024"),
        ("31/1/24", "5/2/2024"),
        ("01/31/2024", "02/05/2024"),
        ("1/31/2024 10:15:00 PM", "2/5/2024, 9:00 AM"),
        ("31-Jan-2024", "05-FEB-2024"),
        ("31 January 2024", "5 feb 2024 10:00"),
        ("31-Jan-24", "5-Feb-24"),
        ("Jan 31, 2024", "February 5, 2024"),
        ("31. January 2024", "05Feb2024"),
        ("2024-Jan-31", "2024-02-05"),
    ],
)
def test_dates_are_read_as_people_write_them(write: Write, written: tuple[str, str]) -> None:
    log = read_log(write(*(f"a;{text};5" for text in written)))
    assert (log.start, log.end) == (date(2024, 1, 31), date(2024, 2, 5))


def test_one_date_decides_whether_the_day_comes_first(write: Write) -> None:
    path = write("a;03/04/2024;1", "b;05/06/2024;1")
    refused(
        r"line 2: '03/04/2024' could have the day or the month first.*--dates DD/MM/YYYY or --dates MM/DD/YYYY", path
    )
    assert read_log(path, dates="DD/MM/YYYY").start == date(2024, 4, 3)
    assert read_log(path, dates="mm-dd-yyyy").start == date(2024, 3, 4)
    log = read_log(write("a;03/04/2024;1", "b;13/04/2024;1"))
    assert (log.start, log.remarks) == (date(2024, 4, 3), ("Dates are read as DD/MM/YYYY.",))
    assert read_log(write("a;03/04/2024;1", "b;04/13/2024;1")).start == date(2024, 3, 4)


def test_points_mean_day_first_and_equal_numbers_leave_nothing_open(write: Write) -> None:
    assert read_log(write("a;03.04.2024;1")).start == date(2024, 4, 3)
    assert read_log(write("a;03.14.2024;1")).start == date(2024, 3, 14)
    assert read_log(write("a;04/04/2024;1")).start == date(2024, 4, 4)


@pytest.mark.parametrize(
    ("lines", "wishes", "said"),
    [
        (
            ["a;31/01/2024;1", "b;01/31/2024;1", "b;30/01/2024;1"],
            {},
            "line 3: '01/31/2024' is not a date written DD/MM",
        ),
        (["a;2024-01-31;1", "b;yesterday;1"], {}, "line 3: 'yesterday' is not a date; write the year first"),
        (["a;2024-01-31;1", "", "b;2024-02-30;1"], {}, "line 4: '2024-02-30' is not a date"),
        (["a;30 Jan 2024;1", "b;31 Feb 2024;1"], {}, "line 3: '31 Feb 2024' is not a date"),
        (["a;1706659200;1"], {}, "line 2: '1706659200' is not a date"),
        (["a;2024-01-31;1"], {"dates": "DD/MM/YYYY"}, "line 2: '2024-01-31' is not a date; write DD/MM/YYYY"),
        (["a;2024-01-31;1"], {"dates": "day first"}, "dates: 'day first' is no form of a date"),
        (["a;2024-01-31;1", "b;1899-12-31;1"], {}, "line 3: '1899-12-31' is before 1900"),
        (["a;2024-01-31;1", "b;0024-01-31;1"], {}, "line 3: '0024-01-31' is before 1900"),
    ],
)
def test_a_date_that_cannot_be_right_is_refused(
    write: Write, lines: list[str], wishes: dict[str, str], said: str
) -> None:
    refused(said, write(*lines), **wishes)


def test_the_future_is_refused_and_today_is_not(write: Write) -> None:
    today, tomorrow = date.today(), date.today() + timedelta(days=2)  # midnight may pass while the test runs
    assert read_log(write(f"a;{today};1")).end == today
    refused(f"line 3: '{tomorrow}' is after today", write(f"a;{today};1", f"a;{tomorrow};1"))


# Amounts


@pytest.mark.parametrize(
    ("written", "currency"),
    [
        (("1234.5", "0.99", "7"), None),
        (("1,234.50", ".99", "7.00"), None),
        (("1.234,50", ",99", "7"), None),
        (("1 234,50", "0,99", "7,00"), None),
        (("1\u202f234,50 €", "0,99 €", "7 €"), "EUR"),
        (("1'234.50", "CHF 0.99", "7."), "CHF"),
        (("$1,234.50", "$0.99", "$ 7"), "$"),
        (("US$1,234.50", "$0.99", "USD 7.00"), "USD"),
        (("1.234,50 EUR", "€0,99", "7,00 EUR"), "EUR"),
        (("1,234.50 kr", "kr 0.99", "7"), "kr"),
        (("1,234.50", "9.9e-1", "7e0"), None),
    ],
)
def test_amounts_are_read_as_people_write_them(write: Write, written: tuple[str, ...], currency: str | None) -> None:
    log = read_log(write(*(f"{k};2024-01-31;{text}" for k, text in enumerate(written))))
    assert log.purchases["cents"].tolist() == [123450, 99, 700]
    assert log.currency == currency


@pytest.mark.parametrize("text", ["-2.50", "\u22122.50", "(2.50)", "2.50-", "-$2.50", "$-2.50", "($2.50)", "$2.50-"])
def test_a_return_is_known_by_its_minus_or_parentheses(write: Write, text: str) -> None:
    assert rows(read_log(write("a;2024-01-31;10.00", f"a;2024-01-31;{text}"))) == [("a", "2024-01-31", 750)]


def test_thousands_and_decimals_are_told_apart_for_the_whole_column(write: Write) -> None:
    path = write("a;2024-01-31;1.234", "b;2024-01-31;5")
    refused("line 2: '1.234' could have thousands or decimals", path)
    assert read_log(path, decimal=",").purchases["cents"].tolist() == [123400, 500]
    assert read_log(path, decimal=".").purchases["cents"].tolist() == [123, 500]
    assert read_log(write("a;2024-01-31;1.234", "b;2024-01-31;5,5")).purchases["cents"].tolist() == [123400, 550]
    assert read_log(write("a;2024-01-31;1.234", "b;2024-01-31;5.5")).purchases["cents"].tolist() == [123, 550]
    assert read_log(write("a;2024-01-31;12,34,567", "b;2024-01-31;1,234")).purchases["cents"].tolist() == [
        123456700,
        123400,
    ]
    refused("line 3: '5,5' has a decimal comma, but '5.5' in line 2", write("a;2024-01-31;5.5", "b;2024-01-31;5,5"))
    refused("decimal: ';' is neither", path, decimal=";")


@given(
    st.lists(st.integers(0, 10**11), min_size=1, max_size=8),
    st.sampled_from([(".", ""), (".", ","), (".", "'"), (",", ""), (",", "."), (",", " ")]),
    st.sampled_from(["{}", "€{}", "{} EUR", "-{}", "({})"]),
)
def test_what_is_written_with_two_decimals_is_read_to_the_cent(
    cents: list[int], marks: tuple[str, str], form: str
) -> None:
    point, thousands = marks
    texts = [form.format(f"{c / 100:,.2f}".translate({44: thousands, 46: point})) for c in cents]
    shapes = [text.translate({48 + digit: "9" for digit in range(10)}) for text in texts]
    read = reading(shapes)
    assert (read.decimal, read.open, read.strange) == (point, frozenset(), frozenset())
    found = duckdb.execute(f"SELECT round(({read.sql('text')}) * 100) FROM (SELECT unnest(?) AS text)", [texts])
    sign = -1 if form in ("-{}", "({})") else 1
    assert [row[0] for row in found.fetchall()] == [sign * c for c in cents]


@pytest.mark.parametrize(
    "shape",
    [
        "",
        "9.9.9",
        "9,99,9.9",
        "-",
        "$",
        "9%",
        "9 pcs",
        "$9 EUR",
        "(9",
        "9)",
        "-9-",
        "(-9)",
        "9,9e9",
        "$9e9",
        "9_999",
        "nan",
    ],
)
def test_what_is_no_amount_is_not_taken_for_one(shape: str) -> None:
    assert reading([shape]).strange == {shape}


# Currencies


def test_a_column_tells_the_currency(write: Write) -> None:
    header = "customer;date;amount;Currency"
    assert read_log(write("a;2024-01-31;$5;CAD", "b;2024-01-31;6;cad", header=header)).currency == "CAD"
    refused(
        "line 4: the amount is in USD, but in line 2 in EUR; give a log in one currency",
        write("a;2024-01-31;5;EUR", "b;2024-01-31;6;", "c;2024-01-31;6;USD", header=header),
    )


def test_mixed_currencies_are_refused_with_a_line_of_each(write: Write) -> None:
    refused("line 3: the amount is in GBP, but in line 2 in USD", write("a;2024-01-31;US$5", "b;2024-01-31;£5"))
    path = write("a;2024-01-31;5", "a;2024-01-31;$5")
    assert read_log(path, currency="AUD").currency == "AUD"
    refused(r"line 3: the amount is in \$, not in EUR", path, currency="EUR")
    assert read_log(write("a;2024-01-31;5"), currency="£").currency == "GBP"


# Returns


def test_returns_are_netted_within_the_day_and_then_off_the_latest_earlier_purchase(write: Write) -> None:
    log = read_log(
        write(
            "a;2024-01-01;50", "a;2024-01-10;20", "a;2024-01-10;-5", "a;2024-01-20;-12", "a;2024-01-21;-1",
            "a;2024-02-01;9",
            "b;2024-01-02;30", "b;2024-01-09;-40", "c;2024-01-05;-7", "c;2024-01-06;8", "d;2024-01-01;-3",
        )
    )  # fmt: skip
    assert rows(log) == [
        ("a", "2024-01-01", 5000), ("a", "2024-01-10", 200), ("a", "2024-02-01", 900), ("b", "2024-01-02", 0),
        ("c", "2024-01-06", 800),
    ]  # fmt: skip
    assert "6 returns, of 68.00 together, were taken off" in "".join(log.remarks)
    assert "Returns of 20.00 found no purchase to be taken off and were dropped; 1 customer with" in "".join(
        log.remarks
    )
    assert "1 purchase of amount zero" in "".join(log.remarks)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-50, 50)), max_size=12))
def test_returns_never_touch_another_customer_nor_make_money(days: list[tuple[int, int]]) -> None:
    days.sort(key=lambda day: day[0])
    customers = np.array([day[0] for day in days], dtype=np.int64)
    cents = np.array([day[1] for day in days], dtype=np.int64)
    after = netted(customers, cents)
    assert after.cents[after.kept].sum() == cents.sum() + after.lost
    assert (after.cents[after.kept] >= 0).all()
    assert (after.cents[after.kept] <= cents[after.kept]).all()
    # The same by hand, one day after the other.
    left: dict[int, int] = {}
    worth: list[int | None] = []
    for customer, amount in days:
        if amount >= 0:
            left[customer] = len(worth)
        elif customer in left:
            worth[left[customer]] = max(0, (worth[left[customer]] or 0) + amount)
        worth.append(amount if amount >= 0 else None)
    assert [w for w in worth if w is not None] == after.cents[after.kept].tolist()


# Duplicates


@pytest.mark.parametrize(
    ("header", "line", "dropped"),
    [
        ("customer;date;amount", "a;2024-01-31;5", False),
        ("customer;date;amount;Invoice No", "a;2024-01-31;5;17", True),
        ("customer;date;amount;order time", "a;2024-01-31;5;10:15", True),
        ("customer;date;amount", "a;2024-01-31 10:15;5", True),
        ("customer;date;amount", "a;2024-01-31T00:00:00+01:00;5", False),  # midnight is no time of day
        ("customer;date;amount;shop", "a;2024-01-31;5;17", False),
    ],
)
def test_a_line_told_twice_is_dropped_where_nothing_else_can_explain_it(
    write: Write, header: str, line: str, dropped: bool
) -> None:
    path = write(line, line, header=header)
    log = read_log(path)
    assert log.purchases["cents"].tolist() == [500 if dropped else 1000]
    assert ("left out" if dropped else "kept as orders of their own") in log.remarks[0]
    assert read_log(path, duplicates="keep").purchases["cents"].tolist() == [1000]
    assert read_log(path, duplicates="drop").purchases["cents"].tolist() == [500]


def test_lines_that_differ_anywhere_are_no_duplicates(write: Write) -> None:
    path = write("a;2024-01-31;5;x", "a;2024-01-31;5;y", header="customer;date;amount;what")
    assert read_log(path, duplicates="drop").purchases["cents"].tolist() == [1000]
    refused("duplicates: 'ask' is none of auto, keep, drop", path, duplicates="ask")


# Files and frames


def test_parquet_gzip_and_frames_give_the_same_log(tmp_path: Path, write: Write) -> None:
    lines = ("7;2024-01-31;1234.567", "8;2024-02-01;-5.25", "8;2024-01-31;9")
    text = read_log(write(*lines, name="log.csv.gz"), decimal=".")
    frame = pd.DataFrame(
        {
            "Customer": [7.0, 8.0, 8.0],
            "date": pd.to_datetime(["2024-01-31 10:00", "2024-02-01 00:00", "2024-01-31 00:00"]),
            "amount": [1234.567, -5.25, 9.0],
        }
    )
    path = tmp_path / "log.parquet"
    duckdb.execute(f"COPY (SELECT Customer::INT AS customer, date, amount FROM frame) TO '{path}' (FORMAT parquet)")
    for other in (read_log(path), PurchaseLog.of(frame)):
        pd.testing.assert_frame_equal(other.purchases, text.purchases)
        assert other.remarks == text.remarks
    assert rows(text) == [("7", "2024-01-31", 123457), ("8", "2024-01-31", 375)]


def test_a_frame_is_refused_by_row(tmp_path: Path) -> None:
    frame = pd.DataFrame({"who": ["a", None], "date": [date(2024, 1, 31)] * 2, "amount": [5, 6]})
    with pytest.raises(InputError, match="my frame, row 2: the customer is missing"):
        PurchaseLog.of(frame, "my frame", {"customer": "who"})
    frame = frame.assign(who=["a", "b"], amount=[5, np.nan])
    with pytest.raises(InputError, match="a frame, row 2: '' is not an amount"):
        PurchaseLog.of(frame, columns={"customer": "who"})
    path = tmp_path / "log.parquet"
    duckdb.execute(f"COPY (SELECT 'a' AS customer, '2024' AS date, 5 AS amount) TO '{path}' (FORMAT parquet)")
    refused(r"log\.parquet, row 1: '2024' is not a date", path)


def test_parquet_that_is_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    duckdb.execute(
        "COPY (SELECT md5(range::VARCHAR) AS customer, DATE '2024-01-31' AS date, 5 AS amount FROM range(9999)) "
        f"TO '{path}' (FORMAT parquet)"
    )
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + bytes(60_000) + whole[61_000:])
    refused("the file is damaged", path)


def test_columns_are_taken_as_given(write: Write) -> None:
    path = write("a;2024-01-31;5;9", header="CustNo;day;gross;net")
    log = read_log(path, {"customer": "CustNo", "amount": "net"})
    assert rows(log) == [("a", "2024-01-31", 900)]
    refused(
        r"no column for the customer among those found \(CustNo, day, gross, net\); .*--columns customer=NAME", path
    )


@pytest.mark.parametrize("name", ["log[1].csv", "l*g.csv", "o'log.csv"])
def test_the_name_of_a_file_is_no_pattern(write: Write, name: str) -> None:
    write("b;2024-01-31;6", name="l_g.csv")
    assert rows(read_log(write("a;2024-01-31;5", name=name))) == [("a", "2024-01-31", 500)]


def test_the_line_of_a_record_in_quotation_marks_is_right(write: Write) -> None:
    header = 'customer;date;amount;"a note\nover lines"'
    path = write('a;2024-01-31;5;"one\ntwo ""three"""', "", 'b;2024-02-30;6;"x"', header=header)
    refused("line 6: '2024-02-30' is not a date", path)


def test_line_ends_of_several_kinds_and_lines_of_blanks_are_read(write: Write) -> None:
    assert rows(read_log(write("a;2024-01-31;5\r", "  ", 'b;2024-01-31;"6"'))) == [
        ("a", "2024-01-31", 500),
        ("b", "2024-01-31", 600),
    ]
    refused("line 4: found 4 columns, 3 in the first line", write("a;2024-01-31;5\r", "  ", "b;2024-01-31;6;7"))


@pytest.mark.parametrize("nobody", ["", "NULL", "nan", " "])
def test_nobody_is_no_customer(write: Write, nobody: str) -> None:
    refused("line 3: the customer is missing", write("a;2024-01-31;5", f"{nobody};2024-01-31;6"))


# Samples


def test_a_long_log_keeps_the_same_customers_every_time_with_all_their_orders(write: Write) -> None:
    """Four standard deviations around the share of 500 customers: wrong once in 16 000, and never twice."""
    lines = [f"c{c};2024-01-{d:02d};{c + d}.00" for d in range(1, 11) for c in range(500)]
    whole = read_log(write(*lines))
    log = read_log(write(*lines), most_lines=2000)
    kept = log.purchases["customer"].unique()
    assert (whole.share, log.share) == (1.0, 0.4)
    assert abs(len(kept) - 200) < 4 * np.sqrt(500 * 0.4 * 0.6)
    pd.testing.assert_frame_equal(
        log.purchases, whole.purchases[whole.purchases["customer"].isin(kept)].reset_index(drop=True)
    )
    assert set(read_log(write(*reversed(lines)), most_lines=2000).purchases["customer"]) == set(kept)
    assert set(read_log(write(*lines), most_lines=1000).purchases["customer"]) < set(kept)
    assert (
        f"The log has 5,000 lines, more than 2,000: a random 0.4 of the customers, {len(kept)} of them"
        in log.remarks[0]
    )


def test_the_sample_rests_on_a_hash_that_no_version_changes() -> None:
    half = int.from_bytes(hashlib.md5(b"abc").digest()[8:], "little")
    assert duckdb.execute("SELECT md5_number_lower('abc')").fetchall() == [(half,)]
