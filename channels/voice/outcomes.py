"""What a call means for its attempt, and what is kept of it as evidence."""

import json
from collections.abc import Mapping
from typing import Any, Final

from channels.port import Envelope, Outcome, OutcomeKind
from channels.voice.reasons import KINDS, CallReason
from channels.voice.result import AnsweredBy, CallResult, Signalling
from channels.voice.script import CallScript, Counts
from channels.voice.sip.statuses import judge
from channels.voice.sound import Phrase, Spoken

_RANK: Final = {None: 0, Counts.ANSWERED: 1, Counts.HEARD: 2, Counts.CONFIRMED: 3}


def not_dialled(envelope: Envelope, reason: CallReason) -> Outcome:
    """Nothing left the house (or, for `BROKEN_OFF`, nobody knows)."""
    result = CallResult(Signalling(0))
    return Outcome(envelope.attempt, KINDS[reason], reason.value, call=result)


def of_signalling(envelope: Envelope, signalling: Signalling) -> Outcome:
    """Nobody answered."""
    verdict = judge(signalling)
    return Outcome(
        envelope.attempt,
        KINDS[verdict.reason],
        verdict.reason.value,
        reply=_reply(signalling),
        provider_id=_provider_id(signalling),
        call=CallResult(signalling),
    )


def of_result(
    envelope: Envelope, script: CallScript, result: CallResult, sounds: Mapping[Phrase, Spoken]
) -> Outcome:
    """Somebody, or something, took the call."""
    reason = _reason(script, result)
    return Outcome(
        envelope.attempt,
        OutcomeKind.DELIVERED if reason is None else KINDS[reason],
        "" if reason is None else reason.value,
        reply=_reply(result.signalling),
        provider_id=_provider_id(result.signalling),
        content=_evidence(envelope, result, sounds),
        call=result,
    )


def _reason(script: CallScript, result: CallResult) -> CallReason | None:
    """Why the person was not told; None when they were, as the scenario counts it."""
    if result.is_wrong_person:
        return CallReason.WRONG_PERSON
    if result.answered_by is AnsweredBy.MACHINE:
        return CallReason.MACHINE
    if _RANK[result.reached] >= _RANK[script.counts]:
        return None
    if result.wants_no_calls:
        return CallReason.STOP_CALLS
    if result.reached is Counts.HEARD:
        return CallReason.NOT_CONFIRMED
    if _has_identity_question(script) and not result.is_identity_confirmed:
        return CallReason.NOT_IDENTIFIED
    return CallReason.NOT_HEARD


def _has_identity_question(script: CallScript) -> bool:
    return any(getattr(part, "is_identity", False) for part in script.parts)


def _reply(signalling: Signalling) -> str:
    cause = "" if signalling.cause is None else f" (Q.850 cause {signalling.cause})"
    return f"{signalling.status} {signalling.reason}{cause}".strip()


def _provider_id(signalling: Signalling) -> str:
    return f"{signalling.trunk}/{signalling.call_id}"


def _evidence(envelope: Envelope, result: CallResult, sounds: Mapping[Phrase, Spoken]) -> bytes:
    """What was said, prompt by prompt, in words and by the digest of the sound; the whole text beside it."""
    phrases = {spoken.digest: phrase for phrase, spoken in sounds.items()}
    said: list[dict[str, Any]] = []
    for digest in result.prompts:
        phrase = phrases.get(digest)
        words = {} if phrase is None else {"text": phrase.text, "language": phrase.language}
        said.append({"sha256": digest, **words})
    content = {
        "text": envelope.text,
        "said": said,
        "answered_by": result.answered_by.value,
        "answered_because": result.answered_because,
        "trunk": result.signalling.trunk,
        "caller_id": result.signalling.caller_id,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
