"""YARA rules as texts that are known to compile, with what each holds and what is wrong with the rest."""
