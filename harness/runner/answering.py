"""One place where the answers of a model version come from, whatever the mode."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.answer import Answer
from harness.endpoints.outputs import OutputsFile
from harness.recording import Recorder
from harness.records.case import Case
from harness.records.completion import Completion
from harness.records.errors import ConfigError, MissingRecordingError
from harness.records.request import Request
from harness.records.run import Mode
from harness.runner.fetching import Fetcher, Job
from harness.runner.opening import opened
from harness.runner.prompting import body_for
from harness.runner.replaying import Replay, cassette_path


class Answers:
    """The answers of one model version in one session.

    Args:
        mode: replay reads cassettes alone; record asks for what they lack; refresh asks for all; live reads none.
        live_file: where `live` keeps its answers.
        told: called with each fetched completion, so that other workers can follow.
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
        told: Callable[[Job, Completion], None] | None = None,
    ) -> None:
        self.model = model
        self.mode = mode
        self._config = config
        self._folder = config.root / config.cassettes
        self._replay = Replay(self._folder, model)
        self._outputs = self._outputs_file() if model.kind == "outputs" else None
        self._live_file = live_file
        self._max_concurrency = max_concurrency or model.max_concurrency
        self._budget = budget
        self._told = told
        self._recorders: dict[Path, Recorder] = {}
        self._resources = contextlib.ExitStack()
        self.fetcher: Fetcher | None = None

    def _outputs_file(self) -> OutputsFile:
        if not self.model.outputs:
            raise ConfigError(f"model {self.model.name}: kind outputs needs outputs = 'FILE.jsonl'")
        return OutputsFile(self._config.root / self.model.outputs, self.model.name)

    def request(self, case: Case, sample: int) -> Request:
        """The request of a case's sample."""
        return Request(body=body_for(case, self.model), sample=sample)

    def recorded(self, case: Case, sample: int) -> Completion | None:
        """The answer that lies ready, without asking anybody; None if there is none (or the mode reads none)."""
        if self._outputs is not None:
            return self._outputs.get(case.suite, case.id, sample)
        if self.mode in ("refresh", "live"):
            return None
        return self._replay.get(case.suite, self.request(case, sample).key)

    def missing(self, cases: Sequence[Case], samples: int) -> list[Job]:
        """Requests that this mode must make, in the order of the cases, each key once."""
        if self.mode == "replay" or self._outputs is not None:
            return []
        jobs: dict[tuple[str, str], Job] = {}
        for case in cases:
            for sample in range(samples):
                request = self.request(case, sample)
                place = (case.suite, request.key)
                if place not in jobs and self.recorded(case, sample) is None:
                    jobs[place] = Job(request.key, case.suite, sample, request.body)
        return list(jobs.values())

    def start(self, jobs: Sequence[Job]) -> None:
        """Open the endpoint and the cassettes, and begin fetching. Without jobs nothing is opened."""
        if not jobs:
            return
        for suite in dict.fromkeys(job.suite for job in jobs):
            self._recorder(suite)  # told now that a cassette cannot be written, not after the first answer
        endpoint = self._resources.enter_context(
            opened(self.model, self._config.root, max_concurrency=self._max_concurrency)
        )
        self.fetcher = Fetcher(endpoint, jobs, self._keep, max_concurrency=self._max_concurrency, budget=self._budget)
        self.fetcher.start()

    def pending(self, case: Case, sample: int) -> "Future[Completion] | None":
        """The answer that is being fetched, if it is."""
        if self.fetcher is None:
            return None
        place = (case.suite, self.request(case, sample).key)
        return self.fetcher.future(place) if place in self.fetcher else None

    def has_cassette(self, suite: str) -> bool:
        """Whether anything at all is recorded for a suite, by this version or one that it is derived from."""
        if self._outputs is not None:
            return True
        labels = (self.model.label, *self.model.lineage)
        return any(len(self._replay.cassette(label, suite)) for label in labels)

    def nothing_recorded(self, suites: Sequence[str]) -> str:
        """The error of a replay without any cassette."""
        folder = Path(self._config.cassettes) / self.model.label
        kept = sorted(path.parent.name for path in self._folder.glob("*@*/*.jsonl"))
        known = f" (recorded are: {', '.join(dict.fromkeys(kept))})" if kept else ""
        return (
            f"no answers of {self.model.label} are recorded in {folder} for {', '.join(suites)}{known}; "
            f"run: pytest --model={self.model.name} --cassette-mode=record (or live, to keep no cassette)"
        )

    def no_recording(self, case: Case, sample: int) -> MissingRecordingError:
        """The error of a replay that finds nothing."""
        if self._outputs is not None:
            which = f" (sample {sample})" if sample else ""
            return MissingRecordingError(f"{self._outputs.path} holds no output for {case.suite}/{case.id}{which}")
        path = cassette_path(Path(self._config.cassettes), self.model.label, case.suite)
        which = f", sample {sample}" if sample else ""
        option = f" --samples={sample + 1}" if sample else ""
        return MissingRecordingError(
            f"no recorded answer of {self.model.label} for {case.suite}/{case.id}{which} in {path} "
            f"(the prompt or a setting of the model may have changed since); "
            f"run: pytest --model={self.model.name}{option} --cassette-mode=record"
        )

    def _recorder(self, suite: str) -> Recorder:
        path = self._live_file if self.mode == "live" else cassette_path(self._folder, self.model.label, suite)
        if path not in self._recorders:
            self._recorders[path] = Recorder(path, secrets=_secrets(self._config))
        return self._recorders[path]

    def _keep(self, job: Job, answer: Answer) -> None:
        if answer.exchange is not None:
            completion = answer.completion
            self._recorder(job.suite).append(
                answer.exchange, sample=job.sample, model=completion.model, runtime=completion.runtime
            )
        if self._told is not None:
            self._told(job, answer.completion)

    def keep_live_file_as(self, path: Path) -> None:
        """Give the answers of a `live` run the name of its run record."""
        if self._live_file.is_file():
            self._live_file.replace(path)

    def close(self) -> None:
        """Stop asking, end the local server, release the cassettes."""
        if self.fetcher is not None:
            self.fetcher.stop()
        self._resources.close()
        for recorder in self._recorders.values():
            recorder.close()
        self._recorders.clear()


def _secrets(config: HarnessConfig) -> list[str]:
    """Values of every key variable that the configuration names."""
    import os

    names = {settings.get("api_key_env") for settings in config.models.values()} | {"OPENAI_API_KEY"}
    return [value for name in names if isinstance(name, str) and (value := os.environ.get(name, "").strip())]
