"""Chromium's own authenticator: a device that asks for a finger, and gets it."""

from playwright.sync_api import Page


def lay_finger(page: Page) -> None:
    """On this page from now on."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
