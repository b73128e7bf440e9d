"""Settings: read once at the edge, from the environment and from `siaga.toml`.

Order: arguments, then `SIAGA_*` variables, then the file, then the defaults below. Unknown names in
the file are refused, so that a misspelt setting is never silently ignored.
"""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from casework.accounts.api_keys import KeyRules
from casework.accounts.lockout import SignInRules
from casework.approvals.approvals import ApprovalRules
from casework.calibration.breaker_rules import BreakerRules
from casework.imports.source import ImportLimits
from casework.kernel.audit.checkpoints import EVERY, RECORDS
from casework.kernel.processing import Ground, Grounds, Processing
from casework.oversight.retention import DEFAULT_DAYS, RecordKind
from casework.screening.verification_rules import DEFAULT_FMR
from casework.watchlists.erasure import GRACE
from casework.webhooks.addresses import PORTS
from config import CONFIG_VARIABLE
from config.cpus import available_cpus
from detector.limits import Limits
from index.engine import EngineName
from models.root import default_root
from models.runtimes import RuntimeName

DEFAULT_CONFIG = Path("siaga.toml")

MEBI = 1024 * 1024

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that this machine calls itself."""


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(env_prefix="SIAGA_", extra="forbid", frozen=True)

    data_dir: Annotated[Path, Field(description="Folder of the database and the data key.")] = Path(
        "var"
    )
    database_url: Annotated[
        str | None,
        Field(description="SQLAlchemy URL of the database; unset means `siaga.db` in data_dir."),
    ] = None
    data_key_file: Annotated[
        Path | None,
        Field(
            description="File with the key that photos and templates are encrypted under; unset "
            "means `siaga.key` in data_dir, made for a new database. Keep a copy elsewhere."
        ),
    ] = None
    data_key_variable: Annotated[
        str | None,
        Field(
            description="Environment variable that holds the data key instead of a file, as 64 "
            "hexadecimal digits."
        ),
    ] = None
    data_key_command: Annotated[
        str | None,
        Field(
            description="Command that prints the data key instead of a file: what asks a key "
            "management service or a PKCS#11 token. No shell runs it; it has 30 seconds."
        ),
    ] = None
    group_access: Annotated[
        bool,
        Field(
            description="Whether the group of the data folder and the key may read them, as on "
            "volumes that are given to a group; else both are closed to all but their owner."
        ),
    ] = False
    checkpoint_key_file: Annotated[
        Path | None,
        Field(
            description="File with the Ed25519 key that signs checkpoints of the audit trail, "
            "outside data_dir (`siaga audit signing-key`); public keys that signed before may "
            "follow it. Unset: nobody signs."
        ),
    ] = None
    checkpoint_to: Annotated[
        str | None,
        Field(
            description="Where checkpoints go: a file (its path), `syslog:`, `syslog:HOST:PORT`, "
            "or an https address that takes each by POST. Unset: they stay in the database."
        ),
    ] = None
    checkpoint_every_s: Annotated[
        int, Field(ge=10, le=86_400, description="Seconds between two checkpoints.")
    ] = int(EVERY.total_seconds())
    checkpoint_every_records: Annotated[
        int,
        Field(
            ge=1, description="Records of the audit trail after which a checkpoint comes sooner."
        ),
    ] = RECORDS
    practice: Annotated[
        bool,
        Field(
            description="Whether this is an installation to practise on, whose alerts are not "
            "real; every screen, answer and print says so. Decided when it begins "
            "(`siaga init --practice`): a database is one or the other for good."
        ),
    ] = False
    models_dir: Annotated[
        Path, Field(description="Folder of verified model weights.", default_factory=default_root)
    ]
    pack: Annotated[
        str, Field(description="Model pack: a built-in name, or a folder with a manifest.")
    ] = "open"
    runtime: Annotated[
        RuntimeName,
        Field(
            description="What runs the recognisers: `onnxruntime`; `openvino` in bfloat16, or the "
            "service does not start; `auto`, which is `openvino` where it is installed, the "
            "processor has bfloat16 and `siaga models compile` has proven it, else `onnxruntime`."
        ),
    ] = "onnxruntime"
    index_engine: Annotated[
        EngineName,
        Field(
            description="How the gallery is searched: `flat` (float32 rows), `int8` (8-bit copies "
            "first: about half the time from 100,000 templates of 128 numbers on, a quarter more "
            "memory), or `auto`, the faster of both at each size. All give the same alerts."
        ),
    ] = "auto"
    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65535, description="TCP port to listen on; 0 takes a free one.")
    ] = 8000
    workers: Annotated[
        int,
        Field(
            ge=1,
            le=256,
            description="Photos analysed at the same time, each on one thread; the default is the "
            "number of processors that affinity and the container's quota leave.",
            default_factory=available_cpus,
        ),
    ]
    max_waiting: Annotated[
        int,
        Field(
            ge=0,
            description="Requests that may wait for a worker; more are refused at once with 503.",
        ),
    ] = 16
    latency_target_ms: Annotated[
        int,
        Field(
            ge=1,
            le=60_000,
            description="Milliseconds within which a screening should be answered: requests that "
            "could not be are refused at once, and /metrics counts those that were.",
        ),
    ] = 500
    verification_fmr: Annotated[
        float,
        Field(
            gt=0,
            le=0.01,
            description="False match rate at which a traveller and the reference beside the photo, "
            "such as a chip's, pass as one person; by the pack's prior.",
        ),
    ] = DEFAULT_FMR
    management: Annotated[
        bool,
        Field(
            description="Whether `siaga serve` listens on the management port: /metrics, and "
            "/readyz with its details; it asks no key."
        ),
    ] = True
    management_host: Annotated[
        str, Field(description="Address that the management port listens on.")
    ] = "127.0.0.1"
    management_port: Annotated[
        int, Field(ge=0, le=65535, description="TCP port for management; 0 takes a free one.")
    ] = 8001
    allowed_hosts: Annotated[
        str,
        Field(
            description="Hosts that the service answers to, separated by commas (`*.example` for "
            "all below one), beside this machine's own names and the host of public_url. Unset, "
            "one that listens on loopback answers to those alone, any other to all."
        ),
    ] = ""
    security_contact: Annotated[
        str | None,
        Field(
            description="Who takes reports of weaknesses, for /.well-known/security.txt: mailto:, "
            "tel: or https:; unset means that there is no such file."
        ),
    ] = None
    borders_file: Annotated[
        Path | None,
        Field(
            description="GeoJSON file (WGS 84) with the borders that the vulnerability map draws, "
            "each feature an area; unset draws provinces as tiles. Nothing is fetched."
        ),
    ] = None
    borders_property: Annotated[
        str, Field(description="Property of those features that holds the area's code.")
    ] = "code"
    calibrate_every_s: Annotated[
        int,
        Field(
            ge=0,
            description="Seconds between looks at whether the thresholds' calibration should be "
            "made again from the service's own searches; 0 leaves that to `siaga calibrate`.",
        ),
    ] = 3600
    monitor_every_s: Annotated[
        int,
        Field(
            ge=0,
            description="Seconds between counts of each watchlist's alarms, for /metrics and the "
            "record of breaches in the audit trail; 0 leaves them out.",
        ),
    ] = 300
    monitor_days: Annotated[
        int, Field(ge=1, le=366, description="Days that those counts go back.")
    ] = 30
    breaker_share: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Share of travellers beyond which a watchlist's alarms trip its breaker: "
            "a threshold set by hand is then replaced by the one that follows from the target.",
        ),
    ] = 0.05
    breaker_window_minutes: Annotated[
        int, Field(ge=1, le=10_080, description="Minutes within which travellers count for that.")
    ] = 60
    breaker_travellers: Annotated[
        int,
        Field(ge=1, description="Travellers within that time without whom no breaker trips."),
    ] = 200
    breaker_every_s: Annotated[
        int,
        Field(ge=1, le=3600, description="Seconds between looks at whether a breaker should trip."),
    ] = 30
    max_photo_bytes: Annotated[int, Field(ge=1024, description="Largest photo, in bytes.")] = (
        20 * MEBI
    )
    max_photo_pixels: Annotated[
        int, Field(ge=256, description="Largest photo, in pixels, checked before it is decoded.")
    ] = 25_000_000
    max_photos: Annotated[
        int, Field(ge=1, le=100, description="Most photos in one enrolment request.")
    ] = 10
    session_minutes: Annotated[
        int, Field(ge=1, le=1440, description="Minutes that a program's session lasts.")
    ] = 30
    console_idle_minutes: Annotated[
        int,
        Field(ge=1, le=1440, description="Minutes after which an unused console session ends."),
    ] = 30
    console_hours: Annotated[
        int, Field(ge=1, le=24, description="Hours that a console session lasts at most.")
    ] = 12
    sign_in_attempts: Annotated[
        int,
        Field(ge=1, le=100, description="Failures in a row after which an account is locked."),
    ] = 5
    sign_in_lock_minutes: Annotated[
        int, Field(ge=1, le=1440, description="Minutes that a lock lasts.")
    ] = 15
    sign_in_attempts_per_address: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="Failed sign-ins from one network address, within the time of a lock, "
            "after which it is locked.",
        ),
    ] = 30
    second_factor_required: Annotated[
        bool,
        Field(
            description="Whether officers with a password must set up a second factor before "
            "anything else."
        ),
    ] = True
    first_password_hours: Annotated[
        int,
        Field(
            ge=1,
            le=720,
            description="Hours that a password which somebody else gave opens an account.",
        ),
    ] = 72
    key_days: Annotated[
        int,
        Field(ge=1, le=3650, description="Days that an API key lasts unless it is made for fewer."),
    ] = 365
    key_most_days: Annotated[
        int, Field(ge=1, le=3650, description="Days that an API key may last at most.")
    ] = 730
    key_warn_days: Annotated[
        int,
        Field(ge=0, le=365, description="Days before the end of an API key from which on to warn."),
    ] = 30
    cooling_hours: Annotated[
        int,
        Field(
            ge=1,
            le=720,
            description="Hours that an act which takes a second person waits at least, from when "
            "it is asked for.",
        ),
    ] = 24
    approval_days: Annotated[
        int,
        Field(
            ge=1,
            le=90,
            description="Days after the cooling time within which it can still be accepted.",
        ),
    ] = 7
    trusted_proxies: Annotated[
        str,
        Field(
            description="Addresses or networks of proxies, separated by commas, whose word on the "
            "client's address is taken (X-Forwarded-For); unset trusts none."
        ),
    ] = ""
    max_connections: Annotated[
        int,
        Field(
            ge=8,
            le=65_536,
            description="Connections that may be open at once; where all are taken, the one that "
            "has waited longest for its request gives way to a new one.",
        ),
    ] = 512
    max_connections_per_address: Annotated[
        int,
        Field(
            ge=1,
            description="Of these, from one network address; trusted proxies have no such bound.",
        ),
    ] = 256
    max_import_bytes: Annotated[
        int, Field(ge=1024, description="Largest upload of an import, photos and all, in bytes.")
    ] = 512 * MEBI
    max_import_rows: Annotated[
        int, Field(ge=1, le=1_000_000, description="Most rows in the file of an import.")
    ] = 100_000
    shutdown_grace_s: Annotated[
        int,
        Field(ge=0, description="Seconds that admitted requests may take to finish at shutdown."),
    ] = 30
    keep_encounters_days: Annotated[
        int, Field(ge=0, description="Days to keep encounters without an alert; 0 keeps them.")
    ] = DEFAULT_DAYS[RecordKind.ENCOUNTERS]
    keep_alerts_days: Annotated[
        int,
        Field(ge=0, description="Days to keep an alert, its portrait and review after closing."),
    ] = DEFAULT_DAYS[RecordKind.ALERTS]
    keep_subjects_days: Annotated[
        int, Field(ge=0, description="Days to keep a subject after its validity has ended.")
    ] = DEFAULT_DAYS[RecordKind.SUBJECTS]
    keep_searches_days: Annotated[
        int, Field(ge=0, description="Days to keep the record of an officer's search.")
    ] = DEFAULT_DAYS[RecordKind.SEARCHES]
    keep_referrals_days: Annotated[
        int, Field(ge=0, description="Days to keep a referral, with what it carries, once closed.")
    ] = DEFAULT_DAYS[RecordKind.REFERRALS]
    keep_tips_days: Annotated[
        int, Field(ge=0, description="Days to keep a tip that was enrolled or dismissed.")
    ] = DEFAULT_DAYS[RecordKind.TIPS]
    keep_cases_days: Annotated[
        int, Field(ge=0, description="Days to keep a case, with all that is in it, once closed.")
    ] = DEFAULT_DAYS[RecordKind.CASES]
    stays_legal_basis: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Law and article on which lodgings report their foreign guests here, and "
            "these are screened; with it, `stays_purpose` and `keep_stays_days`. Unset: nobody can "
            "report any.",
        ),
    ] = None
    stays_purpose: Annotated[
        str | None, Field(min_length=1, description="What for: shown to everybody who works here.")
    ] = None
    keep_stays_days: Annotated[
        int | None,
        Field(
            ge=1,
            description="Days to keep who stayed where, after the check-out. Where stays are off, "
            f"what is left of them goes after {DEFAULT_DAYS[RecordKind.STAYS]}.",
        ),
    ] = None
    overstay_legal_basis: Annotated[
        str | None,
        Field(
            min_length=1,
            description="Law and article on which the permit's end is held of travellers on no "
            "list, by the port's own reference, until they leave; with it, `overstay_purpose` and "
            "`keep_overstay_days`. Unset: it is kept with alerts alone.",
        ),
    ] = None
    overstay_purpose: Annotated[
        str | None, Field(min_length=1, description="What for: shown to everybody who works here.")
    ] = None
    keep_overstay_days: Annotated[
        int | None,
        Field(
            ge=1,
            description="Days to keep it after the permit's end, where no departure is known. "
            "Switched off, what is left goes after "
            f"{DEFAULT_DAYS[RecordKind.OVERSTAY]}.",
        ),
    ] = None
    public_agency: Annotated[
        str | None,
        Field(
            description="Code of the agency that receives reports from the public, by the form of "
            "`siaga serve --only public`; with it, `public_legal_basis`, `public_purpose` and "
            "`keep_reporters_days`. Unset: there is no such form."
        ),
    ] = None
    public_legal_basis: Annotated[
        str | None,
        Field(min_length=1, description="Law and article on which the public's reports are taken."),
    ] = None
    public_purpose: Annotated[
        str | None, Field(min_length=1, description="What for; the form shows it.")
    ] = None
    keep_reporters_days: Annotated[
        int | None,
        Field(
            ge=1,
            description="Days to keep who reported a tip, after its enrolment or dismissal; the "
            "tip stays for `keep_tips_days`. Unset: for as long as the tip.",
        ),
    ] = None
    public_host: Annotated[
        str, Field(description="Address that the public form's process listens on.")
    ] = "127.0.0.1"
    public_port: Annotated[
        int, Field(ge=0, le=65535, description="Its TCP port; 0 takes a free one.")
    ] = 8002
    public_max_photo_bytes: Annotated[
        int, Field(ge=MEBI // 4, le=64 * MEBI, description="Largest photo of a public report.")
    ] = 8 * MEBI
    public_reports_per_hour: Annotated[
        int, Field(ge=1, description="Public reports that are taken within an hour, of everybody.")
    ] = 300
    public_reports_per_address: Annotated[
        int, Field(ge=1, description="The same of one address; many people may share one.")
    ] = 10
    keep_sessions_days: Annotated[
        int, Field(ge=0, description="Days to keep the record of an ended session.")
    ] = DEFAULT_DAYS[RecordKind.SESSIONS]
    keep_repetitions_days: Annotated[
        int,
        Field(ge=0, description="Days within which a repeated Idempotency-Key is recognised."),
    ] = DEFAULT_DAYS[RecordKind.REPETITIONS]
    keep_events_days: Annotated[
        int,
        Field(ge=0, description="Days within which a stream can be resumed where it was left."),
    ] = DEFAULT_DAYS[RecordKind.EVENTS]
    keep_deliveries_days: Annotated[
        int, Field(ge=0, description="Days to keep the delivery log of a webhook.")
    ] = DEFAULT_DAYS[RecordKind.DELIVERIES]
    keep_imports_days: Annotated[
        int,
        Field(ge=0, description="Days to keep the report of an import that has ended."),
    ] = DEFAULT_DAYS[RecordKind.IMPORTS]
    keep_approvals_days: Annotated[
        int,
        Field(ge=0, description="Days to keep a request for a second person that is settled."),
    ] = DEFAULT_DAYS[RecordKind.APPROVALS]
    undo_hours: Annotated[
        int,
        Field(
            ge=0,
            le=720,
            description="Hours within which the erasure of a subject or photo, or a key's "
            "revocation, can be taken back; 0 means never.",
        ),
    ] = int(GRACE.total_seconds()) // 3600
    keep_audit_texts_days: Annotated[
        int,
        Field(
            ge=0,
            description="Days to keep what people typed for the audit trail, such as purposes; "
            "its records stay. 0 keeps it.",
        ),
    ] = DEFAULT_DAYS[RecordKind.AUDIT_TEXTS]
    keep_audit_names_days: Annotated[
        int,
        Field(
            ge=0,
            description="Days to keep the name under which an actor is shown in the audit trail, "
            "after their last record. 0 keeps it.",
        ),
    ] = DEFAULT_DAYS[RecordKind.AUDIT_NAMES]
    erase_every_s: Annotated[
        int,
        Field(
            ge=0,
            description="Seconds between two runs of the service that erase what is due; 0 leaves "
            "it to `siaga retention run`.",
        ),
    ] = 3600
    passwords: Annotated[
        bool,
        Field(
            description="Whether officers may sign in with a password; switched off, the identity "
            "provider alone lets them in."
        ),
    ] = True
    public_url: Annotated[
        str | None,
        Field(
            description="Address at which officers' browsers reach the service: the identity "
            "provider sends them back there."
        ),
    ] = None
    oidc_issuer: Annotated[
        str | None,
        Field(description="Issuer of the identity provider; unset means that there is none."),
    ] = None
    oidc_client_id: Annotated[
        str | None, Field(description="What the provider calls this installation.")
    ] = None
    oidc_client_secret_file: Annotated[
        Path | None,
        Field(
            description="File with the secret that the provider gave; unset for a client that "
            "has none."
        ),
    ] = None
    oidc_scope: Annotated[
        str, Field(description="Scopes requested from the provider; `openid` must be among it.")
    ] = "openid"
    oidc_login_claim: Annotated[
        str | None,
        Field(
            description="Claim that holds an officer's login here: an account that is not tied "
            "to anybody at the provider yet is tied at the first sign-in. Unset leaves that to "
            "administrators."
        ),
    ] = None
    cookie_secure: Annotated[
        bool,
        Field(
            description="Whether browsers may send the console's cookies over encrypted "
            "connections alone. Switch it off only to try the console without TLS on this machine."
        ),
    ] = True
    display_time_zone: Annotated[
        str,
        Field(
            description="Time zone of the place, as IANA names it: the console shows times in it, "
            "and a day that is given without a time is meant whole as its clocks have it."
        ),
    ] = "Asia/Jakarta"
    max_streams: Annotated[
        int,
        Field(ge=1, description="Streams of events that may be open at once; 5 of one reader."),
    ] = 200
    max_streams_per_agency: Annotated[
        int, Field(ge=1, description="Of these, streams of one agency's readers.")
    ] = 100
    webhook_private_targets: Annotated[
        bool,
        Field(
            description="Whether webhooks may lead to private, loopback and link-local addresses, "
            "and use plain HTTP."
        ),
    ] = False
    webhook_ports: Annotated[
        frozenset[Annotated[int, Field(ge=1, le=65_535)]],
        Field(
            min_length=1,
            description="Ports that webhooks may lead to; any, with `webhook_private_targets`.",
        ),
    ] = PORTS
    webhook_timeout_s: Annotated[
        int,
        Field(ge=1, le=60, description="Seconds that a webhook's receiver has for its answer."),
    ] = 10
    webhook_attempts: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            description="Failed attempts of one delivery after which its webhook is switched off.",
        ),
    ] = 20
    webhook_max_age_h: Annotated[
        int,
        Field(ge=1, description="Hours after which what has not been delivered no longer is."),
    ] = 72
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least level logged.")
    ] = "info"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the place."""
        return ZoneInfo(self.display_time_zone)

    @field_validator("display_time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"{name} is no time zone: use an IANA name such as Asia/Makassar"
            raise ValueError(message) from error
        return name

    @property
    def known_hosts(self) -> frozenset[str] | None:
        """Hosts that are answered to beside `LOOPBACK_NAMES`; None means all."""
        named = {each.strip().lower() for each in self.allowed_hosts.split(",") if each.strip()}
        if self.public_url is not None:
            named.add(urlsplit(self.public_url).netloc.rpartition("@")[2].lower().split(":")[0])
        if not named and f"{self.host}" not in ("localhost", "127.0.0.1", "::1"):
            return None
        return frozenset(named)

    @field_validator("security_contact")
    @classmethod
    def _reachable(cls, contact: str | None) -> str | None:
        if contact is not None and urlsplit(contact).scheme not in ("mailto", "tel", "https"):
            raise ValueError("give the contact as mailto:, tel: or https:")
        return contact

    @field_validator("trusted_proxies")
    @classmethod
    def _known_proxies(cls, proxies: str) -> str:
        for each in filter(None, map(str.strip, proxies.split(","))):
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(
                    f"{each} is no address and no network: name the proxies, such as 10.0.0.5 "
                    "or 10.0.8.0/24"
                ) from None
        return proxies

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _encrypted(cls, address: str | None) -> str | None:
        if address is None:
            return None
        parts = urlsplit(address)
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        )
        if not safe or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("give an https address, without anything after ? or #")
        return address

    @field_validator("checkpoint_to")
    @classmethod
    def _reaches_a_checkpoint_receiver(cls, place: str | None) -> str | None:
        if place is None:
            return None
        parts = urlsplit(place)
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("give an https address")
        if parts.scheme not in ("http", "https") and "://" in place:
            raise ValueError("give a file by its path alone, syslog: or an https address")
        return place

    @model_validator(mode="after")
    def _one_place_of_the_key(self) -> Self:
        places = (self.data_key_file, self.data_key_variable, self.data_key_command)
        if sum(place is not None for place in places) > 1:
            raise ValueError("name one of data_key_file, data_key_variable and data_key_command")
        return self

    @model_validator(mode="after")
    def _somebody_lets_officers_in(self) -> Self:
        if self.oidc_issuer is not None and not (self.oidc_client_id and self.public_url):
            raise ValueError("oidc_issuer needs oidc_client_id and public_url beside it")
        if self.oidc_issuer is None and not self.passwords:
            raise ValueError("without passwords, officers need an oidc_issuer to sign in through")
        if "openid" not in self.oidc_scope.split():
            raise ValueError("oidc_scope must contain openid")
        return self

    @property
    def keep_days(self) -> dict[RecordKind, int]:
        """Days to keep each kind of record."""
        named = {kind: getattr(self, f"keep_{kind.value}_days") for kind in RecordKind}
        return {kind: days for kind, days in named.items() if days is not None}

    @model_validator(mode="after")
    def _stays_on_whole_grounds(self) -> Self:
        parts = (self.stays_legal_basis, self.stays_purpose, self.keep_stays_days)
        if any(parts) and not all(parts):
            raise ValueError(
                "stays_legal_basis, stays_purpose and keep_stays_days go together: name all three "
                "to take reports of stays in, or none"
            )
        return self

    @model_validator(mode="after")
    def _overstay_on_whole_grounds(self) -> Self:
        parts = (self.overstay_legal_basis, self.overstay_purpose, self.keep_overstay_days)
        if any(parts) and not all(parts):
            raise ValueError(
                "overstay_legal_basis, overstay_purpose and keep_overstay_days go together: name "
                "all three to hold permits of travellers on no list, or none"
            )
        return self

    @model_validator(mode="after")
    def _public_on_whole_grounds(self) -> Self:
        parts = (self.public_agency, self.public_legal_basis, self.public_purpose)
        if any(parts) and not all((*parts, self.keep_reporters_days)):
            raise ValueError(
                "public_agency, public_legal_basis, public_purpose and keep_reporters_days go "
                "together: name all four to take reports from the public, or none of the first "
                "three"
            )
        return self

    @property
    def grounds(self) -> Grounds:
        """What is done with people on no list, and by what right."""
        named = {
            Processing.STAYS: (self.stays_legal_basis, self.stays_purpose, self.keep_stays_days),
            Processing.OVERSTAY: (
                self.overstay_legal_basis,
                self.overstay_purpose,
                self.keep_overstay_days,
            ),
            Processing.PUBLIC: (
                self.public_legal_basis,
                self.public_purpose,
                self.keep_reporters_days,
            ),
        }
        return Grounds(
            {
                kind: Ground(basis, purpose, days)
                for kind, (basis, purpose, days) in named.items()
                if basis is not None and purpose is not None and days is not None
            }
        )

    @property
    def resolved_database_url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'siaga.db'}"

    @property
    def resolved_data_key_file(self) -> Path:
        """The data key's file."""
        return self.data_key_file or self.data_dir / "siaga.key"

    @property
    def sign_in_rules(self) -> SignInRules:
        """What is set about signing in."""
        return SignInRules(
            timedelta(minutes=self.session_minutes),
            timedelta(minutes=self.console_idle_minutes),
            timedelta(hours=self.console_hours),
            self.sign_in_attempts,
            timedelta(minutes=self.sign_in_lock_minutes),
            self.sign_in_attempts_per_address,
            self.second_factor_required,
            timedelta(hours=self.first_password_hours),
            self.passwords,
            tuple(self.display_time_zone.rsplit("/", 1)[-1].split("_")),
        )

    @property
    def breaker_rules(self) -> BreakerRules:
        """What is set about watchlists' breakers."""
        return BreakerRules(
            self.breaker_share,
            timedelta(minutes=self.breaker_window_minutes),
            self.breaker_travellers,
        )

    @property
    def approval_rules(self) -> ApprovalRules:
        """What is set about acts that take a second person."""
        return ApprovalRules(
            timedelta(hours=self.cooling_hours), timedelta(days=self.approval_days)
        )

    @property
    def key_rules(self) -> KeyRules:
        """What is set about API keys."""
        return KeyRules(self.key_days, self.key_most_days, timedelta(days=self.key_warn_days))

    @property
    def limits(self) -> Limits:
        """Caps on photos."""
        return Limits(max_bytes=self.max_photo_bytes, max_pixels=self.max_photo_pixels)

    @property
    def import_limits(self) -> ImportLimits:
        """Caps on imports."""
        return ImportLimits(
            upload_bytes=self.max_import_bytes,
            rows=self.max_import_rows,
            photos_per_row=self.max_photos,
            photo_bytes=self.max_photo_bytes,
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the file below the environment."""
        del dotenv_settings, file_secret_settings
        path = Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)
