"""What the product's processes are told: the house's settings as variables of their environment."""

import json

from pydantic import BaseModel, SecretStr

from dispatcher.bootstrap import Application


def environment_of(application: Application) -> dict[str, str]:
    """The environment of the product's processes, secrets in plain words."""
    settings = application.settings
    parts = {
        "SMTP": settings.smtp,
        "SMS": settings.sms,
        "BOUNCE_LISTENER": settings.bounce_listener,
        "WEB": settings.web,
        "DELIVERY": settings.delivery,
        "WORKERS": settings.workers,
        "IMPORTS": settings.imports,
        "RETURNS": settings.returns,
    }
    kept = {
        name: value
        for name, value in application.child_environment().items()
        if not name.startswith(tuple(f"DISPATCHER_{part}__" for part in parts))
    }
    values = {f"DISPATCHER_{name}": _with_secrets(part) for name, part in parts.items()}
    return {**kept, **values, "DISPATCHER_DATA_DIRECTORY": str(settings.data_directory)}


def _with_secrets(part: BaseModel) -> str:
    """A part as JSON for the product's processes; `model_dump_json` would write stars for secrets."""
    return json.dumps(part.model_dump(), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return sorted(value) if isinstance(value, frozenset) else str(value)
