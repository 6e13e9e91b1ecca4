"""Jobs as tasks of a Ray cluster that shares the store. Ray is imported by processes that this room starts for it."""
