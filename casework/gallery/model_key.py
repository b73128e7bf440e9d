"""Which network made a template. Templates of different models cannot be compared."""

from dataclasses import dataclass

from models.manifest import Pack


@dataclass(frozen=True, slots=True)
class ModelKey:
    """Pack, version and digest of the recognisers' weights and their fusion."""

    pack: str
    version: str
    sha256: str

    @classmethod
    def of(cls, pack: Pack) -> "ModelKey":
        """Return the key of a pack's embeddings."""
        return cls(pack.name, pack.version, pack.embedding_digest)

    def __str__(self) -> str:
        return f"{self.pack}/{self.version}/{self.sha256}"
