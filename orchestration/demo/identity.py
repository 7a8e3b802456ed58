"""Who a record says it is about: what the partner knows of the person at the time, and its mistakes.

Mistakes are those that people make: on the telephone more than at a desk, with names more than with dates. Rates are
in dirt.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from orchestration.demo import clock, misspelling, names
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.table import Table, size, words

COLUMNS = (
    "nhs_number", "nhs_number_status_code", "family_name", "given_name", "birth_date", "sex_code",
    "ethnic_category_code", "postcode", "gp_practice_code",
)  # fmt: skip
DAY = np.timedelta64(1, "D")


def mistyped(number: str, place: int) -> str:
    """One digit raised by one: no such number can pass Modulus 11."""
    return number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]


def identity(
    people: Table,
    who: np.ndarray,
    when: np.ndarray,
    record_id: np.ndarray,
    feed: str,
    rng: np.random.Generator,
    log: DirtLog,
    sends: tuple[str, ...] = COLUMNS,
) -> Table:
    """Identity columns in national codes, a row per record; None where the partner has nothing.

    `sends`: the columns that the feed has, so that no mistake is noted that nobody can see.
    """
    count = len(who)
    slips = rng.spawn(1)[0]  # a stream of its own: what the feed draws besides stays as it was
    moved = people["moved_on"][who] <= clock.local_date(when)
    number = people["nhs_number"][who].copy()
    status = np.where(rng.random(count) < 0.05, "02", np.where(rng.random(count) < 0.012, "03", "01")).astype(object)
    postcode = np.where(moved, people["postcode_2"][who], people["postcode"][who])
    practice = np.where(moved, people["gp_practice_code_2"][who], people["gp_practice_code"][who])
    birth = people["birth_date"][who].copy()

    place = rng.random(count)
    edge = 0.0
    picks = {}
    for kind in ("nhs_number_missing", "nhs_number_wrong", "nhs_number_spaced", "nhs_number_untrusted"):
        share = rate(kind, feed)
        picks[kind] = np.flatnonzero((place >= edge) & (place < edge + share))
        edge += share
    missing = picks["nhs_number_missing"]
    number[missing], status[missing] = None, "07"
    wrong = picks["nhs_number_wrong"]
    number[wrong] = words([mistyped(n, p) for n, p in zip(number[wrong], rng.integers(3, 9, len(wrong)), strict=True)])
    spaced = picks["nhs_number_spaced"]
    number[spaced] = words([f"{n[:3]} {n[3:6]} {n[6:]}" for n in number[spaced]])
    untrusted = picks["nhs_number_untrusted"]
    status[untrusted] = np.where(rng.random(len(untrusted)) < 0.7, "04", "05")
    for kind, which in picks.items():
        if kind == "nhs_number_untrusted":
            log.add(kind, record_id[which], "nhs_number_status_code", status[which])
        else:
            log.add(kind, record_id[which], "nhs_number", "" if kind == "nhs_number_missing" else number[which])
    default = rng.random(count) < rate("birth_date_default", feed)
    birth[default] = np.datetime64("1900-01-01")
    log.add("birth_date_default", record_id[default], "birth_date", "1900-01-01")
    dummy = rng.random(count) < rate("practice_dummy", feed)
    practice = np.where(dummy, "V81999", practice)
    log.add("practice_dummy", record_id[dummy], "gp_practice_code", "V81999")
    table = {
        "nhs_number": number,
        "nhs_number_status_code": status,
        "family_name": people["family_name"][who].copy(),
        "given_name": people["given_name"][who].copy(),
        "birth_date": birth,
        "sex_code": np.where(rng.random(count) < 0.004, "X", people["sex_code"][who]),
        "ethnic_category_code": people["ethnic_category_code"][who],
        "postcode": postcode,
        "gp_practice_code": practice,
    }
    clean = np.ones(count, dtype=bool)
    clean[np.concatenate([missing, wrong, spaced, untrusted])] = False
    slip = Slips(people, who, when, record_id, feed, slips, log, table, sends)
    slip.of_numbers(clean)
    slip.of_names()
    slip.of_dates(~default)
    slip.of_addresses(moved)
    _tell(people, who, record_id, feed, table)
    return table


def _tell(people: Table, who: np.ndarray, record_id: np.ndarray, feed: str, table: Table) -> None:
    """Note of whom a record is that does not say so by a number of his own (truth/record_identity.parquet)."""
    if (told := getattr(people, "told", None)) is not None:
        own, usable = people["nhs_number"][who], np.isin(table["nhs_number_status_code"], ("01", "02", "03"))
        other = np.flatnonzero(table["nhs_number"] != own)
        spaced = [
            number is not None and number.replace(" ", "") == own[row]
            for row, number in zip(other, table["nhs_number"][other], strict=True)
        ]
        differs = np.zeros(len(who), dtype=bool)
        differs[other[~np.array(spaced, dtype=bool)]] = True
        here = np.flatnonzero(differs | ~usable)
        told.append({"feed": words([feed] * len(here)), "record_id": record_id[here], "person_no": who[here]})


def _of_people(people: Table, name: str, column: str, holds: Callable[[str], bool]) -> np.ndarray:
    """Whether something holds of a name, a row a person; asked once a demo."""
    marks = getattr(people, "marks", {})
    if name not in marks:
        marks[name] = np.fromiter((holds(value) for value in people[column]), dtype=bool, count=size(people))
    return marks[name]


class Slips:
    """Human errors in the identity of records, put into `table` and noted in `log`."""

    def __init__(self, people, who, when, record_id, feed, rng, log, table, sends):
        self.people, self.who, self.today, self.ids = people, who, clock.local_date(when), record_id
        self.feed, self.rng, self.log, self.table, self.sends = feed, rng, log, table, sends

    def _hit(self, kind: str, eligible: np.ndarray) -> np.ndarray:
        return np.flatnonzero(eligible & (self.rng.random(len(eligible)) < rate(kind, self.feed)))

    def _write(self, kind: str, here: np.ndarray, column: str, values: np.ndarray) -> None:
        old = self.table[column][here]
        changed = np.flatnonzero(values != old)
        self.table[column][here] = values
        if column in self.sends and len(changed):
            sent = values[changed]
            texts = clock.text(sent, "%Y-%m-%d") if sent.dtype.kind == "M" else sent
            self.log.add(kind, self.ids[here[changed]], column, texts)

    def of_numbers(self, clean: np.ndarray) -> None:
        """A valid number, of somebody else: the mother's on her baby, or the next one in the list."""
        people, who = self.people, self.who
        days = (self.today - people["birth_date"][who]) // DAY
        baby = clean & people["is_newborn"][who] & (people["mother"][who] >= 0) & (days < 60)
        here = self._hit("nhs_number_of_mother", baby)
        self._write("nhs_number_of_mother", here, "nhs_number", people["nhs_number"][people["mother"][who[here]]])
        clean = clean & ~np.isin(np.arange(len(who)), here)
        here = self._hit("nhs_number_of_another", clean)
        other = self.rng.integers(0, size(people), len(here))
        self._write("nhs_number_of_another", here, "nhs_number", people["nhs_number"][other])

    def of_names(self) -> None:
        people, who, table, rng = self.people, self.who, self.table, self.rng
        every = np.ones(len(who), dtype=bool)
        former = people["former_family_name"][who]
        here = self._hit("family_name_former", ~np.equal(former, None).astype(bool))
        self._write("family_name_former", here, "family_name", former[here])
        days = (self.today - people["birth_date"][who]) // DAY
        here = self._hit("given_name_baby", people["is_newborn"][who] & (days < 28))
        self._write("given_name_baby", here, "given_name", words(["Baby"] * len(here)))
        short = _of_people(people, "short", "given_name", names.SHORT.__contains__)[who]
        here = self._hit("given_name_short", short & (table["given_name"] == people["given_name"][who]))
        pick = rng.integers(0, 8, len(here))
        forms = [names.SHORT[n] for n in table["given_name"][here]]
        self._write(
            "given_name_short", here, "given_name", words([f[p % len(f)] for f, p in zip(forms, pick, strict=True)])
        )
        for column in ("family_name", "given_name"):
            foreign = _of_people(people, f"foreign {column}", column, lambda name: not name.isascii())[who]
            here = self._hit("name_without_accents", foreign)
            plain = [misspelling.plain(n, p) for n, p in zip(table[column][here], rng.random(len(here)), strict=True)]
            self._write("name_without_accents", here, column, words(plain))
            here = self._hit(f"{column}_misspelt", every)
            here = here[np.array([len(name) > 3 for name in table[column][here]], dtype=bool)]
            wrong = [
                misspelling.misspelt(n, *p)
                for n, p in zip(table[column][here], rng.random((len(here), 3)), strict=True)
            ]
            self._write(f"{column}_misspelt", here, column, words(wrong))
        here = self._hit("given_name_initial", every)
        self._write("given_name_initial", here, "given_name", words([name[:1] for name in table["given_name"][here]]))
        here = self._hit("names_swapped", every)
        family, given = table["family_name"][here].copy(), table["given_name"][here].copy()
        self._write("names_swapped", here, "family_name", given)
        self._write("names_swapped", here, "given_name", family)

    def of_dates(self, known: np.ndarray) -> None:
        birth = self.table["birth_date"]
        year, month, day = misspelling.parts(birth)
        here = self._hit("birth_date_swapped", known & (day <= 12) & (day != month))
        self._write("birth_date_swapped", here, "birth_date", misspelling.date(year[here], day[here], month[here]))
        here = self._hit("birth_date_digit", known)
        year, month, day = misspelling.parts(birth[here])
        which, step = self.rng.integers(0, 3, len(here)), self.rng.integers(1, 9, len(here))
        year = np.where(which == 0, year - 10, year)
        other = year - year % 10 + (year % 10 + step) % 10
        year = np.where((which == 1) & (other < 2020), other, year)
        tens = day - day % 10
        new = tens + (day % 10 + step) % 10
        day = np.where((which == 2) & (new >= 1) & (new <= 28), new, day)
        self._write("birth_date_digit", here, "birth_date", misspelling.date(year, month, np.minimum(day, 31)))

    def of_addresses(self, moved: np.ndarray) -> None:
        here = self._hit("postcode_former", moved)
        self._write("postcode_former", here, "postcode", self.people["postcode"][self.who[here]])
        known = ~np.equal(self.table["postcode"], None).astype(bool)
        here = self._hit("postcode_mistyped", known)
        letters = words(list("ABDEFGHJLNPQRSTUWXYZ"))[self.rng.integers(0, 20, len(here))]
        wrong = [code[:-1] + letter for code, letter in zip(self.table["postcode"][here], letters, strict=True)]
        self._write("postcode_mistyped", here, "postcode", words(wrong))
