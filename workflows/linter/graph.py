"""The ways a case can take through the stages of a release."""

from collections.abc import Mapping
from typing import Any, Final

from workflows.triggers import Kind

HUMAN: Final = frozenset({"approve", "edit", "reject", "respond", "timeout"})


class Graph:
    """Edges are routes; `definition` is the plain data of workflows.definitions."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.stages: dict[str, Mapping[str, Any]] = {
            stage["key"]: stage for stage in definition["stages"]
        }

    def _targets(self, key: str) -> set[str]:
        stage = self.stages[key]
        if stage["kind"] == "END":
            return set()
        return {route["to"] for route in stage.get("routes", ()) if route["to"] in self.stages}

    def _reach(self, start: str) -> set[str]:
        """All stages on a way that begins with a route of `start`."""
        found: set[str] = set()
        waiting = [start]
        while waiting:
            new = self._targets(waiting.pop()) - found
            found |= new
            waiting.extend(new)
        return found

    def unreachable(self) -> list[str]:
        if not self.stages:
            return []
        first = next(iter(self.stages))
        reached = self._reach(first) | {first}
        return [key for key in self.stages if key not in reached]

    def unguarded_actions(self) -> list[str]:
        """Actions that a case reaches before any gate."""
        if not self.stages:
            return []
        waiting, found = [next(iter(self.stages))], dict[str, None]()
        while waiting:
            key = waiting.pop()
            if self.stages[key]["kind"] == "ACTION" and key not in found:
                found[key] = None
                waiting.extend(self._targets(key))
        return list(found)

    def gates_after_actions(self) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for action, stage in self.stages.items():
            if stage["kind"] == "ACTION":
                for key in sorted(self._reach(action)):
                    if self._asks_again(key):
                        found.setdefault(key, action)
        return list(found.items())

    def _asks_again(self, key: str) -> bool:
        stage = self.stages[key]
        return stage["kind"] == "GATE" and stage.get("gate", {}).get("pattern") != "EXCEPTION"

    def automatic_cycles(self) -> list[list[str]]:
        """Rounds that a case could go with nobody asked; each once."""
        cycles: dict[frozenset[str], list[str]] = {}
        for key in self.stages:
            cycle = self._round(key)
            if cycle:
                cycles.setdefault(frozenset(cycle), cycle)
        return list(cycles.values())

    def _round(self, start: str) -> list[str] | None:
        """The shortest way back to a stage, taken by nobody's decision."""
        paths, seen = [[start]], {start}
        for path in paths:
            for target in sorted(self._automatic_targets(path[-1])):
                if target == start:
                    return [*path, target]
                if target not in seen:
                    seen.add(target)
                    paths.append([*path, target])
        return None

    def _automatic_targets(self, key: str) -> set[str]:
        stage = self.stages[key]
        if stage["kind"] == "END" or _always_asks(stage):
            return set()
        alone = {"auto"} if stage["kind"] == "GATE" else {"done", "failed"}
        routes = [route for route in stage.get("routes", ()) if alone & set(route["verdicts"])]
        return {route["to"] for route in routes if route["to"] in self.stages}

    def verdicts_into(self, key: str) -> set[str]:
        """On which verdicts a case can come here. A gate that lets a case pass hands on the
        verdict that a person gave before it."""
        found: set[str] = set()
        for source, stage in self.stages.items():
            for route in stage.get("routes", ()):
                if route["to"] == key:
                    found |= set(route["verdicts"])
                    if "auto" in route["verdicts"]:
                        found |= self._given_before(source)
        return found

    def _given_before(self, key: str) -> set[str]:
        """Verdicts of people at gates from which a case can reach this stage."""
        found: set[str] = set()
        for source, stage in self.stages.items():
            if stage["kind"] == "GATE" and key in self._reach(source):
                for route in stage.get("routes", ()):
                    found |= set(route["verdicts"]) & HUMAN
        return found


def _always_asks(stage: Mapping[str, Any]) -> bool:
    triggers = stage.get("gate", {}).get("triggers", ())
    return any(trigger["kind"] == Kind.ALWAYS for trigger in triggers)
