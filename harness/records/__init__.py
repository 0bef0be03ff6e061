"""What the product reads and writes: cases, answers, run records, policies."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value that refuses fields it does not know: the configuration that every stored type shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
