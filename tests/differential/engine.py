"""What the engine says to a written scenario, asked through the case format as `locum test` asks it.

Law: only public names of `locum.policy`, so that the case format is compared along with the engine. What the engine
refuses to read is a text that no verdict equals.
"""

from typing import Any

from locum.policy import PolicyError
from locum.policy.cases import ask, read_case, scenarios


def engine_says(written: dict[str, Any]) -> str:
    """The verdict and the kinds of policy that decided, as one text; `refused …` for a document not accepted."""
    (scenario,) = scenarios([written])
    try:
        result = ask(read_case(scenario))
    except PolicyError as error:
        return f"refused: {error}; {'; '.join(map(str, error.findings))}"
    return f"{result.decision} by {' '.join(sorted(result.decided_by))}"
