"""What a text is on the wire of SMPP: octets, coding, headers."""

import pytest

from channels.sms.alphabet import from_septets
from channels.sms.smpp.pdu import Address, ShortMessage
from channels.sms.smpp.texts import HAS_HEADER, read_text, write_parts


class TestWriteParts:
    def test_latin_goes_as_septets_an_octet_each(self) -> None:
        (part,) = write_parts("@[€]", "udh8", "gsm7", 1)
        assert (part.octets, part.data_coding, part.esm_class) == (b"\x00\x1b\x3c\x1b\x65\x1b\x3e", 0, 0)

    def test_cyrillic_goes_as_utf_16_big_endian(self) -> None:
        (part,) = write_parts("Да", "udh8", "gsm7", 1)
        assert (part.octets, part.data_coding) == (b"\x04\x14\x04\x30", 8)

    def test_a_provider_of_latin_1_gets_latin_1(self) -> None:
        (part,) = write_parts("@[ü]", "udh8", "latin1", 1)
        assert (part.octets, part.data_coding) == (b"@[\xfc]", 0)

    @pytest.mark.parametrize("text", ["10 €", "ΔΩ"])
    def test_what_latin_1_lacks_goes_as_ucs_2_there(self, text: str) -> None:
        (part,) = write_parts(text, "udh8", "latin1", 1)
        assert (part.octets, part.data_coding) == (text.encode("utf-16-be"), 8)

    @pytest.mark.parametrize(
        ("way", "text", "lengths", "header"),
        [
            ("udh8", "a" * 161, [159, 14], b"\x05\x00\x03\xcd"),
            ("udh16", "a" * 161, [159, 16], b"\x06\x08\x04\xab\xcd"),
            ("udh8", "Ж" * 71, [140, 14], b"\x05\x00\x03\xcd"),
            ("udh16", "Ж" * 71, [139, 17], b"\x06\x08\x04\xab\xcd"),
        ],
    )
    def test_a_chain_is_held_together_by_its_header(
        self, way: str, text: str, lengths: list[int], header: bytes
    ) -> None:
        parts = write_parts(text, way, "gsm7", 0xABCD)  # type: ignore[arg-type]
        assert [len(part.octets) for part in parts] == lengths
        assert {part.esm_class for part in parts} == {HAS_HEADER}
        for place, part in enumerate(parts, start=1):
            assert part.octets.startswith(header + bytes((2, place)))

    def test_a_part_does_not_end_inside_an_escaped_character(self) -> None:
        first, second = write_parts("a" * 152 + "€" + "b" * 20, "udh8", "gsm7", 1)
        assert from_septets(first.octets[6:]) == "a" * 152
        assert from_septets(second.octets[6:]) == "€" + "b" * 20

    def test_a_payload_holds_the_whole_text(self) -> None:
        (part,) = write_parts("Ж" * 300, "payload", "gsm7", 1)
        assert (len(part.octets), part.esm_class) == (600, 0)

    def test_an_empty_text_has_no_parts(self) -> None:
        assert [len(part.octets) for part in write_parts("", "payload", "gsm7", 1)] in ([], [0])
        assert write_parts("", "udh8", "gsm7", 1) == []


class TestReadText:
    @pytest.mark.parametrize(
        ("octets", "coding", "esm_class", "alphabet", "text"),
        [
            ("СТОП".encode("utf-16-be"), 8, 0, "gsm7", "СТОП"),
            (b"STOP\x00", 0, 0, "gsm7", "STOP@"),
            (b"STOP@", 0, 0, "latin1", "STOP@"),
            (b"caf\xe9", 3, 0, "gsm7", "café"),
            (b"\x05\x00\x03\x01\x02\x01" + "Да".encode("utf-16-be"), 8, 0x40, "gsm7", "Да"),
            (b"", 0, 0x40, "gsm7", ""),
        ],
    )
    def test_by_its_coding_and_without_its_header(
        self, octets: bytes, coding: int, esm_class: int, alphabet: str, text: str
    ) -> None:
        message = ShortMessage(
            source=Address("79161234567"),
            destination=Address("100"),
            octets=octets,
            data_coding=coding,
            esm_class=esm_class,
        )
        assert read_text(message, alphabet) == text  # type: ignore[arg-type]
