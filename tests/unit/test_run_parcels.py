"""Parcels: what goes in comes out, nothing of the machine goes along, nothing lands outside."""

import io
import tarfile

import pytest

from evalkit.run.parcels import pack, unpack


def test_files_and_folders_come_out_under_the_names_given(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "å.txt").write_text("one", encoding="utf-8")
    (tmp_path / "alone.bin").write_bytes(b"two")

    parcel = pack({"a/b": tmp_path / "in", "c": tmp_path / "alone.bin", "d": tmp_path / "none"})
    unpack(parcel, tmp_path / "out")

    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == {"a/b/deep/å.txt": b"one", "c": b"two"}


def test_equal_contents_make_equal_parcels(tmp_path):
    (tmp_path / "first").write_bytes(b"x")
    (tmp_path / "second").write_bytes(b"x")

    assert pack({"a": tmp_path / "first"}) == pack({"a": tmp_path / "second"})


def test_a_parcel_that_points_outside_is_an_error(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as parcel:
        parcel.addfile(tarfile.TarInfo("../outside"), io.BytesIO())

    with pytest.raises(tarfile.OutsideDestinationError):
        unpack(stream.getvalue(), tmp_path / "in")
