"""What is said in a chat, whatever the service: plain values, of which each service makes its own
message. Teams would be another module like `slack_message`, and a line in `reviews/chat`."""

from dataclasses import dataclass

# Beyond this a message only leads to the page: what is cut short cannot be approved.
MOST_CHARACTERS = 2500
MOST_VALUES = 20
LONGEST_SAID = 300


@dataclass(frozen=True, slots=True)
class Button:
    verdict: str
    label: str
    # Asked once more before the press counts.
    question: str


@dataclass(frozen=True, slots=True)
class Card:
    """One message. `title`, `facts` and `said` may be anybody's words; the rest is ours."""

    title: str
    footer: str
    link: str
    link_label: str
    fallback: str
    # Every value of the action by its name, complete; or none.
    facts: tuple[tuple[str, str], ...] = ()
    said: str = ""
    said_label: str = ""
    note: str = ""
    buttons: tuple[Button, ...] = ()
    # What a press names.
    value: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed: `person` and `moment` as the service names them, `value`
    as our message said it."""

    person: str
    name: str
    moment: str
    verdict: str
    value: str


def fits(facts: tuple[tuple[str, str], ...]) -> bool:
    size = sum(len(name) + len(value) for name, value in facts)
    return size <= MOST_CHARACTERS and len(facts) <= MOST_VALUES
