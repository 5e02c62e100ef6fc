"""Texts of strangers as PostgreSQL takes them: neither NUL nor half a surrogate pair."""


def make_storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
