"""What is refused before the first call."""

from typing import Any

import pytest
from pydantic import ValidationError

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
