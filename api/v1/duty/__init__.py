"""Who is on duty: shifts, kept by administrators and supervisors."""
