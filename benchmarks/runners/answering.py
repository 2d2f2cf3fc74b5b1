"""What every runner of an evaluator does: read the workload, load it, ask every question, tell figures and answers.

Law: standard library only; it runs in the peers' environment. CPU time, the smallest of several passes.
"""

import json
import sys
from time import perf_counter, process_time

SECONDS = 6.0  # for all passes together


def answer(load, ask, version):
    """`load(documents)` makes one principal's policies, `ask(policies, question)` says whether it is allowed.

    Where the workload has layers for everybody, `load(documents, layers)`.
    """
    workload = json.load(sys.stdin)
    layers = (workload["layers"],) if "layers" in workload else ()
    start = process_time()
    held = {int(number): load(documents, *layers) for number, documents in workload["principals"].items()}
    loaded = process_time() - start
    questions = [(held[question["principal"]], question) for question in workload["questions"]]
    answers = [bool(ask(policies, question)) for policies, question in questions]
    best, began = float("inf"), perf_counter()
    for _ in range(7):
        start = process_time()
        for policies, question in questions:
            ask(policies, question)
        best = min(best, process_time() - start)
        if perf_counter() - began > SECONDS:
            break
    found = {"us": best / len(questions) * 1e6, "load_s": loaded, "answers": answers, "version": version}
    json.dump(found, sys.stdout)
