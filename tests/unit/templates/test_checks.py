"""The small language of templates: bombs and doors are refused, and refused quickly."""

import time
from decimal import Decimal

import pytest

from templates.errors import (
    BadFieldValueError,
    ForbiddenConstructError,
    TemplateError,
    TemplateTooLargeError,
)
from templates.rendering import TemplateText, compile_template


def render_text(source, **fields):
    return compile_template(TemplateText("Тема", source)).render(fields).text


class TestBombs:
    @pytest.mark.parametrize(
        "source",
        [
            "{{ 'x' * 10**9 }}",
            "{{ 'x' * 1000000000 }}",
            "{{ name * 1000000000 }}",
            "{{ 1000000000 * name }}",
            "{{ items * 1000000000 }}",
            "{{ '%999999999d' % 1 }}",
            "{{ name % 1 }}",
            "{{ ('%99999999' ~ '9d') % 1 }}",
            '{{ "{:>999999999}".format(1) }}',
            "{{ name.format(1) }}",
            "{{ name.ljust(1000000000) }}",
            "{{ name | center(1000000000) }}",
            "{{ name | indent(1000000000) }}",
            "{{ name | replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxx') | replace('', name) }}",
            "{{ name | format(1) }}",
            "{{ name | wordwrap(1) }}",
            "{{ items | batch(1, 'x') | list }}",
            "{{ items | map('upper') | join }}",
            "{{ 9 ** 9 ** 9 }}",
            "{{ 999999999999999 * 999999999999999 }}",
            "{{ [[[[items | join(name), name] | join] | join] | join] * 9 }}",
            "{% for i in range(100000000) %}x{% endfor %}",
            "{% for i in range(1000) %}x{% endfor %}",
            "{% for i in range(90) %}{% for j in range(90) %}{% endfor %}{% endfor %}",
            "{% for i in xs %}{% for j in xs %}{% for k in xs %}x{% endfor %}{% endfor %}{% endfor %}",
            "{% for i in [name ~ name] %}{% for j in [i ~ i] %}{{ j }}{% endfor %}{% endfor %}",
            "{% for i in items recursive %}{{ loop(items) }}{% endfor %}",
            "{% set x = name ~ name %}{% set x = x ~ x %}{{ x }}",
            "{% with x = name ~ name %}{{ x ~ x }}{% endwith %}",
            "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('x') }}",
            "{{ name" + " ~ name" * 300 + " }}",
            "{{ [name" + ", name" * 300 + "] | join }}",
            "{{ items | join(long) | length }}",
            "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
            "{% if 1 %}" * 300 + "{% endif %}" * 300,
            "{{ " + "9" * 10_000 + " }}",
            "{{ lipsum(n=100) }}",
        ],
    )
    def test_a_bomb_is_refused_at_once(self, source):
        started = time.thread_time()
        with pytest.raises(TemplateError):
            render_text(source, name="Иван", items=["а"] * 900, long="д" * 10_000)
        assert time.thread_time() - started < 1.0

    @pytest.mark.parametrize(
        "value", [Decimal("1E+999999999"), Decimal("1E-999999999"), Decimal("NaN"), 10**400]
    )
    @pytest.mark.parametrize("source", ["{{ debt }}", "{{ debt | money }}", "{{ debt + 1 }}"])
    def test_a_number_without_measure_is_refused(self, source, value):
        with pytest.raises(BadFieldValueError):
            render_text(source, debt=value)

    def test_a_text_without_measure_is_refused(self):
        with pytest.raises(BadFieldValueError, match="address"):
            render_text("{{ address }}", address="x" * 10_001)

    def test_a_list_without_measure_is_refused(self):
        with pytest.raises(BadFieldValueError, match="items"):
            render_text("{{ items | length }}", items=["x"] * 1001)

    def test_a_list_that_holds_itself_is_refused(self):
        endless: list[object] = []
        endless.append(endless)
        with pytest.raises(BadFieldValueError):
            render_text("{{ items | length }}", items=endless)


class TestDoors:
    @pytest.mark.parametrize(
        "source",
        [
            "{{ name.__class__ }}",
            "{{ name['__class__'] }}",
            "{{ name | attr('__class__') }}",
            "{{ ''.__class__.__mro__ }}",
            "{{ _budget }}",
            "{{ self._TemplateReference__context }}",
            "{{ name | safe }}",
            "{{ cycler('a') }}",
            "{{ namespace(a=1) }}",
            "{{ dict(a=1) }}",
            "{% include 'body.txt' %}",
            "{% import 'body.txt' as x %}",
            "{% from 'body.txt' import x %}",
            "{% extends 'body.txt' %}",
            "{% block x %}{% endblock %}",
            "{% autoescape false %}x{% endautoescape %}",
            "{% filter upper %}x{% endfilter %}",
            "{% call name() %}{% endcall %}",
            "{{ name is callable }}",
        ],
    )
    def test_a_door_out_of_the_sandbox_is_closed(self, source):
        with pytest.raises(ForbiddenConstructError):
            compile_template(TemplateText("Тема", source))

    @pytest.mark.parametrize("source", ["{{ person[key] }}", "{{ ('' ~ name)[key] }}"])
    def test_a_private_name_that_comes_from_a_field_is_refused_at_render(self, source):
        with pytest.raises(TemplateError):
            render_text(source, person={}, name="x", key="__class__")

    @pytest.mark.parametrize(
        "source", ["{{ person.items }}", "{{ name.upper }}", "{{ self }}", "{{ range(3) }}"]
    )
    def test_an_object_of_the_program_is_never_printed(self, source):
        with pytest.raises(BadFieldValueError):
            render_text(source, person={}, name="x")

    def test_an_object_as_a_field_is_refused(self):
        with pytest.raises(BadFieldValueError, match="служебный объект"):
            render_text("{{ x }}", x=object())

    def test_the_message_says_what_is_allowed(self):
        with pytest.raises(ForbiddenConstructError, match="money") as caught:
            compile_template(TemplateText("Тема", "раз\n{{ x | tojson }}"))
        assert caught.value.line == 2


class TestWhatIsAllowed:
    def test_choice_loops_and_simple_arithmetic_work(self):
        source = (
            "{% for bill in bills if bill.sum > 0 %}{{ loop.index }}. {{ bill.sum | money }}"
            "{% if not loop.last %}; {% endif %}{% else %}нет{% endfor %}"
        )
        assert render_text(source, bills=[{"sum": Decimal(1)}, {"sum": Decimal(0)}]) == "1. 1,00\xa0₽"
        assert render_text(source, bills=[]) == "нет"
        assert render_text("{{ (debt - paid) | money }}", debt=Decimal(3), paid=Decimal("0.5")) == "2,50\xa0₽"
        assert render_text("{{ name[:2] ~ '…' | upper }}", name="Иван") == "Ив…"

    def test_a_raw_block_is_printed_as_it_is(self):
        assert render_text("{% raw %}{{ x }}{% endraw %}") == "{{ x }}"

    def test_a_decimal_times_a_float_is_refused(self):
        with pytest.raises(BadFieldValueError):
            render_text("{{ debt * 1.5 }}", debt=Decimal(2))

    def test_a_division_by_zero_is_an_error_with_a_line(self):
        with pytest.raises(BadFieldValueError) as caught:
            render_text("раз\n{{ debt // count }}", debt=1, count=0)
        assert caught.value.line == 2

    def test_the_budget_of_loops_is_new_for_each_render(self):
        template = compile_template(TemplateText("Тема", "{% for x in xs %}{{ x }}{% endfor %}"))
        for _ in range(3):
            assert len(template.render({"xs": ["x"] * 900}).text) == 900

    def test_too_many_steps_over_several_loops_are_refused(self):
        with pytest.raises(TemplateTooLargeError, match="шагов"):
            render_text("{% for x in xs %}{% endfor %}{% for x in xs %}{% endfor %}", xs=["x"] * 900)
