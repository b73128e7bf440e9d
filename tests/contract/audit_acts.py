"""Every act that the audit trail may name: those permissions are for, and those noted besides."""

from tests.contract.source import Follower, argument, called, modules


def picture() -> list[str]:
    """Return the acts; each entry made anywhere in the program is followed to its name.

    Raises:
        Unfollowable: an entry is made with a name that cannot be told beforehand.
    """
    from casework.kernel.audit.log import AuditEntry
    from casework.kernel.permissions import Permission

    place = list(AuditEntry.__dataclass_fields__).index("action")
    acts = {act.value for act in Permission}
    for module in modules():
        for call in module.calls():
            if called(module, call) is AuditEntry:
                action = argument(call, place, "action")
                assert action is not None, module.where(call)
                acts |= Follower().texts(module, action, call)
    return sorted(acts)
