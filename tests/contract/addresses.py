"""Every address that is answered: method and path, those of the console among them."""


def picture() -> list[str]:
    """Return `/path METHOD` of each route; `any` where a folder of files is mounted."""
    from fastapi.routing import iter_route_contexts

    from api.app import create_app
    from config.settings import Settings

    return sorted(
        f"{route.path} {method}"
        for route in iter_route_contexts(create_app(Settings()).routes)
        for method in sorted(route.methods or {"any"})
    )
