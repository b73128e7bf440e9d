"""Every setting: name, type, bounds, default and description."""

from typing import Any


def picture() -> dict[str, Any]:
    """Return the settings by name; a default that depends on the machine is left out."""
    from config.settings import Settings

    schema = Settings.model_json_schema()
    return {
        "prefix": Settings.model_config.get("env_prefix"),
        "settings": {
            name: {what: value for what, value in said.items() if what != "title"}
            for name, said in schema["properties"].items()
        },
    }
