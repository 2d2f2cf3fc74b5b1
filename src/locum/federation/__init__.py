"""Who an outside identity provider says somebody is: id tokens and SAML responses, verified against what is given.

Law: pure. Keys, metadata and instants come in as arguments; fetching keys is the server's (`server/issuer_keys.py`).
What is read is what was signed, and nothing else (rules F1 to F20). The libraries below it are imported at the first
token or document, because most servers never see one.
"""
