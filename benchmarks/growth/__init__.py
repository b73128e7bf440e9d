"""What grows with the records: pages, reports, erasure and the audit trail at several sizes."""
