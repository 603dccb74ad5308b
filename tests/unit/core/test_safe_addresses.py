"""Only servers of the open internet may be asked, and inner ones only where staff named them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.safe_addresses import AddressRefusedError, check_addresses, may_connect

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450:4010::8a"]
INNER = [
    *("10.0.0.1", "10.255.255.255", "127.0.0.1", "127.8.9.1", "172.16.0.1", "172.31.255.254", "192.168.1.10"),
    *("100.64.0.1", "::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1"),
]
NEVER = [
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "192.0.2.1"),
    *("203.0.113.9", "::", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254"),
    *("64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:4136:e378::1", "2001:db8::1", "100::1"),
    *("::127.0.0.1", "::ffff:0:127.0.0.1", "fec0::1"),
]
#: Spellings that some resolvers and sockets take for an address, and a guard may not.
ODD = [
    *("127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "1"),
    *(
        "127.0.0.01",
        "１２７.0.0.1",
        "127。0。0。1",
        "[::1]",
        "::1%1",
        "",
        " 127.0.0.1",
        "localhost",
        "8.8.8.8/32",
    ),
]


class TestMayConnect:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_servers_of_the_internet_may_be_asked(self, address: str) -> None:
        assert may_connect(address, is_inner=False)
        assert may_connect(address, is_inner=True)

    @pytest.mark.parametrize("address", INNER)
    def test_the_inner_network_only_for_hosts_that_staff_named_as_inner(self, address: str) -> None:
        assert not may_connect(address, is_inner=False)
        assert may_connect(address, is_inner=True)

    @pytest.mark.parametrize("address", [*NEVER, *ODD])
    def test_some_addresses_are_for_nobody(self, address: str) -> None:
        assert not may_connect(address, is_inner=False)
        assert not may_connect(address, is_inner=True)

    @given(st.ip_addresses())
    def test_no_outer_host_has_an_address_that_is_not_global(self, address: object) -> None:
        if may_connect(str(address), is_inner=False):
            assert address.is_global  # type: ignore[attr-defined]
            assert not address.is_multicast  # type: ignore[attr-defined]


class TestCheckAddresses:
    def test_one_bad_address_among_good_ones_refuses_all(self) -> None:
        check_addresses(PUBLIC, is_inner=False)
        with pytest.raises(AddressRefusedError) as caught:
            check_addresses([*PUBLIC, "10.1.2.3"], is_inner=False)
        assert "10.1.2.3" not in str(caught.value)
