"""How fast Locum is, beside its peers, on this machine, in this run.

Law: CPU time and ratios inside one run; a figure without its run means nothing. Nothing here is a test and nothing is
asserted about time. What cannot be measured here is named and skipped, never guessed. `python -m benchmarks` runs all.
"""
