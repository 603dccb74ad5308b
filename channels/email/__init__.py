"""E-mail over SMTP, and the reports that come back."""

from channels.email.channel import EmailChannel

__all__ = ["EmailChannel"]
