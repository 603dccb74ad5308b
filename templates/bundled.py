"""The templates that come with the product, read from the installed package."""

import re
from importlib.resources import files

from templates.errors import UnknownBuiltinError
from templates.rendering import TemplateText

_SAFE_NAME = re.compile(r"[a-z][a-z0-9_]*")


def builtin_template(name: str, language: str = "ru") -> TemplateText:
    """Return the sources of a bundled template; raises `UnknownBuiltinError`.

    Both use the fields account_number, full_name, address, debt (Decimal), due_date (date; None is fine
    in `debt_reminder`), company_name, company_phone, unsubscribe_url and local_hour (0 to 23), and where
    they are given period, payment_url, payment_qr and payee.
    """
    folder = files("templates") / "builtin"
    for step in (name, language):
        if not _SAFE_NAME.fullmatch(step) or not (folder := folder / step).is_dir():
            raise UnknownBuiltinError(f"нет встроенного шаблона «{name}» на языке «{language}»")
    html = folder / "body.html"
    return TemplateText(
        subject=(folder / "subject.txt").read_text("utf-8").strip(),
        text=(folder / "body.txt").read_text("utf-8"),
        html=html.read_text("utf-8") if html.is_file() else None,
    )
