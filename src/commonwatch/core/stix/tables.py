"""The types of STIX 2.1 (sections 4 to 7) and what their properties hold, as data.

A property's kind is one word: `text`, `texts` (list), `time`, `flag`, `count` (integer >= 0), `integer`, `number`,
`percent` (0 to 100), `ref` (identifier), `refs`, `hashes`, `map` (object), `maps` (list of objects), `hex`,
`base64`. An upper-case first letter means that the type requires it. Properties that are not listed are custom: kept,
passed on, not judged. STIX 2.0 differs in what it requires: `REQUIRED_20`.
"""

from __future__ import annotations

from collections.abc import Mapping

_COMMON = {
    "created_by_ref": "ref",
    "created": "Time",
    "modified": "Time",
    "revoked": "flag",
    "labels": "texts",
    "confidence": "percent",
    "lang": "text",
    "external_references": "maps",
    "object_marking_refs": "refs",
    "granular_markings": "maps",
    "extensions": "map",
}
_OBSERVABLE = {
    "object_marking_refs": "refs",
    "granular_markings": "maps",
    "extensions": "map",
    "defanged": "flag",
}


def _table(common: Mapping[str, str], properties: str) -> dict[str, str]:
    """`name:kind` pairs separated by blanks, after the common ones; a bare name is a text."""
    own = (pair.partition(":") for pair in properties.split())
    return {**common, **{name: kind or "text" for name, _, kind in own}}


_DOMAIN = {
    "attack-pattern": "name:Text description aliases:texts kill_chain_phases:maps",
    "campaign": "name:Text description aliases:texts first_seen:time last_seen:time objective",
    "course-of-action": "name:Text description",
    "grouping": "name description context:Text object_refs:Refs",
    "identity": "name:Text description roles:texts identity_class sectors:texts contact_information",
    "incident": "name:Text description",
    "indicator": "name description indicator_types:texts pattern:Text pattern_type:Text pattern_version valid_from:Time "
    "valid_until:time kill_chain_phases:maps",
    "infrastructure": "name:Text description infrastructure_types:texts aliases:texts kill_chain_phases:maps "
    "first_seen:time last_seen:time",
    "intrusion-set": "name:Text description aliases:texts first_seen:time last_seen:time goals:texts resource_level "
    "primary_motivation secondary_motivations:texts",
    "location": "name description latitude:number longitude:number precision:number region country "
    "administrative_area city street_address postal_code",
    "malware": "name description malware_types:texts is_family:Flag aliases:texts kill_chain_phases:maps first_seen:time "
    "last_seen:time operating_system_refs:refs architecture_execution_envs:texts implementation_languages:texts "
    "capabilities:texts sample_refs:refs",
    "malware-analysis": "product:Text version host_vm_ref:ref operating_system_ref:ref installed_software_refs:refs "
    "configuration_version modules:texts analysis_engine_version analysis_definition_version submitted:time "
    "analysis_started:time analysis_ended:time result_name result analysis_sco_refs:refs sample_ref:ref",
    "note": "abstract content:Text authors:texts object_refs:Refs",
    "observed-data": "first_observed:Time last_observed:Time number_observed:Count objects:map object_refs:refs",
    "opinion": "explanation authors:texts opinion:Text object_refs:Refs",
    "report": "name:Text description report_types:texts published:Time object_refs:Refs",
    "threat-actor": "name:Text description threat_actor_types:texts aliases:texts first_seen:time last_seen:time "
    "roles:texts goals:texts sophistication resource_level primary_motivation secondary_motivations:texts "
    "personal_motivations:texts",
    "tool": "name:Text description tool_types:texts aliases:texts kill_chain_phases:maps tool_version",
    "vulnerability": "name:Text description",
    "relationship": "relationship_type:Text description source_ref:Ref target_ref:Ref start_time:time stop_time:time",
    "sighting": "description first_seen:time last_seen:time count:count sighting_of_ref:Ref observed_data_refs:refs "
    "where_sighted_refs:refs summary:flag",
    "language-content": "object_ref:Ref object_modified:time contents:Map",
    "extension-definition": "name:Text description schema:Text version:Text extension_types:Texts extension_properties:texts",
}
_META = {"marking-definition": "name definition_type definition:map created:Time"}
_OBSERVABLES = {
    "artifact": "mime_type payload_bin:base64 url hashes:hashes encryption_algorithm decryption_key",
    "autonomous-system": "number:Integer name rir",
    "directory": "path:Text path_enc ctime:time mtime:time atime:time contains_refs:refs",
    "domain-name": "value:Text resolves_to_refs:refs",
    "email-addr": "value:Text display_name belongs_to_ref:ref",
    "email-message": "is_multipart:Flag date:time content_type from_ref:ref sender_ref:ref to_refs:refs cc_refs:refs "
    "bcc_refs:refs message_id subject received_lines:texts additional_header_fields:map body body_multipart:maps "
    "raw_email_ref:ref",
    "file": "hashes:hashes size:count name name_enc magic_number_hex:hex mime_type ctime:time mtime:time atime:time "
    "parent_directory_ref:ref contains_refs:refs content_ref:ref",
    "ipv4-addr": "value:Text resolves_to_refs:refs belongs_to_refs:refs",
    "ipv6-addr": "value:Text resolves_to_refs:refs belongs_to_refs:refs",
    "mac-addr": "value:Text",
    "mutex": "name:Text",
    "network-traffic": "start:time end:time is_active:flag src_ref:ref dst_ref:ref src_port:count dst_port:count "
    "protocols:Texts src_byte_count:count dst_byte_count:count src_packets:count dst_packets:count ipfix:map "
    "src_payload_ref:ref dst_payload_ref:ref encapsulates_refs:refs encapsulated_by_ref:ref",
    "process": "is_hidden:flag pid:integer created_time:time cwd command_line environment_variables:map "
    "opened_connection_refs:refs creator_user_ref:ref image_ref:ref parent_ref:ref child_refs:refs",
    "software": "name:Text cpe swid languages:texts vendor version",
    "url": "value:Text",
    "user-account": "user_id credential account_login account_type display_name is_service_account:flag "
    "is_privileged:flag can_escalate_privs:flag is_disabled:flag account_created:time account_expires:time "
    "credential_last_changed:time account_first_login:time account_last_login:time",
    "windows-registry-key": "key values:maps modified_time:time creator_user_ref:ref number_of_subkeys:count",
    "x509-certificate": "is_self_signed:flag hashes:hashes version serial_number signature_algorithm issuer "
    "validity_not_before:time validity_not_after:time subject subject_public_key_algorithm "
    "subject_public_key_modulus subject_public_key_exponent:integer x509_v3_extensions:map",
}
PROPERTIES: Mapping[str, Mapping[str, str]] = {
    **{kind: _table(_COMMON, own) for kind, own in _DOMAIN.items()},
    **{
        kind: {
            name: what
            for name, what in _table(_COMMON, own).items()
            if name not in ("modified", "revoked", "confidence")
        }
        for kind, own in _META.items()
    },
    **{kind: _table(_OBSERVABLE, own) for kind, own in _OBSERVABLES.items()},
}
OBSERVABLES = frozenset(_OBSERVABLES)

# What STIX 2.0 requires (part 2); it knows fewer types, and its observables live inside observed-data.
REQUIRED_20: Mapping[str, frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "attack-pattern": "created modified name",
        "campaign": "created modified name",
        "course-of-action": "created modified name",
        "identity": "created modified name",
        "indicator": "created modified pattern valid_from",
        "intrusion-set": "created modified name",
        "malware": "created modified name",
        "observed-data": "created modified first_observed last_observed number_observed objects",
        "report": "created modified name published object_refs",
        "threat-actor": "created modified name",
        "tool": "created modified name",
        "vulnerability": "created modified name",
        "relationship": "created modified relationship_type source_ref target_ref",
        "sighting": "created modified sighting_of_ref",
        "marking-definition": "created definition_type definition",
    }.items()
}

# ID contributing properties (STIX 2.1, section 6, each observable's table).
CONTRIBUTING: Mapping[str, tuple[str, ...]] = {
    "artifact": ("hashes", "payload_bin"),
    "autonomous-system": ("number",),
    "directory": ("path",),
    "domain-name": ("value",),
    "email-addr": ("value",),
    "email-message": ("from_ref", "subject", "body"),
    "file": ("hashes", "name", "extensions", "parent_directory_ref"),
    "ipv4-addr": ("value",),
    "ipv6-addr": ("value",),
    "mac-addr": ("value",),
    "mutex": ("name",),
    "network-traffic": ("start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"),
    "software": ("name", "cpe", "swid", "vendor", "version"),
    "url": ("value",),
    "user-account": ("account_type", "user_id", "account_login"),
    "windows-registry-key": ("key", "values"),
    "x509-certificate": ("hashes", "serial_number"),
}
HASH_PREFERENCE = ("MD5", "SHA-1", "SHA-256", "SHA-512")
