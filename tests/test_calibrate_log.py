"""Purchase logs are read as they were meant, and refused with a sentence where they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.calibrate import PurchaseLog, read_log
from sim.errors import InputError

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "log.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def rows(log: PurchaseLog) -> list[tuple[str, str, int]]:
    table = log.purchases
    days = table["day"].dt.strftime("%Y-%m-%d")
    return list(zip(table["customer"], days, table["cents"], strict=True))


EXPECTED = [("07", "1997-01-02", 2050), ("08", "1997-01-01", 999), ("08", "1997-03-01", 1)]


@pytest.mark.parametrize(
    "content",
    [
        " 08 0001 19970101 2 9.99\r\n 08 0001 19970301 1 0.01\r\n 07 0002 19970102 1 20.5\r\n",
        "08 19970101 2 9.99\n08 19970301 1 0.01\n07 19970102 1 20.5",
        "08\t19970101\t2\t9.99\n08\t19970301\t1\t0.01\n07\t19970102\t1\t20.5\n",
        " customer_id  date number_of_cds  dollar_value\n 08 19970101 1 9.99\n 08 19970301 1 0.01\n"
        " 07 19970102 1 20.5\n",
        "Order Date,Customer ID,Amount\n1997-01-01,08,9.99\n1997-03-01,08,0.01\n1997-01-02,07,20.50\n",
        "\ufeffUSER-ID;note;timestamp;Order.Value\n08;x;1997-01-01T23:59:59Z;9.99\n"
        "08;;1997-03-01 00:00;0.01\n07;y;1997/01/02;20.5\n",
        'client\tspend\tday\n"08"\t"9.99"\t1997-01-01\n08\t.01\t1997-03-01\n07\t2.05e1\t1997-01-02\n',
        "\n\ncustomer,date,amount\n\n08,19970101,9.99\n,,\n08,19970301,0.01\n07,19970102,20.5\n\n",
    ],
    ids=["sample", "four columns", "tabs", "master", "csv", "semicolons", "quoted tabs", "blank lines"],
)
def test_every_layout_gives_the_same_purchases(write: Write, content: str) -> None:
    log = read_log(write(content))
    assert rows(log) == EXPECTED
    assert (log.start, log.end, log.source) == (date(1997, 1, 1), date(1997, 3, 1), "log.txt")


def test_orders_of_one_day_are_one_purchase(write: Write) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,1.10\na,2024-01-01,2.20\na,2024-01-02,3.30\n"))
    assert rows(log) == [("a", "2024-01-01", 330), ("a", "2024-01-02", 330)]


def test_a_purchase_of_zero_counts_for_timing_but_not_as_a_basket(write: Write) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,5\na,2024-01-15,0\na,2024-01-29,4\nb,2024-01-01,9\n"))
    a = log.summary().loc["a"]
    assert (a["frequency"], a["recency"], a["baskets"], a["basket"]) == (2, 4.0, 1, 4.0)


def test_the_first_purchase_is_neither_a_repeat_nor_a_basket(write: Write) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,5\nb,2024-01-08,7\nb,2024-01-15,9\n"))
    summary = log.summary()
    assert summary["frequency"].tolist() == [0, 1]
    assert summary["recency"].tolist() == [0.0, 1.0]
    assert summary["age"].tolist() == [2.0, 1.0]
    np.testing.assert_array_equal(summary["basket"], [np.nan, 9.0])


def test_until_forgets_what_came_later(write: Write) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,5\na,2024-01-20,6\nb,2024-01-15,9\nc,2024-01-16,9\n"))
    summary = log.summary(until="2024-01-15")
    assert summary.index.tolist() == ["a", "b"]
    assert summary["frequency"].tolist() == [0, 0]
    assert summary["age"].tolist() == [2.0, 0.0]
    pd.testing.assert_frame_equal(log.summary(until=date(2024, 1, 20)), log.summary())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "file is empty; a purchase log has one line per order"),
        (" \n\n", "file is empty"),
        (b"PK\x03\x04\x00\x00", "binary file"),
        (b"customer,date,amount\nJos\xe9,20240101,5\n", "line 2: byte 0xe9 is not UTF-8"),
        ("customer,date,amount\n", "no purchase below the header"),
        (
            "who,when,paid\na,20240101,5\n",
            r"no column for the customer among those found \(who, when, paid\)",
        ),
        ("customer,when,amount\na,20240101,5\n", r"no column for the date .*\(customer, when, amount\)"),
        ("customer;date;price\na;20240101;5\n", r"no column for the amount .*\(customer, date, price\)"),
        ("customer,date,amount,Total\na,20240101,5,6\n", "'amount' and 'Total' could each be the amount"),
        ("1 2 20240101 1 5.00 7\n", "line 1: found 6 columns without a header"),
        ("\n1,20240101,5.00\n", "line 2: found 3 columns without a header"),
        ("customer,date,amount\na,20240101,5\n\nb,20240102,5,6\n", "line 4: found 4 columns, 3 in the first"),
        ('customer,date,amount\na,"20240101,5\nb,20240102,5\n', "columns cannot be told apart"),
        ("customer,date,amount\na,20240101,5\n ,20240102,6\n", "line 3: the customer is missing"),
        ("customer,date,amount\na,20240101,5\nb,20240230,6\n", "line 3: '20240230' is not a date"),
        (
            "customer,date,amount\na,2024/31/01,5\n",
            "line 2: '2024/31/01' is not a date; write the year first",
        ),
        ("customer,date,amount\na,,5\n", "line 2: '' is not a date"),
        ("\n1 1 20240101 1 5\n1 1 2024011 1 5\n", "line 3: '2024011' is not a date"),
        ("customer,date,amount\na,20240101,-6.50\na,20240102,-6.50\n", "only returns, no purchase"),
        ("1 1 20240101 1 --5\n", "line 1: '--5' is not an amount"),
        ("customer;date;amount\na;20240101;5,50,1\n", "line 2: '5,50,1' is not an amount"),
        ("customer,date,amount\na,20240101,5 pcs\n", "line 2: '5 pcs' is not an amount"),
        ("customer,date,amount\na,20240101,inf\n", "line 2: 'inf' is not an amount"),
        ("customer,date,amount\na,20240101,\n", "line 2: '' is not an amount"),
        ("customer,date,amount\na,20240101\n", "line 2: found 2 columns, 3 in the first line"),
        ("customer,date,amount\na,20240101,1e13\n", "line 2: '1e13' is too large"),
        ("customer,date,amount\na,20240101," + "9" * 400, "line 2: '9{60}…' is too large"),
    ],
)
def test_a_log_that_cannot_be_right_is_refused_in_one_sentence(write: Write, content: str | bytes, said: str) -> None:
    path = write(content)
    with pytest.raises(InputError, match=said) as refusal:
        read_log(path)
    assert str(refusal.value).startswith(str(path))
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: there is no such file"):
        read_log(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path)


@pytest.mark.parametrize("until", ["2023-12-31", "2024-02-01", "soon"])
def test_until_has_to_be_a_day_of_the_log(write: Write, until: str) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,5\na,2024-01-20,6\n"))
    with pytest.raises(InputError, match=until):
        log.until(until)


def test_since_forgets_what_came_before(write: Write) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,5\na,2024-01-20,6\nb,2024-01-15,9\n"))
    assert rows(log.since("2024-01-15")) == [("a", "2024-01-20", 600), ("b", "2024-01-15", 900)]
    assert log.since("2024-01-15").summary()["frequency"].tolist() == [0, 0]
    assert log.since().start == log.start


def test_a_log_cannot_end_before_it_begins(write: Write) -> None:
    log = read_log(write("customer,date,amount\na,2024-01-01,5\na,2024-01-20,6\n"))
    with pytest.raises(
        InputError, match="cannot calibrate since 2024-01-19; the log runs from 2024-01-01 to 2024-01-18"
    ):
        log.until("2024-01-18").since("2024-01-19")
    with pytest.raises(InputError, match="since: 'soon' is not a date"):
        log.since("soon")
    with pytest.raises(InputError, match="begin on 2024-01-20, after its end on 2024-01-01"):
        PurchaseLog(log.purchases, "log", log.end, log.start)


def test_the_cdnow_sample_gives_the_published_summary(data: Path) -> None:
    """The published table goes by the second column of the file, the customer's number in the sample."""
    published = pd.read_csv(data / "cdnow" / "cdnow_customers_summary_with_transactions.csv")
    path = data / "cdnow" / "CDNOW_sample.txt"
    numbers = pd.read_csv(path, sep=r"\s+", header=None, dtype={0: str}).groupby(0)[1].first()
    summary = (
        read_log(path).summary(until="1997-09-30").sort_index(key=lambda customer: customer.map(numbers.to_dict()))
    )
    assert summary["frequency"].tolist() == published["x"].tolist()
    rounded = 0.0051  # published with two decimals
    np.testing.assert_allclose(summary["recency"], published["t_x"], atol=rounded)
    np.testing.assert_allclose(summary["age"], published["T"], atol=rounded)
    np.testing.assert_allclose(summary["basket"].fillna(0.0), published["zbar"], atol=rounded)


def test_the_cdnow_cohort_is_read_to_the_cent(data: Path) -> None:
    log = read_log(data / "cdnow" / "CDNOW_master.txt")
    cents = log.purchases["cents"]
    spent = log.purchases.groupby("customer")["cents"].sum().sort_values(ascending=False)
    assert (len(spent), int(cents.sum())) == (23_570, 250_031_563)
    assert cents.mean() / 100 == pytest.approx(36.99, abs=0.005)
    assert cents.median() / 100 == 26.73
    assert spent.iloc[: len(spent) // 5].sum() / spent.sum() == pytest.approx(0.678, abs=0.0005)
    for until, never, repeats in (("1997-09-30", 0.599, 1.033), (None, 0.511, 1.868)):
        frequency = log.summary(until)["frequency"]
        assert (frequency == 0).mean() == pytest.approx(never, abs=0.0006)
        assert frequency.mean() == pytest.approx(repeats, abs=0.0006)
