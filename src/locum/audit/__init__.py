"""The audit trail: one record a call, chained, signed, and durable before the answer where it matters (rules A1 to A3).

Law: knows facts of AWS and the store, and nothing of HTTP, of callers or of policies: it is told. No record holds a
secret (rule K14).
"""
