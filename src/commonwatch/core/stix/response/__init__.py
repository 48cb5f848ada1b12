"""The new STIX types with which partners respond together, room by room: what each holds, as a bounded struct."""
