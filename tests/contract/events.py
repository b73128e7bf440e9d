"""The types of events that streams and webhooks tell of."""


def picture() -> list[str]:
    """Return the types, with the act that it takes to hear of them."""
    from casework.kernel.vocabulary import EventKind
    from casework.webhooks.delivery_log import PING
    from casework.webhooks.feed import ACTS

    told = {kind.value: f"{kind.value} for {ACTS[kind].value}" for kind in EventKind}
    return sorted([*told.values(), PING])
