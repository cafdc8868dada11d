"""docs/security.md, written from the tests that name a control: `python -m tests.controls`."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
PAGE: Final = TESTS.parent / "docs" / "security.md"

# Number by number: what is asked, in our words, and what answers it.
CONTROLS: Final[Mapping[str, tuple[str, str]]] = {
    "9.1.3": ("everything can be halted at once", "a stop over every agent and workflow"),
    "9.2.1": (
        "nothing privileged runs before a person approved it",
        "a gate before the action; an agent's key decides nothing",
    ),
    "9.2.2": (
        "what is approved is shown complete and canonical",
        "the action itself, from the stored bytes, with everything hidden made visible",
    ),
    "9.2.3": (
        "each action has a trusted class of reversibility",
        "set in the release by an admin, never by the agent; unclassified counts as irreversible",
    ),
    "9.2.8": (
        "an approval is bound to parameters, requester and context, and counts once",
        "permits: signed, of one digest, used up once",
    ),
    "9.2.9": (
        "the keys of approvals are out of the agent's reach",
        "only the web process signs; a permit's text is in no table",
    ),
    "9.4.1": ("each agent has an identity of its own", "keys per agent, narrowed by scope"),
    "9.4.3": ("credentials are exchanged on a schedule", "keys with an expiry and an overlap"),
    "9.5.3": (
        "application logic decides about access, not the model",
        "triggers are data and plain functions; what cannot be read reaches a person",
    ),
    "9.5.6": (
        "what was allowed is asked again before it is used",
        "today's rights are checked at the decision and when a permit is redeemed",
    ),
    "9.6.1": ("people can stop an agent by hand", "a stop per agent and per workflow"),
    "9.6.2": (
        "no approval in time means no action",
        "time that runs out rejects; approving on silence takes a right of its own",
    ),
    "9.6.3": ("agents cannot undo a stop", "closed by a person with the right and a reason"),
    "12.4.2": (
        "who approved what, when, and what came of it is logged and cannot be changed unseen",
        "chained entries, signed checkpoints, a verifier that needs no trust",
    ),
    "12.4.3": ("stops and overrides are logged", "entries of their own, with who and why"),
}
HEAD: Final = """# What supports which control

Chapter 9 and section 12.4 of the OWASP AI Security Verification Standard, in our words, with what
answers each here and the tests that show it. It says what supports a control, and claims no
compliance. `python -m tests.controls` writes this page from the tests that name a control
(`@pytest.mark.control("9.2.2")`); a test holds the page to them.

| control | asks | here | shown by |
|---|---|---|---|
"""


def named() -> dict[str, list[str]]:
    """The tests of each control, as `path::name`, in the order of files and lines."""
    found = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                for number in _marks(node):
                    found[number].append(f"{path.relative_to(TESTS.parent)}::{node.name}")
    return found


def _marks(node: ast.FunctionDef) -> Iterator[str]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.control":
            yield from (ast.literal_eval(number) for number in mark.args)


def page() -> str:
    tests = named()
    return HEAD + "".join(
        f"| {number} | {asks} | {here} | {'<br>'.join(map(_link, tests[number]))} |\n"
        for number, (asks, here) in CONTROLS.items()
    )


def _link(test: str) -> str:
    path, _colons, name = test.partition("::")
    words = name.removeprefix("test_").replace("_", " ")
    return f"[{words}](../{path})"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE}\n")
