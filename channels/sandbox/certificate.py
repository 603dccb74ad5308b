"""A self-signed certificate for one run, so that TLS can be tried without a real one."""

import subprocess
from pathlib import Path

from channels.sandbox.errors import SandboxError


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """Write `certificate.pem` and `key.pem` for localhost; raises `SandboxError` without openssl.

    The program is used because the standard library makes no certificates and nothing else here needs
    a library that does.
    """
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = [
        *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", str(key), "-out", str(certificate)),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SandboxError(
            "the sandbox's TLS needs the program openssl: install it, or do without TLS"
        ) from error
    return certificate, key
