"""The console without a browser: pages, forms, what is refused."""
