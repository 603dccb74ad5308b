"""Missing and empty fields, said before anything is sent."""

from templates.attachment_rules import AttachmentRule, IfMissing
from templates.field_check import check_fields
from templates.rendering import TemplateText, compile_template

SOURCE = "{{ name }} {{ debt }}{% if address %} {{ address }}{% endif %} {{ note | d('-') }}"


def check(recipients, available=("name", "debt", "address"), attachments=()):
    template = compile_template(TemplateText("x", SOURCE, None, attachments))
    return check_fields(template, set(available), recipients)


class TestCheckFields:
    def test_a_list_with_everything_is_ready(self):
        report = check([{"name": "А", "debt": 0, "address": ""}])
        assert report.is_ready
        assert report.in_words() == []

    def test_a_field_that_the_list_lacks_is_named_once(self):
        report = check([{"name": "А"}, {"name": "Б"}], available=("name",))
        assert report.missing == ("address", "debt")
        assert report.empty == {}
        assert not report.is_ready

    def test_empty_ones_are_counted(self):
        report = check([{"name": " ", "debt": 1}, {"name": None, "debt": 2}, {"name": "В", "debt": None}])
        assert report.empty == {"debt": 1, "name": 2}
        assert report.checked == 3
        assert "поле «name» пусто у 2 из 3" in report.in_words()

    def test_a_field_that_is_asked_about_may_be_empty(self):
        assert "address" not in check([{"name": "А", "debt": 1}]).empty

    def test_the_name_of_a_needed_file_is_a_needed_field(self):
        assert check([], attachments=(AttachmentRule("Файл"),)).missing == ("Файл",)
        assert check([], attachments=(AttachmentRule("Файл", IfMissing.OMIT),)).missing == ()
