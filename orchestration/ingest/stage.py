"""From a file as it landed to a private copy that can be parsed: hashed, readable as UTF-8, without mark and trailer.

What is parsed is what was hashed: the bytes are read once, through a descriptor that follows no link, and a file that
changes meanwhile is left for the next run.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.contracts import FeedContract
from orchestration.ingest.discover import Candidate
from orchestration.ingest.outcome import Rejected

CHUNK = 8 << 20
IN_MEMORY = 32 << 20
TAIL = 1 << 16
UNDEFINED_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
ODD_SPACES = (b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81\x9f", b"\xe3\x80\x80")
MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"-----BEGIN PGP", "encrypted with PGP"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "a Rich Text document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or protected with a password"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
)


DAMAGED_EARLIER = (
    (b"\xef\xbf\xbd", "the sign for a character that was lost (U+FFFD)"),
    (b"\xc3\x83\xc2", "letters that were taken for Windows-1252 and made UTF-8 twice"),
)


class Changed(Exception):
    """The file changed while it was read; it is taken in the next run."""


@dataclass
class Staged:
    """One file, ready to be parsed."""

    path: Path
    batch_id: str
    size: int
    newlines: int = 0
    has_nul: bool = False
    has_odd_space: bool = False
    trailer_count: int | None = None
    warnings: list[str] = field(default_factory=list)


def fingerprint_and_stage(file: Candidate, directory: Path, skip: set[str]) -> Staged | str:
    """Hash a file and stage it under `directory`. Returns the bare hash where it is in `skip`, without staging.

    Raises Rejected where the file cannot be read as its contract declares (its `batch_id` attribute carries the hash),
    Changed where it changed meanwhile, OSError where it cannot be opened.
    """
    descriptor = os.open(file.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as source:
        status = os.fstat(source.fileno())
        if not stat.S_ISREG(status.st_mode) or (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
            raise Changed(file.relative)
        data = source.read() if status.st_size <= IN_MEMORY else None
        digest = hashlib.sha256(data) if data is not None else hashlib.sha256()
        if data is None:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
        batch_id = digest.hexdigest()
        if (data is not None and len(data) != file.size) or _stamp(file.path) != file.stamp:
            raise Changed(file.relative)
        if batch_id in skip:
            return batch_id
        staged = Staged(directory / f"{batch_id}.input", batch_id, file.size)
        try:
            _stage(source, data, staged, file)
        except Rejected as refused:
            refused.batch_id = batch_id
            raise
    if _stamp(file.path) != file.stamp:
        raise Changed(file.relative)
    return staged


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat(follow_symlinks=False)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _stage(source, data: bytes | None, staged: Staged, file: Candidate) -> None:
    contract = file.contract
    head = data[:4096] if data is not None else _read_at(source, 0, 4096)
    if file.size == 0 or (file.size <= 4096 and not head.strip(b" \t\r\n\x00\xef\xbb\xbf")):
        raise Rejected(
            "empty",
            "The file is empty: it holds no bytes that could be read." if file.size else "The file is empty (0 bytes).",
            "Send the extract again. Where there was nothing to report, send the header alone (or no file for "
            "JSON lines).",
        )
    if contract.format == "xlsx":
        _copy(source, data, staged.path)
        return
    what = next((what for magic, what in MAGIC if head.startswith(magic)), None) or _markup(head)
    if what:
        raise Rejected(
            "unreadable",
            f"The file is {what}, not {_format_name(contract)}.",
            f"Send it as {_format_name(contract)}, unpacked.",
        )
    if not head.strip(b"\0"):
        raise Rejected(
            "unreadable",
            f"The file starts with {len(head):,} NUL bytes: its place was kept, and its content never came.",
            "Send the extract again, and look at how it is sent.",
        )
    is_plain = _check_encoding(_chunks(source, data), head, contract, staged)
    bom = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) and contract.encoding == "utf-8" else 0
    if bom:
        staged.warnings.append(
            "The file starts with a byte order mark (UTF-8 with BOM). It was ignored; plain UTF-8 is expected."
        )
    if is_plain and not bom and not contract.trailer and data is None:
        _link(file.path, staged.path, source)
        return
    if is_plain:
        _copy(source, data, staged.path, bom)
    else:
        _transcode(_chunks(source, data), contract.encoding, staged.path)
    if contract.trailer:
        _take_trailer(staged, contract)


def _markup(head: bytes) -> str | None:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, perhaps one that asks to sign in"
    return "an XML document" if start.startswith(b"<?xml") else None


def _format_name(contract: FeedContract) -> str:
    if contract.format == "jsonl":
        return f"JSON lines ({contract.encoding})"
    delimiter = {",": "commas", "|": "vertical bars", ";": "semicolons", "\t": "tabs"}.get(
        contract.delimiter, contract.delimiter
    )
    return f"text with fields separated by {delimiter} ({contract.encoding})"


def _chunks(source, data: bytes | None) -> Iterator[bytes]:
    if data is not None:
        yield data
        return
    source.seek(0)
    while chunk := source.read(CHUNK):
        yield chunk


def _read_at(source, offset: int, length: int) -> bytes:
    source.seek(offset)
    return source.read(length)


def _check_encoding(chunks: Iterator[bytes], head: bytes, contract: FeedContract, staged: Staged) -> bool:
    """True where the bytes are already UTF-8. Raises Rejected at the first byte that means nothing as declared."""
    declared = contract.encoding
    remedy = f"Save or export the file as {declared} and send it again."
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Rejected("encoding", f"The file is in UTF-32; {declared} was agreed.", remedy)
    if declared == "utf-16" and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Rejected(
            "encoding", "The file is not UTF-16: it does not start with the byte order mark of UTF-16.", remedy
        )
    if declared != "utf-16":
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _looks_like_utf16(head):
            raise Rejected("encoding", f"The file is in UTF-16; {declared} was agreed.", remedy)
        if declared != "utf-8" and head.startswith(codecs.BOM_UTF8):
            raise Rejected(
                "encoding", f"The file is in UTF-8 (it starts with a byte order mark); {declared} was agreed.", remedy
            )
    plain, line = True, 1
    decoder = codecs.getincrementaldecoder("utf-8")() if declared == "utf-8" else None
    other = codecs.getincrementaldecoder("utf-8")() if declared in ("windows-1252", "iso-8859-1") else None
    seam = b""
    for chunk in chunks:
        lines = chunk.count(b"\n")
        if declared != "utf-16":
            staged.has_nul = staged.has_nul or b"\0" in chunk
        staged.has_odd_space = (
            staged.has_odd_space
            or declared == "utf-16"
            or (declared == "windows-1252" and b"\xa0" in chunk)
            or any(mark in chunk or mark in seam + chunk[:2] for mark in ODD_SPACES)
            or (b"\t" in chunk and contract.delimiter != "\t")
        )
        if decoder is not None:
            try:
                if not (chunk.isascii() and not decoder.getstate()[0]):
                    decoder.decode(chunk)
            except UnicodeDecodeError as problem:
                at = line + chunk.count(b"\n", 0, max(0, problem.start))
                raise Rejected(
                    "encoding",
                    f"The file is not {declared}: line {at:,} holds the byte "
                    f"0x{problem.object[problem.start]:02X}, which means nothing there. "
                    "It may have been saved as Windows-1252 ('ANSI'), or in parts with different encodings.",
                    remedy,
                ) from None
        elif declared == "windows-1252" and not chunk.isascii():
            plain = False
            bad = UNDEFINED_IN_1252.search(chunk)
            if bad:
                at = line + chunk.count(b"\n", 0, bad.start())
                raise Rejected(
                    "encoding",
                    f"The file is not Windows-1252: line {at:,} holds the byte 0x{bad[0][0]:02X}, which means "
                    f"nothing there.",
                    remedy,
                )
        elif declared != "utf-8" and (declared == "utf-16" or not chunk.isascii()):
            plain = False
        if declared == "utf-8" and not chunk.isascii():
            _notice_damage(chunk, line, staged)
        if other is not None and not chunk.isascii():
            try:
                other.decode(chunk)
            except UnicodeDecodeError:
                other = None
        line += lines
        staged.newlines += lines
        seam = chunk[-2:]
    if decoder is not None and decoder.getstate()[0]:
        raise Rejected(
            "encoding",
            f"The file is not {declared}: it ends within a character (line {line:,}). It may have been cut off.",
            remedy,
        )
    if other is not None and not plain:
        staged.warnings.append(
            f"The file looks like UTF-8, where {declared} was agreed: letters with accents may be wrong. {remedy}"
        )
    return plain


def _notice_damage(chunk: bytes, line: int, staged: Staged) -> None:
    """Say once that characters were lost before the file was sent: nobody can bring them back here."""
    for mark, what in DAMAGED_EARLIER:
        at = chunk.find(mark)
        if at >= 0 and not any(what in said for said in staged.warnings):
            staged.warnings.append(
                f"Line {line + chunk.count(bytes([10]), 0, at):,} holds {what}. It was damaged before it was sent: "
                "look at the encodings of the export."
            )


def _looks_like_utf16(head: bytes) -> bool:
    sample = head[: len(head) // 2 * 2]
    fewer, more = sorted((sample[0::2].count(0), sample[1::2].count(0)))
    return len(sample) >= 20 and more > 0.4 * len(sample) / 2 and fewer < 0.1 * more


def _transcode(chunks: Iterator[bytes], encoding: str, target: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    with target.open("wb") as out:
        try:
            for chunk in chunks:
                out.write(decoder.decode(chunk).encode())
            out.write(decoder.decode(b"", True).encode())
        except UnicodeError:
            raise Rejected(
                "encoding",
                f"The file is not {encoding}, or it ends within a character.",
                f"Save or export it as {encoding} and send it again.",
            ) from None


def _copy(source, data: bytes | None, target: Path, offset: int = 0) -> None:
    with target.open("wb") as out:
        if data is not None:
            out.write(memoryview(data)[offset:])
            return
        source.seek(offset)
        while chunk := source.read(CHUNK):
            out.write(chunk)


def _link(original: Path, target: Path, source) -> None:
    """A name without surprises for a large file that needs no change; where links are not possible, a copy."""
    try:
        target.symlink_to(original.resolve())
    except OSError:
        _copy(source, None, target)


def _take_trailer(staged: Staged, contract: FeedContract) -> None:
    """Cut the trailer record off the staged copy and remember the number of records that it promises."""
    remedy = (
        f"The extract must end with one record {contract.trailer}{contract.delimiter}N, N being the number of "
        f"data records. Send it again, whole."
    )
    size = staged.path.stat().st_size
    with staged.path.open("r+b") as file:
        file.seek(max(0, size - TAIL))
        tail = file.read()
        body = tail.rstrip(b"\r\n \t,;|\x1a")
        start = max(body.rfind(b"\n"), body.rfind(b"\r")) + 1
        last = tail[start:].decode("utf-8", "replace").strip("\r\n \t\x1a")
        fields = [part.strip().strip('"').strip() for part in last.split(contract.delimiter)]
        if fields[0] != contract.trailer:
            raise Rejected(
                "trailer",
                f"The file does not end with its trailer record ({contract.trailer}): it was probably cut off "
                f"on the way.",
                remedy,
            )
        if len(fields) < 2 or not fields[1].isdecimal() or any(fields[2:]):
            raise Rejected(
                "trailer", f"The trailer record does not say how many records there are: '{last[:80]}'.", remedy
            )
        staged.trailer_count = int(fields[1])
        file.truncate(max(0, size - TAIL) + start)
        staged.newlines -= tail[start:].count(b"\n")
