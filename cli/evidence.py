"""`siaga evidence`: evidence bundles, checked without an installation."""

from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from casework.evidence.check import EvidenceVerdict, check
from casework.kernel.installation import PRACTICE_MARK
from cli.options import AsJson
from cli.output import Exit, out, print_json
from config.checkpoints import read_keys

app = typer.Typer(help="Check evidence bundles.", no_args_is_help=True)


@app.callback()
def evidence() -> None:
    """Check evidence bundles."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The bundle.", exists=True, dir_okay=False)],
    public_key: Annotated[
        Path | None,
        typer.Option(
            help="Public keys in PEM, as the agency gave them to you.", exists=True, dir_okay=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a bundle by itself: no database, no network; exit 1 if anything in it was changed."""
    trusted: list[Ed25519PublicKey] = []
    if public_key is not None:
        private, trusted = read_keys(public_key)
        trusted += [private.public_key()] if private is not None else []
    verdict = check(file.read_bytes(), trusted)
    if as_json:
        print_json(_plain(verdict))
    else:
        _tell(verdict)
    if not verdict.whole:
        raise typer.Exit(Exit.REFUSED)


def _plain(verdict: EvidenceVerdict) -> dict[str, object]:
    manifest = verdict.manifest
    return {
        "whole": verdict.whole,
        "faults": [{"code": each.code, "message": str(each)} for each in verdict.faults],
        "about": dict(manifest.about) if manifest is not None else None,
        "files": verdict.files,
        "records_proved": verdict.proved,
        "signing_key": manifest.key if manifest is not None else None,
        "signing_key_given": verdict.key_given,
        "manifest_sha256": verdict.digest,
    }


def _tell(verdict: EvidenceVerdict) -> None:
    if not verdict.whole:
        out.print("This bundle proves nothing:", markup=False)
        for fault in verdict.faults:
            out.print(f"  {fault}", markup=False)
        return
    manifest = verdict.manifest
    assert manifest is not None  # noqa: S101 - a bundle without one is not whole
    about = manifest.about
    if about.get("practice"):
        out.print(f"{PRACTICE_MARK}: made by a practice installation; nothing in it is real.")
    out.print(f"Whole: {verdict.files} files about {about.get('case_number')}.", markup=False)
    out.print(f"Made {about.get('made_at')}, for: {about.get('purpose')}", markup=False)
    out.print(f"Records of the audit trail that are proved: {verdict.proved}")
    out.print(f"SHA-256 of the manifest: {verdict.digest}")
    if manifest.key is None:
        out.print("Nobody signed it: it proves nothing against somebody who could write all of it.")
        out.print("Compare the manifest's SHA-256 with the record alert.evidence of the trail.")
    elif verdict.key_given:
        out.print(f"Signed by the key that you gave: {manifest.key}")
    else:
        out.print(f"Signed by the key {manifest.key}, which is in the bundle itself:")
        out.print("compare it with the agency's, or give that with --public-key.")
