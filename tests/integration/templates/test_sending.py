"""What a template brings along on the road: the recipient's language, files, payment link and code."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.import_list import ImportRequest, ImportResult, import_list
from channels.port import ChannelKind
from dispatcher.bootstrap import Application, open_application
from dispatcher.core.settings import AttachmentSettings, PaymentSettings, Settings
from dispatcher.delivery.step_plan import Step
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.rendering import TemplateText
from templates.repository import save_version
from tests.engine import Engine
from tests.factories import HEADER, make_campaign, make_list, make_run, row

BILL = b"%PDF-1.7 a bill"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With a folder of bills, a payment page and bank details."""
    bills = tmp_path / "bills"
    bills.mkdir()
    settings.attachments = AttachmentSettings(directory=bills)
    settings.payment = PaymentSettings(
        url_pattern="https://pay.example/{token}?s={sum}",
        payee="Пример Энергосбыт",
        account="40702810400000000225",
        bank="ПАО Банк",
        bic="044525225",
        correspondent_account="30101810400000000225",
    )
    return settings


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    with open_application(settings) as application:
        yield application


def bills_list(engine: Engine, *names: str) -> ImportResult:
    lines = [{**row(number), "Файл": name} for number, name in enumerate(names, 1)]
    path = engine.application.settings.data_directory / "bills.csv"
    header = [*HEADER, "Файл"]
    text = ";".join(header) + "\n" + "\n".join(";".join(line[name] for name in header) for line in lines)
    path.write_text(text, "utf-8")
    request = ImportRequest(path=path, name="Счета", purpose="debt")
    return import_list(engine.application.database, engine.application.clock, request, actor="operator")


def step_with(engine: Engine, if_missing: IfMissing) -> Step:
    texts = TemplateText("Счёт", "Счёт во вложении", None, (AttachmentRule("Файл", if_missing),))
    with engine.application.database.transaction() as session:
        version = save_version(
            session,
            name="bill",
            language="ru",
            texts=texts,
            created_by="test",
            now=engine.application.clock.refresh(session),
        )
    return Step(channel=ChannelKind.EMAIL, template_version_id=version)


class TestLanguages:
    @pytest.mark.requirement(1, "typical (templated) information")
    def test_each_recipient_is_written_to_in_their_own_language(self, engine: Engine) -> None:
        lines = [{**row(1), "Язык": "ru"}, {**row(2, name="Коваль Олег Якович"), "Язык": "uk"}]
        lines.append({**row(3), "Язык": "en"})
        path = engine.application.settings.data_directory / "languages.csv"
        header = [*HEADER, "Язык"]
        body = "\n".join(";".join(line[name] for name in header) for line in lines)
        path.write_text(";".join(header) + "\n" + body, "utf-8")
        request = ImportRequest(path=path, name="Должники", purpose="debt")
        import_list(engine.application.database, engine.application.clock, request, actor="operator")
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        letters = {letter.address: letter.text for letter in engine.email.sent}
        assert "Задолженность" in letters["person1@example.org"]
        assert "Олегу Яковичу!" in letters["person2@example.org"]
        assert "Amount owed" in letters["person3@example.org"]


class TestPayment:
    @pytest.mark.requirement(3, "with the individual debt sum")
    @pytest.mark.requirement(39, "pay-by term; contact information")
    @pytest.mark.requirement(40, "client's full name and debt sum")
    @pytest.mark.requirement(43, "only «Вы», polite; self-introduction by name; greeting by time of day")
    def test_a_letter_says_how_to_pay_and_shows_the_code(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, name="Иванова Анна Петровна", debt="1250,40")])
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        (letter,) = engine.email.sent
        assert letter.text.startswith("Добрый день, Анна Петровна!")
        for fact in ("Иванова Анна Петровна", "1\xa0250,40", "25 декабря 2026", "8-800", "044525225"):
            assert fact in letter.text
        assert "https://pay.example/" in letter.text
        assert "?s=125040" in letter.text
        assert "0000000001" not in letter.text.partition("https://pay.example/")[2].partition("\n")[0]
        (code,) = letter.attachments
        assert letter.html is not None
        assert f'src="cid:{code.content_id}"' in letter.html
        assert code.content.startswith(b"\x89PNG")

    @pytest.mark.requirement(17, "payment due date is approaching")
    def test_the_reminder_before_the_term_names_the_term(self, engine: Engine) -> None:
        make_list(engine.application, [row(1)], purpose="payment_due")
        engine.start(make_campaign(engine.application, scenario="payment_due").run_id)
        engine.work()
        (letter,) = engine.email.sent
        assert letter.subject.startswith("Срок оплаты электроэнергии: до 25 декабря 2026")
        assert "Приближается срок оплаты" in letter.text


class TestFiles:
    def test_each_recipient_gets_the_bill_named_in_the_list(self, engine: Engine) -> None:
        folder = engine.application.settings.attachments.directory
        assert folder is not None
        (folder / "1.pdf").write_bytes(BILL)
        (folder / "2.pdf").write_bytes(BILL + b" two")
        imported = bills_list(engine, "1.pdf", "2.pdf", "3.pdf", "../2.pdf", "")
        run = make_run(engine.application, [step_with(engine, IfMissing.REFUSE)], imported=imported)
        engine.start(run)
        engine.work()
        sent = {letter.address: letter.attachments for letter in engine.email.sent}
        assert [one.content for one in sent["person1@example.org"]] == [BILL]
        assert [one.content for one in sent["person2@example.org"]] == [BILL + b" two"]
        assert len(sent) == 2
        engine.finish(run)
        notices = engine.notices(run)
        assert notices["person3@example.org"] == "failed:attachment_missing"
        assert notices["person4@example.org"] == "failed:attachment_bad_name"
        assert notices["person5@example.org"] == "failed:attachment_missing"

    def test_without_an_allowed_server_a_link_is_a_reason_and_nothing_is_fetched(
        self, engine: Engine
    ) -> None:
        imported = bills_list(engine, "https://bills.example.org/1.pdf")
        run = make_run(engine.application, [step_with(engine, IfMissing.HOLD)], imported=imported)
        engine.start(run)
        engine.work()
        engine.finish(run)
        assert engine.notices(run) == {"person1@example.org": "failed:attachment_url_off"}
        assert engine.sql("SELECT 1 FROM bill") == []

    def test_a_file_that_may_still_come_is_waited_for(self, engine: Engine) -> None:
        folder = engine.application.settings.attachments.directory
        assert folder is not None
        imported = bills_list(engine, "1.pdf", "never.pdf")
        run = make_run(engine.application, [step_with(engine, IfMissing.HOLD)], imported=imported)
        engine.start(run)
        engine.work()
        assert engine.email.sent == []
        assert {one.state for one in engine.attempts(run)} == {"planned"}
        (folder / "1.pdf").write_bytes(BILL)
        engine.advance(minutes=16)
        engine.work()
        assert engine.email.addresses() == ["person1@example.org"]
        engine.finish(run, hours=12)
        assert engine.notices(run)["person2@example.org"].startswith("expired")

    def test_an_optional_file_holds_nobody_up(self, engine: Engine) -> None:
        imported = bills_list(engine, "nothing.pdf")
        run = make_run(engine.application, [step_with(engine, IfMissing.OMIT)], imported=imported)
        engine.start(run)
        engine.work()
        (letter,) = engine.email.sent
        assert letter.attachments == ()
