"""The register of processing is complete: no column without a word on what it holds."""

import pytest
from sqlalchemy import MetaData

from dispatcher.core.db import Base
from dispatcher.core.settings import RetentionSettings
from dispatcher.migrations import catalogue
from dispatcher.privacy.kinds import RULES, DataKind
from dispatcher.privacy.register import ABOUT_PEOPLE, BY_TABLE, REGISTER, Held

HOW = "declare it in dispatcher/privacy/register.py: personal (with its kind), or plain"
#: What must not outlive an erasure, unless the reason stands here.
MUST_GO = {DataKind.IDENTITY, DataKind.CONTACT, DataKind.CONTENT, DataKind.REJECTED}
MAY_STAY = {("contact_point", "kind"): "email or phone: says nothing about who"}


def undeclared(metadata: MetaData, register: dict[str, Held]) -> list[str]:
    """Columns that nobody has thought about, and declarations of columns that there are not."""
    real = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    said = {(held.table, column) for held in register.values() for column in held.columns}
    return [f"{table}.{column}: {HOW}" for table, column in sorted(real - said)] + [
        f"{table}.{column}: there is no such column" for table, column in sorted(said - real)
    ]


class TestRegister:
    @pytest.mark.requirement(
        51, "purpose binding: every column says for what purpose it is held, or is no data"
    )
    def test_every_column_of_every_table_is_declared(self) -> None:
        assert catalogue.ALL_MODELS
        assert undeclared(Base.metadata, dict(BY_TABLE)) == []

    def test_a_forgotten_one_is_found(self) -> None:
        some = {name: held for name, held in BY_TABLE.items() if name != "recipient"}
        assert any(one.startswith("recipient.full_name") for one in undeclared(Base.metadata, some))

    def test_each_is_declared_once_and_as_one_thing(self) -> None:
        assert len(BY_TABLE) == len(REGISTER)
        for held in REGISTER:
            assert not set(held.personal) & set(held.plain.split()), held.table
            assert set(held.erase) <= held.columns, held.table

    def test_a_table_about_people_says_how_a_persons_rows_are_found_or_why_not(self) -> None:
        for held in REGISTER:
            if held.is_about_a_person:
                assert held.where or held.why_not, held.table

    def test_what_identifies_a_person_does_not_outlive_an_erasure(self) -> None:
        for held in ABOUT_PEOPLE:
            for column, kind in held.personal.items():
                if kind in MUST_GO and not held.erases_rows and (held.table, column) not in MAY_STAY:
                    assert column in held.erase, f"{held.table}.{column}"


class TestKinds:
    def test_every_kind_has_purpose_ground_and_a_term_that_can_be_set(self) -> None:
        assert set(RULES) == set(DataKind)
        for rule in RULES.values():
            assert all(rule.title)
            assert all(rule.purpose)
            assert all(rule.ground)
            assert not rule.setting or isinstance(getattr(RetentionSettings(), rule.setting), int)
