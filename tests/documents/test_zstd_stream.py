"""The content of zstd files: whole, with several frames, truncated and hostile."""

from __future__ import annotations

import io
import struct

import pytest
import zstandard

from schemalm.documents.zstd_stream import ZstdStream

CONTENT = b"".join(b'{"value": %d}\n' % number for number in range(20_000))
FRAME = zstandard.compress(CONTENT)
RESERVED = b"\x28\xb5\x2f\xfd\0\0\x07\0\0"  # a block of the reserved type
EMPTY = zstandard.compress(b"")
SKIPPED = struct.pack("<II", 0x184D2A50, 5) + b"notes"


def content(data: bytes) -> bytes:
    return io.BufferedReader(ZstdStream(io.BytesIO(data))).read()


@pytest.mark.parametrize("data", [FRAME, SKIPPED + FRAME, FRAME + SKIPPED, EMPTY + FRAME + EMPTY])
def test_frames_without_content_change_nothing(data: bytes) -> None:
    assert content(data) == CONTENT


def test_frames_follow_one_another() -> None:
    assert content(FRAME + SKIPPED + FRAME) == CONTENT * 2
    assert content(EMPTY) == b""


@pytest.mark.parametrize("num_kept", [0, 1, 5, 9, len(FRAME) // 2, len(FRAME) - 4, len(FRAME) - 1])
@pytest.mark.parametrize("before", [b"", FRAME])
def test_a_truncated_file_is_detected(before: bytes, num_kept: int) -> None:
    if before and not num_kept:
        assert content(before) == CONTENT
    else:
        with pytest.raises(EOFError):
            content(before + FRAME[:num_kept])


def test_a_file_truncated_between_the_blocks_of_a_frame_is_detected() -> None:
    compressor = zstandard.ZstdCompressor().compressobj()
    begun = compressor.compress(CONTENT) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    with pytest.raises(EOFError):
        content(begun)
    assert content(begun + compressor.flush()) == CONTENT


@pytest.mark.parametrize("data", [b"no zstd file", FRAME + b"\0\0\0\0", RESERVED])
def test_other_data_than_zstd_is_an_error(data: bytes) -> None:
    with pytest.raises(zstandard.ZstdError):
        content(data)


def test_a_file_that_expands_a_thousandfold_is_read_in_blocks() -> None:
    expanding = zstandard.compress(b"\0" * (1 << 24))
    stream = ZstdStream(io.BytesIO(expanding * 20))
    buffer = bytearray(1 << 20)
    num_bytes = 0
    while size := stream.readinto(buffer):
        assert size <= len(buffer)
        num_bytes += size
    assert num_bytes == 20 << 24
