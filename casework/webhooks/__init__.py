"""Events on their way out: the stream's feed, webhooks, their deliveries and signatures."""
