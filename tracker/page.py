"""What the settings say of the page that a browser is given."""

from tracker.api.app import BuiltPage
from tracker.settings import Settings


def make_page(settings: Settings) -> BuiltPage:
    """The folder of the streets by its whole path: Quart takes another for one of its own."""
    return BuiltPage(
        map_style=settings.map_style,
        streets=settings.data.absolute() / "map",
        origin_cookies=settings.origin_cookies,
    )
