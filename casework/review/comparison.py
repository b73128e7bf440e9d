"""The two photos of an alert as a person compares them: same scale, eyes at the same place."""

import hashlib
import threading
from collections import OrderedDict
from typing import Final

from casework.kernel.actor import Actor
from casework.review.alerts import Alerts
from detector.errors import PhotoError
from detector.pipeline import Analysis, Pipeline
from detector.portrait import framed
from detector.timing import Stopwatch

# Pairs that are looked at again and again while they are being decided on; 100 kB each.
_KEPT: Final = 64


class Comparison:
    """Frames photos alike. What was framed is kept for a while, in memory alone."""

    def __init__(self, alerts: Alerts, pipeline: Pipeline) -> None:
        self._alerts = alerts
        self._pipeline = pipeline
        self._framed: OrderedDict[bytes, bytes] = OrderedDict()
        # One at a time: people who look never take more than one processor from screening.
        self._one_at_a_time = threading.Lock()

    def probe(self, actor: Actor, alert_id: str) -> bytes:
        """Return the traveller's face as a square JPEG.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it was erased.
        """
        return self.framed(self._alerts.probe(actor, alert_id))

    def reference(self, actor: Actor, alert_id: str) -> bytes:
        """Return the face of the reference, such as a chip's, as a square JPEG.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or there is none.
        """
        return self.framed(self._alerts.reference(actor, alert_id))

    def enrolled(self, actor: Actor, alert_id: str) -> bytes:
        """Return the enrolled face as a square JPEG.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it was erased.
        """
        return self.framed(self._alerts.enrolled(actor, alert_id).content)

    def once(self, content: bytes, analysis: Analysis | None = None) -> bytes | None:
        """Return a photo that somebody chooses as a square JPEG, and keep nothing of it.

        Args:
            content: the photo.
            analysis: of it, where there is one already.

        Returns:
            None for what is no photo; one without a face is shown whole.
        """
        if analysis is not None:
            return framed(analysis)
        try:
            with self._one_at_a_time:
                return framed(self._pipeline.locate(content, Stopwatch()))
        except PhotoError:
            return None

    def framed(self, content: bytes) -> bytes:
        """Return a photo as a square JPEG; what today's limits refuse, as it is."""
        digest = hashlib.sha256(content).digest()
        with self._one_at_a_time:
            known = self._framed.pop(digest, None)
            if known is None:
                try:
                    known = framed(self._pipeline.locate(content, Stopwatch()))
                except PhotoError:
                    return content  # was taken under other limits: shown as it is
            self._framed[digest] = known
            while len(self._framed) > _KEPT:
                self._framed.popitem(last=False)
            return known
