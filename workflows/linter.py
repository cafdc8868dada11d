"""What is wrong with a release, in sentences. (First cut: grows with the rules' owner.)"""

from dataclasses import dataclass

from workflows.compiler import compile_release
from workflows.models import Release


@dataclass(frozen=True, slots=True)
class Finding:
    level: str
    where: str
    sentence: str


def lint(release: Release) -> list[Finding]:
    try:
        compile_release(release)
    except ValueError as error:
        return [Finding("error", "release", str(error))]
    return []
