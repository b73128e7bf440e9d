"""Accounts: agencies, officers, API keys, sessions, sign-in and its second factor."""
