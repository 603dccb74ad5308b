"""`dispatcher prompt …`: recordings that calls play instead of speaking."""

from pathlib import Path
from typing import Annotated

import typer

from campaigns.prompt_sound import prompt_sound
from campaigns.prompts import UnknownPromptError, add_prompt, list_prompts, prompt_samples, retire_prompt
from channels.voice.sound import Sound
from channels.voice.speech.wav import write_wav
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application

app = typer.Typer(help="Recordings that calls play instead of speaking.", no_args_is_help=True)

Digest = Annotated[str, typer.Argument(help="The digest, as `list` and texts have it.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How staff call it.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A WAV file.")],
    as_json: AsJson = False,
) -> None:
    """Check a recording, bring it to the telephone's rate and loudness, and keep it."""
    original = file.read_bytes()
    sound = prompt_sound(original)
    with application() as built:
        kept, is_new = built.database.run(
            lambda session: add_prompt(
                session,
                name=name,
                sound=sound,
                original=original,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    if as_json:
        print_json({"sha256": kept.sha256, "name": kept.name, "seconds": kept.seconds, "is_new": is_new})
        return
    words = "Запись сохранена" if is_new else "Такая запись уже есть"
    output.print(
        f"{words}: {kept.name}, {kept.seconds:.1f} с. В тексте звонка:", highlight=False, markup=False
    )
    output.print(f"запись = {kept.sha256}", highlight=False, markup=False, soft_wrap=True)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Show all recordings, those in use first."""
    with application() as built:
        found = built.database.run(list_prompts)
    if as_json:
        keys = ("sha256", "name", "seconds", "uploaded_by", "uploaded_at", "is_active")
        print_json({"prompts": [{key: getattr(one, key) for key in keys} for one in found]})
        return
    for one in found:
        retired = "" if one.is_active else "  снята"
        line = f"{one.sha256}  {one.seconds:>6.1f} с  {one.name}{retired}"
        output.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def retire(digest: Digest, as_json: AsJson = False) -> None:
    """Offer a recording no more; what names it goes on playing it."""
    with application() as built:
        built.database.run(
            lambda session: retire_prompt(session, digest, actor=actor(), now=built.clock.refresh(session))
        )
    if as_json:
        print_json({"retired": True})
    else:
        output.print("Запись снята.")


@app.command()
def save(
    digest: Digest, file: Annotated[Path, typer.Argument(help="Where to write it: a WAV file.")]
) -> None:
    """Write a recording to a file, as calls play it."""
    with application() as built:
        samples = built.database.run(lambda session: prompt_samples(session, digest))
    if samples is None:
        raise UnknownPromptError("такой записи нет", code="unknown_prompt")
    file.write_bytes(write_wav(Sound(samples)))
