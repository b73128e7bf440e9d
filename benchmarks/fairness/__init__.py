"""Accuracy and false matches by group."""
