"""Keyed pseudonyms: HMAC-SHA256 with one key per purpose (F 5.2). Keys live in files, never in SQL, logs or git."""

from __future__ import annotations

import hmac
import os
import secrets
import threading
from pathlib import Path

KEY_BYTES = 32

PURPOSES = ("person", "secondary_use", "population_health")
"""What SQL may make pseudonyms for: `person` within the hub; in what is published `secondary_use` (urgent care) and
`population_health`, each under a key of its own, so that sets of two purposes cannot be joined (F 5.2)."""


def load_key(keys: Path, purpose: str) -> bytes:
    """The key of a purpose; made on first use, readable by the owner only.

    Raises ValueError where the purpose is not a plain name or the key file is damaged.
    """
    if not purpose.isidentifier():
        raise ValueError(f"'{purpose}' is not a purpose name: use letters, digits and underscores")
    path = keys / f"{purpose}.key"
    if not path.exists():
        keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = keys / f".{purpose}.{os.getpid()}.{threading.get_ident()}.tmp"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # never replaces a key that another process made first
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} does not hold a {KEY_BYTES}-byte key in hexadecimal: restore it from your backup")
    return key


def pseudonym(key: bytes, value: str) -> str:
    """32 hexadecimal digits (128 bits) that stand for `value` under `key`, always the same."""
    return hmac.digest(key, value.encode(), "sha256")[:16].hex()
