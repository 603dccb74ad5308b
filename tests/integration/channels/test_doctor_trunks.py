"""What `dispatcher doctor` says of SIP trunks, asked over a real socket."""

import asyncio

from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions
from dispatcher.cli.doctor import examine_trunks
from dispatcher.core.voice_settings import VoiceSettings

MARKED = {
    "number": "74951234567",
    "label": "Энергосбыт",
    "category": "ЖКУ",
    "operator": "Оператор",
    "contract": "№ 1",
}


class TestTrunks:
    def test_says_of_each_whether_it_is_there_and_what_its_numbers_lack(self) -> None:
        async def case() -> None:
            server = SandboxSipServer(SipSandboxOptions())
            await server.start()
            port = int(server.address.rpartition(":")[2])
            try:
                there = {"name": "main", "host": "127.0.0.1", "port": port, "caller_ids": [MARKED]}
                gone = {
                    "name": "gone",
                    "host": "127.0.0.1",
                    "port": 1,
                    "transport": "tcp",
                    "caller_ids": [{"number": "74950000000", "label": "Энергосбыт"}],
                }
                voice = VoiceSettings(trunks=[there, gone])
                found = {
                    one.subject: one for one in await asyncio.to_thread(lambda: list(examine_trunks(voice)))
                }
            finally:
                await server.stop()
            assert found["trunk main"].is_well
            assert found["numbers shown by trunk main"].is_well
            assert not found["trunk gone"].is_well
            assert "cannot be reached" in found["trunk gone"].words
            assert not found["numbers shown by trunk gone"].is_well
            assert (
                "74950000000 has no category, operator, contract"
                in found["numbers shown by trunk gone"].words
            )

        asyncio.run(case())

    def test_says_nothing_where_there_is_no_trunk(self) -> None:
        assert list(examine_trunks(VoiceSettings())) == []
