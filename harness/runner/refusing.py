"""What is refused before a model is asked at all: secrets in its settings, a ceiling of cost that cannot be kept."""

from collections.abc import Iterable

from harness.config import ModelConfig
from harness.endpoints.spending import Purse
from harness.recording.secrets import secret_fields
from harness.records.errors import ConfigError
from harness.runner.opening import secrets_of


def purse_of(ceiling: float | None, models: Iterable[ModelConfig]) -> Purse | None:
    """One purse for a session's models.

    Raises:
        ConfigError: the ceiling is no amount of money, or the models' prices are in different currencies.
    """
    if ceiling is None:
        return None
    if not 0 < ceiling < float("inf"):
        raise ConfigError(f"--max-cost: found {ceiling}; accepted: an amount above 0, in the currency of the prices")
    currencies = sorted({model.price.currency for model in models if model.price})
    if len(currencies) > 1:
        raise ConfigError(f"--max-cost: the models' prices are in {' and '.join(currencies)}; run them apart")
    return Purse(ceiling)


def refuse_unpriced(model: ModelConfig) -> None:
    """A ceiling of cost says nothing about a model without a price.

    Raises:
        ConfigError: says which setting is missing.
    """
    if model.price is None and model.kind in ("openai", "callable"):
        raise ConfigError(
            f"--max-cost: model {model.name} has no price; set price = {{ input = ..., output = ... }} (money for "
            f"a million tokens) in [tool.harness.models.{model.name}]"
        )


def refuse_secrets(model: ModelConfig) -> None:
    """Settings are kept in run records and, as part of each request, in cassettes; so no key may stand in them."""
    settings = {"extra_body": model.extra_body, "system": model.system, "training": model.training}
    fields = secret_fields({name: value for name, value in settings.items() if value})
    known = secrets_of(model)
    fields += [name for name, value in settings.items() if value and known.found_in(str(value))]
    if fields:
        raise ConfigError(
            f"model {model.name}: {fields[0]}: holds a secret, which would be kept with every answer; take it out: "
            "keys come from the environment alone (api_key_env = 'NAME_OF_THE_VARIABLE')"
        )
