"""Who may come in, and who may do what: agencies, officers, sessions, keys, authority."""
