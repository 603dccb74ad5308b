"""The telephone over SIP trunks: finds a road for each call, and another when the road itself fails."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from channels.port import Health
from channels.voice.errors import NotDialledError
from channels.voice.reasons import CallReason
from channels.voice.result import Signalling
from channels.voice.sip.call import SipCall
from channels.voice.sip.engine import Dialling, Stack
from channels.voice.sip.numbers import caller_id_for, dialled_form
from channels.voice.sip.options import ask_options
from channels.voice.sip.statuses import judge
from channels.voice.sip.trunks import OpenGate, Trunk, TrunkGate, Trunks
from channels.voice.telephone import CallRequest
from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings, VoiceSettings

#: Names the attempt to the operator, whose staff can find the call by it; an id only.
ATTEMPT_HEADER: Final = "X-Attempt"
#: How often a call that waits for a line looks again: another process may have given one back.
LOOK_SECONDS: Final = 0.25


class SipTelephone:
    """See `Telephone`. Lives on one event loop; `free_lines` and `stop_starting` are safe in every thread."""

    def __init__(
        self,
        settings: VoiceSettings,
        stack: Stack,
        *,
        gate: TrunkGate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._stack = stack
        self._gate = gate or OpenGate()
        self._clock = clock
        self.trunks = Trunks(settings, clock=clock)
        self._running: set[SipCall] = set()
        self._returning: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    async def call(self, request: CallRequest) -> SipCall | Signalling:
        """See `Telephone`. One trunk after the other is tried as long as it is the trunk that fails."""
        candidates = list(self.trunks.for_number(request.number))
        if not candidates:
            raise NotDialledError("no trunk takes this number: see voice.trunks", CallReason.NO_TRUNK)
        last: Signalling | NotDialledError | None = None
        while candidates:
            try:
                trunk = await self._take_line(candidates, request, has_been_tried=last is not None)
            except NotDialledError as error:
                last = last or error
                break
            candidates.remove(trunk)
            answer = await self._try(trunk, request)
            if isinstance(answer, SipCall):
                return answer
            if isinstance(answer, Signalling) or last is None:
                last = answer
            if isinstance(answer, Signalling) and not judge(answer).is_of_trunk:
                break
        if isinstance(last, Signalling):
            return last
        raise last or NotDialledError("no trunk could be used", CallReason.NO_TRUNK)

    def free_lines(self) -> int:
        """See `Telephone`."""
        if self._is_stopped or self._stack.is_dead:
            return 0
        return max(0, min(self.trunks.free_lines(), self._settings.lines_per_process - self.busy_lines()))

    def busy_lines(self) -> int:
        """See `Telephone`."""
        return sum(trunk.busy_lines for trunk in self.trunks.all)

    def stop_starting(self) -> None:
        """See `Telephone`."""
        self._is_stopped = True

    async def healthy(self) -> Health:
        """See `Telephone`: every trunk is asked by OPTIONS (RFC 3261, section 11)."""
        if self._stack.is_dead:
            return Health(ok=False, problem="the SIP stack of this process has died: it must end")
        asking = (ask_options(trunk.settings, self._settings) for trunk in self.trunks.all)
        answers = await asyncio.gather(*asking)
        problems = [problem for problem in answers if problem]
        return Health(ok=len(problems) < len(answers), problem="; ".join(problems))

    async def close(self) -> None:
        """See `Telephone`."""
        self.stop_starting()
        await asyncio.gather(*(call.hang_up() for call in list(self._running)))
        if self._returning:
            await asyncio.wait(self._returning)
        await self._gate.close()
        await self._stack.close()

    async def _take_line(
        self, candidates: Sequence[Trunk], request: CallRequest, *, has_been_tried: bool
    ) -> Trunk:
        """A trunk with a free line and its turn come; the first of the candidates that has both.

        Raises `NotDialledError` when the time to begin is over, when all are spared, or on `stop_starting`.
        """
        while True:
            self._check_may_begin(request)
            if all(trunk.circuit.is_spared for trunk in candidates):
                raise NotDialledError("every trunk fails and is spared for a while", CallReason.NO_TRUNK)
            for trunk in candidates:
                if trunk.free_lines and await self._claim(trunk, request):
                    return trunk
            if has_been_tried:
                # The person's turn came once already: no line elsewhere means the answer of the last trunk.
                raise NotDialledError("no other trunk has a free line", CallReason.NO_LINE)
            await asyncio.sleep(LOOK_SECONDS)

    async def _claim(self, trunk: Trunk, request: CallRequest) -> bool:
        """Take a line and wait for its turn; false when there is no line after all."""
        if self.busy_lines() >= self._settings.lines_per_process:
            return False
        trunk.busy_lines += 1
        if not await self._gate.take_line(trunk.settings, request.call_key):
            trunk.busy_lines -= 1
            trunk.note_full()
            return False
        try:
            await asyncio.sleep(trunk.turn_in_seconds())
            self._check_may_begin(request)
            if trunk.circuit.may_try():
                return True
        except BaseException:
            self._give_back(trunk, request)
            raise
        self._give_back(trunk, request)
        return False

    def _check_may_begin(self, request: CallRequest) -> None:
        if self._is_stopped or not request.is_wanted():
            raise NotDialledError("told to begin no more calls", CallReason.STOPPED)
        if request.begin_until is not None and self._clock() > request.begin_until:
            raise NotDialledError("no line became free in time", CallReason.NOT_BEGUN_IN_TIME)

    async def _try(self, trunk: Trunk, request: CallRequest) -> SipCall | Signalling | NotDialledError:
        """Dial over one trunk. Its line is given back when the call is over, or right away."""
        settings, is_trunk_at_fault, is_handed_over = trunk.settings, False, False
        caller_id = caller_id_for(settings, request.number)
        call = self._new_call(trunk, caller_id, request)
        number = dialled_form(settings, request.number)
        dialling = Dialling(settings, caller_id, number, call.hear, _headers(settings, caller_id, request))
        try:
            call.adopt(await self._stack.dial(dialling))
            is_handed_over = await call.ring(request.ring_seconds or settings.ring_seconds)
            if is_handed_over:
                return call
            answer = call.signalling()
            is_trunk_at_fault = judge(answer).is_of_trunk
            return answer
        except NotDialledError as error:
            is_trunk_at_fault = error.reason is not CallReason.ENGINE_GONE
            return error
        finally:
            trunk.circuit.note(is_fault=is_trunk_at_fault, seconds=0.0)
            if not is_handed_over:
                await call.hang_up()

    def _new_call(self, trunk: Trunk, caller_id: CallerIdSettings, request: CallRequest) -> SipCall:
        settings, voice = trunk.settings, self._settings

        def over() -> None:
            self._running.discard(call)
            self._give_back(trunk, request)

        call = SipCall(
            trunk=settings.name,
            caller_id=caller_id.number,
            on_over=over,
            record_seconds=voice.record_seconds if voice.records_far_end else 0.0,
            transfer_uri=lambda number: (
                f"sip:{dialled_form(settings, number)}@{settings.host}:{settings.sip_port}"
            ),
        )
        self._running.add(call)
        return call

    def _give_back(self, trunk: Trunk, request: CallRequest) -> None:
        trunk.busy_lines -= 1
        returning = asyncio.ensure_future(self._gate.give_back(trunk.settings, request.call_key))
        self._returning.add(returning)
        returning.add_done_callback(self._returning.discard)


def _headers(settings: TrunkSettings, caller_id: CallerIdSettings, request: CallRequest) -> Mapping[str, str]:
    headers = {ATTEMPT_HEADER: request.call_key}
    if settings.caller_id_in == "asserted":
        headers["P-Asserted-Identity"] = f"<sip:{caller_id.number}@{settings.host}>"
    return headers
