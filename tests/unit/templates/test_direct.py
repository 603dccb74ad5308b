"""Rendering without Jinja's machinery against Jinja itself: the same texts, the same errors."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.bundled import builtin_template
from templates.direct import compile_direct
from templates.errors import TemplateError
from templates.formats import LANGUAGES
from templates.rendering import MAX_OUTPUT_CHARS, CompiledTemplate, TemplateText

FIELDS = ("full_name", "address", "debt", "due_date", "count", "payee", "local_hour", "note")

VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["<b>", "a & b", '"', "Ивановой Анне", "Иванов Иван Иванович", "ООО «Свет»", "", " ", "12,5"]
    ),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3),
    st.integers(min_value=-5, max_value=30),
    st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)),
    st.sampled_from([None, True, False, 1.5, datetime(2026, 1, 1), {"name": "Свет & Ко"}, ["a", "<i>"], {}]),
)
ALL_FIELDS = st.dictionaries(st.sampled_from([*FIELDS, "customer_group"]), VALUES, min_size=len(FIELDS) // 2)

#: Fields that fit, so that most texts come to their end; one of them may be missing.
FITTING = st.fixed_dictionaries(
    {
        "full_name": st.sampled_from(["Иванова Анна Ивановна", "ООО «Свет & <Тепло>»", "<b>O'Neil</b>"]),
        "address": st.sampled_from(["", "ул. <Ленина>, 1", None]),
        "debt": st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**6, places=2),
        "due_date": st.one_of(st.none(), st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1))),
        "count": st.integers(min_value=0, max_value=30),
        "local_hour": st.integers(min_value=0, max_value=23),
        "note": st.sampled_from(['<a href="x">', "'", "", "&amp;", "просто текст"]),
    },
    optional={"payee": st.just({"name": "Свет & Ко"}), "customer_group": st.integers(1, 3)},
)
FITTING_EXPRESSIONS = st.sampled_from(
    (
        *("full_name|name_short('vocative')", "full_name|name_case('дательный')|upper", "full_name", "note"),
        *("full_name|by_gender('<он>', '<она>', 'кто')", "debt|money", "debt|money_words", "debt", "count"),
        *(
            "count|days",
            "count|counted('<a>', '<b>', '<c>')",
            "local_hour|greeting",
            "note|d('<нет>')",
            "period|d",
        ),
        *("note if count > 3 else full_name", "'<i>'|upper", "note|trim|capitalize", "payee.name"),
    )
)

NAMES = st.sampled_from(FIELDS)
FILTERS = st.sampled_from(
    (
        *("", "", "", "|money", "|money('UAH')", "|date_long", "|date_short", "|greeting", "|upper", "|trim"),
        *("|name_case('дательный')", "|name_short('vocative')", "|name_initials", "|days", "|kwh|upper"),
        *("|by_gender('м', '<ж>', '?')", "|counted('раз', 'раза', 'раз')", "|money_long", "|money_words"),
        *("|number|money", "|day|date_full", "|d", "|d('<нет>')", "|default('')|upper", "|d('x', true)"),
        *("|escape", "|first", "|join('; ')", "|length", "|no_such_case", "|name_case('nobody')", ".name"),
    )
)
EXPRESSIONS = st.one_of(
    FITTING_EXPRESSIONS,
    st.builds(lambda name, filters: name + filters, NAMES, FILTERS),
    st.builds(lambda a, c, b: f"{a} if {c} else {b}", NAMES, NAMES, NAMES),
    st.sampled_from(
        ("'<i>'", "1 + count", "full_name ~ '<'", "note.name", "payee.name|upper", "range(3)|join")
    ),
)
FITTING_CONDITIONS = st.sampled_from(
    ("note", "not note", "address", "payee|d", "count > 7 or note", "due_date is none", "period|d")
)
CONDITIONS = st.one_of(
    FITTING_CONDITIONS,
    st.builds(lambda name, filters: name + filters, NAMES, FILTERS),
    st.builds("{} is {}".format, NAMES, st.sampled_from(("defined", "undefined", "none", "even", "gt(3)"))),
    st.builds(
        "{} {} {}".format,
        NAMES,
        st.sampled_from(("==", "!=", "<", ">=", "in")),
        st.sampled_from(("3", "'x'")),
    ),
    st.builds("{} {} not {}".format, NAMES, st.sampled_from(("and", "or")), NAMES),
)


def pieces(expressions: st.SearchStrategy[str], conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        st.one_of(
            st.sampled_from(("Текст. ", "<p>&amp;\n", "{}", "'\"\\n{#x#}", "  \n")),
            st.builds("{{{{ {} }}}}".format, expressions),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map("".join),
            st.builds("{{% if {} %}}\n{}\n{{% endif %}}\n".format, conditions, inner),
            st.builds(
                "{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format,
                *(conditions, inner, conditions, inner, inner),
            ),
        ),
        max_leaves=8,
    )


def texts_of(
    expressions: st.SearchStrategy[str], conditions: st.SearchStrategy[str]
) -> st.SearchStrategy[TemplateText]:
    part = pieces(expressions, conditions)
    subject = part.map(lambda text: "Т " + text.replace("\n", " "))
    return st.builds(TemplateText, subject, part.map("Т{}".format), part.map("<p>{}".format))


def outcome(template: CompiledTemplate, fields: Mapping[str, Any]) -> object:
    """What comes out, or all that is said of what is wrong."""
    try:
        return template.render(fields)
    except TemplateError as error:
        return type(error), str(error), error.part, error.line


def compiled(texts: TemplateText, language: str, *, is_direct: bool) -> CompiledTemplate | None:
    try:
        return CompiledTemplate(texts, language, is_direct=is_direct)
    except TemplateError:
        return None


class TestDirectRendering:
    @given(texts_of(EXPRESSIONS, CONDITIONS), ALL_FIELDS, st.sampled_from(LANGUAGES))
    @settings(max_examples=200, deadline=None)
    def test_it_says_what_jinja_says_whatever_the_template_and_the_fields(
        self, texts: TemplateText, fields: dict[str, Any], language: str
    ) -> None:
        direct, jinja = (compiled(texts, language, is_direct=flag) for flag in (True, False))
        assert (direct is None) == (jinja is None)
        if direct is not None and jinja is not None:
            assert outcome(direct, fields) == outcome(jinja, fields)

    @given(texts_of(FITTING_EXPRESSIONS, FITTING_CONDITIONS), FITTING, st.sampled_from(LANGUAGES))
    @settings(max_examples=200, deadline=None)
    def test_letters_are_the_same_to_the_last_character(
        self, texts: TemplateText, fields: dict[str, Any], language: str
    ) -> None:
        direct, jinja = (CompiledTemplate(texts, language, is_direct=flag) for flag in (True, False))
        assert outcome(direct, fields) == outcome(jinja, fields)

    @pytest.mark.parametrize(
        ("name", "language"),
        [
            (name, language)
            for name in ("debt_reminder", "payment_due", "correction")
            for language in LANGUAGES
        ],
    )
    def test_every_text_of_ours_is_rendered_directly(self, name: str, language: str) -> None:
        texts = builtin_template(name, language)
        sources = [(texts.subject, False), (texts.text, False)]
        assert compile_direct([*sources, *([] if texts.html is None else [(texts.html, True)])], language)

    @pytest.mark.parametrize(
        "source",
        [
            "{% for one in items %}{{ one }}{% endfor %}",
            "{{ count + 1 }}",
            "{{ note ~ 'x' }}",
            "{{ items | join }}",
            "{{ note | escape }}",
            "{{ range(3) | length }}",
            "x" + "{% if note %}" * 150 + "{% endif %}" * 150,
        ],
    )
    def test_what_could_be_endless_or_is_special_is_left_to_jinja(self, source: str) -> None:
        assert compile_direct([(source, False)], "ru") is None

    def test_a_part_that_becomes_too_long_is_refused_as_ever(self) -> None:
        template = CompiledTemplate(TemplateText("Тема {{ note }}", "Текст"), "ru")
        with pytest.raises(TemplateError, match=str(MAX_OUTPUT_CHARS["subject"])):
            template.render({"note": "x" * 251})

    def test_html_is_escaped_and_text_is_not(self) -> None:
        template = CompiledTemplate(TemplateText("{{ note }}", "{{ note }}", "{{ note }}"), "ru")
        rendered = template.render({"note": '<a href="x">&'})
        assert rendered.subject == rendered.text == '<a href="x">&'
        assert rendered.html == "&lt;a href=&#34;x&#34;&gt;&amp;"

    def test_html_is_escaped_in_every_branch(self) -> None:
        html = "{% if note %}{{ note }}{% endif %}{% if gone|d %}{% else %}{{ note|upper }}{% endif %}"
        template = CompiledTemplate(TemplateText("Т", "Т", html), "ru")
        assert template.render({"note": "<b>"}).html == "&lt;b&gt;&lt;B&gt;"

    def test_nothing_that_staff_write_becomes_source_code(self) -> None:
        source = "'''\\\n\"\"\") or __import__('os') {{ note | d('\\'); import os #') }} {# ) #}"
        direct, jinja = (
            CompiledTemplate(TemplateText("Т", source), "ru", is_direct=flag) for flag in (True, False)
        )
        assert direct.render({}) == jinja.render({})
