"""Settings, addresses and the ASGI shell: the only place that knows everything."""
