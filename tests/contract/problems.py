"""The codes of problems, with their statuses and headers."""


def picture() -> list[str]:
    """Return `code status headers` of everything that may be answered instead of an answer."""
    from api.problems import INTERNAL, KINDS

    kinds = {(kind.code, kind.status, tuple(kind.headers.items())) for kind in KINDS.values()}
    kinds.add((INTERNAL.code, INTERNAL.status, ()))
    return [
        " ".join([code, str(status), *(f"{name}: {value}" for name, value in headers)])
        for code, status, headers in sorted(kinds)
    ]
