"""What requests may say, checked by pydantic: types, ranges and names; an unknown option names the nearest
one.

These models exist only at this edge. Every option that is left out takes the server's configured value.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from api.config import MAX_TOP_K, RetrieverName, nearest
from api.question import MAX_QUESTION_CHARS

MAX_DOCUMENTS = 1_000
# What generator.options.AnswerOptions accepts; here so that the API's description says it.
MAX_SEED = 2**63 - 1
MAX_TEMPERATURE = 100
MAX_ANSWER_TOKENS = 90

Question = Annotated[str, StringConstraints(max_length=MAX_QUESTION_CHARS)]
DocumentName = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class Body(BaseModel):
    """A JSON object that takes no unknown members."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _known_options(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for name in value:
                if name not in cls.model_fields:
                    raise ValueError(f"unknown option {name!r}{nearest(str(name), cls.model_fields)}")
        return value


class SearchOptions(Body):
    """How passages are found."""

    top_k: int | None = Field(None, ge=1, le=MAX_TOP_K, description="passages given to the answerer")
    retriever: RetrieverName | None = Field(None, description="which retriever proposes passages")
    rerank: bool | None = Field(None, description="whether the reranker orders them")
    documents: list[DocumentName] = Field(
        default_factory=list,
        max_length=MAX_DOCUMENTS,
        description="ids to stay within; none given: all documents",
    )


class SearchBody(SearchOptions):
    """POST /v1/search."""

    query: Question


class CompareBody(SearchOptions):
    """POST /v1/compare: one question, answered with the documents and without."""

    question: Question
    verify: bool | None = Field(
        None, description="whether sentences that their source does not support are dropped"
    )
    abstain: bool | None = Field(None, description="whether the answer may be that the documents do not say")
    risk: float | None = Field(
        None, ge=0, le=1, description="accepted share of wrong answers among those given"
    )
    temperature: float | None = Field(
        None, ge=0, le=MAX_TEMPERATURE, description="0: one draft of the likeliest words, the others near it"
    )
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    max_tokens: int | None = Field(None, ge=1, le=MAX_ANSWER_TOKENS)


class ExperimentBody(Body):
    """POST /v1/experiments: a shipped experiment by its name, or a definition."""

    name: str | None = Field(None, max_length=64, description="a shipped experiment, as GET /v1/experiments lists them")
    definition: str | dict[str, Any] | None = Field(
        None, description="an experiment as the text of its TOML file, or the same values as a JSON object"
    )
    limit: int | None = Field(None, ge=0, le=MAX_SEED, description="only so many questions; 0: all of them")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="in place of the experiment's own")

    @field_validator("definition")
    @classmethod
    def _writable(cls, value: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        """It is kept and shown as JSON: what Python reads from JSON and cannot write again would break the list."""
        try:
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError:  # also a ValueError
            raise ValueError("it has characters that are no text (lone surrogates)") from None
        except (ValueError, RecursionError):
            raise ValueError("it has a number that JSON cannot hold (Infinity, NaN), or is nested too deeply") from None
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> ExperimentBody:
        if (self.name is None) == (self.definition is None):
            raise ValueError("give name or definition, one of them")
        return self


class AskBody(CompareBody):
    """POST /v1/ask."""

    mode: Literal["rag", "closed_book"] = Field(
        "rag", description="closed_book: from the decoder's memory alone"
    )
    stream: bool = Field(False, description="answer as server-sent events")
