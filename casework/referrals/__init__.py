"""What one agency hands to another: the fields it chose, and each side's steps."""
