"""`dispatcher template …`: list, show, compare, save, check against a list, preview with a recipient."""

import base64
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from sqlalchemy.orm import Session

from campaigns.preview import Preview, PreviewRequest, check_list, preview_template
from channels.port import Envelope
from dispatcher.bootstrap import Application, build_renderer
from dispatcher.cli.campaign_approval import active_member
from dispatcher.cli.campaign_options import Fields, read_fields
from dispatcher.cli.console import errors, output, print_json
from dispatcher.cli.start import actor, application
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.errors import TemplateError
from templates.rendering import TemplateText
from templates.repository import SavedVersion, list_versions
from templates.service import Acceptance, compare_versions, read_version, save_template

EXIT_NOT_READY: Final = 2

app = typer.Typer(help="Texts of notices and their versions.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The template's name: debt_reminder, payment_due, …")]
Language = Annotated[str, typer.Option(help="ru, uk or en.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Result = TypeVar("Result")


@app.command(name="list")
def list_(name: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Show all versions: who saved them, and when."""
    versions = _read(lambda _, session: list_versions(session, name))
    if as_json:
        keys = ("id", "name", "language", "version", "origin", "created_by", "created_at")
        print_json({"versions": [{key: getattr(one, key) for key in keys} for one in versions]})
        return
    for one in versions:
        _print(
            f"{one.name}  {one.language}  v{one.version}  {one.origin:<7}"
            f"  {one.created_at:%Y-%m-%d %H:%M}  {one.created_by}"
        )


@app.command()
def show(name: Name, language: Language = "ru", version: int | None = None, as_json: AsJson = False) -> None:
    """Print the sources of a version; by default the newest."""
    view = _read(lambda _, session: read_version(session, name, language, version))
    if as_json:
        texts = {"subject": view.texts.subject, "text": view.texts.text, "html": view.html_source}
        rules = [
            {"field": rule.field, "if_missing": rule.if_missing.value} for rule in view.texts.attachments
        ]
        facts = {"id": view.id, "name": view.name, "language": view.language, "version": view.version}
        print_json({**facts, "origin": view.origin, **texts, "attachments": rules})
        return
    _print(f"[subject]\n{view.texts.subject}\n[text]\n{view.texts.text}")
    if view.html_source is not None:
        _print(f"[html]\n{view.html_source}")
    for rule in view.texts.attachments:
        _print(f"[attachment] {rule.field}: {rule.if_missing.value}")


@app.command()
def diff(name: Name, old: int, new: int, language: Language = "ru", as_json: AsJson = False) -> None:
    """Compare two versions."""
    difference = _read(lambda _, session: compare_versions(session, name, language, old, new))
    if as_json:
        print_json({"name": name, "language": language, "old": old, "new": new, "difference": difference})
    else:
        _print(difference)


@app.command()
def save(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Holds subject.txt, body.txt and, if wanted, body.html.")],
    language: Language = "ru",
    attach: Annotated[
        list[str] | None,
        typer.Option(help="Column that names a PDF, with what if it is missing: «Файл:refuse|hold|omit»."),
    ] = None,
    accept_words: Annotated[
        str | None,
        typer.Option(help="Why words that look like advertising are none; for administrators, on record."),
    ] = None,
    login: Annotated[str | None, typer.Option("--as", help="Login of the administrator.")] = None,
    as_json: AsJson = False,
) -> None:
    """Save a text as the newest version; campaigns made from now on take it."""
    texts = read_folder(folder, attach or [])

    def work(built: Application, session: Session) -> SavedVersion:
        now = built.clock.refresh(session)
        accepted = None
        if accept_words is not None:
            if login is None:
                raise TemplateError("назовите администратора: --as ЛОГИН")
            accepted = Acceptance(active_member(session, login), accept_words)
        return save_template(
            session,
            name=name,
            language=language,
            texts=texts,
            actor=actor() if accepted is None else accepted.member.actor,
            now=now,
            accepted=accepted,
        )

    saved = _read(work)
    if as_json:
        print_json({"id": saved.id, "version": saved.version, "is_new": saved.is_new})
    else:
        _print(
            f"Шаблон «{name}» ({language}): версия {saved.version}"
            + ("" if saved.is_new else ", без изменений")
        )


@app.command()
def check(
    name: Name,
    list_name: Annotated[str, typer.Option("--list", help="A list that was imported.")],
    language: Language = "ru",
    fields: Fields = None,
    as_json: AsJson = False,
) -> None:
    """Say which fields a list lacks for a template; exit code 2 when some are missing or empty."""
    common = read_fields(fields or ())
    report = _read(
        lambda _, session: check_list(session, name, list_name, language=language, common_fields=common)
    )
    if as_json:
        print_json({"missing": report.missing, "empty": report.empty, "checked": report.checked})
    else:
        for line in report.in_words() or [f"Все нужные поля заполнены, получателей: {report.checked}."]:
            _print(line)
    if not report.is_ready:
        raise typer.Exit(EXIT_NOT_READY)


@app.command()
def preview(
    name: Name,
    list_name: Annotated[str, typer.Option("--list", help="A list that was imported.")],
    account: Annotated[str | None, typer.Option(help="Account number of the recipient.")] = None,
    position: Annotated[int | None, typer.Option(help="Or their position in the list.", min=1)] = None,
    language: Annotated[str | None, typer.Option(help="Default: the recipient's own.")] = None,
    version: int | None = None,
    fields: Fields = None,
    html: Annotated[Path | None, typer.Option(help="Write the HTML part into this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the notice that a recipient would get. Nothing is sent; the look is on record."""
    common = read_fields(fields or ())
    wanted = PreviewRequest(name, list_name, account, position, language, version, common_fields=common)
    found = _read(
        lambda built, session: preview_template(
            session, build_renderer(built), wanted, actor=actor(), now=built.clock.refresh(session)
        )
    )
    if as_json:
        print_json(_preview_facts(found))
    else:
        _print_preview(found)
    if html is not None and found.envelope.html is not None:
        html.write_text(_with_pictures(found.envelope), encoding="utf-8")
        if not as_json:
            _print(f"HTML: {html}")


def _preview_facts(found: Preview) -> dict[str, object]:
    files = [
        {"file_name": one.file_name, "content_type": one.content_type, "bytes": len(one.content)}
        for one in found.envelope.attachments
    ]
    texts = {"subject": found.envelope.subject, "text": found.envelope.text, "html": found.envelope.html}
    return {**texts, "attachments": files, "file_problem": found.file_problem, **_length(found)}


def _length(found: Preview) -> dict[str, object]:
    return {} if found.length is None else {"length": asdict(found.length)}


def _print_preview(found: Preview) -> None:
    _print(f"Тема: {found.envelope.subject}\n\n{found.envelope.text}")
    if found.length is not None:
        cost = "" if found.length.price is None else f", около {found.length.price:.2f}"
        _print(f"СМС: частей {found.length.parts} ({found.length.alphabet}){cost}")
        if found.length.foreign:
            _print(
                f"Не из GSM-7: {' '.join(found.length.foreign)}; без них частей меньше на"
                f" {found.length.saved_parts}"
            )
    for one in found.envelope.attachments:
        _print(f"Вложение: {one.file_name} ({one.content_type}, байт: {len(one.content)})")
    if found.file_problem is not None:
        errors.print(f"Вложение: {found.file_problem}", highlight=False, markup=False)


def read_folder(folder: Path, attach: list[str]) -> TemplateText:
    """The sources of a template out of a folder; raises `TemplateError` when a file cannot be read."""
    html = folder / "body.html"
    try:
        return TemplateText(
            subject=(folder / "subject.txt").read_text("utf-8").strip(),
            text=(folder / "body.txt").read_text("utf-8"),
            html=html.read_text("utf-8") if html.is_file() else None,
            attachments=tuple(_rule(one) for one in attach),
        )
    except FileNotFoundError as error:
        raise TemplateError(f"в папке нет файла {Path(str(error.filename)).name}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError("файлы шаблона не читаются: нужен текст в UTF-8") from error


def _with_pictures(envelope: Envelope) -> str:
    """The HTML for a browser, which cannot look into the letter for `cid:…`."""
    page = envelope.html or ""
    for one in envelope.attachments:
        if one.content_id is not None:
            picture = base64.b64encode(one.content).decode("ascii")
            page = page.replace(f"cid:{one.content_id}", f"data:{one.content_type};base64,{picture}")
    return page


def _rule(text: str) -> AttachmentRule:
    field, _, word = text.partition(":")
    try:
        return AttachmentRule(field.strip(), IfMissing(word.strip() or IfMissing.REFUSE))
    except ValueError as error:
        raise TemplateError("вложение: Поле:refuse, Поле:hold или Поле:omit") from error


def _read(work: Callable[[Application, Session], Result]) -> Result:
    with application() as built:
        return built.database.run(lambda session: work(built, session))


def _print(text: str) -> None:
    output.print(text, highlight=False, markup=False)
