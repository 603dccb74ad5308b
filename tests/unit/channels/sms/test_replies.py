"""Which answers are refusals."""

import pytest

from channels.sms.replies import Wish, read_wish


class TestReadWish:
    @pytest.mark.parametrize(
        "text",
        [
            *("СТОП", "стоп", " Стоп! ", "«Стоп»", "STOP", "Stop.", "CТOП", "ВІДПИСКА", "ОТПИСКА"),
            *("отписаться", "Відписатися", "стоп пожалуйста", "STOP SMS", "стоп, спасибо"),
        ],
    )
    def test_usual_spellings_are_a_refusal(self, text: str) -> None:
        assert read_wish(text) is Wish.STOP

    @pytest.mark.parametrize("text", ["стоп все", "СТОП ВСЁ", "stop all", "відписка все", "стоп всі смс"])
    def test_of_everything(self, text: str) -> None:
        assert read_wish(text) is Wish.STOP_ALL

    @pytest.mark.parametrize(
        "text", ["", "Почему такой долг?", "не стоп", "стоп-кран сломан", "я оплатила, стоп", "стопка", "!!!"]
    )
    def test_everything_else_is_for_staff(self, text: str) -> None:
        assert read_wish(text) is Wish.WORDS
