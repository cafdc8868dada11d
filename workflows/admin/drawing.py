"""The stages of a release as a drawing: boxes under each other in the order of a case, an arrow
straight down to the next one, and every other way as a lane on the right. Plain numbers out; the
template makes an SVG of them, and the story beside it says the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workflows.admin.words import one_of
from workflows.models import Route, Stage

LEFT, WIDTH, GAP, TOP = 8, 210, 46, 8
# A box grows with the ways that leave and reach its right side.
LOWEST, PORT = 52, 20
# Between a box and the first lane the words of a way have room.
WORDS, LANE = 158, 14
MOST_IN_TITLE, MOST_IN_WORDS = 27, 25


@dataclass(frozen=True, slots=True)
class Box:
    stage: Stage
    title: str
    kind: str
    x: int
    y: int
    width: int
    height: int

    @property
    def text_x(self) -> int:
        return self.x + 16

    @property
    def name_y(self) -> int:
        return self.y + self.height // 2 - 3

    @property
    def kind_y(self) -> int:
        return self.name_y + 19


@dataclass(frozen=True, slots=True)
class Arrow:
    """`points` are those of an SVG polyline; `words` are short, `told` is the whole of it."""

    points: str
    words: str
    told: str
    x: int
    y: int
    look: str


@dataclass(frozen=True, slots=True)
class Drawing:
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int

    @property
    def looks(self) -> list[str]:
        return sorted({arrow.look for arrow in self.arrows})


@dataclass(frozen=True, slots=True)
class _Way:
    """All routes from one stage to another, as one arrow."""

    start: int
    end: int
    words: str
    told: str
    look: str

    @property
    def is_straight(self) -> bool:
        return self.end == self.start + 1


def drawing_of(stages: Sequence[Stage]) -> Drawing:
    ways = _ways(stages)
    aside = [way for way in ways if not way.is_straight]
    boxes = _boxes(stages, aside)
    lanes = _lanes(aside)
    arrows = [_down(way, boxes) for way in ways if way.is_straight]
    arrows += _around(aside, boxes, lanes)
    most = max(lanes.values(), default=-1) + 1
    last = boxes[-1] if boxes else None
    return Drawing(
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        width=LEFT + WIDTH + (WORDS + most * LANE if most else WORDS // 2),
        height=(last.y + last.height if last else 0) + TOP,
    )


def _ways(stages: Sequence[Stage]) -> list[_Way]:
    place = {stage.pk: number for number, stage in enumerate(stages)}
    found: dict[tuple[int, int], list[Route]] = {}
    for stage in stages:
        for route in stage.routes.all():
            if route.to_stage_id in place:
                pair = (place[stage.pk], place[route.to_stage_id])
                found.setdefault(pair, []).append(route)
    return [_Way(start, end, *_said(routes)) for (start, end), routes in found.items()]


def _said(routes: Sequence[Route]) -> tuple[str, str, str]:
    verdicts = list(dict.fromkeys(verdict for route in routes for verdict in route.on_verdicts))
    told = one_of([Route.On(verdict).label for verdict in verdicts])
    conditions = [route.condition for route in routes if route.condition]
    if conditions:
        told = _("%(verdicts)s, if %(condition)s") % {
            "verdicts": told,
            "condition": one_of(conditions),
        }
    short = ", ".join(verdicts) + (_(" if…") if conditions else "")
    if len(short) > MOST_IN_WORDS:
        short = short[: MOST_IN_WORDS - 1] + "…"
    return short, told, _look(set(verdicts))


def _look(verdicts: set[str]) -> str:
    if verdicts <= {"reject", "failed"}:
        return "no"
    return "auto" if verdicts == {"auto"} else "yes"


def _boxes(stages: Sequence[Stage], aside: Sequence[_Way]) -> list[Box]:
    boxes, y = [], TOP
    for number, stage in enumerate(stages):
        ports = sum((way.start == number) + (way.end == number) for way in aside)
        height = max(LOWEST, PORT * (ports + 1))
        boxes.append(
            Box(stage, _short(stage.title), stage.get_kind_display(), LEFT, y, WIDTH, height)
        )
        y += height + GAP
    return boxes


def _short(title: str) -> str:
    return title if len(title) <= MOST_IN_TITLE else title[: MOST_IN_TITLE - 1] + "…"


def _lanes(ways: Sequence[_Way]) -> dict[_Way, int]:
    """Short ways inside; two that would cross each other's height never share a lane."""
    lanes: dict[_Way, int] = {}
    for way in sorted(ways, key=lambda one: (abs(one.end - one.start), one.start)):
        low, high = sorted((way.start, way.end))
        taken = {
            lane
            for other, lane in lanes.items()
            if min(other.start, other.end) <= high and max(other.start, other.end) >= low
        }
        lanes[way] = next(lane for lane in range(len(ways)) if lane not in taken)
    return lanes


def _down(way: _Way, boxes: Sequence[Box]) -> Arrow:
    start, end = boxes[way.start], boxes[way.end]
    x = LEFT + 28
    return Arrow(
        points=f"{x},{start.y + start.height} {x},{end.y}",
        words=way.words,
        told=_sentence(way, boxes),
        x=x + 10,
        y=start.y + start.height + GAP // 2 + 4,
        look=way.look,
    )


def _around(ways: Sequence[_Way], boxes: Sequence[Box], lanes: dict[_Way, int]) -> list[Arrow]:
    used: dict[int, int] = {}

    def port(number: int) -> int:
        used[number] = used.get(number, 0) + 1
        return boxes[number].y + PORT * used[number] - 2

    arrivals = sorted(ways, key=lambda way: (way.end, -way.start))
    leaving = {way: port(way.start) for way in sorted(ways, key=lambda one: (one.start, one.end))}
    arriving = {way: port(way.end) for way in arrivals}
    right = LEFT + WIDTH
    arrows = []
    for way in ways:
        x, out, back = right + WORDS + lanes[way] * LANE, leaving[way], arriving[way]
        arrows.append(
            Arrow(
                points=f"{right},{out} {x},{out} {x},{back} {right},{back}",
                words=way.words,
                told=_sentence(way, boxes),
                x=right + 6,
                y=out - 5,
                look=way.look,
            )
        )
    return arrows


def _sentence(way: _Way, boxes: Sequence[Box]) -> str:
    return f"{boxes[way.start].stage.title} → {boxes[way.end].stage.title}: {way.told}"
