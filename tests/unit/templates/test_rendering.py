"""Rendering: what comes out, what is missing, where it went wrong."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from templates.errors import (
    BadFieldValueError,
    MissingFieldError,
    SubjectNotOneLineError,
    TemplateError,
    TemplateSourceError,
    TemplateTooLargeError,
)
from templates.rendering import MAX_OUTPUT_CHARS, TemplateText, compile_template


def render_text(source, **fields):
    return compile_template(TemplateText("Тема", source)).render(fields).text


def render_subject(source, **fields):
    return compile_template(TemplateText(source, "Текст")).render(fields).subject


class TestCompileTemplate:
    def test_the_same_content_is_compiled_once(self):
        first = compile_template(TemplateText("Тема", "Здравствуйте, {{ full_name }}"))
        second = compile_template(TemplateText("Тема", "Здравствуйте, {{ full_name }}"))
        assert first is second

    def test_another_language_is_another_compilation(self):
        texts = TemplateText("Тема", "{{ debt | money }}")
        fields = {"debt": Decimal("1200.5")}
        assert compile_template(texts, "ru").render(fields).text == "1\xa0200,50\xa0₽"
        assert compile_template(texts, "uk").render(fields).text == "1\xa0200,50\xa0₴"

    def test_an_unknown_language_is_refused(self):
        with pytest.raises(TemplateError, match="язык"):
            compile_template(TemplateText("Тема", "Текст"), "tlh")

    @pytest.mark.parametrize(("subject", "text"), [("", "Текст"), ("Тема", " \n ")])
    def test_an_empty_part_is_refused(self, subject, text):
        with pytest.raises(TemplateSourceError, match="пуст"):
            compile_template(TemplateText(subject, text))

    def test_a_syntax_error_names_part_and_line(self):
        with pytest.raises(TemplateSourceError) as caught:
            compile_template(TemplateText("Тема", "раз\nдва\n{% if debt %}три"))
        assert (caught.value.part, caught.value.line) == ("text", 3)
        assert str(caught.value).startswith("Текст, строка 3: ")

    def test_a_source_over_the_limit_is_refused(self):
        with pytest.raises(TemplateTooLargeError):
            compile_template(TemplateText("Тема", "x" * 100_001))

    def test_a_subject_on_two_lines_is_refused(self):
        with pytest.raises(SubjectNotOneLineError):
            compile_template(TemplateText("Тема\r\nBcc: x@example.com", "Текст"))


class TestContentHash:
    def test_moving_text_between_parts_changes_the_hash(self):
        assert TemplateText("a", "bc").content_hash != TemplateText("ab", "c").content_hash

    def test_no_html_differs_from_empty_html(self):
        assert TemplateText("a", "b").content_hash != TemplateText("a", "b", "").content_hash


class TestRequiredFields:
    def test_fields_of_all_parts_are_found_without_rendering(self):
        texts = TemplateText("{{ a }}", "{% if b %}{{ c | money }}{% endif %}", "<p>{{ d.name }}</p>")
        assert compile_template(texts).required_fields() == {"a", "b", "c", "d"}

    def test_a_loop_variable_is_not_a_field(self):
        texts = TemplateText("Тема", "{% for bill in bills %}{{ bill.number }}, {{ loop.index }}{% endfor %}")
        assert compile_template(texts).required_fields() == {"bills"}

    def test_a_field_with_a_default_is_optional(self):
        template = compile_template(TemplateText("Тема", "{{ note | default('нет') }} {{ debt }}"))
        assert template.required_fields() == {"debt"}
        assert template.optional_fields() == {"note"}
        assert template.render({"debt": 1}).text == "нет 1"

    def test_a_field_asked_about_is_optional(self):
        template = compile_template(TemplateText("Тема", "{% if note is defined %}{{ note }}{% endif %}."))
        assert template.required_fields() == frozenset()
        assert template.render({}).text == "."


class TestRender:
    def test_missing_fields_are_named_together_with_the_first_place(self):
        template = compile_template(TemplateText("Тема", "раз\n{{ debt }}\n{{ address }}"))
        with pytest.raises(MissingFieldError) as caught:
            template.render({})
        assert caught.value.fields == ("address", "debt")
        assert (caught.value.part, caught.value.line) == ("text", 2)

    def test_a_bad_value_is_reported_with_line_and_field_but_without_the_value(self):
        with pytest.raises(BadFieldValueError) as caught:
            render_text("раз\n\n{{ debt | money }}", debt="тайна")
        assert str(caught.value).startswith("Текст, строка 3: ")
        assert "debt" in str(caught.value)
        assert "тайна" not in str(caught.value)

    def test_html_is_escaped_and_text_is_not(self):
        texts = TemplateText("{{ name }}", "{{ name }}", "<p title='{{ name }}'>{{ name }}</p>")
        rendered = compile_template(texts).render({"name": "ООО <Луч> & 'К'"})
        assert rendered.subject == rendered.text == "ООО <Луч> & 'К'"
        assert rendered.html == "<p title='{0}'>{0}</p>".format("ООО &lt;Луч&gt; &amp; &#39;К&#39;")

    def test_a_field_marked_as_safe_html_is_escaped_all_the_same(self):
        rendered = compile_template(TemplateText("Тема", "Текст", "{{ x }}")).render({"x": Markup("<b>")})
        assert rendered.html == "&lt;b&gt;"

    def test_the_result_of_join_is_escaped_in_html(self):
        texts = TemplateText("Тема", "Текст", "{{ xs | join('<br>') }}")
        assert compile_template(texts).render({"xs": ["<a>", "b"]}).html == "&lt;a&gt;&lt;br&gt;b"

    def test_many_empty_pieces_do_not_end_the_text(self):
        assert render_text("{% for i in range(100) %}{{ name }}{% endfor %}end", name="") == "end"

    def test_fields_that_are_not_used_are_not_looked_at(self):
        assert render_text("Текст", anything=object()) == "Текст"

    def test_an_empty_value_is_an_error_and_not_the_word_none(self):
        with pytest.raises(BadFieldValueError, match="пустое значение"):
            render_text("{{ address }}", address=None)

    def test_a_plain_float_is_refused(self):
        with pytest.raises(BadFieldValueError, match="float"):
            render_text("{{ volume }}", volume=0.1)

    def test_decimals_and_dates_are_printed_in_the_language(self):
        assert (
            render_text("{{ v }} {{ d }}", v=Decimal("1234.5"), d=date(2026, 2, 5)) == "1\xa0234,5 05.02.2026"
        )

    def test_an_output_over_the_limit_is_refused(self):
        with pytest.raises(TemplateTooLargeError):
            render_text("{% for x in xs %}{{ y }}{% endfor %}", xs=["x"] * 999, y="y" * 10_000)

    def test_a_part_that_the_field_has_not_is_an_error(self):
        with pytest.raises(BadFieldValueError):
            render_text("{{ person.name }}", person={"surname": "Иванов"})

    @given(st.text(max_size=60))
    def test_no_field_brings_a_line_break_into_the_subject(self, name):
        try:
            subject = render_subject("Для {{ name }}", name=name)
        except SubjectNotOneLineError:
            return
        assert len(subject.splitlines()) == 1
        assert len(subject) <= MAX_OUTPUT_CHARS["subject"]

    @pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\u2028", "\x85", "\0"])
    def test_each_kind_of_line_break_in_the_subject_is_refused(self, line_break):
        with pytest.raises(SubjectNotOneLineError):
            render_subject("Для {{ name }}", name=f"А{line_break}Bcc: x")

    @given(st.text(max_size=200))
    def test_html_never_lets_a_field_open_a_tag_or_close_a_quote(self, value):
        html = compile_template(TemplateText("Тема", "Текст", '<a href="{{ x }}">')).render({"x": value}).html
        assert html is not None
        assert (html.count("<"), html.count(">"), html.count('"'), html.count("'")) == (1, 1, 2, 0)
