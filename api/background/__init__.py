"""What runs beside the requests: webhooks, periodic tasks, imports."""
