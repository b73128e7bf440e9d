"""Whether the service runs, is ready, and its metrics."""
