"""Search: words, values, graph and facts of everything the journal holds, each answer as `base.release` lets its reader have it."""
