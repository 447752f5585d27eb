"""Answer GraphQL queries from plain dictionaries, and refuse unknown fields and arguments.

There is no schema. An object is a dictionary of its fields. A field with arguments is a function that gets
the arguments as a dictionary and removes those that it uses. A missing field or an argument that is left over
raises Unknown, so that no request is ever answered with a silent null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

Arguments = dict[str, Any]
Resolver = Callable[[Arguments], Any]
Fields = Mapping[str, Any]


class Unknown(Exception):
    """A client asked for something that the stand-in does not support."""


def execute(text: str, variables: Mapping[str, Any], roots: Mapping[str, Fields]) -> dict[str, Any]:
    """Execute a request and return the `data` of its answer.

    Args:
        text: a document with one operation and its fragments.
        variables: the operation's variables; a missing one has its default, or null.
        roots: the root fields of "query" and "mutation".

    Raises:
        Unknown: the stand-in does not support a field, an argument or a construct.
    """
    definitions = parse(text).definitions
    fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
    (operation,) = (node for node in definitions if isinstance(node, OperationDefinitionNode))
    kind = operation.operation.value
    selection = _Selection(fragments, _with_defaults(operation, variables))
    return selection.of(roots[kind], operation.selection_set, kind)


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name, default = definition.variable.name.value, definition.default_value
        values[name] = variables.get(name, value_from_ast_untyped(default) if default else None)
    return values


class _Selection:
    """Selects the fields that one operation asks for."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: dict[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables

    def of(self, fields: Fields, chosen: SelectionSetNode, path: str) -> dict[str, Any]:
        """Return the chosen fields of one object."""
        found: dict[str, Any] = {}
        for node in chosen.selections:
            if node.directives:
                raise Unknown(f"{path}: directive @{node.directives[0].name.value}")
            if isinstance(node, FieldNode):
                name = (node.alias or node.name).value
                found[name] = self._field(fields, node, f"{path}.{node.name.value}")
            elif isinstance(node, FragmentSpreadNode):
                found |= self.of(fields, self._fragments[node.name.value].selection_set, path)
            elif isinstance(node, InlineFragmentNode):
                found |= self.of(fields, node.selection_set, path)
        return found

    def _field(self, fields: Fields, node: FieldNode, path: str) -> Any:
        if node.name.value not in fields:
            raise Unknown(f"{path}: no such field")
        value = fields[node.name.value]
        arguments = {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }
        if callable(value):
            value = value(arguments)
        ignored = {name: given for name, given in arguments.items() if given is not None}
        if ignored:
            raise Unknown(f"{path}: arguments {ignored}")
        return self._complete(value, node, path)

    def _complete(self, value: Any, node: FieldNode, path: str) -> Any:
        if value is None or node.selection_set is None:
            return value
        if isinstance(value, list):
            return [self._complete(item, node, path) for item in value]
        return self.of(value, node.selection_set, path)
