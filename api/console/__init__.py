"""The officers' console: pages for people, rendered here, over the same use cases as the HTTP API.

A screen is a module of `screens` with a router, and its templates in `templates`. docs/console.md
tells how to add one. Everything else is the frame that screens hang in:

    page.py       who asks for a page, in which language; what a screen has in its signature
    forms.py      what a form sends, and the check that one of our pages sent it
    i18n.py       languages: catalogues, dates, numbers
    labels.py     labels of the domain's vocabularies
    messages.py   notices; the domain's sentences and errors in the reader's language
    navigation.py the menu
    assets.py     our own style sheets and modules, under names that change with their content
    errors.py     errors as pages
    headers.py    security headers of every page
    events.py     what is new, as it happens
    templating.py the templates' environments, one a language
    install.py    the assembly of the screens
"""
