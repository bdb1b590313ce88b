"""The certificate authorities that are trusted."""

import os
import ssl
import sys

import httpx

from planet_mcp.errors import SettingsError

_NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# OpenSSL's codes for a certificate of an unknown authority (openssl-verify(1)).
_UNKNOWN = frozenset({18, 19, 20, 21})
ADVICE = (
    "If a proxy of your company or a security program signs what you fetch, name the file with its "
    "certificate in the environment variable SSL_CERT_FILE"
)


def trusted() -> ssl.SSLContext:
    """Return a context that trusts the authorities of this machine, and on Linux certifi's.

    `SSL_CERT_FILE` or `SSL_CERT_DIR` name others instead, as for OpenSSL.

    Raises:
        SettingsError: What they name cannot be read.
    """
    named = next((name for name in _NAMED if os.environ.get(name)), None)
    if named:
        try:
            return httpx.create_ssl_context()
        except OSError as error:
            reason = f"{named}: {os.environ[named]} cannot be read as certificates: {error}."
            raise SettingsError(reason) from error
    if sys.platform in {"darwin", "win32"}:
        import truststore  # deferred: elsewhere OpenSSL knows where the authorities are

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def advice_on(error: BaseException | None) -> str | None:
    """Return what to do about an error, if it is that an authority is not known."""
    while error is not None:
        if (
            isinstance(error, ssl.SSLCertVerificationError)
            and getattr(error, "verify_code", None) in _UNKNOWN
        ):
            return ADVICE
        error = error.__cause__ or error.__context__
    return None
