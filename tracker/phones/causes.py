"""Why phones stop: known causes by app, system and make, each with where it was reported, and a recording that shows
it. Data, to be added to: the texts are in `words/`, below the same id, the recordings in `tests/outages/`."""

from typing import Final, NamedTuple

from tracker.phones.makers import ANDROID, IOS

PAGE: Final = "phone page"


class Cause(NamedTuple):
    """`app` as an App is called, `system` and `make` as a Maker; empty: any. What is more special stands first."""

    id: str
    app: str
    system: str
    make: str
    source: str


CAUSES: Final = (
    Cause("page", PAGE, "", "", "w3.org/TR/geolocation: a position is given to a document that is visible"),
    Cause("xiaomi", "", ANDROID, "Xiaomi", "traccar/traccar-client-android#420, bailuk/AAT#97"),
    Cause("samsung", "", ANDROID, "Samsung", "owntracks/android#1759 and #2307, traccar/traccar-client-android#175"),
    Cause("honor", "", ANDROID, "Honor", "traccar/traccar-client-android#274"),
    Cause("huawei", "", ANDROID, "Huawei", "osmandapp/OsmAnd#5632, traccar/traccar#5133"),
    Cause("oneplus", "", ANDROID, "OnePlus", "owntracks/android#628"),
    Cause("oppo", "", ANDROID, "OPPO", "transistorsoft/cordova-background-geolocation-lt#941"),
    Cause("vivo", "", ANDROID, "vivo", "owntracks/android#2248"),
    Cause("nokia", "", ANDROID, "Nokia", "owntracks/android#668"),
    Cause("owntracks-ios", "OwnTracks", IOS, "", "owntracks/ios#430 and #733"),
    Cause("owntracks-android", "OwnTracks", ANDROID, "", "owntracks/android#722 and #1094"),
    Cause("owntracks", "OwnTracks", "", "", "owntracks.org/booklet, what affects the accuracy of the location"),
    Cause("traccar-ios", "Traccar Client", IOS, "", "traccar/traccar-client#96 and #194"),
    Cause(
        "traccar", "Traccar Client", "", "", "traccar/traccar-client-android#408; HttpUploader.kt holds back newer ones"
    ),
    Cause("overland", "Overland", "", "", "aaronpk/Overland-iOS, README"),
    Cause("gpslogger", "GPSLogger", "", "", "mendhak/gpslogger, custom URL: three attempts, then the point is lost"),
    Cause("osmand", "OsmAnd", "", "", "osmandapp/OsmAnd#5632"),
    Cause("traccar-server", "Traccar server", "", "", "traccar/traccar, forward.type=json"),
    Cause("home-assistant", "Home Assistant", "", "", "developers.home-assistant.io, sending data home"),
    Cause("ios", "", IOS, "", "owntracks/ios#105"),
    Cause("any", "", "", "", "dontkillmyapp.com"),
)


def find_cause(app: str | None, system: str | None = None, make: str | None = None) -> Cause:
    """The first that speaks of no other app, system or make than these."""
    known = (app, system or (ANDROID if make not in (None, "Apple") else None), make)
    return next(
        cause
        for cause in CAUSES
        if all(of in ("", is_it) for of, is_it in zip((cause.app, cause.system, cause.make), known, strict=True))
    )
