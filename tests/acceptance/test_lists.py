"""Files that are no lists: a clear message, exit code 1, and nothing half imported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.product import Product, installation
from tests.acceptance.singles import use_servers

pytestmark = pytest.mark.timeout(600)  # a starved machine says nothing about the product

HEADER = "Лицевой счёт;Код абонента;ФИО;Адрес;E-mail;Телефон;Сумма долга;Срок оплаты;Согласие\n"
FAULTY = {
    "missing.csv": (None, "missing.csv"),
    "empty.csv": (b"", ""),
    "table.xlsx": (b"PK\x03\x04" + bytes(200), "CSV"),
    "letter.pdf": (b"%PDF-1.7\n" + bytes(200), "CSV"),
    "no_rows.csv": (HEADER.encode(), ""),
    "no_account.csv": ("ФИО;E-mail\nИванов;a@example.com\n".encode(), ""),
    "bad_rows.csv": (HEADER.encode() + b";;;;;;;;\n", ""),
}


@pytest.fixture(scope="module")
def product(servers, migrated_template) -> Iterator[Product]:
    """An installation on configured servers: commands start at once."""
    with installation() as product, use_servers(product, servers, migrated_template):
        yield product


class TestImport:
    @pytest.mark.parametrize("name", FAULTY)
    def test_it_says_what_is_wrong_and_keeps_nothing(self, product: Product, name: str) -> None:
        content, word = FAULTY[name]
        path = product.directory / name
        if content is not None:
            path.write_bytes(content)

        done = product.run("import", str(path))

        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip()) > 20
        assert word in done.stderr
        self._is_unknown(product, Path(name).stem)

    def test_a_wrong_encoding_is_said(self, product: Product) -> None:
        path = product.directory / "encoded.csv"
        path.write_bytes((HEADER + "1;A;Иванов;Москва;a@example.com;;10,00;25.12.2026;да\n").encode("cp1251"))

        done = product.run("import", str(path), "--encoding", "utf-8")

        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        self._is_unknown(product, "encoded")

    @staticmethod
    def _is_unknown(product: Product, name: str) -> None:
        done = product.run("campaign", "create", "--list", name, "--ends", "2099-01-01 10:00")
        assert done.returncode == 1
        assert name in done.stderr


class TestCreate:
    CASES = (
        (("--scenario", "no_such", "--ends", "2099-01-01 10:00"), "debt_reminder"),
        (("--ends", "2020-01-01 10:00"), "end"),
        (("--starts", "2099-01-02 10:00", "--ends", "2099-01-01 10:00"), "after its start"),
        (("--ends", "tomorrow"), "2026-11-23 08:00"),
        (("--ends", "2099-01-01 10:00", "--hours", "20:00-22:00"), "20:00"),
        (("--ends", "2099-01-01 10:00", "--hours", "all day"), "08:00-17:00"),
        (("--ends", "2099-01-01 10:00", "--policy", "no_such"), "service_standard"),
        (("--ends", "2099-01-01 10:00", "--priority", "soon"), "urgent"),
    )

    def test_campaigns_that_make_no_sense_are_refused_whole(self, product: Product) -> None:
        product.ask("import", str(product.write_list(5, "five")))

        for arguments, words in self.CASES:
            done = product.run("campaign", "create", "--list", "five", *arguments)
            assert done.returncode in {1, 2}, (arguments, done.stdout)
            assert words in done.stderr, arguments
            assert "Traceback" not in done.stderr

        assert product.ask("campaign", "list") == {"runs": []}
