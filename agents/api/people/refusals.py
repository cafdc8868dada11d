"""What the services refuse, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework import exceptions

from agents.api.problems import Conflict, Unprocessable
from reviews.services.answers import NotAsked
from reviews.services.claims import NotClaimable
from reviews.services.decisions import NotYours, StaleProposal
from reviews.services.undoing import TooLate
from reviews.services.verdicts import InvalidVerdict


class Stale(Conflict):
    """The one conflict that looking again mends."""

    default_code = "stale-proposal"


class NotFresh(exceptions.PermissionDenied):
    default_code = slug = "fresh-login"
    default_detail = (
        "This gate asks for a password given just now. No token can give it: decide on the page "
        "of the case, or send `password` in a session."
    )


@contextmanager
def as_problems() -> Iterator[None]:
    try:
        yield
    except InvalidVerdict as error:
        if any(problem.pointer == "/password" for problem in error.problems):
            raise NotFresh from error
        raise Unprocessable(error.problems) from error
    except StaleProposal as error:
        raise Stale(str(error)) from error
    except (NotClaimable, NotYours, NotAsked, TooLate) as error:
        raise Conflict(str(error)) from error
