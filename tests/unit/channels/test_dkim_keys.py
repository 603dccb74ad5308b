"""Which keys are taken, and what is said of those that are not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import ValidationError
from structlog.testing import capture_logs

from channels.email.dkim_keys import DkimKey, check_selector, load_keys, make_private_key, to_pem
from channels.email.message import MessageBuilder
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import MailSettings

ED25519 = to_pem(make_private_key("ed25519"))
RSA = make_private_key("rsa")
#: 512 bits, made for this test alone: the library makes none that short.
SHORT_RSA = """-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAO1qptQu/boPf6A4pXwUp4jVt0FRHMieLT2wEBxlLVYlKLpcMJOf
cufJVnoAim4E/ItBr/344gdgX9zbOfiCCRkCAwEAAQJBANIyNafwPrWHWUBaRrE3
fCiaxpdun+RCnt1ZzrnFHkGACiIJCPFpI8Q/CaCRIPjwtqSj++MRvRz1Hpx/CvP5
3bECIQD48+QdlfXCmt33eb7x9kaDg0meiAuZ4uRM4YmRE0+RDQIhAPQjKTIdqbyG
SACkcnTiYm9anNaKv7xINl2im4h0Fh09AiEA6/7Xaix0EoyYijbBCcI6SgU0zrGM
vc5WOYM702kI7ikCIHIUfAuPEOGnXb3vGgzEPHsMPH2EGFRC6iSW91ar6CmBAh8T
8pZvvEEAKyZCXdeSgHrwe1YXDcQVjB5JjwFMpXDq
-----END RSA PRIVATE KEY-----
"""


def moment(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.touch(mode=0o600)
    path.write_bytes(ED25519)
    return path


def mail(*keys: dict[str, Any]) -> MailSettings:
    return MailSettings.model_validate({"dkim_keys": keys})


def load(file: Path, **changes: Any) -> DkimKey:
    (key,) = load_keys(mail({"selector": "2026a", "private_key_file": file, **changes}))
    return key


def refusal(file: Path, **changes: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(file, **changes)
    return str(caught.value)


class TestLoadKeys:
    def test_the_domain_is_the_one_of_the_from_address(self, file: Path) -> None:
        key = load(file)
        assert key.record_name == "2026a._domainkey.energosbyt.example"
        assert key.kind == "ed25519"

    def test_a_domain_of_its_own_becomes_ascii(self, file: Path) -> None:
        assert load(file, domain="Пример.рф").domain == "xn--e1afmkfd.xn--p1ai"

    @pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
    def test_both_forms_of_rsa_files_are_read(self, file: Path, form: PrivateFormat) -> None:
        file.write_bytes(RSA.private_bytes(Encoding.PEM, form, NoEncryption()))
        assert load(file, algorithm="rsa").kind == "rsa"

    def test_no_key_at_all_is_well(self) -> None:
        assert load_keys(MailSettings()) == ()

    def test_a_missing_file(self, tmp_path: Path) -> None:
        words = refusal(tmp_path / "none.pem")
        assert "none.pem is not there" in words
        assert "dispatcher dkim new-key" in words

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "private_key_file" in refusal(tmp_path)

    @pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
    def test_a_file_open_to_everybody(self, file: Path, mode: int) -> None:
        file.chmod(mode)
        assert f"run `chmod o= {file}`" in refusal(file)

    def test_a_file_for_a_group_is_taken(self, file: Path) -> None:
        file.chmod(0o640)
        assert load(file).selector == "2026a"

    @pytest.mark.parametrize("content", [b"", b"\0" * 100, b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
    def test_a_file_that_holds_no_key(self, file: Path, content: bytes) -> None:
        file.write_bytes(content)
        assert "holds no private key in PEM form" in refusal(file)

    def test_the_public_half(self, file: Path) -> None:
        file.write_bytes(RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        assert "public half" in refusal(file)

    def test_a_huge_file(self, file: Path) -> None:
        file.write_bytes(ED25519 * 1000)
        assert "far too long" in refusal(file)

    def test_an_encrypted_key(self, file: Path) -> None:
        lock = BestAvailableEncryption(b"word")
        file.write_bytes(RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        assert "protected by a password" in refusal(file)

    def test_a_key_of_a_kind_unknown_to_dkim(self, file: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        assert "RSA or Ed25519" in refusal(file)

    def test_another_algorithm_than_the_setting_says(self, file: Path) -> None:
        assert "holds a key of kind ed25519" in refusal(file, algorithm="rsa")

    def test_a_key_that_is_too_long(self, file: Path) -> None:
        file.write_bytes(to_pem(rsa.generate_private_key(65_537, 4104)))
        assert "4104 bits" in refusal(file)

    def test_a_short_key_is_taken_with_a_warning(self, file: Path) -> None:
        file.write_bytes(to_pem(rsa.generate_private_key(65_537, 1024)))
        with capture_logs() as logs:
            assert load(file).is_weak
        assert [(one["event"], one["log_level"]) for one in logs] == [("email.dkim_key_short", "warning")]

    def test_a_key_that_nobody_accepts(self, file: Path) -> None:
        file.write_text(SHORT_RSA)
        assert "512 bits" in refusal(file)

    @pytest.mark.parametrize("selector", ["a_b", "-a", "a..b", "a b", "ключ", "a" * 64, "a\n"])
    def test_a_selector_that_is_no_name(self, file: Path, selector: str) -> None:
        assert "DKIM selector" in refusal(file, selector=selector)

    def test_a_selector_twice(self, file: Path) -> None:
        key = {"selector": "a", "private_key_file": file}
        with pytest.raises(ConfigurationError, match="there twice"):
            load_keys(mail(key, key | {"selector": "A"}))

    def test_a_name_too_long_for_dns(self, file: Path) -> None:
        selector = ".".join(["a" * 60] * 3)
        assert "too long" in refusal(file, selector=selector, domain=".".join(["b" * 60] * 2) + ".example")

    def test_the_builder_says_the_same(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="is not there"):
            MessageBuilder(mail({"selector": "a", "private_key_file": tmp_path / "none"}))


class TestRotation:
    def keys(self, file: Path, *spans: tuple[datetime | None, datetime | None]) -> tuple[DkimKey, ...]:
        return load_keys(
            mail(
                *(
                    {
                        "selector": f"k{number}",
                        "private_key_file": file,
                        "active_from": span[0],
                        "active_until": span[1],
                    }
                    for number, span in enumerate(spans)
                )
            )
        )

    def test_one_key_after_the_other(self, file: Path) -> None:
        old, new = self.keys(file, (None, moment(10)), (moment(10), None))
        before, after = moment(9).timestamp(), moment(10).timestamp()
        assert (old.is_active(before), new.is_active(before)) == (True, False)
        assert (old.is_active(after), new.is_active(after)) == (False, True)

    def test_a_first_key_may_begin_later(self, file: Path) -> None:
        (key,) = self.keys(file, (moment(10), None))
        assert not key.is_active(moment(9).timestamp())

    @pytest.mark.parametrize(
        "spans",
        [
            [(None, moment(10))],
            [(None, moment(10)), (moment(11), None)],
            [(None, moment(10)), (moment(5), moment(20))],
            [(moment(1), moment(3)), (moment(2), moment(5)), (moment(6), None)],
        ],
    )
    def test_a_gap_in_which_nobody_would_sign(self, file: Path, spans: Any) -> None:
        with pytest.raises(ConfigurationError, match="no key would sign"):
            self.keys(file, *spans)

    def test_a_span_that_ends_before_it_begins(self, file: Path) -> None:
        with pytest.raises(ConfigurationError, match="active_until is not after active_from"):
            self.keys(file, (moment(10), moment(9)))

    def test_a_moment_without_a_zone_and_a_misspelt_name_are_refused(self, file: Path) -> None:
        for wrong in ({"active_from": "2026-11-10T00:00:00"}, {"active_form": "2026-11-10T00:00:00Z"}):
            with pytest.raises(ValidationError):
                mail({"selector": "a", "private_key_file": file} | wrong)


class TestSecrecy:
    def test_a_key_never_shows_itself(self, file: Path) -> None:
        assert "private" not in repr(load(file)).lower()

    def test_selectors_are_lower_case(self) -> None:
        assert check_selector("2026A.Mail") == "2026a.mail"
