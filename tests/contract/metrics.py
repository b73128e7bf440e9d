"""What /metrics tells: names, types, labels, buckets and help."""


def picture() -> list[str]:
    """Return a line for each metric."""
    from api.metrics import Metrics

    registry = Metrics(latency_target_ms=500).registry
    lines = []
    for collector in registry._collector_to_names:
        (metric,) = collector.collect()
        labels = ", ".join(getattr(collector, "_labelnames", ()))
        bounds = ", ".join(str(bound) for bound in getattr(collector, "_upper_bounds", ()))
        buckets = f" buckets ({bounds})" if bounds else ""
        lines.append(f"{metric.name} {metric.type} ({labels}){buckets}: {metric.documentation}")
    return sorted(lines)
