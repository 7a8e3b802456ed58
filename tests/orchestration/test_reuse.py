"""Files of an earlier set are linked while they hold what was noted of them, and made again otherwise."""

import pytest

from orchestration.reuse import NOTES, link_folder, note_folder


@pytest.fixture
def earlier(tmp_path):
    folder = tmp_path / "earlier"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("page")
    (folder / "assets" / "style.css").write_text("style")
    note_folder(folder, "the rules of today")
    return folder


def test_a_folder_made_from_the_same_is_linked(earlier, tmp_path):
    later, last = tmp_path / "later", tmp_path / "last"
    assert link_folder(earlier, later, "the rules of today")
    assert (later / "assets" / "style.css").samefile(earlier / "assets" / "style.css")
    assert link_folder(later, last, "the rules of today")
    assert sorted(path.name for path in last.rglob("*")) == sorted(["assets", "index.html", "style.css", NOTES])


def test_a_folder_made_from_something_else_is_not(earlier, tmp_path):
    assert not link_folder(earlier, tmp_path / "later", "the rules of tomorrow")
    assert not (tmp_path / "later").exists()


@pytest.mark.parametrize("harm", ["changed", "removed", "notes lost", "notes damaged"])
def test_nothing_is_linked_from_a_damaged_folder(earlier, tmp_path, harm):
    if harm == "changed":
        (earlier / "index.html").write_text("egap")
    elif harm == "removed":
        (earlier / "assets" / "style.css").unlink()
    elif harm == "notes lost":
        (earlier / NOTES).unlink()
    else:
        (earlier / NOTES).write_text("{")
    assert not link_folder(earlier, tmp_path / "later", "the rules of today")
    assert not (tmp_path / "later").exists()
