"""One place where the answers of a model version come from, whatever the mode."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Protocol

from harness.config import HarnessConfig, ModelConfig, pytest_options
from harness.endpoints.parse import parse
from harness.errors import ConfigError, MissingRecordingError
from harness.recording import Cassette, Interaction, Recorder, UnfitAnswerError
from harness.recording.cassette import cassettes_of
from harness.recording.secrets import secret_fields
from harness.records.answer import Completion, Request, request_key
from harness.records.case import Case
from harness.records.run import Mode, RunRecord
from harness.runs.judge import Judge
from harness.runs.requests import body_for, is_asking, opened, secrets_of

if TYPE_CHECKING:
    from harness.endpoints.batch import BatchForm
    from harness.endpoints.callable import OutputsFile
    from harness.endpoints.pace import CostLimit
    from harness.endpoints.parse import Answer
    from harness.endpoints.retry import Retrying
    from harness.recording.application import HttpCassettes, HttpUse
    from harness.runs.fetching import Fetcher, FetchJob


def cassette_path(folder: Path, label: str, suite: str) -> Path:
    """`cassettes/<model>@<version>/<suite>.jsonl`."""
    return folder / label / f"{suite}.jsonl"


class Replay:
    """Looks answers up. Each cassette file is read once, when a case of its suite first needs it."""

    def __init__(self, folder: Path, model: ModelConfig) -> None:
        self._folder = folder
        self._labels = (model.label, *model.lineage)
        self._cassettes: dict[tuple[str, str], Cassette] = {}

    def cassette(self, label: str, suite: str) -> Cassette:
        """The cassette of a model version for a suite; empty if there is no file."""
        place = (label, suite)
        if place not in self._cassettes:
            self._cassettes[place] = Cassette(cassette_path(self._folder, label, suite))
        return self._cassettes[place]

    def forget(self, suite: str) -> None:
        """Read the model's own cassette again when it is next asked: another process may have added to it."""
        self._cassettes.pop((self._labels[0], suite), None)

    def get(self, suite: str, key: str) -> Completion | None:
        """The recorded answer to a request, or None."""
        for label in self._labels:
            interaction = self.cassette(label, suite).get(key)
            if interaction is not None:
                return completion_of(interaction)
        return None


_OF_THE_ANSWER = (
    *("output", "raw_output", "reasoning", "tool_calls", "call_in_text", "finish_reason", "resolved_model"),
    *("system_fingerprint", "runtime", "latency_s", "first_token_s", "prompt_tokens", "completion_tokens", "cost"),
)


def differing(run: RunRecord, cases: Mapping[str, Case], judge: Judge, replay: Replay) -> Iterator[str | None]:
    """Each answer of a record beside its recording: where they differ, else an empty text; None where there is none.

    Args:
        cases: by digest.
        judge: of the model as it was when the record was made.
    """
    for result in run.cases:
        case = cases.get(result.digest)
        if case is not None and judge.exposure(case) != result.exposure:
            yield f"{result.key}: is recorded as {result.exposure}, the training data of its model say otherwise"
        for sample in result.samples:
            if sample.recorded_at is None:
                continue
            found: Completion | None = None
            if case is not None:
                key = Request(body=body_for(case, judge.model), sample=sample.sample).key
                suites = dict.fromkeys((result.suite, case.suite))
                found = next((one for suite in suites if (one := replay.get(suite, key))), None)
            if case is None or found is None or found.recorded_at != sample.recorded_at:
                yield None
                continue
            again = judge.sample(case, found, sample.sample)
            others = [name for name in _OF_THE_ANSWER if getattr(again, name) != getattr(sample, name)]
            yield f"{result.key}, sample {sample.sample}: the cassette has other {', '.join(others)}" if others else ""


def read_back(path: Path, key: str) -> Completion | None:
    """An answer that this run has recorded, read again from its file; None if it is no longer there."""
    interaction = Cassette(path).get(key)
    return None if interaction is None else completion_of(interaction)


def completion_of(interaction: Interaction) -> Completion:
    """The stored body through the same parser as a live one."""
    return parse(interaction.body, interaction.content_type).model_copy(
        update={
            "latency_s": interaction.latency_s,
            "first_token_s": interaction.first_token_s,
            "recorded_at": interaction.recorded_at,
            "runtime": interaction.runtime,
        }
    )


def cost_limit_of(ceiling: float | None, models: Iterable[ModelConfig]) -> CostLimit | None:
    """One cost_limit for a session's models.

    Raises:
        ConfigError: the limit is not an amount of money, or the models' prices are in different currencies.
    """
    if ceiling is None:
        return None
    if not 0 < ceiling < float("inf"):
        raise ConfigError(f"--max-cost: found {ceiling}; accepted: an amount above 0, in the currency of the prices")
    currencies = sorted({model.price.currency for model in models if model.price})
    if len(currencies) > 1:
        raise ConfigError(f"--max-cost: the models' prices are in {' and '.join(currencies)}; run them apart")
    from harness.endpoints.pace import CostLimit

    return CostLimit(ceiling)


def refuse_unpriced(model: ModelConfig) -> None:
    """A cost limit needs a price.

    Raises:
        ConfigError: says which setting is missing.
    """
    if model.price is None and model.kind in ("openai", "responses", "litellm", "callable"):
        raise ConfigError(
            f"--max-cost: model {model.name} has no price; set price = {{ input = ..., output = ... }} (money for "
            f"a million tokens) in [tool.harness.models.{model.name}]"
        )


def refuse_secrets(model: ModelConfig) -> None:
    """Settings are kept in run records and, as part of each request, in cassettes; so they may hold no key."""
    settings = {
        "extra_body": model.extra_body,
        "system": model.system,
        "training": model.training,
        "headers": {name: value for name, value in model.headers.items() if isinstance(value, str)},
        "query": model.query,
    }
    fields = secret_fields({name: value for name, value in settings.items() if value})
    known = secrets_of(model)
    fields += [name for name, value in settings.items() if value and known.found_in_body(json.dumps(value))]
    if fields:
        raise ConfigError(
            f"model {model.name}: {fields[0]}: holds a secret, which would be kept with every answer; take it out: "
            "keys come from the environment alone (api_key_env = 'NAME_OF_THE_VARIABLE')"
        )


_MOST_PLACES = 1_000
"""Places that are kept, of the cases that are waited for now."""


class AnswerListener(Protocol):
    """Hears each answer, so that other processes can follow."""

    def __call__(self, job: FetchJob, completion: Completion) -> None:
        """One answer."""

    def ended(self, fatal: str | None) -> None:
        """No more will come, and why if something went wrong."""


class Answers:
    """The answers of one model version in one session.

    Args:
        mode: replay reads cassettes alone; record asks for what they lack; refresh asks for all; live reads none.
        live_file: where `live` keeps its answers.
        on_answer: called with each fetched completion, so that other workers can follow.
        cost_limit: what all models of the session may cost together.
        batch: ask by the Batch API; gets a sentence for the terminal now and then.

    Raises:
        ConfigError: something secret is in the model's settings, or a ceiling of cost and no price.
    """

    def __init__(
        self,
        config: HarnessConfig,
        model: ModelConfig,
        mode: Mode,
        *,
        live_file: Path,
        max_concurrency: int | None = None,
        budget: int | None = None,
        on_answer: AnswerListener | None = None,
        cost_limit: CostLimit | None = None,
        retrying: Retrying | None = None,
        batch: Callable[[str], None] | None = None,
    ) -> None:
        refuse_secrets(model)
        if cost_limit is not None and mode != "replay":
            refuse_unpriced(model)
        self.model = model
        self.mode = mode
        self._config = config
        self._folder = config.root / config.cassettes
        self._replay = Replay(self._folder, model)
        self._outputs = self._outputs_file() if model.kind == "outputs" else None
        self._live_file = live_file
        self._max_concurrency = max_concurrency or model.max_concurrency
        self._budget = budget
        self._cost_limit = cost_limit
        self._retrying = retrying
        self._batch = batch
        self._batch_form: BatchForm | None = None
        if batch is not None:
            from harness.endpoints.batch import ARK_CONCURRENCY, form_at

            self._batch_form = model.batch or form_at(model.base_url)
            if self._batch_form == "ark":
                self._max_concurrency = max_concurrency or max(ARK_CONCURRENCY, model.max_concurrency)
        self._unanswered: dict[tuple[str, str], Completion] = {}
        self.batch_requests = 0
        self._secrets = secrets_of(model)
        self._http = self._http_cassettes() if model.record_http and mode != "live" else None
        self.runs_offline = self._http is not None and mode == "replay"
        """Whether a replay calls a function, which gets its recorded HTTP, instead of reading recorded answers."""
        self._on_answer = on_answer
        self.notes: list[str] = []
        """What a user should know about the recording; for the summary of the run."""
        self._recorders: dict[Path, Recorder] = {}
        self._resources = contextlib.ExitStack()
        self._resources_closed = False
        self.fetcher: Fetcher | None = None
        self._endpoint: object = None
        self._places: dict[tuple[int, int], tuple[Case, tuple[str, str]]] = {}
        self._keys_of_several_suites: frozenset[str] = frozenset()
        self.also_recorded_in: tuple[str, ...] = ()
        """Suites that a selection takes its cases from: their recordings serve it too."""

    def _http_cassettes(self) -> HttpCassettes:
        from harness.recording.application import HttpCassettes

        return HttpCassettes(
            self._folder / self.model.label,
            "replay" if self.mode == "replay" else "refresh" if self.mode == "refresh" else "record",
            secrets=self._secrets,
            allow_hosts=self.model.allow_hosts,
            is_ours=is_asking,
        )

    def _use_http(self) -> AbstractContextManager[HttpUse]:
        from harness.runs.fetching import asked_job

        job = asked_job.get()
        assert self._http is not None
        assert job is not None
        return self._http.use(job.suite, job.key)

    def _outputs_file(self) -> OutputsFile:
        from harness.endpoints.callable import OutputsFile

        if not self.model.outputs:
            raise ConfigError(f"model {self.model.name}: kind outputs needs outputs = 'FILE.jsonl'")
        return OutputsFile(self._config.root / self.model.outputs, self.model.name)

    def request(self, case: Case, sample: int) -> Request:
        """The request of a case's sample."""
        return Request(body=body_for(case, self.model), sample=sample)

    def _place_of(self, case: Case, sample: int) -> tuple[str, str]:
        """Suite and key of a request. Whoever waits for an answer looks for it many times."""
        known = self._places.get((id(case), sample))
        if known is not None and known[0] is case:
            return known[1]
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        place = (case.suite, request_key(body_for(case, self.model), sample))
        self._places[id(case), sample] = (case, place)
        return place

    def recorded(self, case: Case, sample: int) -> Completion | None:
        """The recorded answer, without asking anybody; None if there is none (or the mode reads none)."""
        if self._outputs is not None:
            return self._without_secret(self._outputs.get(case.suite, case.id, sample), str(self._outputs.path))
        if self.mode in ("refresh", "live") or self.runs_offline:
            return None
        key = self._place_of(case, sample)[1]
        if self._http is not None and not self._http.has(case.suite, key):
            return None
        for suite in dict.fromkeys((case.suite, *self.also_recorded_in)):
            found = self._replay.get(suite, key)
            if found:
                return self._without_secret(found, f"the cassette of {suite}")
        return None

    def _without_secret(self, completion: Completion | None, where: str) -> Completion | None:
        """A recorded answer; one that repeats a key is not judged, shown or written again."""
        if completion is None or not self._secrets.echoed_in(completion):
            return completion
        note = (
            f"{where} holds an answer that repeats the value of a key: revoke the key, then run: "
            "harness cassettes verify"
        )
        if note not in self.notes:
            self.notes.append(note)
        return Completion(unusable="secret_echoed")

    def missing(self, cases: Sequence[Case], samples: int) -> list[FetchJob]:
        """Requests that this mode must make, in the order of the cases, each key once."""
        if (self.mode == "replay" and not self.runs_offline) or self._outputs is not None:
            return []
        from harness.runs.fetching import FetchJob  # it brings asyncio, which no replay needs

        jobs: dict[tuple[str, str], FetchJob] = {}
        for case in cases:
            for sample in range(samples):
                place = self._place_of(case, sample)
                if place in jobs:
                    jobs[place] = replace(jobs[place], readers=jobs[place].readers + 1)
                elif self.recorded(case, sample) is None:
                    jobs[place] = FetchJob(place[1], case.suite, sample, body_for(case, self.model))
        return list(jobs.values())

    def start(self, jobs: Sequence[FetchJob], *, released: int | None = None) -> None:
        """Open the endpoint and the cassettes, and begin fetching. Without jobs nothing is opened.

        Args:
            released: so many of the jobs are asked; `release` lets more follow. [default: all]
        """
        for suite in dict.fromkeys(job.suite for job in jobs if not self.runs_offline):
            self._recorder(suite)  # reported now that a cassette cannot be written, not after the first answer
        jobs = self._still_missing(jobs)
        if self._batch is not None and self._batch_form == "openai":
            jobs = self._asked_in_batches(jobs, self._batch)
        if not jobs:
            return
        endpoint = self._endpoint = self._resources.enter_context(
            opened(
                self.model,
                self._config.root,
                retrying=self._retrying,
                http=self._use_http if self._http else None,
                batch=self._batch_form,
            )
        )
        from harness.endpoints.pace import Pace, TokenPrice
        from harness.runs.fetching import Fetcher

        price = self.model.price
        pace = Pace(
            max_concurrency=self._max_concurrency,
            rpm=self.model.rpm,
            tpm=self.model.tpm,
            budget=self._budget,
            cost_limit=self._cost_limit,
            price=TokenPrice(price.input, price.output) if price else None,
            timeout_s=self.model.timeout_s if self._batch_form is None else None,
        )
        suites_of_key = Counter(job.key for job in jobs)
        self._keys_of_several_suites = frozenset(key for key, suites in suites_of_key.items() if suites > 1)
        first_alone = self._batch_form != "ark"
        self.fetcher = Fetcher(endpoint, jobs, self._keep, pace=pace, released=released, first_alone=first_alone)
        self.fetcher.start()

    def _asked_in_batches(self, jobs: Sequence[FetchJob], tell: Callable[[str], None]) -> list[FetchJob]:
        """Wait for batches; what is left is asked as usual: the Batch API streams nothing."""
        import asyncio

        from harness.endpoints.chat import ChatEndpoint
        from harness.runs.batches import BatchRun, Submissions

        streamed = [job for job in jobs if job.body.get("stream")]
        whole = [job for job in jobs if not job.body.get("stream")]
        submissions = Submissions(self._folder / self.model.label / "batches")
        try:
            if whole or submissions.open_ones():
                with opened(self.model, self._config.root) as endpoint:
                    assert isinstance(endpoint, ChatEndpoint)
                    run = BatchRun(
                        endpoint,
                        submissions,
                        keep=self._keep,
                        is_kept=lambda job: self._replay.get(job.suite, job.key) is not None,
                        tell=tell,
                        label=self.model.name,
                        redact=self._secrets.redacted,
                    )
                    asyncio.run(run.run(whole))
                self._unanswered = run.failed
                self.batch_requests = run.requests
        finally:
            submissions.close()
        for suite in {job.suite for job in whole}:
            self._replay.forget(suite)
        if streamed:
            self.notes.append(
                f"{self.model.label}: {len(streamed)} requests are streamed, which no batch is; they were asked one by "
                "one, at the full price"
            )
        return streamed

    def _still_missing(self, jobs: Sequence[FetchJob]) -> list[FetchJob]:
        """Without what another recorder wrote while this one waited for the cassette."""
        if self.mode != "record":
            return list(jobs)
        for suite in dict.fromkeys(job.suite for job in jobs):
            self._replay.forget(suite)
        return [
            job
            for job in jobs
            if self._replay.get(job.suite, job.key) is None or (self._http and not self._http.has(job.suite, job.key))
        ]

    def completion(
        self, case: Case, sample: int, wait: Callable[[Future[Completion]], Completion] = Future.result
    ) -> Completion | None:
        """The answer of a case's sample, waiting for it if it is being fetched; None if nobody has one.

        Raises:
            HarnessError: the asking ended without it, and why.
        """
        if self._unanswered:
            unanswered = self._unanswered.get(self._place_of(case, sample))
            if unanswered is not None:
                return unanswered
        if self.fetcher is None:
            return self.recorded(case, sample)
        place = self._place_of(case, sample)
        if place in self.fetcher:
            completion = wait(self.fetcher.future(place))
            self._taken(place, completion)
            return completion
        if self.fetcher.was_asked(place):
            return read_back(self._file_of(case.suite), place[1])
        return self.recorded(case, sample)

    def is_there(self, case: Case, sample: int) -> bool:
        """Whether `completion` would neither wait nor say that the asking has ended."""
        if self.fetcher is None:
            return True
        place = self._place_of(case, sample)
        if place not in self.fetcher:
            return True
        return self.fetcher.has_answer(place)

    def _taken(self, place: tuple[str, str], completion: Completion) -> None:
        """Let the fetcher forget an answer that can be read again (a plugin may run a failed case once more)."""
        assert self.fetcher is not None
        is_kept = completion.recorded_at is not None and not self.runs_offline
        # the file of a live run holds the answers of all suites: there a key of two suites would find either
        if is_kept and (self.mode != "live" or place[1] not in self._keys_of_several_suites):
            self.fetcher.taken(place)

    @property
    def command(self) -> str:
        """The command that asks this model again, without a mode."""
        model = self.model
        words = pytest_options(self._config, model.name, model.model or model.name, model.base_url)
        return " ".join(["pytest", *map(quote, words)])

    def has_cassette(self, suite: str) -> bool:
        """Whether anything at all is recorded for a suite, by this version or one that it is derived from."""
        if self._outputs is not None:
            return True
        if self._http is not None:
            return self._http.has_any(suite)
        labels = (self.model.label, *self.model.lineage)
        suites = (suite, *self.also_recorded_in)
        return any(len(self._replay.cassette(label, name)) for label in labels for name in suites)

    @cached_property
    def _kept(self) -> list[str]:
        """The suites that this version has cassettes of."""
        return [path.stem for path in cassettes_of(self._folder, self.model.label)]

    def nothing_recorded(self, suites: Sequence[str], cases: int) -> str:
        """The error of a replay of suites of which not one answer is recorded; `cases` is how many they hold."""
        folder = Path(self._config.cassettes) / self.model.label
        kept = self._kept
        labels = sorted({path.parent.name for path in cassettes_of(self._folder)})
        some = f"; recorded are {', '.join(kept)}" if kept else f"; recorded are {', '.join(labels)}" if labels else ""
        roots = [self._config.root / one for one in self._config.suites]
        there = [name for name in kept if any(root.name == name or (root / name).is_dir() for root in roots)]
        only = f"; or name what is recorded: {self.command} --suites={quote((there or kept)[0])}" if kept else ""
        if kept and not there and len(suites) == 1:
            only = f"; if suite {kept[0]} is now {suites[0]}, rename its file in {folder}, and no answer is lost"
        elif kept and len(suites) == 1:
            only += f"; or, if its cases came out of another suite, copy that one's file in {folder} under its name"
        return (
            f"no answers of {self.model.label} are recorded in {folder} for {', '.join(suites)} "
            f"({cases} {'case' if cases == 1 else 'cases'}){some}. "
            f"Run: {self.command} --cassette-mode=record (or live, to keep no cassette){only}"
        )

    def no_recording(self, case: Case, sample: int) -> MissingRecordingError:
        """The error of a replay that finds nothing."""
        if self._outputs is not None:
            which = f" (sample {sample})" if sample else ""
            return MissingRecordingError(f"{self._outputs.path} holds no output for {case.key}{which}")
        path = cassette_path(Path(self._config.cassettes), self.model.label, case.suite)
        which = f", sample {sample}" if sample else ""
        option = f" --samples={sample + 1}" if sample else ""
        if self._kept and case.suite not in self._kept:
            return MissingRecordingError(
                f"no answer of {self.model.label} is recorded for suite {case.suite} ({case.id}{which}); "
                f"run: {self.command}{option} --cassette-mode=record; or name what is recorded: "
                f"{self.command} --suites={quote(self._kept[0])}"
            )
        return MissingRecordingError(
            f"no recorded answer of {self.model.label} for {case.key}{which} in {path} "
            f"(the prompt or a setting of the model may have changed since); "
            f"run: {self.command}{option} --cassette-mode=record"
        )

    def _recorder(self, suite: str) -> Recorder:
        path = self._file_of(suite)
        if path not in self._recorders:
            recorder = self._recorders[path] = Recorder(path, secrets=self._secrets)
            if recorder.cut_bytes:
                self.notes.append(
                    f"{path}: a last line of {recorder.cut_bytes} bytes was torn (the run that wrote it was killed); "
                    "it was taken away, and its answer is asked for again"
                )
        return self._recorders[path]

    def _file_of(self, suite: str) -> Path:
        return self._live_file if self.mode == "live" else cassette_path(self._folder, self.model.label, suite)

    def _keep(self, job: FetchJob, answer: Answer) -> Completion:
        from harness.endpoints.callable import NOT_RECORDED  # there is an endpoint, or this is not called

        completion = answer.completion
        if completion.unusable == NOT_RECORDED and not any(answer.said in note for note in self.notes):
            run = f"{self.command} --cassette-mode=record"
            self.notes.append(f"{job.suite}: {answer.said}; run: {run}")
        if self._secrets.echoed_in(completion):
            completion = Completion(unusable="secret_echoed")
        elif answer.exchange is not None and not self.runs_offline:
            try:
                self._recorder(job.suite).append(
                    answer.exchange, sample=job.sample, model=completion.model, runtime=completion.runtime
                )
            except UnfitAnswerError as error:
                completion = Completion(unusable=error.reason)
        if self._on_answer is not None:
            self._on_answer(job, completion)
        return completion

    def keep_live_file_as(self, path: Path) -> None:
        """Give the answers of a `live` run the name of its run record."""
        if self._live_file.is_file():
            self._live_file.replace(path)

    def _changes(self) -> list[str]:
        changes = getattr(self._endpoint, "changes", ())
        if not changes:
            return []
        settings = getattr(self._endpoint, "settings", ())
        hint = f". Set {' and '.join(settings)} to send them so from the start" if settings else ""
        return [f"{self.model.label}: the endpoint refuses a part of the requests; sent {', '.join(changes)}{hint}"]

    def close(self) -> None:
        """Stop asking, end the local server, release the cassettes; idempotent."""
        if self.fetcher is not None:
            self.fetcher.stop()
            slowest = self.fetcher.lowest_concurrency
            if slowest < self._max_concurrency and not self._resources_closed:
                self.notes.append(
                    f"{self.model.label}: the endpoint wanted fewer requests (429) or did not answer in time; at times "
                    f"{slowest} at one time in place of {self._max_concurrency}. Set max_concurrency, rpm or tpm of "
                    "the model"
                )
            if not self._resources_closed:
                self.notes += [f"{self.model.label}: {note}" for note in self.fetcher.notes]
                self.notes += self._changes()
        self._resources_closed = True
        self._resources.close()
        for recorder in self._recorders.values():
            recorder.close()
        self._recorders.clear()
        if self._on_answer is not None:
            self._on_answer.ended(str(self.fetcher.fatal) if self.fetcher and self.fetcher.fatal else None)
