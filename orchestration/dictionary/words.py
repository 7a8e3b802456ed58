"""How the dictionary says things: cadences, durations, tests, formats, in words that need no manual."""

from __future__ import annotations

from orchestration.contracts import FeedContract

CHECK_WORDS = {
    "nhs_number": "a valid NHS number (Modulus 11)",
    "postcode": "the shape of a postcode",
    "birth_date": "a plausible date of birth",
    "gp_practice_code": "the shape of a practice code",
    "site_code": "the shape of a site code",
    "lsoa_code": "the shape of an LSOA code",
    "snomed": "the shape of a SNOMED CT identifier",
    "icd10": "the shape of an ICD-10 code",
}
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def cadence(cron: str) -> str:
    """A cron line in words, for the shapes that feeds have; any other is shown as it is."""
    minute, hour, day, month, weekday = cron.split()
    if minute.startswith("*/") and (hour, day, month, weekday) == ("*", "*", "*", "*"):
        return f"every {minute[2:]} minutes"
    if minute.isdigit() and hour == "*" and (day, month, weekday) == ("*", "*", "*"):
        return f"every hour, at {minute} minutes past"
    if not (minute.isdigit() and hour.isdigit() and month == "*"):
        return f"by the schedule {cron}"
    at = f"at {int(hour):02}:{int(minute):02}"
    if (day, weekday) == ("*", "*"):
        return f"every day {at}"
    if day == "*" and weekday.isdigit():
        return f"every {WEEKDAYS[int(weekday)]} {at}"
    if day == "*" and weekday == "1-5":
        return f"every working day {at}"
    if day.isdigit() and weekday == "*":
        return f"every month on day {day} {at}"
    return f"by the schedule {cron}"


def duration(seconds: int | None) -> str:
    """Seconds in the largest unit that divides them: 30 minutes, 3 hours, 2 days."""
    if seconds is None:
        return "not promised"
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0 and seconds >= size:
            number = seconds // size
            return f"{number} {word}{'s' if number != 1 else ''}"
    return "at once"


def contract_facts(contract: FeedContract) -> list[tuple[str, str]]:
    """What a newcomer must know of the file itself, as (question, answer)."""
    kinds = {"csv": "Text with one record a line", "xlsx": "Excel workbook", "jsonl": "JSON, one object a line"}
    facts = [("File name", contract.pattern), ("Format", kinds[contract.format])]
    if contract.database:
        read = contract.database
        said = f"table {read.relation}, over connection {read.connection}; new rows are known by {read.watermark}"
        facts.insert(0, ("Read from a database", said))
    if contract.format == "xlsx":
        facts += [("Sheet", contract.sheet or "the first"), ("Header", f"row {contract.header_row}")]
    else:
        facts.append(("Encoding", contract.encoding))
    if contract.format == "csv":
        names = {",": "comma", "\t": "tab", "|": "pipe |", ";": "semicolon"}
        facts.append(("Delimiter", names.get(contract.delimiter, contract.delimiter)))
        if contract.trailer:
            facts.append(("Last line", f"{contract.trailer}{contract.delimiter}N, where N is the number of records"))
    return facts


def _referred(relation: str) -> str:
    """person for ref('person')."""
    return relation.removeprefix("ref(").strip("')\"")


def words_of_test(node: dict) -> str:
    name, said = node["test_metadata"]["name"], node["test_metadata"]["kwargs"]
    words = {
        "not_null": "never empty",
        "unique": "unique",
        "unique_combination": f"one row per {', '.join(said.get('columns', []))}",
        "accepted_values": f"one of {', '.join(map(str, said.get('values', [])))}",
        "relationships": f"exists in {_referred(said.get('to', ''))}.{said.get('field')}",
        "matches": f"matches {said.get('regex')}",
        "expression_is_true": str(said.get("expression", "")),
        "not_null_share": f"at least {said.get('at_least')} filled",
    }.get(name, name.replace("_", " "))
    if name == "accepted_range":
        limits = [f"at least {said['min_value']}"] if said.get("min_value") is not None else []
        limits += [f"at most {said['max_value']}"] if said.get("max_value") is not None else []
        words = ", ".join(limits)
    return words if node["config"].get("severity", "error").lower() == "error" else f"{words} (warning)"
