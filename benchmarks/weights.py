"""Where the weights lie that are measured."""

from config.settings import Settings
from models.store import ModelStore


def model_store() -> ModelStore:
    """Return the store that the settings name, as the service and its commands do."""
    return ModelStore(Settings().models_dir)
