"""Printed reports: an alert, a subject, a referral, a tip on paper, as page and as PDF."""
