"""The dry run says what will become of everybody's file, by name or by link, and asks no server."""

from pathlib import Path

import pytest

from campaigns.dry_run import dry_run_of
from campaigns.dry_run_result import DryRun
from campaigns.import_list import ImportRequest, import_list
from channels.port import ChannelKind
from dispatcher.core.settings import AttachmentSettings, Settings
from dispatcher.delivery.step_plan import Step
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.rendering import TemplateText
from templates.repository import save_version
from tests.engine import Engine
from tests.factories import HEADER, make_run, row, write_list
from tests.integration.campaigns.trying import tools

LINK = "https://bills.example.org/{}.pdf"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With a folder of bills and one allowed server, which does not exist."""
    (tmp_path / "bills").mkdir()
    (tmp_path / "bills" / "1.pdf").write_bytes(b"%PDF-1.7")
    settings.attachments = AttachmentSettings(directory=tmp_path / "bills", hosts=["bills.example.org"])
    return settings


def try_files(engine: Engine, if_missing: IfMissing, *cells: str) -> DryRun:
    application = engine.application
    lines = [{**row(number), "Счёт": cell} for number, cell in enumerate(cells, 1)]
    path = write_list(application.settings.data_directory / "files.csv", lines, header=[*HEADER, "Счёт"])
    request = ImportRequest(path=path, name="Счета", purpose="debt")
    imported = import_list(application.database, application.clock, request, actor="operator")
    texts = TemplateText("Счёт", "Счёт во вложении", None, (AttachmentRule("Счёт", if_missing),))
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        version = save_version(session, name="bill", language="ru", texts=texts, created_by="test", now=now)
    run = make_run(application, [Step(ChannelKind.EMAIL, version)], imported=imported)
    return application.database.run(
        lambda s: dry_run_of(s, run, tools=tools(engine, s), actor="operator", now=engine.now())
    )


class TestFiles:
    def test_everybodys_own_file_counts(self, engine: Engine) -> None:
        found = try_files(
            engine, IfMissing.REFUSE, "1.pdf", "2.pdf", "", LINK.format(4), "https://evil.org/5.pdf"
        )
        assert (found.recipients, found.going) == (5, 2)
        assert found.not_going == {"attachment_missing": 2, "attachment_url_refused": 1}
        assert found.later == {"bill_waiting": 1}
        assert found.bills == {"to_fetch": 1}
        assert [one.count for one in found.warnings if one.code == "bills_to_fetch"] == [1]

    def test_files_that_may_still_come_are_told_apart(self, engine: Engine) -> None:
        found = try_files(engine, IfMissing.HOLD, "1.pdf", "2.pdf")
        assert (found.going, found.not_going, found.later) == (2, {}, {"attachment_missing": 1})

    def test_optional_files_keep_nobody_back(self, engine: Engine) -> None:
        found = try_files(engine, IfMissing.OMIT, "1.pdf", "2.pdf", LINK.format(3))
        assert (found.going, found.not_going) == (3, {})

    def test_without_an_allowed_server_links_are_a_reason(self, engine: Engine) -> None:
        engine.application.settings.attachments.hosts.clear()
        found = try_files(engine, IfMissing.REFUSE, LINK.format(1))
        assert (found.going, found.not_going) == (0, {"attachment_url_off": 1})
