"""Responding together: pages of the rooms for cases, assistance, evidence, duties and contacts."""
