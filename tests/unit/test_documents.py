"""The documents name what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)\)")
CODE = re.compile(r"`([A-Za-z_][\w.]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for text, target in LINK.findall(document.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path = document.parent / target
        assert path.exists(), f"{document.name}: {target} is not there"
        name = CODE.fullmatch(text)
        if name and path.suffix == ".py" and not name[1].endswith(".py"):
            last = name[1].rpartition(".")[2]
            assert re.search(rf"\b(def|class) {last}\b", path.read_text()), f"{target} has no {name[1]}"


def test_the_readme_lists_every_setting() -> None:
    source = (ROOT / "tracker" / "settings.py").read_text()
    known = set(re.findall(r"# (TRACKER_[A-Z_]+)", source))
    listed = set(re.findall(r"`(TRACKER_[A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert known and known <= listed
