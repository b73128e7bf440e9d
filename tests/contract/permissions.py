"""Who may do what, how far."""


def picture() -> list[str]:
    """Return `act role agency reach` of all that is granted, asked of the rules themselves."""
    from casework.kernel.actor import Actor, ActorKind
    from casework.kernel.permissions import Permission, PermissionScope, scope_of
    from casework.kernel.vocabulary import Role

    lines = []
    for act in Permission:
        for role in Role:
            for agency, runs in (("member", False), ("operator", True)):
                who = Actor(
                    ActorKind.OFFICER,
                    "somebody",
                    "Somebody",
                    "agency",
                    frozenset({role}),
                    runs_installation=runs,
                )
                how_far = scope_of(who, act)
                if how_far is not PermissionScope.NOTHING:
                    lines.append(f"{act.value} {role.value} {agency} {how_far.name.lower()}")
    return sorted(lines)
