"""What a person does with the pages, over HTTP."""

import re

from starlette.testclient import TestClient

from tests.integration.web.installation import PASSWORD


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return found[1]


def try_sign_in(client: TestClient, login: str = "operator", password: str = PASSWORD):
    """Fill the form and send it."""
    token = hidden(client.get("/sign-in").text, "form_token")
    return client.post("/sign-in", data={"login": login, "password": password, "form_token": token})


def sign_in(client: TestClient, login: str = "operator") -> None:
    """Sign in, successfully."""
    assert try_sign_in(client, login).headers["location"] == "/runs"


def csrf(client: TestClient) -> str:
    """The token of this session's forms."""
    return hidden(client.get("/runs").text, "csrf_token")
