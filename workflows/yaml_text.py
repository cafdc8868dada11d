"""YAML for people: written in a stable, readable form, and read with the line of every key."""

import math
from typing import Any, Final

import yaml


class FileError(ValueError):
    """What is wrong with a file, in a sentence that begins with the line."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"Line {line}: {sentence}")
        self.line = line


class Block(dict[str, Any]):
    """A mapping that knows where it and its keys stand."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


def read(text: str) -> Block:
    """The mapping a file holds; raises FileError."""
    try:
        found = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileError(mark.line + 1 if mark else 1, f"{error.problem}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise FileError(1, f"this is no YAML: {error}") from error
    if not isinstance(found, Block):
        raise FileError(1, 'a workflow file is a mapping that begins with "workflow: …".')
    return found


def write(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=98, indent=2)


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        # A handful of lines of nested aliases expands to gigabytes.
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise FileError(event.start_mark.line + 1, "aliases (*name) are not used here.")
        return super().compose_node(parent, index)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Block:
    block = Block(node.start_mark.line + 1)
    for key_node, value_node in node.value:
        key, line = loader.construct_object(key_node, deep=True), key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise FileError(line, f'"{key_node.value}" is read as {key!r}: put it in quotes.')
        if key in block:
            raise FileError(line, f'"{key}" stands here a second time.')
        block[key] = loader.construct_object(value_node, deep=True)
        block.lines[key] = line
    return block


def _float(loader: _Loader, node: yaml.ScalarNode) -> float:
    number = loader.construct_yaml_float(node)
    if not math.isfinite(number):
        raise FileError(node.start_mark.line + 1, f"{node.value} is no number of a workflow.")
    return number


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)
# A date in a schema's examples is text, as it is in JSON.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)

_SHORT: Final = 80


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: _Dumper, values: list[Any]) -> yaml.SequenceNode:
    """Short lists of words stay on one line."""
    plain = all(isinstance(value, str | int | float) for value in values)
    flow = plain and sum(len(str(value)) + 2 for value in values) < _SHORT
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=flow)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(Block, yaml.SafeDumper.represent_dict)
