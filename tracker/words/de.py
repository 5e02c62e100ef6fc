"""Die Worte des Servers auf Deutsch."""

from typing import Final

from tracker.words.phrases import Phrases

GERMAN: Final = Phrases(
    said={
        "enter": "{device} ist jetzt in {geofence}",
        "exit": "{device} hat {geofence} verlassen",
        "cross": "{device} ist durch {geofence} gekommen",
        "dwell": "{device} ist{dwell} in {geofence}",
        "speeding": "{device} war in {geofence} zu schnell{speed}",
        "offline": "{device} ist offline{silent}",
        "online": "{device} ist wieder online",
        "near": "{device} ist nahe bei {other}",
        "apart": "{device} und {other} sind wieder getrennt",
        "battery_low": "Der Akku von {device} ist schwach{battery}",
        "frozen": "{device} wiederholt einen alten Ort{same}",
        "silent": "Ist mit {device} alles in Ordnung? Ungewöhnlich lange still{silent}",
        "moving": "{device} ist aufgebrochen",
        "stopped": "{device} hat angehalten",
        "moved": "{device} wurde im Stand bewegt{way}",
        "sos": "{device} ruft um Hilfe{age}",
        "absent": "{device} war{until} nicht in {geofence}",
        "test": "Ein Test: Meldungen kommen hier an",
    },
    denied={
        "enter": "{device} kam nicht nach {geofence}",
        "exit": "{device} hat {geofence} nicht verlassen",
        "cross": "{device} kam nicht durch {geofence}",
        "dwell": "{device} blieb nicht in {geofence}",
        "speeding": "{device} war in {geofence} nicht zu schnell",
    },
    counted={
        "enter": "hinein",
        "exit": "hinaus",
        "cross": "hindurch",
        "dwell": "geblieben",
        "speeding": "zu schnell",
        "near": "nahe beieinander",
        "apart": "wieder getrennt",
        "battery_low": "Akku schwach",
        "frozen": "Ort wiederholt",
        "silent": "ungewöhnlich still",
        "moving": "aufgebrochen",
        "stopped": "angehalten",
        "moved": "im Stand bewegt",
        "retraction": "berichtigt",
        "sos": "Hilferuf",
        "absent": "nicht da",
    },
    other="{device}: {type}",
    other_in="{device}: {type} {geofence}",
    after_all="Berichtigung: {what}",
    correction="eine Meldung über {device} war falsch",
    unknown="Niemand weiß, ob {device}{until} in {geofence} war: Es kommt nichts von dort",
    a_device="Ein Gerät",
    a_geofence="einem Gebiet",
    another="einem anderen Gerät",
    dwell=" seit {time}",
    speed=": {peak} km/h, erlaubt sind {limit}",
    old="; der Ort ist {time} alt",
    until=" um {clock}",
    silence=": seit {time} kam nichts",
    empty="; vermutlich ist der Akku leer",
    way=": {metres} m",
    battery=": {percent} %",
    same=", denselben in {count} Positionen",
    tested="Es ist nichts geschehen. Jemand wollte sehen, ob Meldungen ankommen.",
    nowhere="an einem unbekannten Ort",
    somewhere="bei {lat}, {lon} (Breite, Länge)",
    text="Die Nachricht: {text}",
    wrong="Ereignis {event} sagte etwas anderes. Das war falsch, wie spätere Positionen zeigen.",
    late="Das kommt spät: {time} danach festgestellt, {moment}.",
    number="Ereignis {event}.",
    short="{what} (Ereignis {event}{late})",
    told_late=", spät gemeldet",
    devices="{count} Geräten",
    summary="{count} Ereignisse von {who}: {what}",
    more="und {count} weitere",
    unreadable="{count} Ereignisse, die dieser Server nicht lesen kann",
    there="{moment} (dort {clock})",
    within="in {town}",
    beside="{far} km {wind} von {town}",
    winds=("nördlich", "nordöstlich", "östlich", "südöstlich", "südlich", "südwestlich", "westlich", "nordwestlich"),
    units=("T.", "Std.", "Min.", "Sek."),
    subscription="Abonnement: {name}",
    invited="Einladung zu {group}",
    invitation=(
        "Sie sind zu {group} auf einem Tracker eingeladen, einer Karte davon, wo Dinge und Menschen sind.",
        "",
        "Treten Sie innerhalb von sieben Tagen bei: {link}",
        "",
        "Der Link gilt einmal. Wer diesen Brief nicht erwartet hat, lässt ihn liegen.",
        "",
    ),
    reset="Ein neues Passwort",
    password=(
        "Jemand, vermutlich Sie selbst, möchte ein neues Passwort für Ihr Konto.",
        "",
        "Wählen Sie es innerhalb einer Stunde: {link}",
        "",
        "Der Link gilt einmal. Waren Sie es nicht, lassen Sie diesen Brief liegen: Nichts hat sich geändert.",
        "",
    ),
    findings={
        "never_seen": "Es kam noch nichts: Steht in der App die ingest_url des Geräts als Adresse?",
        "battery_empty": "Sein Akku stand bei {percent} %: Er ist vermutlich leer.",
        "silent": "{cause}",
        "resting": "Die App misst von sich aus nicht mehr: Das Telefon liegt still, oder sie steht auf manuell.",
        "no_place": "Es meldet sich, aber ohne Ort: Ist der Standort eingeschaltet und erlaubt?",
        "app_says": "Die App sagt: {note}.",
        "clock_ahead": "Seine Uhr geht {seconds} s vor: die Zeit nach dem Netz stellen.",
        "encrypted": "Seine Nachrichten sind verschlüsselt: das Geheimnis mit PUT .../owntracks-secret nennen.",
        "quarantined": "{count} Punkte des letzten Tages waren nicht zu speichern, die meisten wegen: {reason}.",
        "knots_as_ms": "Sein Tempo ist das {ratio}-Fache dessen, was der Weg sagt: Knoten als m/s gelesen?",
        "ms_as_knots": "Sein Tempo ist das {ratio}-Fache dessen, was der Weg sagt: m/s als Knoten gelesen?",
        "kmh_as_ms": "Sein Tempo ist das {ratio}-Fache dessen, was der Weg sagt: km/h als m/s gelesen?",
        "battery_low": "Sein Akku steht bei {percent} %.",
        "low_accuracy": (
            "Die Hälfte seiner Orte ist ungenauer als {metres} m: den genauen Standort erlauben oder GPS nutzen."
        ),
        "frozen": (
            "Seit Stunden bis auf die letzte Stelle derselbe Ort, während der Akku sich änderte: Die App wiederholt"
            " einen alten Ort."
        ),
    },
    causes={
        "page": "Die Seite im Browser ist nicht mehr offen: Einen Ort gibt sie nur, solange man sie sieht.",
        "xiaomi": (
            "Xiaomi beendet Apps im Hintergrund: unter Einstellungen, Apps, der App den Autostart einschalten und als"
            " Energiesparmodus Keine Beschränkungen wählen."
        ),
        "samsung": (
            "Samsung legt Apps schlafen: unter Einstellungen, Akku, Grenzen der Nutzung im Hintergrund die App zu denen"
            " tun, die nie schlafen, und ihre Akkunutzung auf Nicht eingeschränkt setzen."
        ),
        "honor": (
            "Honor beendet Apps, wenn der Bildschirm ausgeht: unter Einstellungen, Akku, App-Start die App von Hand"
            " verwalten."
        ),
        "huawei": (
            "Huawei beendet Apps, wenn der Bildschirm ausgeht: unter Einstellungen, Akku, App-Start die App von Hand"
            " verwalten, alle drei Schalter an."
        ),
        "oneplus": (
            "OnePlus beendet Apps im Hintergrund: unter Einstellungen, Akku, Akku-Optimierung die App nicht optimieren"
            " und sie in der Liste der letzten Apps sperren."
        ),
        "oppo": (
            "OPPO und realme beenden Apps im Hintergrund: der App erlauben, von selbst zu starten und im Hintergrund zu"
            " laufen, und sie in der Liste der letzten Apps sperren."
        ),
        "vivo": (
            "vivo beendet Apps im Hintergrund: unter Einstellungen, Akku, Stromverbrauch im Hintergrund der App einen"
            " hohen erlauben."
        ),
        "nokia": (
            "Nokias Energiesparer beendet Apps im Hintergrund, auch solche, die er lassen sollte: ihn und die"
            " Akku-Optimierung der App ausschalten."
        ),
        "owntracks-ios": (
            "OwnTracks wurde weggewischt, oder der Stromsparmodus hielt es an: es einmal öffnen und den Standort immer"
            " erlauben; im Modus Significant startet es von selbst wieder."
        ),
        "owntracks-android": (
            "Nach einem Neustart des Telefons wartet OwnTracks, bis man es öffnet; sonst hielt die Akku-Optimierung es"
            " an: den Standort immer erlauben und es davon ausnehmen."
        ),
        "owntracks": (
            "OwnTracks wurde vielleicht im Hintergrund beendet: den Standort immer erlauben und es von der"
            " Akku-Optimierung ausnehmen."
        ),
        "traccar-ios": (
            "Auf einem iPhone kommt Traccar Client nach einem Neustart nicht von selbst wieder: es öffnen und den"
            " Standort immer erlauben."
        ),
        "traccar": (
            "Traccar Client wurde im Hintergrund beendet, oder es wartet hinter einem Punkt, der abgelehnt wurde: in"
            " sein Protokoll sehen, den Standort immer erlauben und es von der Akku-Optimierung ausnehmen."
        ),
        "overland": (
            "iOS hat Overland vielleicht beendet: es einmal öffnen, den Standort immer erlauben und eine Art des"
            " Aufzeichnens wählen, die nicht aus ist."
        ),
        "gpslogger": (
            "GPSLogger gibt nach drei Versuchen auf: das automatische Senden einschalten, das die Datei noch einmal"
            " schickt."
        ),
        "osmand": (
            "OsmAnd meldet nur, solange es aufzeichnet oder die Karte zeigt: es aufzeichnen lassen und von der"
            " Akku-Optimierung ausnehmen."
        ),
        "traccar-server": (
            "Der Server, der weiterleitet, hat nichts gesagt: Läuft er, und meldet sich das Gerät noch bei ihm?"
        ),
        "home-assistant": "Home Assistant hat seinen Befehl nicht aufgerufen: Läuft die Automation?",
        "ios": "iOS hat die App beendet, oder sie wurde weggewischt: sie öffnen und den Standort immer erlauben.",
        "any": (
            "Telefone beenden, was im Hintergrund läuft: den Standort immer erlauben und die App von der"
            " Akku-Optimierung ausnehmen."
        ),
    },
)
