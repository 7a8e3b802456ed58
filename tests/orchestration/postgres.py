"""A PostgreSQL server of the tests' own, started and stopped by them; where there is none, why not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "s3cret/p@ss w0rd"
QUOTED = "s3cret%2Fp%40ss%20w0rd"


@dataclass(frozen=True)
class Server:
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://boss:{QUOTED}@127.0.0.1:{self.port}/postgres"

    def at(self, name: str) -> Callable[..., list[tuple]]:
        """`sql` of another database of the server."""
        return lambda *statements: self.sql(*statements, url=self.url.replace("/postgres", f"/{name}"))

    def sql(self, *statements: str, url: str | None = None) -> list[tuple]:
        """Run statements, each in a transaction of its own; the rows of the last."""
        import psycopg

        with psycopg.connect(url or self.url, autocommit=True) as connection:
            for statement in statements:
                found = connection.execute(statement)
            return found.fetchall() if found.description else []


def programs() -> Path | None:
    """The folder of initdb and pg_ctl."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += sorted(Path("/usr").glob("pgsql-*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def why_not() -> str | None:
    if os.name == "nt":
        return "PostgreSQL tests run on Linux and macOS"
    if programs() is None:
        return "PostgreSQL is not installed: initdb is neither on the path nor under /usr/lib/postgresql"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as"
    return None


def _other_user() -> str | None:
    import pwd  # not on Windows

    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    return None


@contextmanager
def running_server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="bihub-postgres-"))
    as_user: dict = {}
    if os.geteuid() == 0:
        import pwd

        other = pwd.getpwnam(_other_user())
        os.chown(folder, other.pw_uid, other.pw_gid)
        as_user = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
    secret, data, log = folder / "secret", folder / "data", folder / "log"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(program: str, *words: str) -> None:
        done = subprocess.run(
            [str(programs() / program), *words], text=True, capture_output=True, cwd=folder, check=False, timeout=60,
            stdin=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        said = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{program} failed:\n{done.stdout}\n{done.stderr}\n{said}"

    try:
        call("initdb", "-D", str(data), "-U", "boss", "-A", "scram-sha-256", f"--pwfile={secret}", "-N", "-E", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories='' -c fsync=off"
        # The log goes to a file: a pipe would be held open by the server and never end.
        subprocess.run(
            [str(programs() / "pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-t", "30", "-o", options, "start"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **as_user,
        )  # fmt: skip
        try:
            yield Server(port)
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
