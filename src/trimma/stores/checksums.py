"""Checksums (CRC-32) of what a store keeps, so that damage is noticed whatever it has hit."""

from zlib import crc32

_ALL_BITS = 0xFFFFFFFF


def of_name(study: str) -> int:
    """The checksum of a study's name, and what the checksums of its records begin with."""
    return crc32(study.encode("utf-8", "surrogateescape"))


def of_record(name: int, number: int, record: bytes) -> int:
    """The checksum of a record. Study and number are part of it, so that one in the wrong place is noticed, too."""
    return crc32(record, (name + number) & _ALL_BITS)
