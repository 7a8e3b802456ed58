"""How partners write files: delimited text, JSON lines and Excel workbooks. Same data, same bytes."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from orchestration.demo import clock

# Excel counts days from here; a workbook that is written twice must not differ by the time of writing
EXCEL_EPOCH_DAYS = 25_569
ZIP_MOMENT = (2020, 1, 1, 0, 0, 0)


def leave(path: Path, content: bytes, delivered: np.datetime64) -> None:
    """The file appears whole, with the time of its delivery; a watcher never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    moment = int(delivered.astype("datetime64[s]").astype("int64"))
    os.utime(part, (moment, moment))
    part.replace(path)


def plain(values: np.ndarray) -> np.ndarray:
    """Texts with None as the empty text."""
    return np.where(np.equal(values, None), "", values)


def delimited(header: list[str], columns: list[np.ndarray], delimiter: str, newline: str = "\n") -> list[str]:
    """Lines of a delimited file. No demo value holds a delimiter, a quote or a line break."""
    lines = [delimiter.join(header)]
    lines.extend(map(delimiter.join, zip(*columns, strict=True)))
    return [line + newline for line in lines]


def _letters(count: int) -> list[str]:
    names = []
    for place in range(count):
        name, rest = "", place + 1
        while rest:
            rest, letter = divmod(rest - 1, 26)
            name = chr(65 + letter) + name
        names.append(name)
    return names


def text_cells(values: np.ndarray) -> list[str]:
    """Cells of texts, without their places; empty where there is no text."""
    return [f' t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else "" for value in values]


def number_cells(values: np.ndarray) -> list[str]:
    return [f"><v>{value}</v></c>" if value is not None and value != "" else "" for value in values]


def date_cells(local: np.ndarray, with_time: bool) -> list[str]:
    """Real Excel dates: a number and a format."""
    local = np.asarray(local).astype("datetime64[s]")
    serial = local.astype("int64") / 86_400 + EXCEL_EPOCH_DAYS
    style = 2 if with_time else 1
    missing = np.isnat(local)
    return [
        "" if gone else f' s="{style}"><v>{value if with_time else int(value)}</v></c>'
        for value, gone in zip(serial.tolist(), missing.tolist(), strict=True)
    ]


_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" \
ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" \
ContentType="application/xml"/><Override PartName="/xl/workbook.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override \
PartName="/xl/worksheets/sheet1.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override \
PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>\
</Types>"""
_RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>\
</Relationships>"""
_WORKBOOK = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>\
<sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>"""
_WORKBOOK_RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>\
<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" \
Target="styles.xml"/></Relationships>"""
_STYLES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="2">
<numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy hh:mm"/>
</numFmts>
<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2">
<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>
</fills>
<borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3">
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
_SHEET_HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"""
_SHEET_TAIL = "</sheetData></worksheet>"


def workbook(sheet: str, titles: list[str], header: list[str], columns: list[list[str]]) -> bytes:
    """An Excel workbook: title rows, a header row, then cells as the *_cells functions made them."""
    letters = _letters(len(header))
    out = [_SHEET_HEAD]
    for row, title in enumerate(titles, start=1):
        cell = f'<c r="A{row}" t="inlineStr"><is><t>{escape(title)}</t></is></c>' if title else ""
        out.append(f'<row r="{row}">{cell}</row>')
    row = len(titles) + 1
    names = "".join(
        f'<c r="{letter}{row}" t="inlineStr"><is><t>{escape(name)}</t></is></c>'
        for letter, name in zip(letters, header, strict=True)
    )
    out.append(f'<row r="{row}">{names}</row>')
    for row, cells in enumerate(zip(*columns, strict=True), start=len(titles) + 2):
        body = "".join([f'<c r="{letter}{row}"{cell}' for letter, cell in zip(letters, cells, strict=True) if cell])
        out.append(f'<row r="{row}">{body}</row>')
    out.append(_SHEET_TAIL)
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELS,
        "xl/workbook.xml": _WORKBOOK.format(sheet=escape(sheet)),
        "xl/_rels/workbook.xml.rels": _WORKBOOK_RELS,
        "xl/styles.xml": _STYLES,
        "xl/worksheets/sheet1.xml": "".join(out),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, ZIP_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.encode())
    return buffer.getvalue()


def excel_text(local: np.ndarray, with_time: bool) -> np.ndarray:
    """Dates as a clerk types them into a cell that is text."""
    return clock.text(local, "%d/%m/%Y %H:%M" if with_time else "%d/%m/%Y")
