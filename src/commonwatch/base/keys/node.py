"""The key by which others know this node: its public half is the node's name towards peers, as 64 hexadecimal digits.

It signs requests and answers between nodes, and opens the bundles that are made for this node.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commonwatch.base.keys.files import NODE, NODE_BEFORE, has_key, private_key


def node_key() -> Ed25519PrivateKey:
    """The node's private key; raises NodeUnable where its file cannot be used."""
    return private_key(NODE)


def answering_keys() -> dict[str, Ed25519PrivateKey]:
    """The keys under which this node is addressed, by their public half: its own, and the one before until peers know better."""
    keys = [node_key(), *([private_key(NODE_BEFORE)] if has_key(NODE_BEFORE) else [])]
    return {public_name(key): key for key in keys}


def public_name(key: Ed25519PrivateKey) -> str:
    """The public half, as peers know it."""
    return key.public_key().public_bytes_raw().hex()
