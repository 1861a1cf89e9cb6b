"""Named checks: a function per condition, its keyword parameters declared by its signature.

``expectations/<kind>.yml`` names a check and its parameters; a misspelt or missing parameter is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ...base.messages import UserError

if TYPE_CHECKING:
    from ...kernels.columns import Marks
    from .chunk import Rows

Mask: TypeAlias = "Marks | None"


class Parameters(BaseModel):
    """Base of parameter models: nothing undeclared passes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Check:
    """One named check: the function and the model of its parameters."""

    def __init__(self, function: Callable[..., Marks | None]):
        self.function = function
        self.name = function.__name__
        parameters = list(inspect.signature(function, eval_str=False).parameters.values())[1:]
        annotations = {
            name: value
            for name, value in inspect.get_annotations(
                function, eval_str=True, locals={"Rows": Any, "Mask": Any}
            ).items()
            if name != "return"
        }
        fields: dict[str, Any] = {
            parameter.name: (
                annotations[parameter.name],
                ... if parameter.default is inspect.Parameter.empty else parameter.default,
            )
            for parameter in parameters
        }
        self.parameters = create_model(f"{self.name}_parameters", __base__=Parameters, **fields)

    def bind(self, rule_id: str, given: dict[str, Any]) -> Callable[[Rows], Marks | None]:
        """The check with its parameters, validated. Raises UserError naming the rule and the place."""
        try:
            model = self.parameters.model_validate(given)
        except ValidationError as error:
            places = "；".join(
                f"{'.'.join(map(str, item['loc']))} {item['msg']}"
                for item in error.errors(include_input=False, include_url=False, include_context=False)
            )
            raise UserError(
                f"规则 {rule_id} 的检查 {self.name} 参数有误：{places}。", remedy="参照其他规则文件改正。"
            ) from None
        arguments = {name: getattr(model, name) for name in type(model).model_fields}
        return lambda rows: self.function(rows, **arguments)


CHECKS: dict[str, Check] = {}


def check(function: Callable[..., Marks | None]) -> Callable[..., Marks | None]:
    """Register a function ``(rows, *, parameters…) -> mask of marked rows``; None marks no row."""
    CHECKS[function.__name__] = Check(function)
    return function
