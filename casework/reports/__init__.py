"""Reports: counts of alerts and travellers, an agency's own and everybody's; no identities."""
