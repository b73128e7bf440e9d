"""The only place that knows HTTP: the application, its routes, forms, problems and settings.

`app.create_app` is the whole assembly, in order.
"""
