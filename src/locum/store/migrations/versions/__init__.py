"""One file a revision, never changed once a release had it."""
