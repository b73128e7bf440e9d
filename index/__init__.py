"""Embeddings in, candidates out: exact search and the thresholds that go with it.

Knows vectors and ids only: no images, no database, no HTTP.
"""
