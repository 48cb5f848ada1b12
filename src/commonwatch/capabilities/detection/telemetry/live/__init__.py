"""Telemetry as it arrives: growing files, folders, standard input, a JetStream subject, a syslog socket.

All have one form (`source.Live`): `poll` gives what has come as small batches, each with the position to store once it was
handled; a source that starts again from a stored position loses nothing and may repeat what was not stored yet.
"""
