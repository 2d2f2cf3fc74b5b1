"""The engine's verdict on a written scenario, asked through the case format as `locum test` asks it.

Law: only public names of `locum.policy`, so that the case format is compared along with the engine. What the engine
refuses to read is a text that no verdict equals.
"""

from typing import Any

from locum.policy import PolicyError
from locum.policy.cases import ask, read_case, scenarios


def engine_verdict(written: dict[str, Any]) -> str:
    """`allowed`, `explicitDeny` or `implicitDeny`; `refused …` for a document that is not accepted."""
    (scenario,) = scenarios([written])
    try:
        return ask(read_case(scenario)).decision
    except PolicyError as error:
        return f"refused: {error}; {'; '.join(map(str, error.findings))}"
