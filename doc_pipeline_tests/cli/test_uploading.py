"""`add` as people use it: folders, links, twins, names that no store takes."""

from __future__ import annotations

from pathlib import Path

from doc_pipeline.domain.identity import document_id_of
from doc_pipeline_tests.cli.conftest import CommandLine


def _folder(root: Path) -> Path:
    folder = root / "given"
    (folder / "below").mkdir(parents=True)
    (folder / "a.txt").write_text("one")
    (folder / "below" / "b.txt").write_text("two")
    (folder / "b.txt.meta.json").write_text("{}")
    (folder / ".DS_Store").write_text("noise")
    return folder


def test_a_folder_keeps_its_shape_below_the_prefix(fresh: CommandLine, tmp_path: Path) -> None:
    ended = fresh("add", str(_folder(tmp_path)), "--prefix", "/2026/", "--json")
    assert ended.code == 0
    assert [item["key"] for item in ended.json["added"]] == ["2026/a.txt", "2026/below/b.txt"]
    assert ended.json["ignored"] == 1
    uploads = fresh.folder / "uploads" / "2026"
    assert (uploads / "b.txt.meta.json").exists(), "options go along, but are no document"


def test_links_in_a_folder_are_not_followed(fresh: CommandLine, tmp_path: Path) -> None:
    """A link may lead to any file of this machine; the sensor does not follow them either."""
    secret = tmp_path / "secret.txt"
    secret.write_text("not meant")
    folder = _folder(tmp_path)
    (folder / "link.txt").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path)
    keys = [item["key"] for item in fresh("add", str(folder), "--json").json["added"]]
    assert keys == ["a.txt", "below/b.txt"]


def test_the_data_folder_is_no_upload(fresh: CommandLine, tmp_path: Path) -> None:
    """Someone adds the folder that the data folder lies in, twice."""
    _folder(tmp_path)
    first = fresh("add", str(tmp_path), "--json").json["added"]
    assert fresh("add", str(tmp_path), "--json").json["added"] == first


def test_two_files_of_one_name_are_refused(fresh: CommandLine, tmp_path: Path) -> None:
    """The second would silently take the place of the first."""
    folder = _folder(tmp_path)
    other = tmp_path / "a.txt"
    other.write_text("another")
    ended = fresh("add", str(folder / "a.txt"), str(other))
    assert ended.code == 2
    assert "--prefix" in ended.err
    assert not (fresh.folder / "uploads" / "a.txt").exists()


def test_a_name_that_cannot_be_does_not_stop_the_others(fresh: CommandLine, tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    too_deep = fresh("add", str(folder / "a.txt"), "--prefix", "../up")
    assert too_deep.code == 1
    assert "NAME_INVALID" in too_deep.err
    assert "Rename the file" in too_deep.err
    long = fresh("add", str(folder), "--prefix", "/".join(["x" * 200] * 5) + "/" + "y" * 12)
    assert long.code == 1
    assert len(long.out.split()) == 1, "a.txt fits, below/b.txt does not"


def test_a_missing_file_is_wrong_usage(fresh: CommandLine) -> None:
    ended = fresh("add", "nowhere.txt")
    assert ended.code == 2
    assert "does not exist" in ended.err
    assert fresh("add").code == 2


def test_add_names_the_documents(fresh: CommandLine, tmp_path: Path) -> None:
    """Standard output holds ids only, so that a script can go on with them."""
    ended = fresh("add", str(_folder(tmp_path) / "a.txt"))
    assert ended.out.split() == [document_id_of("a.txt")]
    assert "1 document uploaded" in ended.err
    assert "doc-pipeline up" in ended.err
