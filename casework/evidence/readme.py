"""What a bundle says of itself, in both languages."""

from typing import Final

from casework.kernel.installation import PRACTICE_MARK

README: Final = """\
{mark}BUKTI / EVIDENCE: {case_number}
{agency}

BAHASA INDONESIA

Berkas ini memuat semua yang disimpan tentang satu peringatan:

  report.id.pdf, report.en.pdf   laporan, dalam dua bahasa
  photos/                        foto, persis seperti yang disimpan
  records/                       catatan: peringatan, pemeriksaan, langkah peninjauan, kalibrasi,
                                 daftar sebagaimana berlaku saat itu
  audit/                         catatan jejak audit tentang peringatan ini; yang ada di proofs/
                                 disertai bukti bahwa titik kendali bertanda tangan mencakupnya
  manifest.json, manifest.sig    SHA-256 setiap berkas, dan tanda tangan (Ed25519) atasnya
  public-keys.pem                kunci publik instalasi

Cara memeriksa, tanpa jaringan dan tanpa basis data:

  siaga evidence verify BERKAS --public-key KUNCI

KUNCI adalah kunci publik yang Anda terima langsung dari instansi, bukan dari berkas ini. Satu
bita yang diubah di mana pun, berkas yang hilang, atau berkas yang ditambahkan akan ditemukan dan
disebutkan. Tanpa siaga: bandingkan SHA-256 setiap berkas dengan manifest.json, lalu

  openssl pkeyutl -verify -pubin -inkey KUNCI -rawin -in manifest.json -sigfile manifest.sig

{signing_id}

ENGLISH

This file holds all that is kept about one alert:

  report.id.pdf, report.en.pdf   the report, in both languages
  photos/                        the photos, exactly as they are kept
  records/                       the records: alert, encounter, steps of the review, calibration,
                                 the list as it was
  audit/                         records of the audit trail about this alert; those in proofs/ come
                                 with the proof that a signed checkpoint covers them
  manifest.json, manifest.sig    SHA-256 of each file, and the signature (Ed25519) over it
  public-keys.pem                the installation's public keys

To check it, without a network and without a database:

  siaga evidence verify FILE --public-key KEY

KEY is the public key that you received from the agency itself, not from this file. One byte
that was changed anywhere, a file left out, or a file added is found and named. Without siaga:
compare the SHA-256 of each file with manifest.json, then

  openssl pkeyutl -verify -pubin -inkey KEY -rawin -in manifest.json -sigfile manifest.sig

{signing_en}
"""

SIGNED: Final = {
    "id": "Penanda tangan: kunci {key}",
    "en": "Signed by the key {key}",
}
UNSIGNED: Final = {
    "id": (
        "Bundel ini TIDAK bertanda tangan: instalasi tidak memiliki kunci penanda tangan.\n"
        "Bandingkan SHA-256 manifest.json dengan catatan alert.evidence dalam jejak audit instansi."
    ),
    "en": (
        "This bundle is NOT signed: the installation has no signing key. Compare the SHA-256 of\n"
        "manifest.json with the record alert.evidence in the agency's audit trail."
    ),
}


PRACTICE: Final = f"""\
*** {PRACTICE_MARK} ***
Instalasi latihan: tidak ada isi berkas ini yang nyata, dan berkas ini bukan bukti.
Practice installation: nothing in this file is real, and it is no evidence.

"""


def readme(case_number: str, agency: str, key: str | None, *, practice: bool) -> bytes:
    """Return the text of README.txt."""
    said = SIGNED if key is not None else UNSIGNED
    return README.format(
        mark=PRACTICE if practice else "",
        case_number=case_number,
        agency=agency,
        signing_id=said["id"].format(key=key),
        signing_en=said["en"].format(key=key),
    ).encode()
