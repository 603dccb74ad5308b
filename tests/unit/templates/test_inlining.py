"""CSS goes into the tags; template code stays where it stood; nothing is fetched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.bundled import builtin_template
from templates.errors import ForbiddenConstructError, TemplateError, TemplateSourceError
from templates.inlining import inline_css
from templates.rendering import TemplateText, compile_template

STYLE = "<style>.a{color:red} @media (max-width:600px){.a{color:blue !important}}</style>"


def page(body, style=STYLE):
    return f"<html><head>{style}<title>{{{{ t }}}}</title></head><body>{body}</body></html>"


class TestInlineCss:
    def test_rules_go_into_attributes_and_media_rules_stay(self):
        html = inline_css(page('<p class="a">{{ x }}</p>'))
        assert '<p class="a" style="color: red;">{{ x }}</p>' in html
        assert "@media" in html
        assert "<title>{{ t }}</title>" in html

    def test_conditions_and_loops_stay_inside_their_table(self):
        body = "<table>{% for r in rows %}<tr><td class='a'>{{ r }}</td></tr>{% endfor %}</table>"
        html = inline_css(page(body))
        assert re.search(r"<table>\s*{% for.*<tr.*{% endfor %}.*</table>", html, re.S)
        filled = compile_template(TemplateText("s", "t", html)).render({"rows": ["x", "y"], "t": "T"}).html
        assert filled.count("<tr>") == 2

    @pytest.mark.parametrize(
        "code", ["{% if a < b and c > d %}", '{{ a | d("x & y") }}', "{# <p> #}", "{{ a\n| d('>') }}"]
    )
    def test_code_is_not_rewritten_as_html(self, code):
        end = "{% endif %}" if "if" in code else ""
        assert code in inline_css(page(f'<p class="a">{code}x{end}</p>'))

    def test_code_inside_quotes_stays_there(self):
        html = inline_css(page('<a class="a {{ k }}" href="{{ url }}?a=1&amp;b=2">x</a>'))
        assert 'href="{{ url }}?a=1&amp;b=2"' in html
        assert 'class="a {{ k }}"' in html

    def test_without_style_nothing_is_touched(self):
        html = "<p {% if a %}class=x{% endif %}>&nbsp;</P>"
        assert inline_css(html) == html

    def test_code_between_attributes_is_refused(self):
        with pytest.raises(TemplateSourceError):
            inline_css(page("<p {% if a %}class='x'{% endif %}>y</p>"))

    @pytest.mark.parametrize(
        "outside",
        [
            '<link rel="stylesheet" href="https://e.example/a.css">',
            "<link href=/etc/passwd rel=stylesheet>",
            "<style>@import url(https://e.example/a.css);</style>",
        ],
    )
    def test_styles_from_outside_are_refused(self, outside):
        with pytest.raises(ForbiddenConstructError):
            inline_css(page("x", outside))

    @pytest.mark.parametrize("name", ["debt_reminder", "payment_due"])
    def test_the_bundled_texts_keep_every_construct_in_order(self, name):
        source = builtin_template(name).html
        code = re.compile(r"{[{%].*?[}%]}")
        assert code.findall(inline_css(source)) == code.findall(source)

    @settings(deadline=None)
    @given(
        st.lists(
            st.sampled_from(["<p class='a'>", "</p>", "<table>", "<tr>", "</table>", "{{ x }}", "t<", '"'])
        )
    )
    def test_code_is_kept_in_order_or_the_text_is_refused(self, pieces):
        source = page("".join(pieces))
        try:
            html = inline_css(source)
        except TemplateError:
            return
        assert html.count("{{ x }}") == source.count("{{ x }}")
        assert "jinja" not in html
