"""Identity and access management: the nouns of IAM and their operations, one noun a file.

Law: knows neither HTTP nor XML nor SQL nor signatures. Names, lengths and enumerations were checked against AWS's model
before an operation runs, and so was the permission to run it.
"""
