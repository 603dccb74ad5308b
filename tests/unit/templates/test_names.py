"""Tricky names, each in the case that shows the trap; and that nothing is ever guessed or lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.declension import Case
from templates.names import read_name

G, D, A, I, V = Case.GENITIVE, Case.DATIVE, Case.ACCUSATIVE, Case.INSTRUMENTAL, Case.VOCATIVE  # noqa: E741
WORDS = st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ'-", min_size=1, max_size=12).map(str.title)

RUSSIAN = [
    ("Иванов Иван Иванович", D, "Иванову Ивану Ивановичу"),
    ("Иванов Иван Иванович", I, "Ивановым Иваном Ивановичем"),
    ("ИВАНОВА АННА ИВАНОВНА", D, "ИВАНОВОЙ АННЕ ИВАНОВНЕ"),
    ("Иван Петрович Сидоров", G, "Ивана Петровича Сидорова"),
    ("Шевченко Пётр Ильич", I, "Шевченко Петром Ильичом"),
    ("Абрамович Роман Аркадьевич", D, "Абрамовичу Роману Аркадьевичу"),
    ("Абрамович Анна Аркадьевна", D, "Абрамович Анне Аркадьевне"),
    ("Черных Лев Львович", G, "Черных Льва Львовича"),
    ("Кравец Павел Фомич", I, "Кравцом Павлом Фомичом"),
    ("Швец Олег Саввич", G, "Швеца Олега Саввича"),
    ("Немец Лука Лукич", I, "Немцем Лукой Лукичом"),
    ("Заяц Илья Ильич", A, "Зайца Илью Ильича"),
    ("Воробей Андрей Юрьевич", D, "Воробью Андрею Юрьевичу"),
    ("Калина Любовь Ильинична", D, "Калине Любови Ильиничне"),
    ("Никитина Мария Сергеевна", G, "Никитиной Марии Сергеевны"),
    ("Салтыков-Щедрин Михаил Евграфович", D, "Салтыкову-Щедрину Михаилу Евграфовичу"),
    ("Бонч-Бруевич Владимир Дмитриевич", D, "Бонч-Бруевичу Владимиру Дмитриевичу"),
    ("Мамедов Рашид Али оглы", D, "Мамедову Рашиду Али оглы"),
    ("Керимова Лейла Гасан кызы", D, "Керимовой Лейле Гасан кызы"),
    ("Дюма Александр Петрович", G, "Дюма Александра Петровича"),
    ("Живаго Юрий Андреевич", D, "Живаго Юрию Андреевичу"),
    ("Толстой Лев Николаевич", D, "Толстому Льву Николаевичу"),
    ("Цой Виктор Робертович", D, "Цою Виктору Робертовичу"),
    ("Берия Лаврентий Павлович", D, "Берии Лаврентию Павловичу"),
    ("Бах Анна Ивановна", D, "Бах Анне Ивановне"),
    ("Бах Иван Иванович", D, "Баху Ивану Ивановичу"),
    ("Соловьёв Артём Игоревич", D, "Соловьёву Артёму Игоревичу"),
    ("Ткач Олег Ильич", I, "Ткачом Олегом Ильичом"),
    ("Кий Игорь Ильич", D, "Кию Игорю Ильичу"),
    ("Дьячок Иван Ильич", G, "Дьячка Ивана Ильича"),
    ("Саша Чёрный", D, "Саше Чёрному"),
    ("Анна Первая", A, "Анну Первую"),
    ("Мельник Никита Олегович", V, "Мельник Никита Олегович"),
]
UKRAINIAN = [
    ("Шевченко Тарас Григорович", D, "Шевченку Тарасу Григоровичу"),
    ("Шевченко Олена Петрівна", D, "Шевченко Олені Петрівні"),
    ("Кравець Микола Ілліч", G, "Кравця Миколи Ілліча"),
    ("Швець Антон Львович", D, "Шевцю Антону Львовичу"),
    ("Ковальчук Петро Олексійович", G, "Ковальчука Петра Олексійовича"),
    ("Коваль Ігор Юрійович", I, "Ковалем Ігорем Юрійовичем"),
    ("Заболотна Ольга Іванівна", D, "Заболотній Ользі Іванівні"),
    ("Глуха Дар'я Андріївна", D, "Глухій Дар'ї Андріївні"),
    ("Сокіл Федір Іванович", G, "Сокола Федора Івановича"),
    ("Лебідь Любов Ігорівна", I, "Лебідь Любов'ю Ігорівною"),
    ("Лебідь Яків Ігорович", G, "Лебедя Якова Ігоровича"),
    ("Сковорода Григорій Савич", D, "Сковороді Григорію Савичу"),
    ("Ковальська Марія Степанівна", V, "Ковальська Маріє Степанівно"),
    ("Лисенко Микола", D, "Лисенку Миколі"),
    ("Заєць Лев Петрович", G, "Зайця Лева Петровича"),
    ("Литвин Богдан Ігорович", I, "Литвином Богданом Ігоровичем"),
    ("Українка Леся", D, "Українці Лесі"),
]
NOT_A_PERSON = [
    *("ООО Ромашка", "СНТ Надежда", "ИП Иванов Иван Иванович", "ТСЖ «Заря»", "Иванов И. И.", "Иванов И.И."),
    *("Петров Пётр 1", "Smith John", "Ким Ен Сон", "Иванов", "", "   ", "Роман Назар", "Завод имени Кирова"),
]


def declined(text: str, language: str, case: Case) -> str:
    name = read_name(text, language)
    return text if name is None else name.full(case)


class TestFullNames:
    @pytest.mark.parametrize(("name", "case", "expected"), RUSSIAN)
    def test_russian(self, name, case, expected):
        assert declined(name, "ru", case) == expected

    @pytest.mark.parametrize(("name", "case", "expected"), UKRAINIAN)
    def test_ukrainian(self, name, case, expected):
        assert declined(name, "uk", case) == expected

    @pytest.mark.parametrize("text", NOT_A_PERSON)
    @pytest.mark.parametrize("language", ["ru", "uk"])
    def test_what_is_not_surely_a_person_is_left_alone(self, text, language):
        assert read_name(text, language) is None

    def test_a_name_of_the_other_language_is_left_alone(self):
        assert read_name("Шевченко Олена Петрівна", "ru") is None
        assert read_name("Быков Пётр Ильич", "uk") is None

    @settings(deadline=None)
    @given(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), st.sampled_from(Case))
    def test_any_text_keeps_its_words_and_their_beginnings(self, text, case):
        result = declined(text, "ru", case)
        assert len(result.split()) == len(text.split())
        for before, after in zip(text.split(), result.split(), strict=True):
            assert after[:1] == before[:1]
        assert declined(text, "ru", Case.NOMINATIVE).split() == text.split()

    @settings(deadline=None)
    @given(st.sampled_from([name for name, _, _ in RUSSIAN]), st.sampled_from(Case))
    def test_capitals_stay_capitals(self, name, case):
        assert declined(name.upper(), "ru", case) == declined(name, "ru", case).upper()


class TestShortForms:
    def test_people_are_spoken_to_by_first_name_and_patronymic(self):
        assert read_name("Иванов Иван Иванович", "ru").short(Case.VOCATIVE) == "Иван Иванович"
        assert read_name("Коваль Олег Якович", "uk").short(Case.VOCATIVE) == "Олегу Яковичу"

    def test_initials_do_not_break_over_lines(self):
        assert read_name("Иванов Иван Иванович", "ru").initials(Case.DATIVE) == "Иванову\xa0И.\xa0И."
        assert read_name("Анна Первая", "ru").initials(Case.NOMINATIVE) == "Первая\xa0А."
        assert read_name("Иван Иванович", "ru").initials(Case.NOMINATIVE) == "Иван Иванович"

    @pytest.mark.parametrize(
        ("name", "gender"),
        [
            *(("Никита Олегович", "male"), ("Саша Чёрная", "female"), ("Саша Чёрный", "male")),
            *(("Саша Шевченко", None), ("Мамедова Лейла Али кызы", "female")),
        ],
    )
    def test_gender_is_found_or_left_open(self, name, gender):
        assert read_name(name, "ru").gender == gender

    def test_without_a_gender_nothing_is_declined(self):
        assert read_name("Саша Шевченко", "ru").full(Case.DATIVE) == "Саша Шевченко"
