"""What was sent is kept with a salted hash that can outlive it."""

import hashlib
import zlib

from dispatcher.delivery.content import REPLY_LIMIT, SentContent


class TestSentContent:
    def test_the_exact_bytes_can_be_had_back(self) -> None:
        kept = SentContent.of("Долг\r\n".encode(), address="a@b.example", reply="250 OK")
        assert kept.compressed is not None
        assert zlib.decompress(kept.compressed) == "Долг\r\n".encode()

    def test_the_hash_covers_salt_address_reply_and_content(self) -> None:
        kept = SentContent.of(b"body", address="a@b.example", reply="250 OK")
        digest = hashlib.sha256(kept.salt)
        for part in (b"a@b.example", b"250 OK", b"body"):
            digest.update(len(part).to_bytes(8, "big") + part)
        assert kept.hash == digest.digest()

    def test_the_same_letter_twice_has_two_hashes(self) -> None:
        first, second = (SentContent.of(b"body", address="a", reply="") for _ in range(2))
        assert first.hash != second.hash

    def test_a_reply_is_cut_and_freed_of_zero_bytes(self) -> None:
        kept = SentContent.of(None, address="a", reply="x\x00" + "y" * 5000)
        assert "\x00" not in kept.reply
        assert len(kept.reply) < REPLY_LIMIT + 1
        assert kept.compressed is None

    def test_a_reply_that_is_no_unicode_is_kept_all_the_same(self) -> None:
        said = "ящика нет".encode("cp1251").decode("utf-8", "surrogateescape")  # as the SMTP library gives it
        kept = SentContent.of(None, address="a", reply=f"550 5.1.1 {said}")
        assert kept.reply == "550 5.1.1 ????? ???"

    def test_its_repr_shows_no_personal_data(self) -> None:
        kept = SentContent.of(b"secret body", address="a@b.example", reply="for a@b.example")
        assert "a@b.example" not in repr(kept)
