"""What watches over the work: the audit trail, reports, retention."""
