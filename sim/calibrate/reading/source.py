"""A file with a table: what kind it is, its columns, its records with their line numbers, and how DuckDB scans it.

Text files are UTF-8, plain or compressed with gzip, with comma, semicolon, tab or bar between the columns under a
header line; or, where asked for, with white space between them. Parquet is told by its first bytes. Nothing about a
file is guessed by DuckDB: the delimiter and the quotation marks are given, and every cell is text.
"""

from __future__ import annotations

import csv
import glob
import gzip
import io
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from sim.errors import InputError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

DELIMITERS = ",;\t|"
GZIP, PARQUET, ZIP, UTF16 = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", (b"\xff\xfe", b"\xfe\xff")
LOOKED_AT = 2**16  # bytes at the start of a file that show what it is
MEMORY_MIB = 1024  # that DuckDB may use before it goes to the disk
MOST_THREADS = 4  # each needs buffers, and those of many would not fit into that


@dataclass(frozen=True)
class Source:
    """A file with a table in it.

    Parameters
    ----------
    path
        Of the file.
    kind
        How its records are told apart: columns with a delimiter, columns with white space between, Parquet, or a frame
        of text in memory.
    names
        Of the columns; those of a file without a header are numbers.
    header
        Whether the first line that is not blank names the columns.
    delimiter
        Between the columns; "" where white space is.
    above
        Number of blank lines before the first one with something in it.
    compressed
        Whether the file is compressed with gzip.
    types
        DuckDB's types of the columns as they were; all text but in Parquet and in frames.
    lenient
        Whether DuckDB is to take line ends of several kinds and lines of blanks; it then reads with one thread.
    frame
        Where the table is in memory: its columns as text.
    """

    path: Path
    kind: Literal["delimited", "spaced", "parquet", "frame"]
    names: tuple[str, ...]
    header: bool = True
    delimiter: str = ""
    above: int = 0
    compressed: bool = False
    types: tuple[str, ...] = ()
    lenient: bool = False
    frame: pd.DataFrame | None = None

    @property
    def word(self) -> str:
        """What a record is called that has a number."""
        return "row" if self.kind in ("parquet", "frame") else "line"

    def place(self, number: int) -> str:
        """Where a record stands, for messages."""
        return f"{self.path}, {self.word} {number}"

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every record with the number of its first line (of its row, counted from 1, in Parquet).

        Cells are text without blanks around; blank lines are passed over. Raises :class:`InputError` for a line with
        another number of columns than the first, a quotation mark that is never closed, and bytes that are not UTF-8.
        """
        if self.frame is not None:
            cells = self.frame.itertuples(index=False, name=None)
            yield from ((number, [cell.strip() for cell in row]) for number, row in enumerate(cells, start=1))
            return
        if self.kind == "parquet":
            yield from self._rows()
            return
        try:
            with _text(self.path, self.compressed) as lines:
                for _ in range(self.above):
                    next(lines)
                yield from self._spaced(lines) if self.kind == "spaced" else self._delimited(lines)
        except (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
            raise self.broken(error) from None

    def _spaced(self, lines: IO[str]) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(lines, start=self.above + 1):
            cells = line.split()
            if cells and not (self.header and number == self.above + 1):
                yield number, self._fitting(number, cells)

    def _delimited(self, lines: IO[str]) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.delimiter != "\t", strict=True)
        first = True
        while True:
            number = self.above + reader.line_num + 1  # a record in quotation marks may go over several lines
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise InputError(
                    f"{self.place(number)}: the columns cannot be told apart, because of a quotation mark that "
                    f"is not closed or not doubled ({error}); save the file as plain CSV"
                ) from None
            if cells is None:
                return
            if (not first or not self.header) and any(map(str.strip, cells)):
                yield number, self._fitting(number, [cell.strip() for cell in cells])
            first = False

    def _fitting(self, number: int, cells: list[str]) -> list[str]:
        """The cells of a line, of which there have to be as many as columns."""
        wanted = len(self.names)
        if len(cells) == wanted + 1 and not cells[-1]:  # a delimiter at the end of the line
            return cells[:wanted]
        if len(cells) != wanted:
            raise InputError(
                f"{self.place(number)}: found {len(cells)} columns, {wanted} in the first line; make them agree"
            )
        return cells

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        import duckdb

        number = 0
        try:
            with connected() as connection:
                cursor = connection.execute(f"SELECT * FROM {self.scan()}")
                while rows := cursor.fetchmany(10_000):
                    for row in rows:
                        number += 1
                        yield number, ["" if cell is None else cell.strip() for cell in row]
        except duckdb.Error as error:
            raise self.broken(error) from None

    def scan(self) -> str:
        """A table in DuckDB's SQL with the columns ``c0``, ``c1`` … as text, not trimmed, and NULL or "" where blank.

        That of a frame has to be registered under the name ``frame``. DuckDB raises an error for lines with another
        number of columns than the first; :meth:`records` tells which.
        """
        if self.kind == "frame":
            return "frame"
        where = quoted(glob.escape(str(self.path.resolve())))  # a bracket in a name is not a pattern
        if self.kind == "parquet":
            cells = (f"CAST({named(name)} AS VARCHAR) AS c{k}" for k, name in enumerate(self.names))
            return f"(SELECT {', '.join(cells)} FROM read_parquet({where}))"
        spaced = self.kind == "spaced"
        columns = ["line"] if spaced else [f"c{k}" for k in range(len(self.names))]
        options = {
            "auto_detect": "false",
            "columns": "{" + ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in columns) + "}",
            "delim": quoted("\x01" if spaced else self.delimiter),
            "quote": quoted("" if spaced else '"'),
            "escape": quoted("" if spaced else '"'),
            "header": str(self.header).lower(),
            "skip": str(self.above),
            "compression": quoted("gzip" if self.compressed else "none"),
        }
        if self.lenient:
            options |= {"strict_mode": "false", "null_padding": "true", "parallel": "false"}
        file = f"read_csv({where}, {', '.join(f'{name} = {value}' for name, value in options.items())})"
        if not spaced:
            return file
        width = len(self.names)
        cells = (f"cells[{k}] AS c{k - 1}" for k in range(1, width + 1))
        return (
            f"(SELECT {', '.join(cells)} FROM (SELECT regexp_extract_all(line, '\\S+') AS cells FROM {file}) "
            f"WHERE len(cells) > 0 AND CASE WHEN len(cells) = {width} THEN true ELSE error('number of columns') END)"
        )

    def broken(self, error: Exception) -> InputError:
        """What to say of a file that cannot be read to its end."""
        if isinstance(error, UnicodeDecodeError):
            with _bytes(self.path, self.compressed) as lines:
                for number, line in enumerate(lines, start=1):
                    try:
                        line.decode("utf-8")
                    except UnicodeDecodeError as wrong:
                        return InputError(
                            f"{self.path}, line {number}: byte 0x{line[wrong.start]:02x} is not UTF-8; "
                            "save the file as CSV in UTF-8"
                        )
        return InputError(f"{self.path}: the file is damaged ({str(error).partition(chr(10))[0]}); give a whole one")


def opened(path: str | Path, what: str, each: str, spaced: bool = False, known: tuple[str, ...] = ()) -> Source:
    """Look at a file with a table: what kind it is and which columns it has.

    Parameters
    ----------
    path
        Of the file.
    what, each
        What it should be ("a purchase log") and what each of its lines is ("order"), for messages.
    spaced
        Whether white space may be between the columns, and the header may be missing: a first line with a cell that
        begins with a digit is none, unless it has one of the ``known`` names.
    known
        Names of columns that are known to be in the header.

    Raises :class:`InputError` for a file that is missing, a folder, binary, empty or not UTF-8 at its start.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give the path of {what}") from None
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read ({error.strerror}); give the path of {what}") from None
    if start.startswith(PARQUET):
        return _parquet(path, what)
    compressed = start.startswith(GZIP)
    if start.startswith(UTF16):
        raise InputError(f"{path}: this is text in UTF-16; save the file as CSV in UTF-8")
    if start.startswith(ZIP):
        raise InputError(
            f"{path}: this is a binary file (a workbook or ZIP archive); save the table in it as CSV in UTF-8"
        )
    if b"\0" in start and not compressed:
        raise InputError(f"{path}: this is a binary file; {what} is plain text such as CSV in UTF-8, or Parquet")
    shell = Source(path, "delimited", (), compressed=compressed)
    try:
        with _text(path, compressed) as lines:
            above, head = 0, ""
            for line in lines:
                if "\0" in line:
                    raise InputError(f"{path}: this is a binary file in gzip; compress CSV in UTF-8")
                if line.strip():
                    head = line
                    break
                above += 1
            if not head:
                raise InputError(f"{path}: the file is empty; {what} has one line per {each}")
            outside = re.sub(r'"[^"]*"', "", head)
            delimiter = max(DELIMITERS, key=outside.count)
            if delimiter in outside or not spaced:
                reader = csv.reader(_chained(head, lines), delimiter=delimiter, skipinitialspace=delimiter != "\t")
                names = [name.strip() for name in next(reader)]
                if len(names) > 1 and not names[-1]:
                    names.pop()  # a delimiter at the end of the line
            else:
                delimiter, names = "", head.split()
    except (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
        raise shell.broken(error) from None
    except csv.Error as error:
        raise InputError(f"{path}, line {above + 1}: the columns cannot be told apart ({error})") from None
    header = not spaced or bool(set(known) & set(names)) or not any(name[:1].isdigit() for name in names)
    if delimiter == "\t" and not header:
        delimiter, names = "", head.split()
    if not header and delimiter:
        raise InputError(
            f"{path}, line {above + 1}: found {len(names)} columns without a header ({head.strip()!r}); "
            "the first line has to name the columns"
        )
    names = (
        [name or f"column {k}" for k, name in enumerate(names, start=1)]
        if header
        else list(map(str, range(len(names))))
    )
    return Source(
        path,
        "delimited" if delimiter else "spaced",
        tuple(names),
        header,
        delimiter,
        above,
        compressed,
        ("VARCHAR",) * len(names),
    )


def framed(frame: pd.DataFrame, name: str) -> Source:
    """A table that is in memory already, for reading like a file; what is missing is blank."""
    import pandas as pd

    texts = {}
    for k in range(frame.shape[1]):
        column = frame.iloc[:, k]
        numeric = pd.api.types.is_numeric_dtype(column.dtype)
        if numeric and (column.dropna() % 1 == 0).all():  # a customer 12.0 is 12
            column = column.astype("Int64")
        text = column.astype("str").where(column.notna(), "").reset_index(drop=True)
        texts[f"c{k}"] = text.astype(object)  # which every version of DuckDB knows
    types = tuple("DOUBLE" if pd.api.types.is_numeric_dtype(dtype) else "VARCHAR" for dtype in frame.dtypes)
    return Source(Path(name), "frame", tuple(map(str, frame.columns)), types=types, frame=pd.DataFrame(texts))


@contextmanager
def connected(memory: int = MEMORY_MIB) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that goes to a temporary folder for what is more than ``memory`` MiB."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="roi-") as folder:
        settings: dict[str, Any] = {
            "memory_limit": f"{memory}MiB",
            "threads": min(MOST_THREADS, os.cpu_count() or 1),
            "temp_directory": folder,
            "autoinstall_known_extensions": False,  # nothing is fetched from the net
        }
        connection = duckdb.connect(config=settings)
        try:
            connection.execute("SET enable_progress_bar = false")
            connection.execute("SET TimeZone = 'UTC'")  # days are those written, whatever the clock of the machine
            yield connection
        finally:
            connection.close()


def quoted(text: str) -> str:
    """Text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def named(name: str) -> str:
    """The name of a column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _parquet(path: Path, what: str) -> Source:
    import duckdb

    try:
        with connected() as connection:
            scan = f"read_parquet({quoted(glob.escape(str(path.resolve())))})"
            columns = connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    except duckdb.Error:
        raise InputError(f"{path}: this begins as a Parquet file but is damaged; give {what} that is whole") from None
    return Source(
        path, "parquet", tuple(str(column[0]) for column in columns), types=tuple(str(column[1]) for column in columns)
    )


def _bytes(path: Path, compressed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if compressed else path.open("rb")


def _text(path: Path, compressed: bool) -> IO[str]:
    return io.TextIOWrapper(_bytes(path, compressed), encoding="utf-8-sig", newline="")


def _chained(head: str, lines: IO[str]) -> Iterator[str]:
    yield head
    yield from lines
