"""Which URLs are fetched, judged without a network; what is one page; whose host it is."""

import ipaddress
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import BlockedAddressError, BlockedUrlError
from planet_mcp.urls import (
    MAX_URL,
    IPNetwork,
    canonical,
    given_url,
    given_urls,
    host_of,
    http_url,
    is_plain,
    literal_address,
    page_key,
    registrable_domain,
)
from planet_mcp.vetting import (
    PORTS,
    check_address,
    check_port,
    check_spelling,
    check_target,
    check_url,
)

LOOPBACK: Sequence[IPNetwork] = (ipaddress.ip_network("127.0.0.0/8"),)
INTRANET: Sequence[IPNetwork] = (
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("fd00::/8"),
)

# Spellings that name this machine, its neighbours or no web page at all.
FAMILIES: dict[str, tuple[str, ...]] = {
    "loopback and this machine": (
        "http://127.0.0.1/",
        "http://127.0.0.1:8080/",
        "http://127.8.8.8/",
        "http://127.255.255.254/",
        "http://127.0.0.1./",
        "http://0.0.0.0/",
        "http://0.0.0.0:8000/",
        "http://0/",
        "http://[::1]/",
        "http://[::1]:8000/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
        "http://[::]/",
        "http://[::]:8000/",
        "http://localhost/",
        "http://LOCALHOST/",
        "http://localhost./",
        "http://app.localhost/",
        "http://localhost.localdomain/",
        "http://ip6-localhost/",
        "http://loopback/",
    ),
    "numbers in disguise: decimal, hexadecimal, octal, short": (
        "http://2130706433/",
        "http://02130706433/",
        "http://4294967295/",
        "http://6425673729/",
        "http://0x7f000001/",
        "http://0x7F000001/",
        "http://0x17f000001/",
        "http://0x7f.1/",
        "http://0x7f.0x0.0x0.0x1/",
        "http://0x/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://0177.0000.0000.0001/",
        "http://0000000177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://0xA9.0xFE.0xA9.0xFE/",
        "http://0251.0376.0251.0376/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.000.000.001/",
        "http://127.0.0.01/",
        "http://10.1/",
        "http://1.1.1.1.1/",
        "http://256.256.256.256/",
        "http://169.254.43518/",
        "http://2852039166/",
        "http://3232235777/",
        "http://127.0.0.1.0x1/",
        "http://example.com.0x7f/",
        "http://example.com.1/",
    ),
    "full-width, circled and percent-encoded": (
        "http://127\u30020\u30020\u30021/",
        "http://127\uff0e0\uff0e0\uff0e1/",
        "http://127\uff610\uff610\uff611/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://\uff11\uff12\uff17\u30020\u30020\u30021/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://\u2469.0.0.1/",
        "http://\u2488\u2488\u2488\u2460/",
        "http://\u24db\u24de\u24d2\u24d0\u24dbhost/",
        "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
        "http://localho\u017ft/",
        "http://local\u00adhost/",
        "http://local\u200bhost/",
        "http://printer.\uff4c\uff4f\uff43\uff41\uff4c/",
        "http://%31%32%37.0.0.1/",
        "http://127%2e0%2e0%2e1/",
        "http://%6c%6f%63%61%6c%68%6f%73%74/",
        "http://localhost%2e/",
        "http://%5b%3a%3a1%5d/",
        "http://127.0.0.1%2f.example.com/",
        "http://127.0.0.1%23.example.com/",
        "http://127.0.0.1%20.example.com/",
    ),
    "IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, Teredo": (
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:127.0.0.1]/",
        "http://[::FFFF:127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[::127.0.0.1]/",
        "http://[::7f00:1]/",
        "http://[::169.254.169.254]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://[64:ff9b:1::8.8.8.8]/",
        "http://[64:ff9b:1::a9fe:a9fe]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[2002:c0a8:101::1]/",
        "http://[2001:0:7f00:1::]/",
        "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
        "http://[2001::1]/",
    ),
    "private, shared, link-local, site-local, multicast, reserved": (
        "http://10.0.0.1/",
        "http://10.255.255.255/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://100.127.255.255/",
        "http://169.254.1.1/",
        "http://192.0.0.1/",
        "http://192.0.0.170/",
        "http://192.0.2.1/",
        "http://192.31.196.1/",
        "http://192.52.193.1/",
        "http://192.88.99.1/",
        "http://192.175.48.1/",
        "http://198.18.0.1/",
        "http://198.19.255.255/",
        "http://198.51.100.7/",
        "http://203.0.113.9/",
        "http://224.0.0.1/",
        "http://239.255.255.250/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[fe80::1%251]/",
        "http://[febf::1]/",
        "http://[::1%25lo]/",
        "http://[2606:4700::1111%25eth0]/",
        "http://[fec0::1]/",
        "http://[feff::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456::1]/",
        "http://[fdff:ffff::1]/",
        "http://[ff02::1]/",
        "http://[ff0e::1]/",
        "http://[2001:db8::1]/",
        "http://[2001:1::1]/",
        "http://[2620:4f:8000::1]/",
        "http://[100::1]/",
        "http://[100:0:0:1::1]/",
        "http://[3fff::1]/",
        "http://[5f00::1]/",
        "http://[4000::1]/",
        "http://[e000::1]/",
        "http://[v1.fe80::1]/",
    ),
    "what clouds tell their machines": (
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254:80/metadata/instance?api-version=2021-02-01",
        "http://169.254.169.254./latest/meta-data/",
        "http://169.254.169.253/",
        "http://169.254.169.123/",
        "http://169.254.170.2/v2/credentials/",
        "http://169.254.42.42/conf",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[fd20:ce::254]/computeMetadata/v1/",
        "http://[fd00:c1::a9fe:a9fe]/",
        "http://[::ffff:169.254.169.254]/latest/meta-data/",
        "http://100.100.100.200/latest/meta-data/",
        "http://168.63.129.16/machine",
        "http://192.0.0.192/opc/v2/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://METADATA.GOOGLE.INTERNAL./computeMetadata/v1/",
        "http://metadata/",
        "http://instance-data/latest/meta-data/",
        "http://metadata.tencentyun.internal/",
        "http://kubernetes.default.svc.cluster.local/",
        "http://host.docker.internal/",
    ),
    "names that no public server has": (
        "http://printer.local/",
        "http://printer.local./",
        "http://PRINTER.LOCAL/",
        "http://wiki.corp/",
        "http://wiki.intranet/",
        "http://wiki.internal/",
        "http://wiki.private/",
        "http://nas.lan/",
        "http://nas.home/",
        "http://router.home.arpa/",
        "http://box.localdomain/",
        "http://hidden.onion/",
        "http://name.alt/",
        "http://site.test/",
        "http://site.invalid/",
        "http://1.0.0.127.in-addr.arpa/",
        "http://1.0.ip6.arpa/",
        "http://ipv4only.arpa/",
        "http://intranet/",
        "http://router/",
        "http://intranet./",
        "http://./",
        "http://../",
        "http://.example.com/",
        "http://a..example.com/",
        "http://example.com../",
        "http://-a.example.com/",
        "http://a-.example.com/",
        f"http://{'a' * 64}.example.com/",
        "http://*.example.com/",
        "http://example.com,127.0.0.1/",
        "http://exa'mple.com/",
        "http://$(id).example.com/",
    ),
    "parts that hide who is asked": (
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://@example.com/",
        "http://:@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com:80@127.0.0.1/",
        "http://user@127.0.0.1:80@example.com/",
        "http://example.com%40127.0.0.1/",
        "http://127.0.0.1#@example.com/",
        "http://127.0.0.1?@example.com/",
        "http://127.0.0.1/@example.com/",
        "http://127.0.0.1#.example.com/",
        "http://127.0.0.1;example.com/",
        "http://localhost#example.com/",
        "http://[::1]@example.com/",
        "http://[::1].example.com/",
        "http://[[::1]]/",
        "http://[::1",
        "http://::1/",
        "http://::1]/",
        "http://[example.com]/",
        "http://[127.0.0.1]/",
        "http://example.com:port/",
        "http://example.com:80:80/",
        "http://example.com:0x50/",
        "http://example.com:8 0/",
        "http://example.com:\uff18\uff10/",
    ),
    "backslashes, white space, control characters, NUL": (
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http:\\\\example.com/",
        "\\\\127.0.0.1\\share",
        "http:/\\127.0.0.1/",
        "http://example.com/a\\b",
        "http://exam\tple.com/",
        "http://127.0.0.1\t.example.com/",
        "http://example.com\n/",
        "http://example.com/\r\nHost: evil.example",
        "http://example.com/\x00",
        "http://127.0.0.1\x00.example.com/",
        "http://127.0.0.1%00.example.com/",
        "http://example.com\x00@127.0.0.1/",
        "http://example.com/\x7f",
        "http://example.com/\x1b[31m",
        "http://example.com/a b",
        "http://a b.example.com/",
        "http://127.0.0.1 &@example.com# @example.org/",
        " http://example.com/",
        "http://example.com/ ",
        "http://example.com\u3000/",
        "http://example.com\u2028/",
    ),
    "ports on which no web server is expected": (
        "http://example.com:0/",
        "http://example.com:1/",
        "http://example.com:22/",
        "http://example.com:25/",
        "http://example.com:53/",
        "http://example.com:6379/",
        "http://example.com:11211/",
        "http://example.com:65535/",
        "http://example.com:65536/",
        "http://example.com:65616/",
        "http://example.com:99999/",
        "http://example.com:-1/",
        "http://8.8.8.8:53/",
        "http://8.8.8.8:22/",
        "http://[2606:4700::1111]:6379/",
        "https://example.com:3306/",
    ),
    "other schemes": (
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "file://127.0.0.1/c$/",
        "gopher://example.com/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "ftp://example.com/",
        "tftp://example.com/",
        "ldap://example.com/",
        "data:text/html,hello",
        "data:application/xml;base64,PHJzcy8+",
        "javascript:alert(1)",
        "dict://example.com:2628/",
        "ws://example.com/",
        "feed://example.com/",
        "feed:http://example.com/",
        "jar:http://example.com!/",
        "netdoc:///etc/passwd",
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
        "view-source:http://example.com/",
        "httpx://example.com/",
        "xhttp://example.com/",
    ),
    "no scheme, no host, too long": (
        "//example.com/",
        "//127.0.0.1/",
        "///127.0.0.1/",
        "/etc/passwd",
        "example.com",
        "127.0.0.1",
        "localhost:8000",
        "://example.com/",
        "http",
        "http:",
        "http:/",
        "http://",
        "http:example.com",
        "http:127.0.0.1",
        "http:/127.0.0.1/",
        "http:////127.0.0.1/",
        "1http://example.com/",
        "http:///path",
        "http://:80/",
        "https:?//127.0.0.1/",
        "",
        "http://example.com/" + "a" * MAX_URL,
    ),
}
REFUSED = tuple(spelling for family in FAMILIES.values() for spelling in family)

PASSING = (
    "http://example.com/",
    "https://example.com",
    "HTTPS://EXAMPLE.COM/",
    "https://example.com./feed",
    "https://blog.example.co.uk/feed.xml?format=atom&page=2",
    "https://example.com:443/",
    "http://example.com:80/",
    "http://example.com:8080/",
    "https://example.com:8443/",
    "http://example.com:/",
    "https://foo_bar.example.com/",
    "https://xn--r8jz45g.jp/",
    "https://1and1.example.com/",
    "https://127.0.0.1.nip.io/",
    "https://localhost.example.com/",
    "https://example.com/@user",
    "https://example.com/%5C%20%0A",
    "https://example.com/ünïcode",
    "http://8.8.8.8/",
    "http://8.8.8.8:8000/",
    "http://172.15.255.255/",
    "http://172.32.0.1/",
    "http://[2606:4700:4700::1111]/",
    "http://[2606:4700:4700::1111]:8080/",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::8.8.8.8]/",
)


# ---------------------------------------------------------------------------- what may be fetched
@pytest.mark.parametrize("spelling", REFUSED)
def test_a_spelling_of_no_public_page_is_refused_without_a_look_up(spelling: str) -> None:
    with pytest.raises((BlockedUrlError, BlockedAddressError)):
        check_url(spelling, allowed=())


@pytest.mark.parametrize("spelling", PASSING)
def test_a_public_page_passes(spelling: str) -> None:
    check_url(spelling, allowed=())


@given(st.text())
def test_no_text_makes_the_check_fail_in_another_way(text: str) -> None:
    for spelling in (text, f"http://{text}", f"http://example.com/{text}"):
        try:
            check_url(spelling, allowed=())
        except (BlockedUrlError, BlockedAddressError):
            continue
        assert spelling.lower().startswith(("http://", "https://"))
        assert "@" not in spelling.split("/")[2]


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
def test_an_ipv4_address_is_as_public_mapped_as_it_is_bare(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    nat64 = ipaddress.IPv6Address(ipaddress.IPv6Address("64:ff9b::").packed[:12] + address.packed)

    assert is_refused(address) == is_refused(mapped) == is_refused(nat64)


@given(st.ip_addresses())
def test_what_pythons_own_table_calls_private_is_refused(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped
        assert is_refused(address) or mapped


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_outside_of_global_unicast_is_refused_but_for_ipv4_inside(
    address: ipaddress.IPv6Address,
) -> None:
    inside = address in ipaddress.ip_network("64:ff9b::/96") or address.ipv4_mapped is not None
    if address not in ipaddress.ip_network("2000::/3") and not inside:
        assert is_refused(address)


def is_refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        check_address(address, 443, allowed=())
    except BlockedAddressError:
        return True
    return False


@pytest.mark.parametrize("port", sorted(PORTS))
def test_the_ports_of_web_servers_pass(port: int) -> None:
    check_port(port)
    check_target("http", "example.com", port, allowed=())


@given(st.integers(0, 65_535).filter(lambda port: port not in PORTS))
def test_any_other_port_is_refused_and_the_allowed_ones_are_named(port: int) -> None:
    with pytest.raises(BlockedUrlError, match=f"Port {port} .*80, 443"):
        check_port(port)


def test_a_name_is_no_longer_than_a_look_up_allows() -> None:
    labels = "a23456789." * 24
    check_url(f"http://{labels}example.com./", allowed=())
    with pytest.raises(BlockedUrlError, match="longer than the 253 characters"):
        check_url(f"http://{labels}aaa.example.com/", allowed=())


@pytest.mark.parametrize(
    ("spelling", "reason"),
    [
        ("", "empty"),
        ("http://example.com/" + "a" * MAX_URL, f"longer than {MAX_URL}"),
        ("http://example.com/a b", "white space"),
        ("http://example.com\\a", "backslashes"),
    ],
)
def test_a_refused_spelling_says_why(spelling: str, reason: str) -> None:
    with pytest.raises(BlockedUrlError, match=reason):
        check_spelling(spelling)


@pytest.mark.parametrize(
    ("spelling", "error", "way_out"),
    [
        ("http://10.0.0.1/", BlockedAddressError, "PLANET_MCP_ALLOW_NETWORKS"),
        ("http://intranet/", BlockedUrlError, "PLANET_MCP_ALLOW_NETWORKS"),
        ("ftp://example.com/", BlockedUrlError, "http:// and https://"),
        ("http://u:p@example.com/", BlockedUrlError, "user name or password"),
        ("http://@example.com/", BlockedUrlError, "user name or password"),
        ("http://2130706433/", BlockedUrlError, "number in disguise"),
    ],
)
def test_a_refused_target_says_why_and_what_allows_it(
    spelling: str, error: type[Exception], way_out: str
) -> None:
    with pytest.raises(error, match=way_out):
        check_url(spelling, allowed=())


def test_a_password_is_not_repeated_in_the_error() -> None:
    with pytest.raises(BlockedUrlError) as caught:
        check_url("http://user:secret@example.com/", allowed=())

    assert "secret" not in str(caught.value)


# ----------------------------------------------------------------------- what the operator opened
@pytest.mark.parametrize(
    "spelling",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:5000/",
        "http://127.9.9.9:1/",
        "http://localhost:9999/",
        "http://intranet/",
        "http://wiki.local/",
        "http://8.8.8.8/",
        "https://example.com/",
    ],
)
def test_an_allowed_network_allows_its_ports_and_leaves_local_names_to_the_look_up(
    spelling: str,
) -> None:
    check_url(spelling, allowed=LOOPBACK)


@pytest.mark.parametrize(
    "spelling",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://8.8.8.8:25/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1:port/",
        "http://",
        "https:///x",
        "http://:80/",
        "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1/",
    ],
)
def test_an_allowed_network_allows_nothing_else(spelling: str) -> None:
    with pytest.raises((BlockedUrlError, BlockedAddressError)):
        check_url(spelling, allowed=LOOPBACK)


@pytest.mark.parametrize("text", ["10.1.2.3", "fd00::1", "fd00:ec2::254"])
def test_an_address_of_an_allowed_network_is_dialled_on_any_port(text: str) -> None:
    check_address(ipaddress.ip_address(text), 12_345, allowed=INTRANET)


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8"])
def test_a_public_address_keeps_the_public_ports_where_a_network_is_allowed(text: str) -> None:
    check_address(ipaddress.ip_address(text), 443, allowed=INTRANET)
    with pytest.raises(BlockedUrlError):
        check_address(ipaddress.ip_address(text), 12_345, allowed=INTRANET)


@pytest.mark.parametrize("text", ["127.0.0.1", "::1", "fe80::1%eth0", "::ffff:10.1.2.3"])
def test_an_address_next_to_the_opened_networks_stays_refused(text: str) -> None:
    with pytest.raises(BlockedAddressError):
        check_address(ipaddress.ip_address(text), 443, allowed=INTRANET)


# ---------------------------------------------------------------------- references and spellings
@pytest.mark.parametrize(
    ("raw", "base", "expected"),
    [
        ("https://example.com/a", None, "https://example.com/a"),
        ("  https://example.com/a\n", None, "https://example.com/a"),
        ("https://exam\nple.com/ a", None, "https://example.com/%20a"),
        ("HTTP://example.com/", None, "http://example.com/"),
        ("/b", "https://example.com/a/", "https://example.com/b"),
        ("b?c#d", "https://example.com/a/", "https://example.com/a/b?c#d"),
        ("../b", "https://example.com/a/c/", "https://example.com/a/b"),
        ("//other.example/b", "https://example.com/", "https://other.example/b"),
        ("http://[2606:4700::1]/", None, "http://[2606:4700::1]/"),
        (
            'http://a.example/"<b>`|[1]{2}^',
            None,
            "http://a.example/%22%3Cb%3E%60%7C%5B1%5D%7B2%7D%5E",
        ),
        ("java\nscript:alert(1)", "https://example.com/", None),
        ("javascript:alert(1)", "https://example.com/", None),
        ("mailto:a@example.com", "https://example.com/", None),
        ("data:text/html,x", None, None),
        ("ftp://example.com/", None, None),
        ("/b", None, None),
        ("example.com", None, None),
        ("http://", None, None),
        ("http:///a", None, None),
        ("http://[::1", None, None),
        ("", None, None),
        ("https://example.com/" + "a" * MAX_URL, None, None),
        # digits in other scripts, which would become an address
        ("http://\uff11\uff12\uff17.0.0.1/", None, None),
        ("http://\u2488\u2488\u2488\u2460:8080/", None, None),
        ("http://user@\u2469.1/", None, None),
    ],
)
def test_a_reference_becomes_an_absolute_http_url_or_none(
    raw: str, base: str | None, expected: str | None
) -> None:
    assert http_url(raw, base) == expected


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://example.org/feed", "https://example.org/feed"),
        ("HTTP://Example.org/", "HTTP://Example.org/"),
        # a scheme that opens a feed reader
        ("feed://example.org/x", "http://example.org/x"),
        ("feed:https://example.org/x", "https://example.org/x"),
        ("FEED://https://example.org/x", "https://example.org/x"),
        ("feed:example.org/x", "http://example.org/x"),
        ("feed:http:example.org/x", "http://example.org/x"),
        ("feed://https//example.org/x", "https://example.org/x"),
        ("feed://intranet/x", "http://intranet/x"),
        ("itpc://example.org/podcast.xml", "http://example.org/podcast.xml"),
        ("pcast:https://example.org/podcast", "https://example.org/podcast"),
        # no scheme
        ("example.org", "https://example.org"),
        ("www.example.org/feed.xml?a=b:c", "https://www.example.org/feed.xml?a=b:c"),
        ("example.org:8080/x", "https://example.org:8080/x"),
        ("//example.org/x", "https://example.org/x"),
        ("127.0.0.1:8000/x", "https://127.0.0.1:8000/x"),
        ("[::1]:8080/x", "https://[::1]:8080/x"),
        ("localhost:8080", "https://localhost:8080"),
        ("bücher.example/ü", "https://bücher.example/ü"),
        ("blog.example.com.py", "https://blog.example.com.py"),
        ("example.org?feed=rss2", "https://example.org?feed=rss2"),
        # slashes that are too few or too many
        ("https:/example.org/x", "https://example.org/x"),
        ("http:example.org", "http://example.org"),
        ("https:////example.org/x", "https://example.org/x"),
        ("http//example.org/x", "http://example.org/x"),
        # what stands around it
        ("<https://example.org/x>", "https://example.org/x"),
        ("<URL:https://example.org/x>", "https://example.org/x"),
        (' "example.org/x" ', "https://example.org/x"),
        ("\ufeff'feed://example.org/x'\u00a0", "http://example.org/x"),
        ("“https://example.org/x”", "https://example.org/x"),
        ("<\"https://example.org/?q='a'\">", "https://example.org/?q='a'"),
        ("https://example.org/?a=1&amp;b=2", "https://example.org/?a=1&b=2"),
        ("[A Blog](https://example.org/x)", "https://example.org/x"),
        ("A Blog: https://example.org/x", "https://example.org/x"),
        ("A Blog: see https://example.org/x", "A Blog: see https://example.org/x"),
        # no address of a feed
        ("feed.xml", "feed.xml"),
        ("feeds/atom.xml", "feeds/atom.xml"),
        ("/etc/passwd", "/etc/passwd"),
        ("ftp://example.org/feed", "ftp://example.org/feed"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
        ("ada@example.org", "ada@example.org"),
        ("Python", "Python"),
        ("v3.14", "v3.14"),
        ("feed:", "feed:"),
        ("", ""),
    ],
)
def test_the_address_that_is_meant_is_found_however_it_is_written(written: str, meant: str) -> None:
    assert given_url(written) == meant
    assert given_url(meant) == meant


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        (
            "https://a.example/x, https://b.example/y",
            ["https://a.example/x", "https://b.example/y"],
        ),
        ("https://a.example,http://b.example", ["https://a.example", "http://b.example"]),
        (
            "- <https://a.example>\n- B: https://b.example;",
            ["https://a.example", "https://b.example"],
        ),
        # One address, whatever is in it, and what may be anything else.
        *(
            (one, [one])
            for one in (
                "https://a.example/?u=https://b.example",
                "https://a.example/x,y",
                " A: https://a.example ",
                "a.example b.example",
                "",
            )
        ),
    ],
)
def test_addresses_are_told_apart_where_a_text_lists_several(text: str, urls: list[str]) -> None:
    assert given_urls(text) == urls


WHOLE = re.compile(r"https?://[a-z]{1,9}\.example(:[0-9]{2,4})?/[a-z0-9/?&=%'+#~:;-]{0,20}")


@given(st.from_regex(WHOLE, fullmatch=True))
def test_a_whole_url_is_meant_as_it_is(url: str) -> None:
    assert given_url(url) == url or "&amp;" in url


@given(st.text(), st.sampled_from([None, "https://example.com/a/", "http://[::1]/", "mailto:x"]))
def test_what_becomes_an_http_url_stays_one(raw: str, base: str | None) -> None:
    url = http_url(raw, base)

    if url is not None:
        assert url.lower().startswith(("http://", "https://"))
        assert http_url(url) == url


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.com:8080/a", "example.com"),
        ("https://example.com", "example.com"),
        ("https://[::1]/", "::1"),
        ("mailto:a@example.com", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)
def test_the_host_of_a_url_has_no_www_and_no_port(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "spelling",
    [
        "https://example.com/post",
        "http://example.com/post",
        "https://www.example.com/post",
        "https://EXAMPLE.com/post",
        "https://example.com:443/post",
        "http://example.com:80/post",
        "https://example.com/post/",
        "https://example.com/post#comments",
        "https://example.com/post?utm_source=rss&utm_medium=feed",
        "https://example.com/post?UTM_Campaign=x",
        "https://example.com/post?fbclid=1&gclid=2",
        "https://example.com/post/?mc_cid=1#more",
    ],
)
def test_spellings_of_one_page_have_one_key(spelling: str) -> None:
    assert canonical(spelling) == "example.com/post"


@pytest.mark.parametrize(
    "other",
    [
        "https://example.com/Post",
        "https://example.com/post/2",
        "https://example.com/post?id=1",
        "https://example.com:8080/post",
        "https://blog.example.com/post",
        "https://example.org/post",
    ],
)
def test_another_page_has_another_key(other: str) -> None:
    assert canonical(other) != canonical("https://example.com/post")


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("https://b.example/a/b", "https://b.example/a/b/amp/"),
        ("https://b.example/a/b", "https://b.example/a/b?amp=1"),
        ("https://b.example/a/b", "https://m.b.example/a/b"),
        ("https://b.example/a/b", "https://amp.b.example/a/b?source=rss-abc------2"),
        ("https://b.example/a", "https://www.b.example/a/index.html"),
        ("https://en.wikipedia.org/wiki/X", "https://en.m.wikipedia.org/wiki/X"),
        ("https://b.blogspot.com/2026/x.html", "http://b.blogspot.co.uk/2026/x.html?m=1"),
        ("https://b.example/%E4%B8%AD", "https://b.example/%e4%b8%ad"),
        ("https://youtu.be/abcdefghi-1", "https://www.youtube.com/watch?t=9&v=abcdefghi-1&si=x"),
    ],
)
def test_all_that_shows_a_page_has_its_key(page: str, shown: str) -> None:
    assert page_key(shown) == page_key(page)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://m.example/a", "https://example/a"),
        ("https://b.example/code?ref=main", "https://b.example/code?ref=dev"),
        ("https://b.example/a?source=main", "https://b.example/a"),
        ("https://b.example/a?m=202611", "https://b.example/a?m=202612"),
        ("https://b.example/amp", "https://b.example/"),
        ("https://b.example/?page=index.html", "https://b.example/?page=b.html"),
        ("https://b.example/index.php?id=1", "https://b.example/index.php?id=2"),
        ("https://youtu.be/abcdefghi-1", "https://youtu.be/abcdefghi-2"),
        ("https://www.youtube.com/@kim/videos", "https://www.youtube.com/@kim"),
    ],
)
def test_what_only_looks_like_another_view_of_a_page_is_another_page(one: str, other: str) -> None:
    assert page_key(one) != page_key(other)


def test_the_order_of_parameters_counts() -> None:
    assert canonical("https://a.example/?x=1&y=2") != canonical("https://a.example/?y=2&x=1")


def test_an_empty_parameter_is_kept() -> None:
    assert canonical("https://a.example/?p=&utm_id=1") == "a.example?p="


_PATHS = st.lists(st.text("abcXYZ09-_.~%", min_size=1), max_size=4).map("/".join)
_NAMES = st.text("abcdefghij", min_size=1, max_size=8)
_PARAMETERS = st.lists(st.tuples(_NAMES, st.text("abc123", max_size=5)), max_size=4)


@given(_NAMES, _PATHS, _PARAMETERS, st.booleans(), st.sampled_from(["", "/", "//"]), _NAMES)
def test_no_way_to_write_the_same_page_changes_its_key(
    name: str,
    path: str,
    parameters: list[tuple[str, str]],
    secure: bool,
    slash: str,
    fragment: str,
) -> None:
    query = "&".join(f"{key}={value}" for key, value in parameters)
    plain = f"https://{name}.example/{path}" + (f"?{query}" if query else "")
    tracked = f"{query}&utm_source=x" if query else "fbclid=1"
    start, port = ("https://www.", ":443") if secure else ("HTTP://", ":80")
    spelled = f"{start}{name.upper()}.Example{port}/{path}{slash}?{tracked}#{fragment}"

    assert canonical(spelled) == canonical(plain)
    assert canonical(f"https://{canonical(plain)}") == canonical(plain)


@given(st.text())
def test_every_text_has_a_key(text: str) -> None:
    assert isinstance(canonical(text), str)
    assert canonical(f"https://example.com/{text}") == canonical(f"http://www.example.com/{text}")


# ------------------------------------------------------------------------------------ whose it is
@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.com", "example.com"),
        ("feeds.blog.example.com", "example.com"),
        ("WWW.Example.COM.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("foo.blogspot.com", "blogspot.com"),
        ("foo.github.io", "github.io"),
        ("foo.readthedocs.io", "readthedocs.io"),
        ("foo.s3.amazonaws.com", "amazonaws.com"),
        ("com", "com"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("10.1.2.3", "10.1.2.3"),
        ("[::1]", "::1"),
        ("2606:4700::1", "2606:4700::1"),
    ],
)
def test_requests_count_against_who_registered_the_domain(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


@given(_NAMES, _NAMES)
def test_all_hosts_below_a_domain_count_as_one(first: str, second: str) -> None:
    assert registrable_domain(f"{first}.{second}.example.com") == "example.com"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", ipaddress.ip_address("127.0.0.1")),
        ("[::1]", ipaddress.ip_address("::1")),
        ("::1", ipaddress.ip_address("::1")),
        ("example.com", None),
        ("127.1", None),
        ("2130706433", None),
        ("", None),
    ],
)
def test_only_a_full_address_is_a_literal_address(
    host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
) -> None:
    assert literal_address(host) == address


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\U000e0041", "\uffff", "\u0000"])
def test_a_url_carries_no_hidden_characters(hidden: str) -> None:
    assert hidden not in (http_url(f"https://a.example/x{hidden}y?{hidden}") or "")


def test_an_internationalised_url_is_written_in_ascii() -> None:
    assert http_url("https://bücher.example/Übersicht?q=ä") == (
        "https://xn--bcher-kva.example/%C3%9Cbersicht?q=%C3%A4"
    )


def test_a_url_that_is_encoded_already_stays_as_it_is() -> None:
    url = "https://a.example/%C3%9C/wiki/Foo_(bar)?a=1&b=%20#part"
    assert http_url(url) == url


def test_two_hosts_of_ipv6_have_two_keys() -> None:
    assert canonical("http://[2606::1]:8080/") != canonical("http://[2606::1:8080]/")


@given(st.text("ab.-/%?&=#:@!,+_~ 1\u00e9", max_size=30))
def test_an_address_that_needs_no_mending_comes_through_the_mending_as_it_is(rest: str) -> None:
    url = f"https://example.org{rest}"
    if is_plain(url):
        assert http_url(f" {url}", "https://other.example/") == url
