"""AWS Organizations, as far as policies need it: the tree of accounts, and the policies that hold them.

Law: one noun a file. The nouns themselves, and what a decision needs of them, are in `iam/organization.py`. Only the
management account changes an organization; a member sees little more than that there is one. What is changed is in
force with the next request, and whatever alters what binds an account puts that account's `Member` anew.
"""
