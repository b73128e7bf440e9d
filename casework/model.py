"""Which network made a template. Templates of different models cannot be compared."""

from dataclasses import dataclass

from models.manifest import Pack


@dataclass(frozen=True, slots=True)
class ModelKey:
    """Pack, version and the recogniser's weights."""

    pack: str
    version: str
    sha256: str

    @classmethod
    def of(cls, pack: Pack) -> "ModelKey":
        """Return the key of a pack's recogniser."""
        return cls(pack.name, pack.version, pack.recogniser.sha256)

    def __str__(self) -> str:
        return f"{self.pack}/{self.version}/{self.sha256}"
