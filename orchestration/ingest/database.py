"""Rows of a partner's table that changed since the last poll, written as one file into landing.

From there on the file is like any other: ledger, gate, checks and report are the same. A file appears whole or not at
all: it is written under a hidden name, made durable, then renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestration.contracts import Column, FeedContract
from orchestration.files import fsync_path
from orchestration.ingest.connections import Connection
from orchestration.ingest.database_errors import lost_columns, no_table, told, too_slow, watermark_type
from orchestration.ingest.database_watch import Watch
from orchestration.ingest.outcome import NotRead

if TYPE_CHECKING:
    import sqlalchemy as sa

LONDON = ZoneInfo("Europe/London")
CHUNK_ROWS, FIRST_ROWS, CHUNK_BYTES = 500, 20, 4 << 20
ATTEMPTS, BACKOFF_SECONDS = 3, 1.0
UNFINISHED = ".poll-"


@dataclass(frozen=True)
class Extract:
    """What one poll found. `path`: the landed file, None where nothing was new. `first`, `last`: its watermarks."""

    path: Path | None = None
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    warnings: tuple[str, ...] = ()


def extract(
    contract: FeedContract, url: str | Connection, landing: Path, *, after: datetime | None,
    until: datetime | None = None, received_at: datetime | None = None, seen: Collection[bytes] | None = None,
) -> Extract:  # fmt: skip
    """Write the rows that changed after `after` (local clock; None: all) into one file under landing/<partner>/.

    `until`: the newest change to read, by default the database's own clock at the start. `received_at`: the file's
    time, by default now. `seen`: digests of rows that need not be sent again; where given, the contract's
    overlap_minutes before `after` are read once more, for rows that were committed late.
    Raises NotRead, whose words hold neither a credential nor a value of a row.
    """
    connection = url if isinstance(url, Connection) else Connection(contract.database.connection, url)
    folder = Path(landing) / contract.partner
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{UNFINISHED}{contract.table}-*"):
        left.unlink(missing_ok=True)  # of a poll that was killed; polls of one home never run side by side
    for attempt in range(1, ATTEMPTS + 1):
        trouble = None
        temporary = folder / f"{UNFINISHED}{contract.table}-{os.getpid()}"
        watch = Watch(connection.statement_timeout_seconds, connection.total_timeout_seconds)
        try:
            found = _read(contract, connection, temporary, after, until, seen, watch)
            path = _land(temporary, contract, found, received_at) if found.rows else None
            return Extract(path, found.rows, found.first, found.last, found.warnings)
        except NotRead as problem:
            trouble = problem
        except Exception as problem:
            if isinstance(problem, OSError) and not isinstance(problem, ConnectionError | TimeoutError):
                raise  # the hub's own disk, not the partner's database
            trouble = told(problem, contract, connection)
            if watch.was_cut:
                trouble = too_slow(contract, connection, watch.allowed)
        finally:
            watch.end()
            temporary.unlink(missing_ok=True)
        if not trouble.is_passing or attempt == ATTEMPTS:
            break
        time.sleep(BACKOFF_SECONDS * 3 ** (attempt - 1))
    # Outside the handler: a driver's exception quotes URLs and values, and must not be in the chain of ours.
    raise NotRead(trouble.kind, trouble.reason, trouble.remedy, is_passing=trouble.is_passing)


def digest(line: bytes) -> bytes:
    """What a record is recognised by when it is read a second time."""
    return hashlib.blake2b(line, digest_size=16).digest()


def watermark_of(record: dict[str, Any], contract: FeedContract) -> datetime | None:
    """When the row of a record was last changed, local clock; None where the record does not say so."""
    column = contract.column(contract.database.watermark)
    try:
        return datetime.strptime(str(record[column.path]), column.formats[0])
    except (KeyError, ValueError):
        return None


# --- Reading ---------------------------------------------------------------------------------------------------------


def _read(
    contract: FeedContract, connection: Connection, target: Path, after: datetime | None, until: datetime | None,
    seen: Collection[bytes] | None, watch: Watch,
) -> Extract:  # fmt: skip
    import sqlalchemy as sa

    with _snapshot(connection, watch) as database:
        present = _columns(database, contract)
        notes = _notes_on_columns(contract, present, database.dialect.name)
        columns = [column for column in contract.columns if column.path in present]
        schema, _, name = contract.database.relation.rpartition(".")
        table = sa.table(name, *(sa.column(column.path) for column in columns), schema=schema or None)
        mark = table.c[contract.column(contract.database.watermark).path]
        bound = _bound_of(contract, present, database.dialect.name)
        upper = bound(until or _clock(database))
        if until is None:
            notes += _unreachable_rows(database, contract, table, mark, upper)
        wanted = sa.select(*table.c).where(mark <= upper)
        if after is not None and seen is None:
            wanted = wanted.where(mark > bound(after))
        elif after is not None:
            wanted = wanted.where(mark >= bound(after - timedelta(minutes=contract.database.overlap_minutes)))
        keys = [table.c[contract.column(key).path] for key in contract.key]
        watch.step()
        found = database.execution_options(stream_results=True, max_row_buffer=1).execute(wanted.order_by(mark, *keys))
        rows, first, last = 0, None, None
        write = _writer(columns)
        position = columns.index(contract.column(contract.database.watermark))
        with target.open("wb") as file:
            for chunk in _chunks(found, file, watch):
                if time.monotonic() > watch.deadline:
                    raise too_slow(contract, connection, connection.total_timeout_seconds)
                for row in chunk:
                    line = write(row)
                    if seen and digest(line) in seen:
                        continue
                    file.write(line + b"\n")
                    rows += 1
                    moment = _moment(row[position], columns[position])
                    first, last = first or moment, moment or last
            file.flush()
            os.fsync(file.fileno())
    return Extract(None, rows, first, last, tuple(notes))


def _chunks(found: sa.CursorResult, file: Any, watch: Watch) -> Iterator[list[Any]]:
    """Rows a handful at a time, fewer where they are long: by what the rows before took in the file."""
    wanted, before = FIRST_ROWS, 0
    while True:
        watch.step()
        rows = found.fetchmany(wanted)
        if not rows:
            return
        yield rows
        written, before = file.tell() - before, file.tell()
        fitting = CHUNK_BYTES * len(rows) // max(written, 1)
        wanted = max(1, min(CHUNK_ROWS, 4 * wanted, fitting))


@contextmanager
def _snapshot(connection: Connection, watch: Watch) -> Iterator[sa.Connection]:
    """One read-only transaction that sees one moment, whatever is written meanwhile."""
    import sqlalchemy as sa

    url = sa.make_url(connection.url)
    if url.get_backend_name() == "sqlite":
        file = sa.URL.create(
            "sqlite+pysqlite", database=f"file:{_quoted(url.database)}", query={"mode": "ro", "uri": "true"}
        )
        engine = sa.create_engine(
            file, poolclass=sa.NullPool, hide_parameters=True, isolation_level="AUTOCOMMIT",
            connect_args={"timeout": connection.connect_timeout_seconds},
        )  # fmt: skip
        start = ["BEGIN"]
    else:
        patience = {
            "connect_timeout": connection.connect_timeout_seconds, "application_name": "bihub",
            "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000,
        }  # fmt: skip
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool, hide_parameters=True,
            isolation_level="REPEATABLE READ", connect_args=patience,
            execution_options={"postgresql_readonly": True},
        )  # fmt: skip
        milliseconds = connection.statement_timeout_seconds * 1000
        start = [
            f"set local statement_timeout = {milliseconds}", f"set local lock_timeout = {milliseconds}",
            "set local time zone 'UTC'", "set local datestyle = 'ISO, YMD'",
        ]  # fmt: skip

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        made = dialect.connect(*arguments, **named)
        watch.over(made)
        _read_every_text(made)
        return made

    with engine.connect() as database:
        if url.get_backend_name() == "postgresql":
            _read_every_date(database)
        for statement in start:
            database.exec_driver_sql(statement)
        yield database


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(str(path))


def _read_every_date(database: sa.Connection) -> None:
    """'infinity' and years beyond 9999 are dates to PostgreSQL; they arrive as text, for the contract's checks."""
    import psycopg
    from psycopg.types import datetime as loaders

    def lenient(loader: type) -> type:
        class Lenient(loader):
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except psycopg.DataError:
                    return bytes(data).decode()

        return Lenient

    adapters = database.connection.dbapi_connection.adapters
    for name, loader in [
        ("date", loaders.DateLoader),
        ("timestamp", loaders.TimestampLoader),
        ("timestamptz", loaders.TimestamptzLoader),
    ]:
        adapters.register_loader(name, lenient(loader))


def _read_every_text(driver: Any) -> None:
    """SQLite and databases of encoding SQL_ASCII hold any bytes; what is no UTF-8 arrives with the sign for a lost
    character, which the partner's report names."""
    if hasattr(driver, "text_factory"):
        driver.text_factory = _lenient_text
        return
    if driver.info.parameter_status("server_encoding") != "SQL_ASCII":
        return
    from psycopg.types.string import TextLoader

    class Lenient(TextLoader):
        def load(self, data: Any) -> str:
            return _lenient_text(bytes(data))

    for name in ("text", "varchar", "bpchar", "name"):
        driver.adapters.register_loader(name, Lenient)
    driver.execute("set client_encoding to 'SQL_ASCII'")
    driver.commit()


def _lenient_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _columns(database: sa.Connection, contract: FeedContract) -> dict[str, Any]:
    """Names and types of the table's columns. Raises NotRead where the table or a column that must be there is not."""
    import sqlalchemy as sa

    schema, _, name = contract.database.relation.rpartition(".")
    try:
        with warnings.catch_warnings():  # a type that SQLAlchemy does not know is as good as any
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            listed = sa.inspect(database).get_columns(name, schema=schema or None)
    except sa.exc.NoSuchTableError:
        listed = []
    if not listed:
        raise no_table(contract)
    present = {column["name"]: column["type"] for column in listed}
    lost = [column for column in contract.columns if column.path not in present and column.required]
    if lost:
        raise lost_columns(contract, lost, list(present))
    return present


def _notes_on_columns(contract: FeedContract, present: dict[str, Any], dialect: str) -> list[str]:
    """What about the table is no longer as agreed, though it can be read."""
    import sqlalchemy as sa

    where = f"table {contract.database.relation}"
    notes = [
        f"Column '{column.path}' is gone from {where}; {column.name} is empty. Restore it, or agree a new contract."
        for column in contract.columns
        if column.path not in present
    ]
    if dialect == "sqlite":  # any column may hold anything there, whatever its type says
        return notes
    fitting = {
        "date": (sa.Date,), "timestamp": (sa.DateTime,), "time": (sa.Time,), "boolean": (sa.Boolean,),
        "integer": (sa.Integer,), "bigint": (sa.Integer,), "double": (sa.Numeric, sa.Float, sa.Integer),
    }  # fmt: skip
    for column in contract.columns:
        wanted = fitting.get(column.data_type, (sa.Numeric, sa.Integer) if "decimal" in column.data_type else ())
        kind = present.get(column.path)
        if wanted and kind is not None and not isinstance(kind, (*wanted, sa.String)):
            notes.append(
                f"Column '{column.path}' of {where} is {str(kind).lower()}, where {column.data_type} was agreed. "
                "Values that are none are held back: restore the type, or agree a new contract."
            )
    return notes


def _bound_of(contract: FeedContract, present: dict[str, Any], dialect: str) -> Callable[[datetime], Any]:
    """How a moment of the local clock is compared with the watermark column as the database has it."""
    import sqlalchemy as sa

    column = contract.column(contract.database.watermark)
    if dialect == "sqlite":
        return lambda moment: moment.strftime(column.formats[0])
    kind = present[column.path]
    if not isinstance(kind, sa.DateTime):
        raise watermark_type(contract, str(kind).lower())
    # The first of the two hours in autumn: too early reads rows again, too late would lose them.
    return (lambda moment: moment.replace(tzinfo=LONDON)) if kind.timezone else (lambda moment: moment)


def _clock(database: sa.Connection) -> datetime:
    """The moment of the snapshot by the database's clock, as local clock: what lies later is left for later."""
    if database.dialect.name == "sqlite":
        return datetime.now(LONDON).replace(tzinfo=None)
    return (
        database.exec_driver_sql("select transaction_timestamp()").scalar_one().astimezone(LONDON).replace(tzinfo=None)
    )


def _unreachable_rows(database: sa.Connection, contract: FeedContract, table: Any, mark: Any, upper: Any) -> list[str]:
    """Rows whose watermark is empty or in the future: they are not read, and that is said."""
    import sqlalchemy as sa

    empty, future = database.execute(
        sa.select(
            sa.func.count().filter(mark.is_(None)), sa.func.count().filter(mark > upper)
        ).select_from(table).where(sa.or_(mark.is_(None), mark > upper))
    ).one()  # fmt: skip
    name = mark.name
    where = f"table {contract.database.relation}"
    notes = []
    if empty:
        notes.append(f"{empty:,} rows of {where} have no '{name}' and are never read. Fill it in.")
    if future:
        notes.append(f"{future:,} rows of {where} have '{name}' in the future and are not read until then. Correct it.")
    return notes


# --- Writing ---------------------------------------------------------------------------------------------------------


def _writer(columns: list[Column]) -> Callable[[Any], bytes]:
    """Rows as JSON lines in the contract's formats; columns in the contract's order."""
    names = [column.path for column in columns]

    def write(row: Any) -> bytes:
        record = {
            name: value if value is None or value.__class__ is str else _text(value, column)
            for name, value, column in zip(names, row, columns, strict=True)
        }
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    return write


def _text(value: Any, column: Column) -> Any:
    """A value as the contract's format wants it. What does not fit is written as it is, for the checks to name."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return _temporal(value.astimezone(LONDON).replace(tzinfo=None) if value.tzinfo else value, column)
    if isinstance(value, date | clock):
        return _temporal(value, column)
    if isinstance(value, Decimal):
        whole = column.data_type in ("integer", "bigint") and value.is_finite() and value == value.to_integral_value()
        return int(value) if whole else format(value, "f")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _temporal(value: date | datetime | clock, column: Column) -> str:
    kind = {"date": date, "timestamp": datetime, "time": clock}.get(column.data_type)
    if kind is date and isinstance(value, datetime) and value.time() == clock():
        value = value.date()
    if kind is datetime and type(value) is date:
        value = datetime.combine(value, clock())
    return value.strftime(column.formats[0]) if kind is type(value) and column.formats else str(value)


def _moment(value: Any, column: Column) -> datetime | None:
    """The watermark of a row as local clock."""
    if isinstance(value, datetime):
        return value.astimezone(LONDON).replace(tzinfo=None) if value.tzinfo else value
    try:
        return datetime.strptime(value, column.formats[0])
    except (TypeError, ValueError):
        return None


def _land(temporary: Path, contract: FeedContract, found: Extract, received_at: datetime | None) -> Path:
    """Give a finished extract its name in landing. What lies there already stays; the same bytes are not laid twice."""
    span = "_".join(f"{moment:%Y%m%dT%H%M%S}" if moment else "undated" for moment in (found.first, found.last))
    for number in range(1, 10_000):
        path = temporary.with_name(f"{contract.table}_{span}{f'_{number}' if number > 1 else ''}.jsonl")
        if not path.exists():
            break
        if _same_bytes(path, temporary):
            return path
    if received_at is not None:
        moment = received_at.replace(tzinfo=LONDON).timestamp()
        os.utime(temporary, (moment, moment))
    temporary.rename(path)
    fsync_path(path.parent)
    return path


def _same_bytes(one: Path, other: Path) -> bool:
    import filecmp

    return filecmp.cmp(one, other, shallow=False)
