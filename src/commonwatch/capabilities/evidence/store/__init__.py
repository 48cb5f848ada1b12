"""Where sealed content lies: a folder, or a bucket of an S3-compatible service, behind one interface."""

from commonwatch.capabilities.evidence.store.blobs import Store, digest_of, fetched
from commonwatch.capabilities.evidence.store.opening import opened

__all__ = ["Store", "digest_of", "fetched", "opened"]
