"""URLs: read as people write them, in one canonical form, and whose they are (pure)."""

import ipaddress
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL = 2_000
MAX_SHOWN = 200
DEFAULT_PORTS = {"http": 80, "https": 443}

# The last label of a host that is a number, and so no name.
NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
# A URL that is already as it is to be.
_PLAIN = re.compile(
    r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
    r"(?:/[A-Za-z0-9._~/%+,:@!=&-]*)?(?:\?[A-Za-z0-9._~/%+,:@!=&-]+)?"
)
# A line that was broken inside of an address, and control characters.
_BROKEN = re.compile(r"\s*[\t\r\n]\s*|[\x00-\x1f\x7f]")
_USER_INFO = re.compile(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", re.IGNORECASE)
_ALLOWED = "!#$%&'()*+,/:;=?@~-._"
# Blanks that people cannot see, and the pairs around an address in texts (RFC 3986, appendix C).
_BLANKS = " \t\r\n\f\v\0\u00a0\u200b\ufeff"
_PAIRS = {"<": ">", '"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "\u2018": "\u2019", "«": "»"}
_PREFIX = re.compile(r"url:\s*", re.IGNORECASE)
# The schemes that open a feed reader stand before a whole URL, or for http.
_READER_SCHEME = re.compile(r"(?:feed|rss|pcast|podcast|itpc):(?=\S)", re.IGNORECASE)
# Browsers do not count the slashes after http: and https: (WHATWG URL, 4.4).
_HTTP_SCHEME = re.compile(r"(https?)(?::/*|//+)(?=[^/])", re.IGNORECASE)
# A URL with its name before it, in text or Markdown: `Blog: https://…`, `[Blog](https://…)`.
_SAID = re.compile(r"\[[^\]]*\]\((\S+)\)|[^:/]+[:-]\s+(https?://\S+)")
_BETWEEN_URLS = re.compile(r"\s+|,(?=https?://)")
_BARE_HOST = re.compile(
    r"(?:(?:[\w-]+\.)+(?P<ending>[^\W\d_][\w-]+)\.?|\d{1,3}(?:\.\d{1,3}){3}|localhost|\[[\da-f:.]+\])"
    r"(?::\d{1,5})?(?=[/?#]|$)",
    re.IGNORECASE,
)
# Endings of files, which are no top-level domains: `feed.xml` is a file beside the list.
_FILE_ENDINGS = frozenset("xml rss rdf atom json opml html htm xhtml php txt csv ini".split())
_ESCAPED = re.compile("%[0-9a-f]{2}", re.IGNORECASE)
_FILM = re.compile(
    r"(?:youtu\.be/|(?:m\.|music\.)?youtube\.com/(?:(?:shorts|embed|live)/|watch\?(?:[^#]*&)?v=))"
    r"([\w-]{11})(?![\w-])"
)
# A host for phones, below one that has a name of its own.
_PHONE_HOST = re.compile(r"^(?:m|mobile|amp)\.(?=[^./?]+\.[^/?]+)|(?<=^[a-z]{2})\.m(?=\.wik)")
_BLOGGER = re.compile(r"\.blogspot\.(?:com?\.)?[a-z]{2,3}(?=/|$)")
_FILE_OF_FOLDER = re.compile(
    r"/(?:index|default)\.(?:html?|php|aspx?)$|(?<=/)(?P<page>[^/]+)(?:/|\.)amp$"
)
_SENT = re.compile(r"amp(?:=(?:1|true)?)?|outputType=amp|(?:source|ref)=(?:rss|feed)(?:[-_.].*)?")
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|ref_src|igshid|yclid|_hsenc|_hsmi|at_\w+")


def given_url(written: str) -> str:
    """Return the URL that is meant by what a person or program wrote for the address of a feed.

    Quotes and angle brackets around it do not count, nor does a scheme that opens a feed reader
    (`feed://example.org/x`, `feed:https://…`), nor a name before it (`Blog: https://…`); a host
    without a scheme means https. What is none of these is returned without what stood around it.
    """
    bare = _unwrapped(written)
    said = _SAID.fullmatch(bare)
    bare = _PREFIX.sub("", said[1] or said[2] if said else bare, count=1).replace("&amp;", "&")
    meant = without_reader_scheme(bare)
    scheme = _HTTP_SCHEME.match(meant)
    if scheme:
        return f"{scheme[1]}://{meant[scheme.end() :]}"
    if meant.startswith("//"):
        return f"https:{meant}"
    host = _BARE_HOST.match(meant)
    is_host = host is not None and (host["ending"] or "").lower() not in _FILE_ENDINGS
    return f"https://{meant}" if is_host else meant


def given_urls(written: str) -> list[str]:
    """Return the addresses in a text that lists several, or else the text as it is.

    They may stand in lines, between blanks or commas, and after marks of a list or names.
    """
    pieces = _BETWEEN_URLS.split(written)
    urls = [piece.rstrip(",;") for piece in map(_unwrapped, pieces) if _HTTP_SCHEME.match(piece)]
    return urls if len(urls) > 1 else [written]


def without_reader_scheme(reference: str) -> str:
    """Return what a reference is for after `feed:` or another scheme that opens a feed reader."""
    opened = _READER_SCHEME.match(reference)
    if not opened:
        return reference
    rest = reference[opened.end() :].lstrip("/")
    return rest if _HTTP_SCHEME.match(rest) else f"http://{rest}"


def _unwrapped(text: str) -> str:
    bare = text.strip(_BLANKS)
    while len(bare) > 1 and _PAIRS.get(bare[0]) == bare[-1]:
        bare = bare[1:-1].strip(_BLANKS)
    return bare


def is_plain(url: str) -> bool:
    """Return whether a URL is http(s), absolute and needs no mending, as most are."""
    return len(url) <= MAX_URL and _PLAIN.fullmatch(url) is not None


def http_url(raw: str, base: str | None = None) -> str | None:
    """Resolve a reference to an absolute http(s) URL; None when it is none.

    Broken lines and control characters inside are mended, and a blank is `%20`, as in browsers
    (WHATWG URL, 4.4).
    """
    if is_plain(raw):
        return raw
    reference = _BROKEN.sub("", raw.strip())
    try:
        absolute = urljoin(base, reference) if base else reference
        parts = urlsplit(absolute)
        usable = parts.scheme in DEFAULT_PORTS and parts.hostname and " " not in parts.netloc
    except ValueError:
        return None
    if not usable:
        return None
    try:
        origin = f"{parts.scheme}://{_ascii_host(parts.netloc)}"
    except UnicodeError:
        return None
    rest = absolute[len(parts.scheme) + len("://") + len(parts.netloc) :]
    # Characters that RFC 3986 forbids in a URL could end it in Markdown, or be invisible.
    safe = origin + quote(rest, safe=_ALLOWED)
    return safe if len(safe) <= MAX_URL else None


def page_url(raw: str, base: str | None = None) -> str | None:
    """Resolve a reference as `http_url` does; a user name and password are not part of a page's."""
    url = http_url(raw, base)
    return url and without_user_info(url)


def _ascii_host(netloc: str) -> str:
    """Write an internationalised host name in ASCII (RFC 3490).

    Raises:
        UnicodeError: It is none, or becomes a number.
    """
    if netloc.isascii():
        return netloc
    userinfo, at, host = netloc.rpartition("@")
    written = host.encode("idna").decode()
    if NUMERIC_LABEL.fullmatch(written.partition(":")[0].rstrip(".").rpartition(".")[2].lower()):
        raise UnicodeError(host)
    return f"{userinfo}{at}{written}"


def host_of(url: str) -> str:
    """Return the host of a URL in lower case without `www.`; empty when it has none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def are_of_one_site(url: str, other: str) -> bool:
    """Return whether two URLs have one host, or that of one is below that of the other."""
    first, second = f".{host_of(url)}", f".{host_of(other)}"
    return len(first) > 1 < len(second) and (first.endswith(second) or second.endswith(first))


@lru_cache(maxsize=1_024)  # an entry's address is looked up, and then stored
def canonical(url: str) -> str:
    """Return a key under which two spellings of one page's URL are equal.

    Scheme, `www.`, default port, trailing slash, tracking parameters and fragment do not count;
    the order of the other parameters does.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = host_of(url)
    if port not in (None, *DEFAULT_PORTS.values()):
        host = f"[{host}]:{port}"
    query = urlencode(
        [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.fullmatch(name.lower())
        ]
    )
    return f"{host}{parts.path.rstrip('/')}" + (f"?{query}" if query else "")


def page_key(url: str) -> str:
    """Return the key of an entry's page: that of `canonical`, and one for all that shows the page.

    It is one at the addresses for phones (`m.`, `/amp`, Blogger's `?m=1`) and at Blogger's domains
    of countries, with the name of its folder's file, and of a film of YouTube in any link.
    """
    address = canonical(url)
    if film := _FILM.match(address):
        return f"youtube.com/watch?v={film[1]}"
    place, _, query = address.partition("?")
    place = _BLOGGER.sub(".blogspot.com", _PHONE_HOST.sub("", place))
    place = _ESCAPED.sub(lambda octet: octet[0].upper(), place)
    pairs = query.split("&") if query else []
    kept = [pair for pair in pairs if not (_SENT.fullmatch(pair) or _is_for_phones(pair, place))]
    return _FILE_OF_FOLDER.sub(lambda found: found["page"] or "", place) + (
        f"?{'&'.join(kept)}" if kept else ""
    )


def _is_for_phones(pair: str, place: str) -> bool:
    return pair == "m=1" and place.endswith(".html")


def without_user_info(url: str) -> str:
    """Return a URL without the user name and password before its host (RFC 3986, 3.2.1)."""
    return _USER_INFO.sub(r"\1", url, count=1)


def link_key(url: str) -> int:
    """Return a number that spellings of one page's URL share; it only says where to look.

    Beyond `canonical`, it does not matter which characters are written as `%20`.
    """
    spelling = unquote(canonical(url)).encode("utf-8", "replace")
    return int.from_bytes(blake2b(spelling, digest_size=8).digest(), "big", signed=True)


def front_page_of(url: str) -> str:
    """Return the address of the front page of the site that has this URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def is_address(label: str, url: str) -> bool:
    """Return whether a feed is called by an address: any URL, or its own without a scheme."""
    if any(character.isspace() for character in label):
        return False
    return "://" in label or canonical(f"https://{label}") == canonical(url)


def names_a_page(address: str) -> bool:
    """Return whether an address in canonical form is that of a page, not only of a site."""
    return "/" in address or "?" in address


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # deferred: start-up never needs it

    # The ICANN part only: a blog on a hosting platform shares the platform's machines, so a
    # polite client counts requests against the platform.
    return PublicSuffixList(only_icann=True)


def registrable_domain(host: str) -> str:
    """Return the domain that someone registered for this host, or the literal address itself."""
    bare = host.strip("[]").rstrip(".").lower()
    if literal_address(bare) is not None:
        return bare
    return _suffixes().privatesuffix(bare) or bare


def literal_address(host: str) -> IPAddress | None:
    """Return the address that a host spells out, if it does."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def shown(text: str) -> str:
    """Return the beginning of a URL or host that a stranger wrote, as errors show it."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


SERVER_SCHEMES = ("postgresql://", "postgres://")
# What is shown of such an address; one that is written otherwise may have a password anywhere.
_SERVER = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<hosts>[^@/?#]*)(?P<name>/[^@?#]*)?(?:\?(?P<options>[^@#]*))?"
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The address of a database on a server, which is shown without its password.

    A URI of libpq's (postgresql.org/docs/current/libpq-connect.html, section 34.1.1.2).
    """

    uri: str = field(repr=False)

    def __str__(self) -> str:
        """Return the address without password and options."""
        parts = _SERVER.fullmatch(self.uri)
        if parts is None:
            return "postgresql://…"
        user = f"{parts['user']}@" if parts["user"] else ""
        return f"postgresql://{user}{parts['hosts']}{parts['name'] or ''}"

    def without_secret(self, said: str) -> str:
        """Return what was said of the address, without the passwords that it has."""
        parts = _SERVER.fullmatch(self.uri)
        if parts is None:
            return "in a password, / ? # @ and : are written as %2F %3F %23 %40 and %3A"
        given = parse_qs(parts["options"] or "")
        named = [each for key in ("password", "sslpassword") for each in given.get(key, ())]
        for secret in (parts["password"], unquote(parts["password"] or ""), *named):
            said = said.replace(secret, "…") if secret else said
        return said
