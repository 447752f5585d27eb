"""The search space of a sweep: the values of every parameter, and how many configurations there are."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fashion_wb.search.domains import Domain, Listed, Misfit
from fashion_wb.search.parameter_domains import optuna_domain, wandb_domain

Path = tuple[str, ...]
Flat = Mapping[str, Any]
# Up to this many, the configurations that were not tried yet are listed; above it they are found by chance.
_MOST_LISTED = 100_000


class DoesNotFit(Exception):
    """A configuration is not in the space.

    Attributes:
        parameter: the dotted name of the parameter that does not fit.
        reason: the rule, and what was got; "" if the parameter is missing.
    """

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"{parameter}: {reason}")
        self.parameter = parameter
        self.reason = reason


@dataclass(frozen=True)
class Space:
    """The parameters of a sweep file as its search draws them.

    A configuration is nested as in the sweep file. In a flat one, nested parameters have dotted names.

    Attributes:
        domains: the values of each parameter, by dotted name, constants included.
        paths: the place of each parameter in a nested configuration, by dotted name.
    """

    domains: Mapping[str, Domain]
    paths: Mapping[str, Path]

    @cached_property
    def size(self) -> int | None:
        """The number of configurations; None if it is infinite."""
        sizes = [domain.size for domain in self.domains.values()]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    @cached_property
    def constants(self) -> dict[str, Any]:
        """The parameters with one value only, by dotted name."""
        return {
            name: domain.values[0]
            for name, domain in self.domains.items()
            if isinstance(domain, Listed) and domain.size == 1
        }

    def convert(self, parameter: str, value: Any) -> Any:
        """Return `value` as the search would draw it, such as 5 for 5.0 if the parameter is an integer.

        Raises:
            DoesNotFit: the parameter has no such value.
        """
        try:
            return self.domains[parameter].convert(value)
        except Misfit as error:
            raise DoesNotFit(parameter, str(error)) from None

    def flatten(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of this space's parameters in a nested `config`; those it lacks are left out."""
        return {name: found[0] for name, path in self.paths.items() if (found := _get(config, path))}

    def nest(self, flat: Flat) -> dict[str, Any]:
        """Return a flat configuration of all parameters as a nested one."""
        config: dict[str, Any] = {}
        for name, path in self.paths.items():
            inner = config
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = flat[name]
        return config

    def fit(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a nested `config` with its values as the search would draw them, and nothing else.

        Raises:
            DoesNotFit: it lacks a parameter, or has a value that is not in the space.
        """
        flat = self.flatten(config)
        for name in self.domains:
            if name not in flat:
                raise DoesNotFit(name, "")
        return self.nest({name: self.convert(name, value) for name, value in flat.items()})

    def identity(self, config: Mapping[str, Any]) -> Hashable:
        """Return a key that two configurations share exactly if the program sees the same values."""
        flat = self.flatten(config)
        return tuple(domain.identity(flat.get(name)) for name, domain in self.domains.items())

    def holds(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a nested `config` is in the space."""
        try:
            self.fit(config)
        except DoesNotFit:
            return False
        return True

    def is_used_up(self, tried: Collection[Hashable]) -> bool:
        """Tell whether a set of identities holds every configuration of the space."""
        if self.size is None or len(tried) < self.size:
            return False
        inside = [key for key in tried if isinstance(key, tuple) and all(isinstance(n, int) for n in key)]
        return len(set(inside)) >= self.size

    def draw_untried(self, tried: Collection[Hashable], given: Flat, seed: int) -> dict[str, Any] | None:
        """Draw a configuration that was not tried yet, each with the same chance, from a finite space.

        Args:
            tried: the identities of those that were.
            given: values, by dotted name, that the configuration must have.
            seed: any integer.

        Returns:
            A nested configuration; None if all were tried.
        """
        assert self.size is not None
        choices = {name: self._choices(name, given) for name in self.domains}
        generator = random.Random(seed)
        if math.prod(len(values) for values in choices.values()) > _MOST_LISTED:
            return self._draw_by_chance(choices, tried, generator)
        left = [c for c in self._configurations(choices) if self.identity(c) not in tried]
        return generator.choice(left) if left else None

    def _choices(self, name: str, given: Flat) -> Sequence[Any]:
        domain = self.domains[name]
        assert isinstance(domain, Listed)
        return [given[name]] if name in given else domain.values

    def _configurations(self, choices: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
        for values in itertools.product(*choices.values()):
            yield self.nest(dict(zip(choices, values, strict=True)))

    def _draw_by_chance(
        self,
        choices: Mapping[str, Sequence[Any]],
        tried: Collection[Hashable],
        generator: random.Random,
    ) -> dict[str, Any]:
        while True:
            config = self.nest({n: values[generator.randrange(len(values))] for n, values in choices.items()})
            if self.identity(config) not in tried:
                return config


def make_space(config: Mapping[str, Any]) -> Space | None:
    """Return the space of a checked sweep file; None if a function of its scheduler block defines it.

    The values depend on the method: in steps of 4 from 1 to 10, grid and Optuna try 1, 5 and 9, while W&B's
    random and bayes try 0, 4 and 8.
    """
    scheduler = config.get("scheduler", {})
    if "search_space" in scheduler:
        return None
    specs = dict(_walk(config["parameters"], ()))
    paths = {".".join(path): path for path in specs}
    if scheduler.get("engine") == "optuna":
        return Space({".".join(path): optuna_domain(spec) for path, spec in specs.items()}, paths)
    method = config["method"]
    return Space({".".join(path): wandb_domain(spec, method) for path, spec in specs.items()}, paths)


def plain_identity(config: Mapping[str, Any]) -> Hashable:
    """Return the identity of a configuration of an unknown space."""
    return json.dumps(config, sort_keys=True, default=repr)


def _walk(parameters: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, spec in parameters.items():
        if isinstance(spec.get("parameters"), dict):
            yield from _walk(spec["parameters"], (*path, name))
        else:
            yield (*path, name), spec


def _get(config: Any, path: Path) -> list[Any]:
    for part in path:
        if not isinstance(config, Mapping) or part not in config:
            return []
        config = config[part]
    return [config]
