"""The form for the public: an application of its own, in a process of its own, without any face.

It reads areas and writes tips, and has no other route: no network, no gallery, no account.
"""
