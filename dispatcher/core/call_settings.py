"""Settings of how calls are made by the delivery engine; those of the trunks are in `voice_settings`.

The defaults of the retry rules are domain.md 6.1, beside the caps of the policy, which count per person and
come on top.
"""

from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Wait = Annotated[float, Field(ge=60, le=30 * 86_400)]  #: nobody is called twice within a minute


class CallRetrySettings(BaseModel):
    """When a call is made again after one reason."""

    model_config = ConfigDict(extra="forbid")

    #: before the second call for this reason, the third, …; empty: there is none
    wait_seconds: list[Wait] = Field(default=[], max_length=20)
    #: `day_part`: in another part of the day (morning, from 12, from 17); `next_day`: not before tomorrow
    shift: Literal["none", "day_part", "next_day"] = "none"


def _rule(*waits: float, shift: Literal["none", "day_part", "next_day"] = "none") -> CallRetrySettings:
    return CallRetrySettings(wait_seconds=list(waits), shift=shift)


CALL_RETRIES: Final = MappingProxyType(
    {
        "busy": _rule(720, 3600),
        "no_answer": _rule(5400, 7200, shift="day_part"),
        "no_response": _rule(5400, 7200, shift="day_part"),
        "out_of_order": _rule(3600, 3600),
        "declined": _rule(86_400, shift="next_day"),
        "machine": _rule(5400, 7200, shift="day_part"),
        "not_heard": _rule(5400, shift="day_part"),
        "not_identified": _rule(5400, shift="day_part"),
        "not_confirmed": _rule(5400, shift="day_part"),
        "no_sound": _rule(900, 3600),
        # The trunk is to be mended first; the people have not been disturbed.
        "codec_problem": _rule(900, 3600),
        "request_refused": _rule(900, 3600),
    }
)


class CallSettings(BaseModel):
    """Calls as attempts: how often, how long, how they end."""

    #: by reason (docs/voice.md lists them); one that is named here replaces the default of that reason
    retries: dict[str, CallRetrySettings] = {}
    #: the same for single scenarios: {"restriction_warning": {"busy": {"wait_seconds": [600, 1800, 3600]}}}
    retries_of: dict[str, dict[str, CallRetrySettings]] = {}
    most_attempts: int = Field(default=5, ge=1, le=20)  #: of one notice by calls, whatever the reasons
    #: set by itself where calls go through SMSC: a text is read out, and no key is understood
    are_read_out: bool = False
    #: the longest that a call may take from the dialling on; none begins nearer to the end of the hours
    longest_seconds: float = Field(default=240.0, ge=30, le=3600)
    stop_seconds: float = Field(default=60.0, ge=0, le=600)  #: how long SIGTERM waits for running calls

    def rules_of(self, scenario: str) -> dict[str, CallRetrySettings]:
        """The rules of a scenario: its own, else those of the installation, else the defaults."""
        return {**CALL_RETRIES, **self.retries, **self.retries_of.get(scenario, {})}
