"""Commonwatch: the node that each member of an international partnership against cyber threats runs."""

__version__ = "0.1.0"
