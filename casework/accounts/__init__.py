"""Who may come in: agencies, officers, API keys, sessions, sign-in and its second factor."""
