"""What is refused before the first call."""

from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from channels.port import ChannelKind
from dispatcher.bootstrap import configured_channels
from dispatcher.cli.doctor import examine_read_out_calls
from dispatcher.core.settings import Settings
from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings


def trunk(**changes: Any) -> dict[str, Any]:
    fields = {"name": "main", "host": "sip.operator.example", "caller_ids": [{"number": "74950000000"}]}
    return fields | changes


class TestTrunk:
    def test_the_port_follows_the_transport(self) -> None:
        assert TrunkSettings(**trunk()).sip_port == 5060
        assert TrunkSettings(**trunk(transport="tls")).sip_port == 5061
        assert TrunkSettings(**trunk(port=5080)).sip_port == 5080

    def test_a_label_has_at_most_32_characters(self) -> None:
        label = "Энергосбыт: долг за электричес"
        TrunkSettings(**trunk(caller_ids=[{"number": "74950000000", "label": label + "тв"}]))
        with pytest.raises(ValidationError, match="32 characters"):
            TrunkSettings(**trunk(caller_ids=[{"number": "74950000000", "label": label + "тво"}]))

    def test_somebody_must_be_shown_as_the_caller(self) -> None:
        with pytest.raises(ValidationError, match="caller_ids"):
            TrunkSettings(**trunk(caller_ids=[]))

    def test_keys_of_the_sound_do_not_travel_in_the_clear(self) -> None:
        with pytest.raises(ValidationError, match="srtp needs transport"):
            TrunkSettings(**trunk(srtp="required"))
        assert TrunkSettings(**trunk(srtp="required", transport="tls")).srtp == "required"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"host": "sip.example;transport=tcp"},
            {"username": 'a"b'},
            {"password": 'a"b'},
            {"registers": True},
            {"caller_id_in": "asserted"},
            {"prefixes": ["7495"]},
            {"srpt": "required"},
        ],
    )
    def test_what_the_stack_would_misread_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            TrunkSettings(**trunk(**wrong))

    @pytest.mark.parametrize("host", ["2001:db8::5", "[2001:db8::5]", "::1", "sip.operator.example:5080"])
    def test_what_cannot_be_a_host_is_refused_in_words_that_help(self, host: str) -> None:
        with pytest.raises(ValidationError, match="IPv6 is not supported and a port stands in `port`"):
            TrunkSettings(**trunk(host=host))
        assert TrunkSettings(**trunk(host="192.0.2.5")).host == "192.0.2.5"

    def test_the_password_is_not_shown(self) -> None:
        assert "hidden!" not in repr(TrunkSettings(**trunk(username="u", password="hidden!")))


class TestVoice:
    def test_two_trunks_of_one_name_are_refused(self) -> None:
        with pytest.raises(ValidationError, match="the same name"):
            VoiceSettings(trunks=[trunk(), trunk()])

    def test_all_have_a_weight_or_none(self) -> None:
        with pytest.raises(ValidationError, match="weight"):
            VoiceSettings(trunks=[trunk(weight=3), trunk(name="other")])

    def test_ports_of_the_sound_are_a_range(self) -> None:
        with pytest.raises(ValidationError, match="rtp_ports"):
            VoiceSettings(rtp_ports=(20000, 10000))


class TestCallsThroughSmsc:
    ACCOUNT: ClassVar[dict[str, Any]] = {"hosts": ["https://smsc.example"], "login": "a", "password": "b"}

    def test_the_account_makes_a_channel_of_calls_that_are_read_out(self) -> None:
        settings = Settings(sms={"smsc": [self.ACCOUNT]}, voice={"smsc": {"account": "smsc", "lines": 4}})
        assert ChannelKind.VOICE in configured_channels(settings)
        assert settings.voice.lines == 4
        assert settings.delivery.calls.are_read_out
        assert not Settings().delivery.calls.are_read_out
        [found] = examine_read_out_calls(settings)
        assert found.is_well
        assert "account smsc, 4 at once" in found.words

    def test_an_account_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="has no such account"):
            Settings(sms={"smsc": [self.ACCOUNT]}, voice={"smsc": {"account": "other"}})

    def test_trunks_and_smsc_together_are_refused(self) -> None:
        trunk = {"name": "a", "host": "sip.example", "caller_ids": [{"number": "74951234567"}]}
        with pytest.raises(ValidationError, match="not both"):
            VoiceSettings.model_validate({"trunks": [trunk], "smsc": {"account": "smsc"}})
