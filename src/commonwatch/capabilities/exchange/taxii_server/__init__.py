"""The TAXII 2.1 server: a plain ASGI application beside Django (decision 0006).

`application` is the door: bytes in, bytes out, threads. `routes` says which path is which resource. `resources` and
`adding` make the answers; `answers` the envelopes, manifests and errors.
"""
