"""The store that the settings name."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.outbound import check_url, client
from commonwatch.capabilities.evidence.store.blobs import Store
from commonwatch.capabilities.evidence.store.bucket import Bucket, BucketStore
from commonwatch.capabilities.evidence.store.folder import FolderStore
from commonwatch.capabilities.evidence.store.signing import Credentials
from commonwatch.core.errors import NodeUnable

FOLDER = "evidence"
_S3 = "s3://"


def opened() -> Store:
    """The store in use; raises NodeUnable where the settings do not hold together."""
    node = settings.COMMONWATCH
    named: str = node.evidence_store
    if not named.startswith(_S3):
        return FolderStore(Path(named) if named else node.data / FOLDER)
    bucket, _, prefix = named.removeprefix(_S3).partition("/")
    secret = node.evidence_s3_secret.get_secret_value()
    if not bucket or not node.evidence_s3_url or not node.evidence_s3_key_id or not secret:
        raise NodeUnable(
            "evidence-store",
            "The settings of the bucket for evidence are not complete.",
            "Give evidence_s3_url, evidence_s3_key_id and evidence_s3_secret.",
        )
    where = Bucket(check_url(node.evidence_s3_url).rstrip("/"), bucket, f"{prefix.strip('/')}/" if prefix else "")
    credentials = Credentials(node.evidence_s3_key_id, secret, node.evidence_s3_region)
    return BucketStore(where, credentials, client(node.outbound_networks), now_us)
