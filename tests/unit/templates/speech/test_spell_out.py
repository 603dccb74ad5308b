"""Texts in words: a table that a native speaker would sign, and what holds for any text."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.declension import Case
from templates.errors import TemplateTooLargeError, UnspeakableTextError
from templates.number_words import number_in_words
from templates.speech.numerals import cardinal, counted, decimal_in_words, ordinal
from templates.speech.spell_out import spell_out

RUSSIAN = {
    # sums
    "Долг 1 200,50 ₽": "Долг одна тысяча двести рублей пятьдесят копеек",
    "Долг 1200 руб. 50 коп.": "Долг одна тысяча двести рублей пятьдесят копеек",
    "1,00 ₽": "один рубль",
    "2 рубля 01 коп.": "два рубля одна копейка",
    "21 рубль": "двадцать один рубль",
    "0,50 руб.": "пятьдесят копеек",
    "0 ₽": "ноль рублей",
    "более 1 200,50 руб.": "более одной тысячи двухсот рублей пятидесяти копеек",
    "до 22 000 рублей": "до двадцати двух тысяч рублей",
    "-15,00 ₽": "минус пятнадцать рублей",
    "1,5 млн руб.": "одна целая пять десятых миллиона рублей",
    "5 тыс. руб.": "пять тысяч рублей",
    "5-10 рублей": "от пяти до десяти рублей",
    "2,00 ₴": "две гривны",
    "Тариф 5,38 ₽/кВт·ч": "Тариф пять рублей тридцать восемь копеек за киловатт-час",
    "Тариф 5,3812 ₽": "Тариф пять целых три тысячи восемьсот двенадцать десятитысячных рубля",
    # dates
    "25.11.2026": "двадцать пятого ноября две тысячи двадцать шестого года",
    "25 ноября 2026 г.": "двадцать пятого ноября две тысячи двадцать шестого года",
    "2026-11-25": "двадцать пятого ноября две тысячи двадцать шестого года",
    "к 25 ноября": "к двадцать пятому ноября",
    "на 25 ноября": "на двадцать пятое ноября",
    "с 25.11 по 30.11": "с двадцать пятого ноября по тридцатое ноября",
    "1-5 декабря": "с первого декабря по пятое декабря",
    "за ноябрь 2026 г.": "за ноябрь две тысячи двадцать шестого года",
    "в 2026 году": "в две тысячи двадцать шестом году",
    "2000 год": "двухтысячный год",
    "за III квартал 2026 года": "за третий квартал две тысячи двадцать шестого года",
    "во 2 квартале": "во втором квартале",
    "29.02.2025": "двадцать девять точка ноль два точка две тысячи двадцать пять",
    # times
    "с 9:00 до 17:00": "с девяти до семнадцати часов",
    "с 9.00 до 17.00": "с девяти до семнадцати часов",
    "08:00-17:00": "с восьми до семнадцати часов",
    "в 9:30": "в девять часов тридцать минут",
    "до 18:00": "до восемнадцати часов",
    "к 21:01": "к двадцати одному часу одной минуте",
    "приходите с 9 до 17 ч.": "приходите с девяти до семнадцати часов",
    # what names something
    "л/с 1234567890": "лицевой счёт сто двадцать три, четыреста пятьдесят шесть, семьдесят восемь, девяносто",
    "лицевой счёт № 0012345": "лицевой счёт номер ноль ноль один, двадцать три, сорок пять",
    "тел. 8-800-000-00-01": "телефон восемь, восемьсот, ноль ноль ноль, ноль ноль, ноль один",
    "+7 (495) 123-45-67": "плюс семь, четыреста девяносто пять, сто двадцать три, сорок пять, шестьдесят семь",
    "по тел. (8342) 12-34-56": "по телефону, восемьдесят три, сорок два, двенадцать, тридцать четыре, пятьдесят шесть",
    "88000000001": "восемь, восемьсот, ноль ноль ноль, ноль ноль, ноль один",
    "доб. 123": "добавочный сто двадцать три",
    "договор Д-104": "договор дэ тире сто четыре",
    "приказ № 17 комитета": "приказ номер семнадцать комитета",
    "п. 118 и ст. 44.1": "пункт сто восемнадцать и статья сорок четыре точка один",
    # units
    "50 кВт·ч": "пятьдесят киловатт-часов",
    "1 234,5 кВт*ч": "одна тысяча двести тридцать четыре целых пять десятых киловатт-часа",
    "до 21 кВтч": "до двадцати одного киловатт-часа",
    "12,3 м³": "двенадцать целых три десятых кубического метра",
    "3 Гкал": "три гигакалории",
    "0,4 кВ": "ноль целых четыре десятых киловольта",
    "5,5 %": "пять целых пять десятых процента",
    "не менее 2 %": "не менее двух процентов",
    "60 °C": "шестьдесят градусов",
    "54 кв. м": "пятьдесят четыре квадратных метра",
    "5 ч. 30 мин.": "пять часов тридцать минут",
    # addresses
    "г. Саранск, ул. Ленина, д. 12а, кв. 5": "город Саранск, улица Ленина, дом двенадцать а, квартира пять",
    "на ул. Ленина, д. 12/3": "на улице Ленина, дом двенадцать дробь три",
    "пос. Заречный, пр-т Мира, корп. 2": "посёлок Заречный, проспект Мира, корпус два",
    "в г. Саранске, по ул. Мира": "в городе Саранске, по улице Мира",
    "в р-не": "в районе",
    "д. 12-14": "дом двенадцать тире четырнадцать",
    # numbers with nouns
    "2 квитанции": "две квитанции",
    "1 показание": "одно показание",
    "21 минуту": "двадцать одну минуту",
    "в 5 домах": "в пяти домах",
    "в течение 10 рабочих дней": "в течение десяти рабочих дней",
    "3-5 дней": "от трёх до пяти дней",
    "2-го числа": "второго числа",
    "3-х дней": "трёх дней",
    "10-дневный срок": "десятидневный срок",
    "1-й этаж": "первый этаж",
    # letters
    "ФИО: Иванов И. И.": "фамилия, имя, отчество: Иванов и и",
    "Петров К. С.": "Петров ка эс",
    "ООО «Энергосбыт»": "о о о Энергосбыт",
    "ТСЖ и ЖКХ": "тэ эс жэ и жэ ка ха",
    "ДОЛГ": "долг",
    "SMS и QR-код": "эсэмэс и кью-ар-код",
    "info@energo.ru": "инфо собака энерго точка ру",
    "https://energo-sbyt.ru": "энерго тире сбыт точка ру",
    "Cчёт": "Счёт",  # with a Latin C
    "и/или": "и или",
    # pauses
    "Внимание! Ваш долг — 500 ₽.": "Внимание! Ваш долг, пятьсот рублей.",
    "долг:\n- 1 ₽\n- 2 ₽": "долг: один рубль. два рубля",
    "(автоматическое сообщение)": "автоматическое сообщение",
}
UKRAINIAN = {
    "Борг 1 200,50 ₴": "Борг одна тисяча двісті гривень п'ятдесят копійок",
    "1200 грн 50 коп.": "одна тисяча двісті гривень п'ятдесят копійок",
    "до 1 200,50 грн": "до однієї тисячі двохсот гривень п'ятдесяти копійок",
    "2 грн": "дві гривні",
    "більше 40 грн": "більше сорока гривень",
    "4,32 ₴/кВт·год": "чотири гривні тридцять дві копійки за кіловат-годину",
    "2 руб.": "два рублі",
    "25.11.2026": "двадцять п'ятого листопада дві тисячі двадцять шостого року",
    "до 25 листопада 2026 р.": "до двадцять п'ятого листопада дві тисячі двадцять шостого року",
    "по 30 листопада": "по тридцяте листопада",
    "у 2026 році": "у дві тисячі двадцять шостому році",
    "III квартал": "третій квартал",
    "з 9:00 до 17:00": "з дев'ятої до сімнадцятої години",
    "о 9:30": "о дев'ятій годині тридцять хвилин",
    "о/р 1234567890": "особовий рахунок сто двадцять три, чотириста п'ятдесят шість, сімдесят вісім, дев'яносто",
    "+380 44 123 45 67": "плюс триста вісімдесят, сорок чотири, сто двадцять три, сорок п'ять, шістдесят сім",
    "50 кВт·год": "п'ятдесят кіловат-годин",
    "5,5 %": "п'ять цілих п'ять десятих відсотка",
    "м. Київ, вул. Хрещатик, буд. 12а, кв. 5": "місто Київ, вулиця Хрещатик, будинок дванадцять а, квартира п'ять",
    "10 робочих днів": "десять робочих днів",
    "2 квитанції": "дві квитанції",
    "2-го числа": "другого числа",
    "ПІБ: Сидоренко І. П.": "прізвище, ім'я, по батькові: Сидоренко і пе",
    "ОСББ": "о ес бе бе",
    "info@energo.ua": "інфо собака енерго крапка ю-ей",
}
ENGLISH = {
    "Debt 1 200.50 ₽": "Debt one thousand two hundred roubles fifty kopecks",
    "€5": "five euros",
    "25.12.2026": "the twenty-fifth of December two thousand and twenty-six",
    "from 9:00 to 17:30": "from nine o'clock to seventeen thirty",
    "8-800-000-00-01": "eight, eight zero zero, zero zero zero, zero zero, zero one",
    "5.5 %": "five point five per cent",
    "Иванов Иван": "Ivanov Ivan",
    "info@energo.ru": "info at energo dot ru",
    "order No 17": "order number seventeen",
}
WRITTEN = st.text(
    st.sampled_from("абвгёжіїєґАБОКЯa bcdXYZ0123456789 .,:;/-–—()«»%₽₴№@+&'°²\n\t") | st.characters(),
    max_size=60,
)
CASES = [case for case in Case if case is not Case.VOCATIVE]


def sum_of_words(words: str, language: str) -> Decimal:
    """The sum that words say: what a listener would write down."""
    roubles = {"ru": r" рубл\w+", "uk": r" грив\w+"}[language]
    before, found, after = (
        words.partition(re.search(roubles, words)[0]) if re.search(roubles, words) else ("", "", words)
    )
    whole = _value(before, language) if found else 0
    kopecks = _value(re.sub(r" коп\w+", "", after), language) if after.strip() else 0
    return Decimal(whole) + Decimal(kopecks) / 100


def _value(words: str, language: str) -> int:
    values = {
        number_in_words(number, language): number
        for number in [*range(20), *range(20, 100, 10), *range(100, 1000, 100)]
    }
    values |= {"одна": 1, "две": 2, "дві": 2}
    scales = {
        "тысяч": 10**3,
        "тисяч": 10**3,
        "миллион": 10**6,
        "мільйон": 10**6,
        "миллиард": 10**9,
        "мільярд": 10**9,
    }
    total = group = 0
    for word in words.split():
        scale = next((size for stem, size in scales.items() if word.startswith(stem)), None)
        if scale:
            total, group = total + group * scale, 0
        else:
            group += values[word]
    return total + group


class TestTable:
    @pytest.mark.parametrize(("written", "said"), RUSSIAN.items())
    def test_russian_is_said_as_people_say_it(self, written: str, said: str) -> None:
        assert spell_out(written, "ru") == said

    @pytest.mark.parametrize(("written", "said"), UKRAINIAN.items())
    def test_ukrainian_is_said_as_people_say_it(self, written: str, said: str) -> None:
        assert spell_out(written, "uk") == said

    @pytest.mark.parametrize(("written", "said"), ENGLISH.items())
    def test_english_is_said_as_people_say_it(self, written: str, said: str) -> None:
        assert spell_out(written, "en") == said


class TestAnyText:
    @settings(deadline=None, max_examples=300)
    @given(WRITTEN, st.sampled_from(["ru", "uk"]))
    def test_nothing_is_left_but_cyrillic_words_and_pauses(self, text: str, language: str) -> None:
        try:
            said = spell_out(text, language)
        except UnspeakableTextError:
            return
        assert re.fullmatch(r"[а-яёіїєґА-ЯЁІЇЄҐ' .,!?;:-]*", said)

    @settings(deadline=None, max_examples=100)
    @given(WRITTEN)
    def test_nothing_is_left_but_english_words_and_pauses(self, text: str) -> None:
        try:
            said = spell_out(text, "en")
        except UnspeakableTextError:
            return
        assert re.fullmatch(r"[A-Za-z' .,!?;:-]*", said)

    @settings(deadline=None, max_examples=200)
    @given(st.from_regex(r"\A[абв0-9a-z .,:/()№%₽-]{0,40}\Z"), st.sampled_from(["ru", "uk", "en"]))
    def test_what_is_written_with_ordinary_signs_is_always_said(self, text: str, language: str) -> None:
        said = spell_out(text, language)
        assert bool(said) or not any(character.isalnum() for character in text)

    @settings(deadline=None, max_examples=100)
    @given(WRITTEN)
    def test_what_is_said_once_is_said_the_same_a_second_time(self, text: str) -> None:
        try:
            said = spell_out(text, "ru")
        except UnspeakableTextError:
            return
        assert not re.search(r"\d", spell_out(said, "ru"))

    @pytest.mark.parametrize("sign", ["☎", "你", "😀", "ب"])
    def test_what_cannot_be_said_is_refused_and_named(self, sign: str) -> None:
        with pytest.raises(UnspeakableTextError, match=sign):
            spell_out(f"Звоните {sign}", "ru")

    def test_a_book_is_refused(self) -> None:
        with pytest.raises(TemplateTooLargeError):
            spell_out("да " * 10_000, "ru")

    def test_a_language_without_rules_is_refused(self) -> None:
        with pytest.raises(UnspeakableTextError):
            spell_out("да", "kk")


class TestSums:
    @settings(deadline=None, max_examples=300)
    @given(
        st.decimals(min_value=0, max_value=Decimal("999999999.99"), places=2), st.sampled_from(["ru", "uk"])
    )
    def test_every_sum_is_heard_as_it_was_written(self, amount: Decimal, language: str) -> None:
        written = f"{amount:,.2f} {'₽' if language == 'ru' else '₴'}".replace(",", " ").replace(".", ",")
        assert sum_of_words(spell_out(written, language), language) == amount


class TestNumerals:
    @settings(deadline=None, max_examples=300)
    @given(
        st.integers(0, 10**9), st.sampled_from(["ru", "uk"]), st.sampled_from(CASES), st.sampled_from("mfn")
    )
    def test_every_number_has_words_in_every_case(
        self, number: int, language: str, case: Case, gender: str
    ) -> None:
        for words in (cardinal(number, language, case, gender), ordinal(number, language, case, gender)):
            assert re.fullmatch(r"[а-яёіїєґ' ]+", words)

    @pytest.mark.parametrize(
        ("case", "said"),
        [
            (Case.NOMINATIVE, "двести сорок одна тысяча триста двадцать две"),
            (Case.GENITIVE, "двухсот сорока одной тысячи трёхсот двадцати двух"),
            (Case.DATIVE, "двумстам сорока одной тысяче трёмстам двадцати двум"),
            (Case.ACCUSATIVE, "двести сорок одну тысячу триста двадцать две"),
            (Case.INSTRUMENTAL, "двумястами сорока одной тысячей тремястами двадцатью двумя"),
            (Case.LOCATIVE, "двухстах сорока одной тысяче трёхстах двадцати двух"),
        ],
    )
    def test_a_number_is_declined_in_all_its_parts(self, case: Case, said: str) -> None:
        assert cardinal(241_322, "ru", case, "f") == said

    def test_a_noun_follows_its_number(self) -> None:
        forms = ("день", "дня", "дней")
        assert counted(21, forms, "ru", Case.DATIVE) == "дню"
        assert counted(5, forms, "ru", Case.INSTRUMENTAL) == "днями"
        assert counted(3, forms, "ru") == "дня"

    def test_fractions_are_declined_too(self) -> None:
        assert decimal_in_words(Decimal("2.05"), "ru", Case.GENITIVE) == "двух целых пяти сотых"
        assert decimal_in_words(Decimal("1.1"), "uk") == "одна ціла одна десята"
