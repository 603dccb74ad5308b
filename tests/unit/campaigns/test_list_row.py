"""Zones are remembered by street, accounts by their width: the short roads change no answer."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaigns.list_accounts import learn_shape
from campaigns.list_contacts import likely_domain, split_emails, split_phones
from campaigns.list_row import _by_street
from consent.zones import zone_of

PARTS = st.sampled_from(
    [
        "г. Омск",
        "644000",
        "ул. Ленина",
        "Омская обл.",
        "д. 12",
        "кв.7",
        "г.Чита ул. 9 Мая",
        "1-я Омская",
        "UTC",
    ]
)


class TestZonesByStreet:
    @given(
        st.lists(PARTS | st.text("0123456789 ,.-абг", max_size=8), max_size=6), st.sampled_from([", ", " "])
    )
    def test_no_digit_of_an_address_tells_a_zone(self, parts, between):
        address, default = between.join(parts), ZoneInfo("Asia/Tomsk")
        assert zone_of(address, default) == zone_of(_by_street(address), default)

    def test_a_cell_that_is_an_offset_and_nothing_else_is_read_by_its_digits(self):
        assert zone_of(_by_street("-1"), ZoneInfo("Asia/Tomsk")) == (ZoneInfo("Etc/GMT+1"), True)


class TestLearnShape:
    def test_a_number_cell_shorter_than_texts_with_zeros_has_lost_some(self):
        shape = learn_shape([("0012345", False), ("77", True)])
        assert shape.lost_zeros("77", is_number=True)
        assert not shape.lost_zeros("77", is_number=False)

    def test_accounts_that_were_counted_up_have_lost_nothing(self):
        shape = learn_shape([(str(number), True) for number in range(1, 2000)])
        assert not shape.lost_zeros("7", is_number=True)

    def test_a_column_of_numbers_of_one_great_width_shows_the_short_ones(self):
        shape = learn_shape([(f"1{number:09d}", True) for number in range(100)])
        assert shape.lost_zeros("123", is_number=True)

    def test_words_and_marks_are_no_widths(self):
        assert not learn_shape([("АБ-1", False), ("", False)]).lost_zeros("7", is_number=True)


class TestContacts:
    def test_emails_are_told_apart_and_a_slash_inside_one_stays(self):
        assert split_emails("a@b.ru; c@d.ru/e@f.ru g@h.ru") == ["a@b.ru", "c@d.ru", "e@f.ru", "g@h.ru"]
        assert split_emails("a/b@c.ru") == ["a/b@c.ru"]

    def test_phones_are_told_apart(self):
        assert split_phones("8 900 1, 8 900 2\n8 900 3") == ["8 900 1", "8 900 2", "8 900 3"]

    def test_slips_are_pointed_out_and_real_services_are_not(self):
        slips = ("gmail.con", "mail.ry", "yandex.r", "gmial.com", "energo.ry")
        assert [likely_domain(domain) for domain in slips] == [
            *("gmail.com", "mail.ru", "yandex.ru", "gmail.com", "energo.ru")
        ]
        assert [likely_domain(domain) for domain in ("gmail.com", "ya.ru", "mail.ua", "energo.com")] == [
            None
        ] * 4
