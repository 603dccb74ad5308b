"""The catalogue: the same texts with the same places in every language, each of them used."""

import re
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from campaigns.catalogue import BUILTIN
from campaigns.import_jobs import ImportState
from campaigns.list_header import FIELDS
from consent.purposes import Purpose
from dispatcher.core.staff import StaffRole
from dispatcher.delivery.runs import RunKind
from dispatcher.privacy.register import BY_TABLE
from dispatcher.web.errors import STATUS, TEXTED
from dispatcher.web.pages.campaign_fields import PRIORITIES
from dispatcher.web.pages.persons import SHOWN as SHOWN_OF_PERSON
from dispatcher.web.pages.uploading import PURPOSES_OFFERED
from dispatcher.web.public.unsubscribe import SAID
from dispatcher.web.texts import CATALOGUE
from reports.words import LANGUAGES, PURPOSES
from templates.repository import Origin

WEB = Path(str(files("dispatcher.web")))


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class TestCatalogue:
    def test_has_every_language(self):
        assert set(CATALOGUE) == set(LANGUAGES)

    @pytest.mark.parametrize("language", ["uk", "en"])
    def test_says_the_same_things_in_each(self, language):
        russian, other = CATALOGUE["ru"], CATALOGUE[language]
        assert set(other) == set(russian)
        for key, text in russian.items():
            assert places(other[key]) == places(text), key
            assert other[key].strip()

    def test_has_words_for_every_role_and_status(self):
        keys = set(CATALOGUE["ru"])
        assert {f"role_{role}" for role in StaffRole} <= keys
        assert {f"error_{status}" for status in TEXTED} <= keys
        assert {f"advice_{status}" for status in TEXTED} <= keys
        assert set(STATUS.values()) <= TEXTED

    def test_has_words_for_every_code_that_a_page_puts_together(self):
        codes = {
            "scenario": BUILTIN,
            "field": (*FIELDS, "further", "ignore"),
            "import_state": ImportState,
            "run_kind": RunKind,
            "account": ("added", "removed", "changed"),
            "change": ("added", "removed", "changed", "same"),
            "origin": get_args(Origin),
            "basis": ("provider_limit", "run_limit", "measured", "assumed"),
            "priority": PRIORITIES,
            "wishes_said": SAID,
            "held": SHOWN_OF_PERSON,
            "held_field": {name for table in SHOWN_OF_PERSON for name in BY_TABLE[table].personal},
        }
        wanted = {f"{family}_{code}" for family, names in codes.items() for code in names}
        assert wanted <= set(CATALOGUE["ru"])
        assert set(PURPOSES_OFFERED) <= set(PURPOSES)
        assert set(Purpose) <= set(PURPOSES)

    def test_every_text_named_in_a_template_exists(self):
        named = set()
        for template in WEB.rglob("*.html"):
            named |= set(re.findall(r"""\bt\(["'](\w+)["'][,)]""", template.read_text()))
        assert len(named) > 40
        assert named <= set(CATALOGUE["ru"])

    def test_no_text_is_unused(self):
        source = "".join(
            path.read_text()
            for path in WEB.rglob("*")
            if path.suffix in {".html", ".py"} and path.parent.name != "texts"
        )
        families = (
            "role_",
            "strictness_",
            "lead_",
            "error_",
            "advice_",
            "answer_",
            "list_",
            "severity_",
            "priority_",
            "run_",
            "kind_",
            "fault_",
            "field_",
            "import_state_",
            "change_",
            "version_",
            "warning_",
            "basis_",
            "policy_",
            "report_",
            "customer_group_",
            "calendar_",
            "scenario_",
            "repeat_",
            "origin_",
            "resend_",
            "correct_",
            "cron_",
            "account_",
            "confirm_",
            "wishes_said_",
            "preview_",
            "show_preview_",
            "held_",
        )
        unused = [key for key in CATALOGUE["ru"] if f'"{key}"' not in source and f"'{key}'" not in source]
        assert [key for key in unused if not key.startswith(families)] == []
