"""Figures for Prometheus: how many, how fast, how full. Never who.

Labels are route templates, statuses, outcomes and stages: words of this program, never of a caller.
Each application counts for itself, so two in one process do not disturb each other.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from api.streams import Streams
from api.workers import WorkPool
from casework.accounts.api_keys import KeyFigures
from casework.calibration.monitoring import AlarmReport
from casework.calibration.policy import Policy
from casework.kernel.audit.checkpoints import Condition
from casework.kernel.vocabulary import (
    DeliveryState,
    MatchedBy,
    PadResult,
    PersonReason,
    Recapture,
    StaySource,
    VerificationResult,
)
from casework.reports.lanes import LaneReport
from casework.review.gate import verification_result
from casework.review.overdue import Backlog
from casework.screening.capture_time import CaptureClock
from casework.screening.recapture import person_reasons
from casework.service import Service
from casework.stays.stays import StayFigures
from casework.tables import Encounter
from casework.webhooks.attempts import Figures

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "other"
_REFUSED: Final = "refused"
_UNMATCHED: Final = "unmatched"

# Seconds; the latency target is put among them, so that the share within it can be read exactly.
_LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0)
_STAGES: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class _Stays:
    """Figures of the guests whom lodgings report."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.reported = Counter(
            "siaga_stays_reported",
            "Guests reported by lodgings, by the way the report came in.",
            ["source"],
            registry=registry,
        )
        for source in StaySource:
            self.reported.labels(source.value)
        self.waiting = Gauge(
            "siaga_stays_waiting", "Reports of guests that wait to be screened.", registry=registry
        )
        self.overdue = Gauge(
            "siaga_stays_overdue",
            "Guests who should have left, and of whom no check-out was reported.",
            registry=registry,
        )


class _Overstays:
    """Figures of who is here after the end of a permit."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.now = Gauge(
            "siaga_overstays",
            "People who are here after the end of a permit, as far as is known.",
            ["kind"],
            registry=registry,
        )
        self.now.labels("listed")
        self.now.labels("other")


class Metrics:
    """One application's figures, in a registry of its own."""

    def __init__(self, latency_target_ms: int) -> None:  # noqa: PLR0915 - a figure each
        self.registry = registry = CollectorRegistry()
        self._target = latency_target_ms / 1000
        edges = sorted({*_LATENCIES, self._target})
        self._requests = Counter(
            "siaga_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._latency = Histogram(
            "siaga_http_request_seconds",
            "From the first byte of a request to the last of its answer; refusals are in it.",
            ["route"],
            buckets=edges,
            registry=registry,
        )
        self._encounters = Counter(
            "siaga_encounters", "Encounters recorded.", ["outcome"], registry=registry
        )
        self._alerts = Counter(
            "siaga_alerts", "Alerts raised, by what raised them.", ["matched_by"], registry=registry
        )
        for by in MatchedBy:
            self._alerts.labels(by.value)
        self._captures = Counter(
            "siaga_capture_times",
            "Photos with a capture time, by how the lane's clock agrees with the time of receipt.",
            ["clock"],
            registry=registry,
        )
        for clock in (*CaptureClock, _REFUSED):
            self._captures.labels(clock)
        self._verifications = Counter(
            "siaga_verifications",
            "Travellers compared with a reference, such as a chip's photo.",
            ["result"],
            registry=registry,
        )
        self._presentations = Counter(
            "siaga_pad_results",
            "What the gates' presentation attack detection found.",
            ["result"],
            registry=registry,
        )
        self._persons = Counter(
            "siaga_person_required",
            "Travellers whom an officer has to see: that failed, or a second capture did.",
            ["reason"],
            registry=registry,
        )
        self._recaptures_advised = Counter(
            "siaga_recaptures_advised",
            "Photos that a gate had to capture again.",
            registry=registry,
        )
        self._second_captures = Counter(
            "siaga_second_captures",
            "Photos that repeat the capture of an encounter.",
            registry=registry,
        )
        for reason in PersonReason:
            self._persons.labels(reason.value)
        for result in VerificationResult:
            self._verifications.labels(result.value)
        for found in PadResult:
            self._presentations.labels(found.value)
        self._lanes_off = Gauge(
            "siaga_lanes_off_clock",
            "Lanes that sent a photo within a day whose capture time is off.",
            registry=registry,
        )
        self._stages = Histogram(
            "siaga_stage_seconds",
            "Time of each stage of a screening.",
            ["stage"],
            buckets=_STAGES,
            registry=registry,
        )
        self._refused = Counter(
            "siaga_refused", "Requests refused because every place was taken.", registry=registry
        )
        self._answered = Counter(
            "siaga_slo_answers", "Photos screened and answered.", registry=registry
        )
        self._in_time = Counter(
            "siaga_slo_answers_within_target",
            "Photos screened and answered within latency_target_ms.",
            registry=registry,
        )
        target = Gauge("siaga_slo_target_seconds", "The latency target.", registry=registry)
        target.set(self._target)
        self._admitted = Gauge(
            "siaga_admitted", "Requests admitted and not yet answered.", registry=registry
        )
        self._places = Gauge("siaga_places", "Requests admitted at most.", registry=registry)
        self._size = Gauge("siaga_gallery_templates", "Templates searched.", registry=registry)
        self._version = Gauge(
            "siaga_gallery_version", "Position of the gallery in its log.", registry=registry
        )
        self._alarms = Gauge(
            "siaga_watchlist_alarms_per_thousand",
            "Alarms per thousand travellers that the list concerned.",
            ["watchlist"],
            registry=registry,
        )
        self._not_matches = Gauge(
            "siaga_watchlist_false_alarms_per_thousand",
            "Of these, false alarms, and those undecided beyond their review time.",
            ["watchlist"],
            registry=registry,
        )
        self._limit = Gauge(
            "siaga_watchlist_alarm_limit_per_thousand",
            "Control limit of the false ones: the most that chance brings at the target.",
            ["watchlist"],
            registry=registry,
        )
        self._breach = Gauge(
            "siaga_watchlist_breach",
            "1 where the false ones are beyond the control limit, else 0.",
            ["watchlist"],
            registry=registry,
        )
        self._breaker = Gauge(
            "siaga_watchlist_breaker",
            "1 where the list alarmed on too many travellers and is kept to its target, else 0.",
            ["watchlist"],
            registry=registry,
        )
        self._raised = Gauge(
            "siaga_watchlist_threshold_raised",
            "1 where a threshold set by hand is too low and a higher one is in force, else 0.",
            ["watchlist"],
            registry=registry,
        )
        self._extrapolated = Gauge(
            "siaga_watchlist_threshold_extrapolated",
            "1 where the calibration was made with another number of templates, else 0: calibrate "
            "again.",
            ["watchlist"],
            registry=registry,
        )
        self._expiring = Gauge(
            "siaga_keys_expiring",
            "API keys that expire within key_warn_days.",
            registry=registry,
        )
        self._endless = Gauge(
            "siaga_keys_without_end",
            "API keys of earlier versions, which never expire: rotate them.",
            registry=registry,
        )
        self._spared = Counter(
            "siaga_known_lookalikes_spared",
            "Subjects whom a traveller was not stopped for, as their known look-alike.",
            registry=registry,
        )
        self._stays = _Stays(registry)
        self._overstays = _Overstays(registry)
        self._open = Gauge(
            "siaga_alerts_open",
            "Alerts that are not closed.",
            ["watchlist", "port"],
            registry=registry,
        )
        self._overdue = Gauge(
            "siaga_alerts_overdue",
            "Of these, alerts that have to be taken and are beyond their deadline.",
            ["watchlist", "port"],
            registry=registry,
        )
        self._waiting: frozenset[tuple[str, str]] = frozenset()
        self._monitored: frozenset[str] = frozenset()
        self._in_force: frozenset[str] = frozenset()
        self._streams = Gauge(
            "siaga_streams", "Streams of events that are open.", registry=registry
        )
        self._deliveries = Counter(
            "siaga_webhook_attempts",
            "Attempts to deliver to a webhook, by how the delivery stood afterwards.",
            ["state"],
            registry=registry,
        )
        self._pending = Gauge(
            "siaga_webhook_pending", "Deliveries that wait, of all processes.", registry=registry
        )
        self._oldest = Gauge(
            "siaga_webhook_oldest_seconds",
            "How long ago the earliest of them happened.",
            registry=registry,
        )
        self._disabled = Gauge(
            "siaga_webhooks_disabled",
            "Webhooks that were switched off because they failed.",
            registry=registry,
        )
        self._approvals = Gauge(
            "siaga_approvals_open",
            "Acts that wait for a second person or their cooling time.",
            ["kind"],
            registry=registry,
        )
        self._checkpoint_age = Gauge(
            "siaga_audit_checkpoint_age_seconds",
            "Age of the last signed checkpoint of the audit trail; 0 where nobody signs.",
            registry=registry,
        )
        self._checkpoints_unsent = Gauge(
            "siaga_audit_checkpoints_unsent",
            "Checkpoints that were not handed out yet.",
            registry=registry,
        )
        self._checkpoint_alarm = Gauge(
            "siaga_audit_checkpoint_alarm",
            "1 where a checkpoint is missing, late, or could not be handed out, else 0.",
            registry=registry,
        )
        self._build = Info("siaga_build", "What runs here.", registry=registry)

    def serving(self, version: str, pool: WorkPool, *, practice: bool) -> None:
        """Register the figures that are known from the start."""
        self._build.info({"version": version, "practice": _flag(practice)})
        self._admitted.set_function(lambda: pool.admitted)
        self._places.set(pool.places)

    def ready(self, version: str, service: Service) -> None:
        """Register the figures that are known once the service is open."""
        pack, gallery = service.pack, service.gallery.replica.gallery
        self._build.info(
            {
                "version": version,
                "practice": _flag(service.kernel.practice),
                "pack": pack.name,
                "pack_version": pack.version,
                "recogniser_sha256": service.model.sha256,
                "runtime": service.pipeline.runtime.value,
            }
        )
        self._size.set_function(lambda: len(gallery))
        self._version.set_function(lambda: gallery.version)

    def streaming(self, streams: Streams) -> None:
        """Register the number of open streams."""
        self._streams.set_function(lambda: streams.open)

    def delivered(self, state: DeliveryState) -> None:
        """Count an attempt to deliver; `pending` is one that failed and will be made again."""
        self._deliveries.labels(state.value).inc()

    def queued(self, figures: Figures) -> None:
        """Set the figures of the webhooks' queues."""
        self._pending.set(figures.pending)
        self._oldest.set(figures.oldest_s)
        self._disabled.set(figures.disabled)

    def approvals_waiting(self, kinds: Mapping[str, int]) -> None:
        """Set how many acts of each kind wait for a second person or their cooling time."""
        for kind, count in kinds.items():
            self._approvals.labels(kind).set(count)

    def checkpointed(self, condition: Condition) -> None:
        """Set how the audit trail's checkpoints stand."""
        age = condition.age.total_seconds() if condition.age is not None else 0
        self._checkpoint_age.set(age)
        self._checkpoints_unsent.set(condition.unsent)
        self._checkpoint_alarm.set(condition.alarm)

    def screened(self, outcome: str, stages: Mapping[str, float]) -> None:
        """Count an encounter; `stages` are milliseconds."""
        self._encounters.labels(outcome).inc()
        for stage, spent in stages.items():
            self._stages.labels(stage).observe(spent / 1000)

    def raised(self, encounter: Encounter) -> None:
        """Count an encounter's alerts, by what raised each."""
        for alert in encounter.alerts:
            self._alerts.labels(alert.matched_by).inc()

    def gate(self, encounter: Encounter) -> None:
        """Count what a gate's own findings are, where it sent any, and what it does next."""
        verified = verification_result(encounter.verification)
        if verified is not None:
            self._verifications.labels(verified.value).inc()
        if encounter.presentation is not None:
            self._presentations.labels(encounter.presentation["result"]).inc()
        for reason in person_reasons(encounter):
            self._persons.labels(reason.value).inc()
        if encounter.recapture == Recapture.ADVISED:
            self._recaptures_advised.inc()
        if encounter.recapture_of is not None:
            self._second_captures.inc()

    def stay_reported(self, source: StaySource) -> None:
        """Count a report of a guest."""
        self._stays.reported.labels(source.value).inc()

    def stays(self, figures: StayFigures) -> None:
        """Set how many stays somebody has to look after."""
        self._stays.waiting.set(figures.waiting)
        self._stays.overdue.set(figures.overdue)

    def overstays(self, listed: int, other: int) -> None:
        """Set how many people overstay: on lists, and on none."""
        self._overstays.now.labels("listed").set(listed)
        self._overstays.now.labels("other").set(other)

    def spared(self, look_alikes: int) -> None:
        """Count for how many subjects a traveller was not stopped, as their known look-alike."""
        self._spared.inc(look_alikes)

    def captured(self, clock: CaptureClock) -> None:
        """Count a capture time: how it agrees with the time of receipt."""
        self._captures.labels(clock.value).inc()

    def capture_time_refused(self) -> None:
        """Count a photo that was refused because its capture time is too far off."""
        self._captures.labels(_REFUSED).inc()

    def lanes(self, report: LaneReport) -> None:
        """Set how many lanes' clocks are off."""
        self._lanes_off.set(sum(lane.off > 0 for lane in report.lanes))

    def monitored(self, report: AlarmReport) -> None:
        """Set the counts of each watchlist's alarms; lists without travellers have none."""
        counted = [each for each in report.watchlists if each.travellers]
        for each in counted:
            name = each.watchlist_id
            self._alarms.labels(name).set(each.per_thousand(each.alarms) or 0)
            self._not_matches.labels(name).set(each.per_thousand(each.by_chance) or 0)
            self._limit.labels(name).set(each.per_thousand(each.limit) or 0)
            self._breach.labels(name).set(each.breach)
        shown = frozenset(each.watchlist_id for each in counted)
        for name in self._monitored - shown:
            for gauge in (self._alarms, self._not_matches, self._limit, self._breach):
                gauge.remove(name)
        self._monitored = shown

    def breakers(self, policies: Iterable[Policy]) -> None:
        """Set which lists in force are kept to a higher threshold than they were given."""
        shown = {policy.watchlist_id: policy for policy in policies}
        for name, policy in shown.items():
            self._breaker.labels(name).set(policy.tripped_at is not None)
            self._raised.labels(name).set(policy.raised)
            self._extrapolated.labels(name).set(policy.extrapolated)
        for name in self._in_force - shown.keys():
            self._breaker.remove(name)
            self._raised.remove(name)
            self._extrapolated.remove(name)
        self._in_force = frozenset(shown)

    def backlog(self, counts: Iterable[Backlog]) -> None:
        """Set how many alerts are open and overdue, by list and port."""
        shown = {(each.watchlist_id, each.port): each for each in counts}
        for labels, each in shown.items():
            self._open.labels(*labels).set(each.open)
            self._overdue.labels(*labels).set(each.overdue)
        for labels in self._waiting - shown.keys():
            self._open.remove(*labels)
            self._overdue.remove(*labels)
        self._waiting = frozenset(shown)

    def keys(self, figures: KeyFigures) -> None:
        """Set how many keys somebody has to look after."""
        self._expiring.set(figures.expiring)
        self._endless.set(figures.endless)

    def refused(self) -> None:
        """Count a request refused because no place was free."""
        self._refused.inc()

    def answered(
        self, method: str, route: str | None, status: int, seconds: float, *, screening: bool
    ) -> None:
        """Count an answer; `route` is a template such as `/v1/encounters/{encounter_id}`."""
        route = route or _UNMATCHED
        method = method if method in _METHODS else _OTHER
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(route).observe(seconds)
        if screening:
            self._answered.inc()
            if seconds <= self._target:
                self._in_time.inc()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


def _flag(value: bool) -> str:  # noqa: FBT001 - a label's value
    return str(value).lower()
