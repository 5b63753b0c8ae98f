"""The content of gzip files: whole, with several members, truncated, damaged and hostile."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest

from schemalm.documents.gzip_stream import GzipStream

CONTENT = b"".join(b'{"value": %d}\n' % number for number in range(20_000))
MEMBER = gzip.compress(CONTENT)
EMPTY = gzip.compress(b"")


def content(data: bytes) -> bytes:
    return io.BufferedReader(GzipStream(io.BytesIO(data))).read()


def test_several_members_are_read_and_zeros_may_pad_the_end() -> None:
    assert content(MEMBER + EMPTY + MEMBER) == CONTENT * 2
    assert content(MEMBER + b"\0" * 512) == CONTENT
    assert content(EMPTY) == b""


@pytest.mark.parametrize("num_kept", [0, 1, 5, 9, len(MEMBER) // 2, len(MEMBER) - 8, len(MEMBER) - 1])
@pytest.mark.parametrize("before", [b"", MEMBER])
def test_a_truncated_file_is_detected(before: bytes, num_kept: int) -> None:
    if before and not num_kept:
        assert content(before) == CONTENT
    else:
        with pytest.raises(EOFError):
            content(before + MEMBER[:num_kept])


@pytest.mark.parametrize(
    "data",
    [
        b"no gzip file",
        MEMBER + b"spoiled",
        MEMBER[:-8] + b"\0\0\0\0" + MEMBER[-4:],  # another checksum
        MEMBER[:-1] + b"\1",  # another length
        MEMBER[:100] + b"\xff" * 50 + MEMBER[150:],
    ],
)
def test_other_data_than_gzip_is_an_error(data: bytes) -> None:
    with pytest.raises(zlib.error):
        content(data)


def test_a_file_that_expands_a_thousandfold_is_read_in_blocks() -> None:
    stream = GzipStream(io.BytesIO(gzip.compress(b"\0" * (1 << 24)) * 5))
    buffer = bytearray(1 << 16)
    num_bytes = 0
    while size := stream.readinto(buffer):
        num_bytes += size
    assert num_bytes == 5 << 24
