"""Pseudonyms: keyed, stable, different for each purpose, and the key never leaves its file."""

import hashlib
import hmac
import os

import pytest

from orchestration.pseudonyms import load_key, pseudonym


def test_the_same_value_keeps_its_pseudonym_and_another_purpose_gives_another(tmp_path):
    planning, research = load_key(tmp_path, "planning"), load_key(tmp_path, "research")
    assert pseudonym(planning, "9990000018") == pseudonym(load_key(tmp_path, "planning"), "9990000018")
    assert pseudonym(planning, "9990000018") != pseudonym(research, "9990000018")
    assert pseudonym(planning, "9990000018") != pseudonym(planning, "9990000026")


def test_it_is_hmac_sha256_cut_to_128_bits():
    made = pseudonym(b"k" * 32, "9990000018")
    assert made == hmac.new(b"k" * 32, b"9990000018", hashlib.sha256).hexdigest()[:32]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no owner-only mode bits")
def test_only_the_owner_can_read_a_key(tmp_path):
    load_key(tmp_path / "keys", "planning")
    assert (tmp_path / "keys" / "planning.key").stat().st_mode & 0o077 == 0


def test_a_damaged_key_is_an_error_and_is_not_replaced(tmp_path):
    (tmp_path / "planning.key").write_text("not hexadecimal")
    with pytest.raises(ValueError, match="restore it from your backup"):
        load_key(tmp_path, "planning")
    assert (tmp_path / "planning.key").read_text() == "not hexadecimal"


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "planning.key").write_text("ab" * 8)
    with pytest.raises(ValueError, match="32-byte"):
        load_key(tmp_path, "planning")


@pytest.mark.parametrize("purpose", ["../other", "", "two words"])
def test_a_purpose_is_a_plain_name(tmp_path, purpose):
    with pytest.raises(ValueError, match="purpose name"):
        load_key(tmp_path, purpose)
