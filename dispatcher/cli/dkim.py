"""`dispatcher dkim …`: keys that sign our e-mail."""

import os
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from channels.email.addresses import ascii_domain
from channels.email.dkim_keys import DkimKey, check_selector, make_private_key, sender_domain, to_pem
from dispatcher.cli.console import output, print_json
from dispatcher.cli.doctor_records import dkim_record
from dispatcher.cli.start import read_settings
from dispatcher.core.errors import ConfigurationError
from dispatcher.embedded.private_files import give_to_owner_of, sync_directory

KEY_DIRECTORY: Final = "dkim"

app = typer.Typer(help="Keys that sign our e-mail (DKIM).", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keys that sign our e-mail (DKIM)."""


@app.command(name="new-key")
def new_key(
    selector: Annotated[str, typer.Option(help="The key's name in DNS, never used before: 2026a.")],
    algorithm: Annotated[
        Literal["ed25519", "rsa"], typer.Option(help="Every provider checks rsa; ed25519 is far faster.")
    ] = "rsa",
    domain: Annotated[str, typer.Option(help="Who signs; the domain of the From address if left out.")] = "",
    file: Annotated[Path | None, typer.Option(help="Where to; in the data directory if left out.")] = None,
    bits: Annotated[int, typer.Option(min=2048, max=4096, help="Length of an RSA key.")] = 2048,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make a key file that only its owner can read, and print its DNS record. Nothing signs by it yet."""
    settings = read_settings(quiet=True)
    name = check_selector(selector)
    key = DkimKey(
        domain=ascii_domain(domain).lower() if domain else sender_domain(settings.mail),
        selector=name,
        private_key=make_private_key(algorithm, bits),
    )
    path = file or settings.data_directory / KEY_DIRECTORY / f"{name}.pem"
    write_key(path, to_pem(key.private_key))
    record = dkim_record(key)
    setting = _setting(key, path.absolute())
    if as_json:
        print_json({"file": str(path.absolute()), "record": record.to_json(), "setting": setting})
        return
    for line in (
        *(f"The key is in {path}. Publish this record:", "", f"    {record.zone_line}", ""),
        *("Then, when `dispatcher doctor --mail` finds it, let it sign (dispatcher.toml):", ""),
        *(f"    {line}" for line in setting.splitlines()),
    ):
        output.print(line, markup=False, highlight=False)


def write_key(path: Path, pem: bytes) -> None:
    """A new file of mode 0600; never replaces one. Raises `ConfigurationError`."""
    try:
        if not path.parent.is_dir():
            _make_directory(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
            give_to_owner_of(path.parent, stream.fileno())
        sync_directory(path.parent)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            problem = f"{path} is there already: take another selector, keys are never replaced"
        else:
            problem = f"{path} cannot be written ({error.strerror}): take another --file"
        raise ConfigurationError(problem) from error


def _make_directory(directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=0o700)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        give_to_owner_of(directory.parent, descriptor)  # the workers, which may not be root, must get in
    finally:
        os.close(descriptor)


def _setting(key: DkimKey, path: Path) -> str:
    quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
    lines = (
        "[[mail.dkim_keys]]",
        f'selector = "{key.selector}"',
        f'domain = "{key.domain}"',
        f'private_key_file = "{quoted}"',
    )
    return "\n".join(lines)
