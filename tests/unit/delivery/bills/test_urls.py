"""Which URLs of a list are followed: https to named hosts, and nothing that only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.errors import ConfigurationError
from dispatcher.delivery.bills.urls import NO_URLS, UrlRules, is_url, key_of
from templates.errors import AttachmentError

RULES = UrlRules(
    ["bills.example.org", "Bills2.Example.org:8443", "счета.рф", "93.184.216.34"],
    ["billing.local:8080", "10.1.2.3", "[fd12::7]:9000", "169.254.169.254"],
)


def code_of(url: str, rules: UrlRules = RULES) -> str:
    with pytest.raises(AttachmentError) as caught:
        rules.check(url)
    assert url.strip() not in str(caught.value) or not url.strip()
    return caught.value.code


class TestCheck:
    @pytest.mark.parametrize(
        ("url", "origin"),
        [
            ("https://bills.example.org/1.pdf", "bills.example.org:443"),
            (" https://bills.example.org/1.pdf ", "bills.example.org:443"),
            ("HTTPS://BILLS.EXAMPLE.ORG/1.pdf", "bills.example.org:443"),
            ("https://bills.example.org:443/a?account=7&sig=%2F%41", "bills.example.org:443"),
            ("https://bills2.example.org:8443/x", "bills2.example.org:8443"),
            ("https://счета.рф/счёт 7.pdf".replace(" ", "%20"), "xn--80aj9afx.xn--p1ai:443"),
            ("https://93.184.216.34/x", "93.184.216.34:443"),
        ],
    )
    def test_https_to_a_named_host_is_followed(self, url: str, origin: str) -> None:
        found = RULES.check(url)
        assert (found.origin.lower(), found.is_inner) == (origin, False)
        assert found.url.raw_fragment == ""

    @pytest.mark.parametrize(
        "url",
        [
            *("http://billing.local:8080/1.pdf", "https://billing.local:8080/1", "http://10.1.2.3/1"),
            *("https://10.1.2.3/1", "http://[fd12::7]:9000/x"),
        ],
    )
    def test_http_and_inner_addresses_are_for_hosts_named_as_inner(self, url: str) -> None:
        assert RULES.check(url).is_inner

    @pytest.mark.parametrize(
        "url",
        [
            "http://bills.example.org/1.pdf",
            "https://bills.example.org:8443/1.pdf",
            "https://bills2.example.org/1.pdf",
            "https://evil.example.org/",
            "https://bills.example.org.evil.org/",
            "https://evil.org/bills.example.org",
            "https://bills.example.org./1.pdf",
            "https://user@bills.example.org/",
            "https://user:word@bills.example.org/",
            "https://:@bills.example.org/",
            "https://@bills.example.org/",
            "https://bills.example.org@evil.org/",
            "https://bills.example.org\\@evil.org/",
            "https://evil.org\\.bills.example.org/",
            "https://bills.example.org%2f@evil.org/",
            "https://bills.example.org%00.evil.org/",
            "https://bills.example.org\n.evil.org/",
            "https://bills.example.org /",
            "https://bills.example.org:0/",
            "https://bills.example.org:99999/",
            "https://bills.example.org:x/",
            "https:///1.pdf",
            "https://",
            "https://bills。example。org/",
            "https://ｂｉｌｌｓ.example.org:444/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:10.1.2.3]/",
            "https://localhost/",
            "http://169.254.169.254/latest/meta-data/",
            "ftp://bills.example.org/1.pdf",
            "file:///etc/passwd",
            "gopher://bills.example.org/",
            "billing.local:8080://x",
            "http://billing.local/",
            "http://10.1.2.4/",
            "https://bills.example.org/" + "x" * 2000,
        ],
    )
    def test_anything_else_is_refused(self, url: str) -> None:
        if url == "https://bills。example。org/":
            # Those dots are dots in host names (IDNA): it is the named host, spelled oddly.
            assert RULES.check(url).host == "bills.example.org"
        else:
            assert code_of(url) == "attachment_url_refused"

    @pytest.mark.parametrize("tail", ["@]", ":[", "]", "@[:"])
    def test_brackets_out_of_place_are_a_mistake_in_the_link(self, tail: str) -> None:
        assert code_of(f"https://bills.example.org{tail}") == "attachment_url_refused"

    def test_without_any_host_every_url_is_refused_and_the_setting_is_named(self) -> None:
        assert code_of("https://bills.example.org/1.pdf", NO_URLS) == "attachment_url_off"
        with pytest.raises(AttachmentError, match="DISPATCHER_ATTACHMENTS__HOSTS"):
            NO_URLS.check("https://bills.example.org/1.pdf")

    @given(st.text(st.sampled_from("htps:/@\\.#?[]0x7f1bilexamporg-%2 "), max_size=60))
    def test_what_is_followed_always_goes_to_a_named_host(self, tail: str) -> None:
        try:
            found = RULES.check("https://bills.example.org" + tail)
        except AttachmentError:
            return
        assert found.host.lower() == "bills.example.org"
        assert (found.url.scheme, found.url.port) == ("https", 443)
        assert found.url.raw_user is None


class TestSettings:
    @pytest.mark.parametrize(
        "host",
        ["", "https://bills.example.org", "bills.example.org/x", "a@b.org", "127.1", "2130706433", "x:99999"],
    )
    def test_what_is_no_host_stops_the_start_and_names_the_setting(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match="DISPATCHER_ATTACHMENTS__HOSTS"):
            UrlRules([host])

    def test_the_hosts_are_told_for_the_claim_of_bills(self) -> None:
        assert UrlRules(["b.org"], ["a.org"]).origins == ["a.org:443", "a.org:80", "b.org:443"]


class TestIsUrl:
    @pytest.mark.parametrize("cell", ["https://a/b.pdf", " HTTP://x ", "ftp://x", "javascript://x"])
    def test_what_names_a_scheme_is_a_url(self, cell: str) -> None:
        assert is_url(cell)

    @pytest.mark.parametrize("cell", [None, 7, "", "bill.pdf", "C:bill.pdf", "2026/11/7.pdf", "//host/x"])
    def test_what_does_not_is_a_name(self, cell: object) -> None:
        assert not is_url(cell)


class TestKeyOf:
    def test_it_is_the_same_for_the_same_url_and_tells_others_apart(self) -> None:
        assert key_of(" https://a/1 ") == key_of("https://a/1") != key_of("https://a/2")
