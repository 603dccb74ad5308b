"""A company without signing keys pays for no cryptography: ten megabytes in each worker."""

import subprocess
import sys

BUILD = """
import sys
from channels.email.message import MessageBuilder
from dispatcher.core.settings import MailSettings
MessageBuilder(MailSettings())
print(*sys.modules, sep="\\n")
"""


def test_mail_that_is_not_signed_loads_no_keys() -> None:
    done = subprocess.run([sys.executable, "-c", BUILD], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "channels.email.message" in loaded
    assert loaded & {"cryptography.hazmat", "channels.email.dkim", "channels.email.dkim_keys"} == set()
