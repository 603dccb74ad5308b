"""Header spellings."""

import pytest

from campaigns.list_errors import ListFileError
from campaigns.list_header import ALIASES, map_header, normalise_title


class TestMapHeader:
    @pytest.mark.parametrize(
        "titles",
        [
            ["Лицевой счёт", "ФИО", "Адрес", "E-mail", "Телефон", "Сумма долга", "Срок оплаты", "Согласие"],
            ["л/с", "ф.и.о.", " АДРЕС ", "Эл. почта", "тел.", "Долг, руб.", "оплатить до", "СОГЛАСИЕ"],
            [
                "ЛИЦЕВОЙ СЧЕТ",
                "Абонент",
                "Адрес поставки",
                "e_mail",
                "Мобильный",
                "Задолженность",
                "Срок",
                "consent",
            ],
            ["account_number", "full_name", "address", "email", "phone", "debt", "due_date", "consent"],
            ["Account", "Name", "Supply address", "E-Mail", "Mobile", "Amount", "Due date", "Consent"],
            [
                "Особовий рахунок",
                "ПІБ",
                "Адреса",
                "Електронна пошта",
                "Телефон",
                "Борг",
                "Сплатити до",
                "Згода",
            ],
        ],
    )
    def test_spellings_of_billing_systems_are_known(self, titles):
        header = map_header(titles)
        expected = ["account_number", "full_name", "address", "email", "phone", "debt", "due_date", "consent"]
        assert header.positions == {field: position for position, field in enumerate(expected)}
        assert header.extras == {}

    def test_one_contact_column_is_enough(self):
        assert set(map_header(["лс", "фио", "тел"]).positions) == {"account_number", "full_name", "phone"}

    def test_the_title_of_the_file_is_kept_for_reports(self):
        assert map_header(["№ л/с", "Потребитель", "Сотовый"]).title("full_name") == "Потребитель"

    def test_two_columns_of_one_meaning_are_not_chosen_between(self):
        with pytest.raises(ListFileError, match=r"«Телефон» и «Сотовый»"):
            map_header(["лс", "фио", "Телефон", "Сотовый"])


class TestAliases:
    def test_no_spelling_means_two_things(self):
        meanings: dict[str, set[str]] = {}
        for field, aliases in ALIASES.items():
            for alias in aliases:
                meanings.setdefault(normalise_title(alias), set()).add(field)
        assert {spelling for spelling, fields in meanings.items() if len(fields) > 1} == set()
