"""Officers at work: alerts and their life cycle, searches, a subject's history."""
