"""A recording that came in whole: checked and converted before the transaction that keeps it."""

from campaigns.prompt_sound import check_size, prompt_sound
from channels.voice.sound import Sound
from dispatcher.web.uploads import Upload


def read_prompt(kept: Upload) -> tuple[Sound, bytes]:
    """The sound for the telephone and the file as it came; raises `BadSoundFileError`."""
    check_size(kept.size)
    original = kept.path.read_bytes()
    return prompt_sound(original), original
