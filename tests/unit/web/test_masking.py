"""What is left of personal data for those who may only look."""

import pytest

from dispatcher.web.masking import masked_account, masked_contact, masked_name


class TestMasks:
    @pytest.mark.parametrize(
        ("mask", "whole", "left"),
        [
            (masked_name, "Петров Пётр Петрович", "П. П. П."),
            (masked_name, "ООО «Верное имя»", "О. и."),
            (masked_name, "«»", "…"),
            (masked_account, "0000000031", "…0031"),
            (masked_account, "31", "…"),
            (masked_contact, "anna@example.org", "a…@example.org"),
            (masked_contact, "+79000000031", "…31"),
        ],
    )
    def test_enough_is_left_to_tell_one_from_another(self, mask, whole, left):
        assert mask(whole) == left
