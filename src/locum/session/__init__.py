"""Sessions, and the tokens they travel in: sealed, bound to their access key id, without a row anywhere.

Law: pure: keys, salt and time are arguments. Format: docs/spec/token.md.
"""
