"""`siaga story`: a made-up quarter of an installation's work, for training and meetings.

`cast` says who takes part, `agenda` keeps the time, `travellers` are screened, `desks` work on the
alerts. Everything goes through the use cases that real work goes through, with a clock that
the story moves. Names and documents are invented; faces are those of installed packages.
"""
