"""The product that signs its letters: one key, made for the measurement."""

import json
from pathlib import Path

from dispatcher.core.settings import MailSettings
from tests.benchmarks.errors import MissingPeerError
from tests.benchmarks.product import Variant

SELECTOR = "bench"


def ed25519_variant(directory: Path) -> Variant:
    """Raises `MissingPeerError` where this version of the product cannot sign."""
    _require_dkim()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _variant("product_dkim_ed25519", Ed25519PrivateKey.generate(), directory)


def rsa_variant(directory: Path) -> Variant:
    """RSA-2048. Raises `MissingPeerError` where this version of the product cannot sign."""
    _require_dkim()
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return _variant("product_dkim_rsa2048", generate_private_key(65537, 2048), directory)


def _require_dkim() -> None:
    if "dkim_keys" not in MailSettings.model_fields:
        raise MissingPeerError("this version of the product has no setting mail.dkim_keys")


def _variant(name: str, key: object, directory: Path) -> Variant:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = directory / f"{name}.pem"
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # type: ignore[attr-defined]
    keys = [{"selector": SELECTOR, "private_key_file": str(path)}]
    return Variant(name, {"DISPATCHER_MAIL__DKIM_KEYS": json.dumps(keys)})
