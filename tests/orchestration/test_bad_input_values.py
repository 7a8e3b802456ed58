"""Bad values, one kind a file: rule, column, line and remedy are told, and the good records beside it are kept."""

from __future__ import annotations

import pytest
from bad_input_kit import Case, spoilt, take
from ingest_kit import rows, text

WHOLE = ("type beds", "'Beds' is not a whole number.", "Send 'Beds' as a whole number, or leave it empty.")
NUMBER = ("type cost", "'Cost' is not a number with a decimal point.", "Send 'Cost' as a number with a decimal point")
DAY = ("type seen_on", "'Seen On' is not a real date in the form yyyy-mm-dd or dd/mm/yyyy.", "Send 'Seen On' as a real")
MOMENT = ("type arrived_at", "'Arrived' is not a real date and time in the form", "Send 'Arrived' as a real date and")
CLOCK = ("type seen_time", "'Seen Time' is not a time in the form hhmmss.", "Send 'Seen Time' as a time")
YES = ("type is_urgent", "'Urgent' is not true or false.", "Send 'Urgent' as true or false")
NHS = ("nhs_number nhs_number", "'NHS No' is not a valid NHS number", "Trace the patient on the Personal Demographics")
BORN = ("birth_date birth_date", "'Born' is in the future or more than 120 years ago.", "leave it empty rather than")
SNOMED = ("snomed complaint_code", "'Complaint' is not a valid SNOMED CT identifier", "A spreadsheet may have")
STATUS = ("accepted status", "'Status' holds a code that was not agreed.", "Use one of 'A', 'B'")
KIND = ("accepted kind", "'Kind' holds a code that was not agreed.", "Use one of '01', '02'")
KEY = ("required visit_id", "'Visit No' is empty.", "Fill in 'Visit No': without it the record cannot be used.")
LEFT_OUT = ("clock_change", "the hour that clocks leave out in spring", "keeps Greenwich time all year must convert it")
FUTURE = ("arrived_not_after_received", "Arrival in the future.", "Correct the record at source and send it again.")
BEFORE = ("left_not_before_arrived", "Left before arrival.", "Correct the record at source and send it again.")

HELD = [
    # Numbers
    spoilt("Cost", "12,50", *NUMBER),
    spoilt("Cost", "1,234.50", *NUMBER),
    spoilt("Cost", "\N{POUND SIGN}12.50", *NUMBER),
    spoilt("Cost", "nan", *NUMBER),
    spoilt("Cost", "1e999", *NUMBER),
    spoilt("Cost", "#DIV/0!", *NUMBER),
    spoilt("Cost", "\N{MINUS SIGN}5", *NUMBER),
    spoilt("Beds", "3.5", *WHOLE),
    spoilt("Beds", "1e1", *WHOLE),
    spoilt("Beds", "3 beds", *WHOLE),
    spoilt("Beds", "0x10", *WHOLE),
    spoilt("Beds", "99999999999999999999", *WHOLE),
    spoilt("Beds", "\N{FULLWIDTH DIGIT THREE}", *WHOLE),
    spoilt("Beds", "=1+1", *WHOLE),
    spoilt("Urgent", "maybe", *YES),
    # Dates and times
    spoilt("Seen On", "31/02/2025", *DAY),
    spoilt("Seen On", "29/02/2025", *DAY),
    spoilt("Seen On", "01/13/2025", *DAY),
    spoilt("Seen On", "05/01/25", *DAY),
    spoilt("Seen On", "05-Jan-2025", *DAY),
    spoilt("Seen On", "45662", *DAY),
    spoilt("Seen On", "0202-01-05", *DAY),
    spoilt("Seen On", "9999-12-31", *DAY),
    spoilt("Arrived", "45662.4166", *MOMENT),
    spoilt("Arrived", "0202-01-05 10:00:00", *MOMENT),
    spoilt("Arrived", "2025-01-05T10:00:00Z", *MOMENT),
    spoilt("Arrived", "2025-01-05 25:61:00", *MOMENT),
    spoilt("Arrived", "infinity", *MOMENT),
    spoilt("Seen Time", "240000", *CLOCK),
    # What must be there
    spoilt("Visit No", "", *KEY, shown="(empty)"),
    spoilt("Visit No", "\u00a0\t ", *KEY, shown="(empty)"),
    spoilt("Kind", "1", *KIND),
    spoilt("Kind", "0\u200b1", *KIND, shown="0\N{SYMBOL FOR SUBSTITUTE FORM TWO}1"),
]
WARNED = [
    spoilt("Left", "2025-01-05 09:59:59", *BEFORE, shown="Left=2025-01-05 09:59:59", held=False),
    spoilt("Beds", "-1", "min beds", "'Beds' is below 0.", "Check 'Beds' at source.", held=False),
    spoilt("Beds", "11", "max beds", "'Beds' is above 10.", "Check 'Beds' at source.", held=False),
    spoilt("Status", "a", *STATUS, held=False),
    spoilt("Status", "B\u200b", *STATUS, shown="B\N{SYMBOL FOR SUBSTITUTE FORM TWO}", held=False),
    spoilt("Status", "=cmd|' /C calc'!A0", *STATUS, shown="`=cmd\\|' /C calc'!A0`".replace("\\", ""), held=False),
    spoilt("Status", "<script>", *STATUS, shown="`<script>`", held=False),
    spoilt(
        "Specialty", "999", "code_list specialty", "'Specialty' holds a code that is not in the list specialty.",
        "Use a code of the NHS Data Dictionary list", held=False,
    ),
    spoilt("NHS No", "9990000019", *NHS, shown="9999999999", held=False),
    spoilt("NHS No", "9.99E+09", *NHS, shown="9.99A+99", held=False),
    spoilt("NHS No", "9990000000", *NHS, shown="9999999999", held=False),
    spoilt("NHS No", "1111111111", *NHS, shown="9999999999", held=False),
    spoilt("Complaint", "1048031000000000", *SNOMED, held=False),
    spoilt("Complaint", "1.04803E+15", *SNOMED, held=False),
    spoilt("Born", "2025-01-07", *BORN, shown="9999-99-99", held=False),
    spoilt("Born", "1900-01-01", *BORN, shown="9999-99-99", held=False),
    spoilt(
        "Postcode", "SS16", "postcode postcode", "'Postcode' does not have the form of a postcode.",
        "use ZZ99 3VZ for no fixed abode", shown="AA99", held=False,
    ),
    spoilt(
        "Diagnosis", "189J", "icd10 diagnosis_code", "'Diagnosis' does not have the form of an ICD-10 code.",
        "R69X where the spell is not coded yet", held=False,
    ),
]  # fmt: skip


def clock(name: str, arrived: str, left: str, **told) -> Case:
    return Case(name, text(rows(2, Arrived=arrived, Left=left)), kept="V1 V2", **told)


HOURS = [
    Case(
        "arrived after receipt", text([*rows(2), {**rows(3)[2], "Arrived": "2025-01-06 07:00:01", "Left": ""}]),
        FUTURE[1], FUTURE[2], rules={FUTURE[0]: 1}, lines={4: "`Arrived=2025-01-06 07:00:01`"}, kept="V1 V2",
    ),
    clock(
        "an hour that never was", "2024-03-31 01:30:00", "2024-03-31 03:00:00", said=LEFT_OUT[1], remedy=LEFT_OUT[2],
        rules={LEFT_OUT[0]: 2}, lines={2: "`Arrived=2024-03-31 01:30:00`", 3: "`Arrived=2024-03-31 01:30:00`"},
    ),
    clock("the edges of that hour", "2024-03-31 00:59:59", "2024-03-31 02:00:00", said="2 of 2 records accepted"),
    clock("the hour that comes twice", "2024-10-27 01:10:00", "2024-10-27 01:50:00", said="2 of 2 records accepted"),
    clock(
        "out of the hour that comes twice", "2024-10-27 01:50:00", "2024-10-27 01:10:00", said=BEFORE[1],
        remedy=BEFORE[2], rules={BEFORE[0]: 2}, lines={2: "Arrived=2024-10-27 01:50:00, Left=2024-10-27 01:10:00"},
    ),
]  # fmt: skip
CASES = [*HELD, *WARNED, *HOURS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_value(case, tmp_path):
    take(case, tmp_path)
