"""The transparency log's formats, byte for byte as C2SP and RFC 6962 have them: tree, tiles, notes, proofs, witness rules."""
