"""Canonical form, signatures over STIX objects, and who held which key when. Keys, nonces and the time are passed in."""
