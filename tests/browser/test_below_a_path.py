"""The page below a path of a host that has other things, too, behind nginx as the documents set it up."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.driving import vehicle
from tests.browser.looking import HERE
from tests.proxied import proxied
from tests.running import ADMIN_TOKEN, RunningServer


@pytest.mark.parametrize("options", [{"service_workers": "allow"}])  # its worker is below the path, too
def test_sign_in_live_positions_and_a_reload_stay_below_it(page: Page, server: RunningServer, watched: Watched) -> None:
    with proxied("nginx-path.conf", server) as host, vehicle(server, "van-12", "Van 12") as van:
        watched.origin = f"{host}/tracker/"
        page.goto(f"{host}/tracker/#token={ADMIN_TOKEN}")
        expect(page.locator(".badge")).to_contain_text("Live")
        van.drive(*HERE, ago=2.5)
        row = page.get_by_role("option", name="Van 12")
        expect(row).to_contain_text("Moving")
        row.click()
        expect(page.locator(".detail")).to_contain_text("45 km/h")
        (cookie,) = page.context.cookies()
        assert cookie["path"] == "/tracker/"
        page.reload()
        expect(page.locator(".badge")).to_contain_text("Live")
        expect(page.get_by_role("option", name="Van 12")).to_be_visible()
        assert page.url.startswith(f"{host}/tracker/")
        page.goto("about:blank")  # its socket ends before the proxy does, which would be an error on its console
