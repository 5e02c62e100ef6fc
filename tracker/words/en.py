"""The server's words in English."""

from typing import Final

from tracker.words.phrases import Phrases

ENGLISH: Final = Phrases(
    said={
        "enter": "{device} entered {geofence}",
        "exit": "{device} left {geofence}",
        "cross": "{device} passed through {geofence}",
        "dwell": "{device} has been in {geofence}{dwell}",
        "speeding": "{device} was too fast in {geofence}{speed}",
        "offline": "{device} is offline{silent}",
        "online": "{device} is online again",
        "near": "{device} is near {other}",
        "apart": "{device} and {other} are apart again",
        "battery_low": "The battery of {device} is low{battery}",
        "frozen": "{device} repeats an old place{same}",
        "silent": "Is {device} all right? It is unusually silent{silent}",
        "moving": "{device} has set out",
        "stopped": "{device} has stopped",
        "moved": "{device} was moved while parked{way}",
        "sos": "{device} calls for help{age}",
        "absent": "{device} was not in {geofence}{until}",
        "test": "A test: alerts arrive here",
    },
    denied={
        "enter": "{device} did not enter {geofence}",
        "exit": "{device} did not leave {geofence}",
        "cross": "{device} did not pass through {geofence}",
        "dwell": "{device} did not stay in {geofence}",
        "speeding": "{device} was not too fast in {geofence}",
    },
    counted={
        "enter": "entered",
        "exit": "left",
        "cross": "passed through",
        "dwell": "stayed",
        "speeding": "too fast",
        "near": "near each other",
        "apart": "apart again",
        "battery_low": "battery low",
        "frozen": "place repeated",
        "silent": "unusually silent",
        "moving": "set out",
        "stopped": "stopped",
        "moved": "moved while parked",
        "retraction": "corrected",
        "sos": "called for help",
        "absent": "not there",
    },
    other="{device}: {type}",
    other_in="{device}: {type} {geofence}",
    after_all="{what} after all",
    correction="A correction for {device}",
    unknown="Nobody knows whether {device} was in {geofence}{until}: it says nothing",
    a_device="A device",
    a_geofence="a geofence",
    another="another device",
    dwell=" for {time}",
    speed=": {peak} km/h where {limit} are allowed",
    old="; the place is {time} old",
    until=" by {clock}",
    silence=": nothing came for {time}",
    empty="; its battery is probably empty",
    way=": {metres} m",
    battery=": {percent}%",
    same=", the same in {count} fixes",
    tested="Nothing happened. Somebody wished to see whether alerts arrive.",
    nowhere="at an unknown place",
    somewhere="at {lat}, {lon} (latitude, longitude)",
    text="It says: {text}",
    wrong="Event {event} said otherwise. It was wrong, as fixes show that came after it.",
    late="This is told late: found out {time} after it happened, {moment}.",
    number="Event {event}.",
    short="{what} (event {event}{late})",
    told_late=", told late",
    devices="{count} devices",
    summary="{count} events of {who}: {what}",
    more="and {count} more",
    unreadable="{count} events that this server cannot read",
    there="{moment} ({clock} there)",
    within="in {town}",
    beside="{far} km {wind} of {town}",
    winds=("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
    units=("d", "h", "min", "s"),
    subscription="Subscription: {name}",
    invited="Invitation to {group}",
    invitation=(
        "You are invited to {group} on a Tracker, a map of where things and people are.",
        "",
        "Join within seven days: {link}",
        "",
        "The link works once. Who did not expect this letter can leave it.",
        "",
    ),
    reset="A new password",
    password=(
        "Somebody, probably you, wants a new password for your account.",
        "",
        "Choose one within an hour: {link}",
        "",
        "The link works once. If it was not you, leave this letter: nothing has changed.",
        "",
    ),
    findings={
        "never_seen": "Nothing has come yet: is the address in the app the device's ingest_url?",
        "battery_empty": "Its battery was at {percent}%: it is probably empty.",
        "silent": "{cause}",
        "resting": "The app itself measures no more: the phone lies still, or its mode is quiet or manual.",
        "no_place": "It reports, but without a place: is its location switched on and allowed?",
        "app_says": "The app says: {note}.",
        "clock_ahead": "Its clock is {seconds} s ahead of the server's: set its time by the network.",
        "encrypted": "Its messages are encrypted: say its secret with PUT .../owntracks-secret.",
        "quarantined": "{count} points of the last day could not be stored, most of them for: {reason}.",
        "knots_as_ms": "Its speeds are {ratio} times what the way it went says: knots read as m/s?",
        "ms_as_knots": "Its speeds are {ratio} times what the way it went says: m/s read as knots?",
        "kmh_as_ms": "Its speeds are {ratio} times what the way it went says: km/h read as m/s?",
        "battery_low": "Its battery is at {percent}%.",
        "low_accuracy": "Half of its places are worse than {metres} m: allow the exact location, or use GPS.",
        "frozen": (
            "The same place to the last digit for hours, while the battery went on: the app repeats an old place."
        ),
    },
    causes={
        "page": "The page in its browser is not open any more: it gives a position only while one can see it.",
        "xiaomi": (
            "Xiaomi ends apps in the background: Settings, Apps, the app: switch Autostart on, and set its battery"
            " saver to No restrictions."
        ),
        "samsung": (
            "Samsung puts apps to sleep: Settings, Battery, Background usage limits: put the app among those that"
            " never sleep, and set its battery use to Unrestricted."
        ),
        "honor": "Honor ends apps when the screen goes off: Settings, Battery, App launch: manage the app by hand.",
        "huawei": (
            "Huawei ends apps when the screen goes off: Settings, Battery, App launch: manage the app by hand, with"
            " all three switches on."
        ),
        "oneplus": (
            "OnePlus ends apps in the background: Settings, Battery, Battery optimisation: do not optimise the app,"
            " and lock it in the list of recent apps."
        ),
        "oppo": (
            "OPPO and realme end apps in the background: allow the app to start by itself and to run in the"
            " background, and lock it in the list of recent apps."
        ),
        "vivo": (
            "vivo ends apps in the background: Settings, Battery, Background power consumption: allow the app a high"
            " one."
        ),
        "nokia": (
            "Nokia's power saver ends apps in the background, even those it was told not to: switch it off, and the"
            " battery optimisation of the app."
        ),
        "owntracks-ios": (
            "OwnTracks was swiped away, or low power mode stopped it: open it once, and let it see the location"
            " Always; its mode Significant starts again by itself."
        ),
        "owntracks-android": (
            "After a restart of the phone OwnTracks waits until it is opened; else the battery optimisation stopped"
            " it: allow location all the time, and exempt it."
        ),
        "owntracks": (
            "OwnTracks may have been stopped in the background: allow location always, and exempt it from battery"
            " optimisation."
        ),
        "traccar-ios": (
            "On an iPhone Traccar Client does not come back by itself after a restart: open it, and let it see the"
            " location Always."
        ),
        "traccar": (
            "Traccar Client was stopped in the background, or waits behind a point that was refused: see its log,"
            " allow location always, and exempt it from battery optimisation."
        ),
        "overland": (
            "iOS may have ended Overland: open it once, allow location always, and choose a tracking mode that is"
            " not off."
        ),
        "gpslogger": (
            "GPSLogger gives up after three failed attempts: switch on automatic sending, which sends the file again."
        ),
        "osmand": (
            "OsmAnd reports only while it records or shows the map: keep its recording on, and exempt it from battery"
            " optimisation."
        ),
        "traccar-server": (
            "The server that forwards has said nothing: look whether it runs, and whether the device still reports"
            " to it."
        ),
        "home-assistant": "Home Assistant has not called its command: look whether the automation runs.",
        "ios": "iOS ended the app, or it was swiped away: open it once, and let it see the location Always.",
        "any": (
            "Phones stop what runs in the background: allow location always, and exempt the app from battery"
            " optimisation."
        ),
    },
)
