"""Bad files of delimited text. Each has its own name in the partner's report, and costs no more than it must."""

from __future__ import annotations

import gzip
import io
import os
import zipfile

import pytest
from bad_input_kit import Case, bounded, take
from ingest_kit import CONTRACT, GOOD, Hub, rows, text

GOOD_FILE = text(rows(3))
LINES = GOOD_FILE.splitlines()
ANSI = CONTRACT.replace("format: csv", "format: csv\n          encoding: windows-1252\n          trailer: TRAILER", 1)
WIDE = CONTRACT.replace("format: csv", "format: csv\n          encoding: utf-16", 1)
UNPACKED = "Send it as text with fields separated by commas (utf-8), unpacked."
AS_UTF8 = "Save or export the file as utf-8 and send it again."
AGAIN = "Send the extract again."
SHAPE = "Put values that hold the separator, a quotation mark or a line end into quotation marks"


def bomb() -> bytes:
    """50 MB of zeros in 50 kB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("visits.csv", "w") as file:
        for _ in range(50):
            file.write(bytes(1_000_000))
    return out.getvalue()


def refused(name: str, content, kind: str, said: str, remedy: str, **more) -> Case:
    return Case(name, content, said, remedy, kind, **more)


def is_not(name: str, content, what: str) -> Case:
    return refused(name, content, "unreadable", f"The file is {what}, not text with fields", UNPACKED)


def other_encoding(name: str, content: bytes, said: str) -> Case:
    return refused(name, content, "encoding", said, AS_UTF8)


def other_header(header: list[str]) -> str:
    return text(rows(3), header)


WHOLE = [
    # Encodings
    other_encoding("UTF-16 with mark", GOOD_FILE.encode("utf-16"), "The file is in UTF-16; utf-8 was agreed."),
    other_encoding("UTF-16 without mark", GOOD_FILE.encode("utf-16-le"), "The file is in UTF-16; utf-8 was agreed."),
    other_encoding("UTF-32", GOOD_FILE.encode("utf-32"), "The file is in UTF-32; utf-8 was agreed."),
    other_encoding("Windows-1252", text(rows(3, Surname="Zoë")).encode("cp1252"), "line 2 holds the byte 0xEB"),
    other_encoding("mixed encodings", GOOD_FILE.encode() + "V4,Zoë,\nV5".encode("cp1252"), "line 5 holds"),
    other_encoding("cut within a character", GOOD_FILE.encode() + b"\xc3", "ends within a character (line 5)"),
    other_encoding("EBCDIC", GOOD_FILE.encode("cp037"), "line 1 holds the byte"),
    refused(
        "UTF-8 where UTF-16 was agreed", GOOD_FILE, "encoding", "The file is not UTF-16", "as utf-16", contract=WIDE
    ),
    refused(
        "UTF-16 cut short", GOOD_FILE.encode("utf-16")[:-1], "encoding", "ends within a character", "as utf-16",
        contract=WIDE,
    ),
    refused(
        "undefined byte", b"Visit No\nV1\x81\nTRAILER,1\n", "encoding", "line 2 holds the byte 0x81", "as windows-1252",
        contract=ANSI,
    ),
    refused(
        "UTF-8 with mark where Windows-1252 was agreed", "\ufeffVisit No\n", "encoding", "The file is in UTF-8",
        "as windows-1252", contract=ANSI,
    ),
    # Nothing, or something else
    refused("0 bytes", b"", "empty", "The file is empty (0 bytes).", AGAIN),
    refused("only line ends", b"\r\n\r\n", "empty", "it holds no bytes that could be read", AGAIN),
    refused("NUL bytes", bytes(100), "empty", "it holds no bytes that could be read", AGAIN),
    refused("many NUL bytes", bytes(1_000_000), "unreadable", "The file starts with 4,096 NUL bytes", AGAIN[:-1]),
    is_not("gzip", gzip.compress(GOOD_FILE.encode()), "compressed with gzip"),
    is_not("half a gzip", gzip.compress(GOOD_FILE.encode())[:40], "compressed with gzip"),
    is_not("zip bomb", bomb, "a zip archive or an Excel workbook"),
    is_not("7-Zip", b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7-Zip archive"),
    is_not("zstd", b"\x28\xb5\x2f\xfd" + bytes(99), "compressed with zstd"),
    is_not("PGP", "-----BEGIN PGP MESSAGE-----\n\nhQEMA", "encrypted with PGP"),
    is_not("PDF", b"%PDF-1.7 ...", "a PDF document"),
    is_not("old Excel", b"\xd0\xcf\x11\xe0" + bytes(99), "an old Excel workbook (.xls) or protected with a password"),
    is_not("Parquet", b"PAR1" + bytes(20), "a Parquet file"),
    is_not("SQLite", b"SQLite format 3\0" + bytes(99), "an SQLite database"),
    is_not("a page to sign in", "<!DOCTYPE html><html><body>", "a web page, perhaps one that asks to sign in"),
    is_not("XML", "\ufeff<?xml version='1.0'?><visits/>", "an XML document"),
    # Headers
    refused("header missing", "\n".join(LINES[1:]), "header", "There is no header in line 1", "'Visit No', 'Arrived'"),
    refused("another feed", "Ward,Beds\nA,1\n", "required_column", "missing: 'Visit No'", "Names must be as"),
    refused("a stranger's file", "Ward,Free\nA,1\n", "header", "none of the agreed column names", "'Visit No'"),
    refused("title above", f"Visits\n\n{GOOD_FILE}", "header", "The header is in line 3; it was", "as agreed"),
    refused("Excel's sep=", f"sep=,\n{GOOD_FILE}", "header", "The header is in line 2; it was", "as agreed"),
    refused("duplicate column", GOOD_FILE.replace("Surname", "Postcode", 1), "header", "'Postcode'", "column once"),
    refused("twice but for case", GOOD_FILE.replace("Surname", "BEDS", 1), "header", "'BEDS', 'Beds'", "once"),
    refused("renamed", GOOD_FILE.replace("Visit No", "Visit Nr", 1), "required_column", "is 'Visit Nr'", "agreed"),
    refused("required column left out", other_header(list(GOOD)[1:]), "required_column", "missing:", "agreed"),
    refused("semicolons", text(rows(3), delimiter=";"), "delimiter", "separated by semicolons;", "separator"),
    refused(
        "semicolons and quotes", GOOD_FILE.replace(",", '";"').replace("\n", '"\n"'), "delimiter", "by semicolons",
        "Export the file with the agreed separator",
    ),
    refused("tabs", text(rows(3), delimiter="\t"), "delimiter", "separated by tabs; commas", "separator"),
    refused("open quote in the header", f'"{GOOD_FILE}', "header", "is opened and not closed", "in the first line"),
    refused("a header of 10 million letters", lambda: "x" * 10_000_000, "header", "There is no", "is expected"),
    refused("5,000 columns", other_header([*GOOD, *map(str, range(5000))]), "limits", "5,021 columns", "agreed"),
    # Trailers
    refused("trailer missing", GOOD_FILE, "trailer", "it was probably cut off", "TRAILER,N", contract=ANSI),
    refused(
        "trailer of another count", f"{GOOD_FILE}TRAILER,4\n", "trailer", "promises 4 records; the file holds 3",
        "send the whole file again", contract=ANSI,
    ),
    refused(
        "trailer without a count", f"{GOOD_FILE}TRAILER,x\n", "trailer", "does not say how many", "Send it again",
        contract=ANSI,
    ),
    refused(
        "most records bad", text([*rows(1), *rows(3, Beds="many")[1:]]), "too_many_bad_rows",
        "2 of 3 records (66.7%) cannot be used; at most 50% may be. The most frequent reason: 'Beds' is not a whole",
        "Correct the extract as described below", rules={"type beds": 2}, lines={3: "`many`", 4: "`many`"},
    ),
]  # fmt: skip


def broken(name: str, second: str, said: str, **more) -> Case:
    """Three records, the second one broken in its structure."""
    return Case(
        name, "\n".join([*LINES[:2], second, LINES[3]]) + "\n", said,
        **{"remedy": SHAPE, "rules": {"record_shape": 1}, "lines": {3: said[:60]}, "kept": "V1 V3", **more},
    )  # fmt: skip


def long_cell(length: int, letter: str = "x") -> str:
    return text([*rows(1), {**rows(2)[1], "Practice": letter * length}, rows(3)[2]])


RECORDS = [
    broken("cut short", LINES[2][:60], "fields where the header has 21: cut off, or broken over two lines"),
    broken("separator in a value", LINES[2].replace("Test", "Test,"), "a separator inside a value without quotation"),
    broken("another separator", LINES[2].replace(",", ";"), "1 field where the header has 21: another separator"),
    broken("footer of a database tool", "(3 rows selected)", "1 field where the header has 21"),
    broken("quote not closed", LINES[2].replace("Test", '"Test'), "a quotation mark is opened and not closed"),
    broken("quote misplaced", LINES[2].replace("Testperson", '"Test"person'), "a quotation mark stands where none can"),
    broken("backslash before a quote", LINES[2].replace("Testperson", r'"a\"b"'), "a quotation mark stands where none"),
    broken("NUL in a value", LINES[2].replace("Test", "Te\0st"), "the record holds NUL characters: it is damaged"),
    broken("5,000 fields", LINES[2] + ",x" * 5000, "5021 fields where the header has 21"),
    broken("the header again", LINES[0], "the header stands here once more: files were joined, or one"),
    broken(
        "only separators", "," * 20, "'Visit No' is empty.", remedy="Fill in 'Visit No'", lines={3: "(empty)"},
        rules={"required visit_id": 1, "required arrived_at": 1},
    ),
    Case(
        "line end in a value without quotes", text(rows(9)).replace("Testperson", "Test\nperson", 1),
        "fields where the header has 21: cut off, or broken over two lines", SHAPE, rules={"record_shape": 2},
        lines={2: "14 fields", 3: "8 fields"}, kept="V2 V3 V4 V5 V6 V7 V8 V9",
    ),
    Case(
        "place kept and never filled", GOOD_FILE.encode() + bytes(500_000), "NUL characters: it is damaged", SHAPE,
        rules={"record_shape": 1}, lines={5: "NUL"}, kept="V1 V2 V3",
    ),
    Case(
        "a cell of 1.2 million letters", lambda: long_cell(1_200_000), "a field is longer than 1,000,000", SHAPE,
        rules={"record_shape": 1}, lines={3: "longer"}, kept="V1 V3",
    ),
    Case(
        "a cell of 10 million letters", lambda: long_cell(10_000_000), "the line is longer than 4,000,000", SHAPE,
        rules={"record_shape": 1}, lines={3: "longer"}, kept="V1 V3",
    ),
    Case(
        "10 million quotation marks", lambda: long_cell(10_000_000, '"'), "the line is longer than 4,000,000", SHAPE,
        rules={"record_shape": 1}, lines={3: "longer"}, kept="V1 V3",
    ),
    Case(
        "a key twice", text([*rows(3), rows(1)[0]]), "Several records of this file have the same 'Visit No'.",
        "The last one in the file counts.", rules={"duplicate_key": 1}, kept="V1 V2 V3 V1",
    ),
]  # fmt: skip


def noticed(name: str, content: bytes | str, said: str = "3 of 3 records accepted", **more) -> Case:
    """Odd, but every record can be used."""
    return Case(name, content, said, **{"kept": "V1 V2 V3", **more})


TAKEN = [
    noticed("UTF-8 with mark", b"\xef\xbb\xbf" + GOOD_FILE.encode(), "The file starts with a byte order mark"),
    noticed("carriage returns", GOOD_FILE.replace("\n", "\r")),
    noticed("line ends of all kinds", "\r\n".join(LINES[:2]) + "\r" + "\n".join(LINES[2:])),
    noticed("carriage return twice", GOOD_FILE.replace("\n", "\r\r\n")),
    noticed("blank lines", GOOD_FILE.replace("\n", "\n\n")),
    noticed("no line end at the end", GOOD_FILE.rstrip()),
    noticed("end sign of DOS", GOOD_FILE + "\x1a"),
    noticed("quotes and line ends in a value", text(rows(3, Practice='F "8"\n1')), "'Practice' does not have the form",
            rules={"gp_practice_code gp_practice_code": 3}, lines={2: "F \"8\""}),
    noticed("separator after each record", GOOD_FILE.replace("J189\n", "J189,\n")),
    noticed("separator after the header", GOOD_FILE.replace("Diagnosis\n", "Diagnosis,\n", 1)),
    noticed("columns in another order", other_header(list(GOOD)[::-1]), "Columns come in another order than agreed."),
    noticed("a column not agreed", other_header([*GOOD, "Shoe Size"]), "not agreed, left out: 'Shoe Size'"),
    noticed("an optional column left out", other_header(list(GOOD)[:-1]), "missing, taken as empty: 'Diagnosis'"),
    noticed("header in capitals", GOOD_FILE.replace("Beds", "BEDS", 1), "Column 'Beds' is written 'BEDS'"),
    noticed("invisible signs in the header", GOOD_FILE.replace("Visit No", "Visit\u00a0No\u200b", 1)),
    noticed("a character lost earlier", text(rows(3, Surname="Zo\ufffd")), "Line 2 holds the sign for a character"),
    noticed("made UTF-8 twice", text(rows(3, Surname="Zo\u00c3\u00ab")), "Line 2 holds letters that were taken for"),
    noticed("UTF-8 where Windows-1252 was agreed", text(rows(3, Surname="Zoë")) + "TRAILER,3", "looks like UTF-8",
            contract=ANSI),
    noticed("a header alone", text([]), "a header and no records", kept=""),
]  # fmt: skip
CASES = [*WHOLE, *RECORDS, *TAKEN]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_file(case, tmp_path):
    take(case, tmp_path)


LONG_WAY = "\n" + "V1,a,b\n" * 60
MANY = {
    "every record bad": (lambda: text(rows(20_000, Beds="many")), 20_000),
    "every quote open": (lambda: GOOD_FILE + '"V9,abc\n' * 30_000, 30_003),
    "each quote a long way open": (lambda: GOOD_FILE + ('"V9,abc' + LONG_WAY) * 400, 24_403),
    "one bad record in many": (lambda: text(rows(20_000)).replace(",F,300", ',"F"x,300', 1), 20_000),
}


@pytest.mark.parametrize("name", MANY)
def test_much_of_it_stays_within_bounds(name, tmp_path):
    make, records = MANY[name]
    hub = Hub(tmp_path)
    hub.send("visits_1.csv", make())
    with bounded():
        [outcome] = hub.ingest().batches
    assert (outcome.rows_in, outcome.status) == (records, "accepted" if name.startswith("one") else "rejected")
    assert len(hub.report(outcome)) < 20_000, "a report is to be read"
    assert len(hub.quarantine("rule")) <= 10_000


# --- Names -----------------------------------------------------------------------------------------------------------

NAMES = {
    b"visits_..\\..\\x.csv": "the name holds characters that no file name should",
    b"visits_\n.csv": "the name holds characters that no file name should",
    b"visits_\x1b[2J.csv": "the name holds characters that no file name should",
    "visits_\u202evsc.csv".encode(): "the name holds characters that no file name should",
    b"visits_\xff.csv": "the name holds characters that no file name should",
    b"visits_" + b"x" * 240 + b".csv": "or is too long",
    b"visits_1.csv.part": "a file in transit or a lock file, by its name",
    b"VISITS_1.CSV": "matches no pattern of clinic: 'visits_*.csv'",
    b"visits_1.csv.gz": "matches no pattern of clinic: 'visits_*.csv'",
}


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_file_of_a_bad_name_is_left_and_named(name, tmp_path):
    hub = Hub(tmp_path)
    good = hub.send("visits_1.csv", GOOD_FILE)
    (good.parent / os.fsdecode(name)).write_text(GOOD_FILE + "\n")
    result = hub.ingest()
    [left] = result.unknown_files
    assert NAMES[name] in left.why and left.path.startswith("clinic/") and left.path.isprintable()
    assert len(result.accepted) == 1


ODD = ("-rf.csv", "$(id) `x`.csv", "';drop table x;--.csv", "{{7*7}}.csv", "[ab]*?.csv", "é ü.csv")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_only_a_name(name, tmp_path):
    hub = Hub(tmp_path)
    outcome = hub.take(GOOD_FILE, f"visits_{name}")
    assert outcome.status == "accepted" and hub.data("_file_name") == [(f"visits_{name}",)] * 3
    assert outcome.report.encode("ascii") and "/" not in outcome.report.removeprefix("clinic/")
