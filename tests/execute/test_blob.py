"""Blobs are immutable, and lent to one stranger only."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.errors import UserError
from provender.execute import Blob


@given(st.binary(max_size=5000))
def test_a_blob_holds_the_bytes_it_was_given(data):
    with Blob.of(data) as blob:
        assert bytes(blob.view) == data
        assert len(blob) == len(data)


def test_a_view_outlives_its_blob():
    blob = Blob.of(b"kept")
    view = blob.view
    blob.close()
    blob.close()
    assert bytes(view) == b"kept"
    with pytest.raises(TypeError):
        view[0] = 0


@pytest.mark.skipif(sys.platform != "linux", reason="seals are Linux's")
@pytest.mark.parametrize(
    "attack",
    [
        lambda fd: os.pwrite(fd, b"x", 0),
        lambda fd: os.ftruncate(fd, 1),
        lambda fd: os.ftruncate(fd, 100),
        lambda fd: os.pwrite(os.open(f"/proc/self/fd/{fd}", os.O_RDWR), b"x", 0),
    ],
)
def test_sealed_bytes_cannot_be_changed(attack):
    with Blob.of(b"sealed") as blob:
        with pytest.raises(OSError):
            attack(blob.fd)
        assert bytes(blob.view) == b"sealed"


def test_a_memfd_is_lent_once_and_copied_after_that():
    with Blob.of(b"secret" * 1000) as blob:
        lent = [blob.lend() for _ in range(3)]
        inodes = {os.fstat(fd).st_ino for fd in lent}
        assert [os.pread(fd, 6000, 0) for fd in lent] == [bytes(blob.view)] * 3
        assert len(inodes) == 3
        for fd in lent:
            os.close(fd)


def test_a_file_is_never_lent_itself(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with Blob.open(path) as blob:
        fd = blob.lend()
        assert os.fstat(fd).st_ino != path.stat().st_ino
        assert os.pread(fd, 100, 0) == b"content"
        os.close(fd)


def test_only_regular_files_are_opened(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing", "."):
        with pytest.raises(UserError, match="regular"):
            Blob.open(tmp_path / name)
