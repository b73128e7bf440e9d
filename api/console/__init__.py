"""The officers' console: pages for people, rendered here, over the same use cases as the HTTP API.

A screen is a module of `screens` with a router, and its templates in `templates`. docs/console.md
tells how to add one. Everything else is the frame that screens hang in:

    visit.py      who visits, in which language; what a screen asks for in its signature
    posted.py     what a form sends, and the proof that it was one of ours
    speech.py     languages: catalogues, dates, numbers
    words.py      what the domain's words are called
    navigation.py the menu
    assets.py     our own style sheets and modules, under names that change with their content
    faults.py     errors as pages
    headers.py    what browsers are told on every page
    live.py       what is new, told as it happens
    frame.py      the assembly of these
"""
