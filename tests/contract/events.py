"""The types of events that streams and webhooks tell of."""


def picture() -> list[str]:
    """Return the types, with the act that it takes to hear of them."""
    from casework.exchange.deliveries import PING
    from casework.exchange.feed import ACTS
    from casework.kernel.vocabulary import EventKind

    told = {kind.value: f"{kind.value} for {ACTS[kind].value}" for kind in EventKind}
    return sorted([*told.values(), PING])
