"""Markings to handling; facts to a decision with its reasons; objects derived for one recipient. Pure functions."""
