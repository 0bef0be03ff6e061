"""The records of a version as drift reads them, with the verdicts of today's rules; each is read in full once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json

from harness.decisions.nights import JUDGED_AGAIN, NightRun, Prompt, Prompts, as_night
from harness.errors import RecordError
from harness.files import UnfitFileError, content_of, keep, kept_at
from harness.history import plain_content, read_run, stored_content
from harness.records.run import Outcome, RunRecord
from harness.runs.record import judged_by, rejudged, sentences_of, verified_again
from harness.text import SymbolTable

Key = bytes
"""What names the bytes of a file: `N`, or `Z` where they are packed, and their SHA-256."""

_ASKED = b"P"
_LIMIT = 400_000_000
"""Bytes of what is kept of one version. A night of forty prompts takes 3,000."""
_WRITTEN_EVERY = 32
"""Nights. Whoever stops the first reading of a long history finds most of it the next time."""
_OUTCOMES: dict[str, Outcome] = {
    "a": "aligned", "d": "damaged", "o": "omitted", "f": "failed", "p": "passed", "u": "unscored"
}  # fmt: skip
_MENTIONED: dict[str, bool | None] = {"y": True, "n": False, "-": None}


class ReadNight(NamedTuple):
    """A record as drift reads it, and where it had other verdicts than those of today's rules."""

    run: NightRun
    notes: tuple[str, ...]


class KeptNights:
    """What is left of the nights of one version, in one file of the user's cache folder.

    A line of it is a night under the digest of the bytes of its record; what nights asked is a line of its own, once
    for all that asked the same. Each line carries a digest of itself, so that one that was cut off, or changed, is made
    again. Lines are added at the end, by several processes too: of a year of nights only the new one is read in full.

    Args:
        label: `model@version`; another history with one of that name has its lines in the same file.
    """

    def __init__(self, label: str, symbols: SymbolTable) -> None:
        name = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._path = kept_at("nights", f"{judged_by(symbols)}/{name}")
        self._symbols = symbols
        self._new: list[bytes] = []
        self._used: dict[Key, bytes] = {}
        self._asked: dict[bytes, Prompts] = {}
        self._lines: dict[Key, bytes] = {}
        self._count = 0
        try:
            content = content_of(self._path, limit=_LIMIT)
        except UnfitFileError:
            content, self._count = b"", _LIMIT if self._path.is_file() else -1
        except (OSError, ValueError):
            content = b""
        for line in content.split(b"\n"):
            if line:
                self._count += 1
                self._lines[line[:65]] = line

    def of(self, path: Path) -> ReadNight:
        """The night of a record.

        Raises:
            RecordError: it cannot be read, or not be judged.
        """
        stored = stored_content(path)
        key = key_of(path, stored)
        known = self.known(key)
        if known is not None:
            return known
        content = plain_content(path, stored)
        # one that was packed since: the night is that of its bytes as they were
        known = self.known(_key(b"N", content)) if content is not stored else None
        if known is None:
            run = read_run(path, content)
            known = read_night(run, *verified_again(run, self._symbols), self._symbols)
        self.add(key, known)
        return known

    def known(self, key: Key) -> ReadNight | None:
        """The night of a record that was read before, by its bytes alone."""
        line = self._lines.get(key)
        if line is None:
            return None
        # what is kept may be of any form, once it is damaged; whatever does not fit is made again
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            if _seal(key, line[98:]) == line[66:98]:
                values = from_json(line[98:])
                night = _decoded(values, self._prompts(values[0].encode()))
                self._used[key] = line
                return night
        return None

    def holds(self, key: Key) -> bool:
        """Whether there is a line for it, which may turn out to be damaged."""
        return key in self._lines

    def add(self, key: Key, night: ReadNight) -> None:
        """Keep a night that was read in full."""
        asked = _written([list(one) for one in night.run.prompts.each])
        name = hashlib.sha256(asked).hexdigest().encode()
        if name not in self._asked:
            self._asked[name] = night.run.prompts
            self._new.append(_ASKED + name + b" " + asked)
        body = _written([name.decode(), *_encoded(night)])
        line = key + b" " + _seal(key, body) + body
        self._lines[key] = self._used[key] = line
        self._new.append(line)
        if len(self._new) >= _WRITTEN_EVERY:
            self.write()

    def write(self, *, all_read: bool = False) -> None:
        """Add what is new to the file.

        Args:
            all_read: all nights of the version were read: where most of the file is not theirs, it is replaced.
        """
        if self._count < 0:  # a pipe or a device, which may wait for ever
            return
        if all_read and self._count > 2 * (len(self._used) + len(self._asked)) + _WRITTEN_EVERY and self._used:
            asked = (_ASKED + name + b" " + _written([list(one) for one in prompts.each])
                     for name, prompts in self._asked.items())  # fmt: skip
            lines = [*asked, *self._used.values()]
            draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
            with suppress(OSError):
                try:
                    draft.write_bytes(b"\n".join(lines) + b"\n")
                    draft.replace(self._path)
                finally:
                    draft.unlink(missing_ok=True)
            self._count = len(lines)
        elif self._new:
            # a blank line first: what was added before may have been cut off
            keep(self._path, b"\n" + b"\n".join(self._new) + b"\n", at_end=True)
            self._count += len(self._new)
        self._new = []

    def _prompts(self, name: bytes) -> Prompts:
        """Raises KeyError or ValueError where what the night asked is not kept, or not whole."""
        if name not in self._asked:
            asked = self._lines[_ASKED + name][66:]
            if hashlib.sha256(asked).hexdigest().encode() != name:
                raise ValueError(name)
            self._asked[name] = Prompts(tuple(map(_prompt, from_json(asked))))
        return self._asked[name]


def key_of(path: Path, stored: bytes) -> Key:
    """What names the bytes of a record as they are on the disk."""
    return _key(b"Z" if path.suffix == ".gz" else b"N", stored)


def _key(form: bytes, content: bytes) -> Key:
    return form + hashlib.sha256(content).hexdigest().encode()


def read_night(run: RunRecord, found: Sequence[str], judged: RunRecord | None, symbols: SymbolTable) -> ReadNight:
    """A whole record as drift reads it, and what `verified_again` found in it.

    Raises:
        RecordError: it cannot be judged.
    """
    if found:
        run = rejudged(run, symbols) if judged is None else judged
    return ReadNight(as_night(run), tuple(f"{one}{JUDGED_AGAIN}" for one in sentences_of(run, found)))


def nights_of(
    paths: Iterable[Path], label: str, symbols: SymbolTable, *, known: Mapping[Path, Key] | None = None
) -> tuple[list[ReadNight], list[str]]:
    """The nights of a version, and why others of its records cannot be read.

    Args:
        known: of records that did not change since, what names their bytes: they are not read for it.
    """
    kept = KeptNights(label, symbols)
    found: list[ReadNight] = []
    unreadable: list[str] = []
    for path in paths:
        night = kept.known(key) if known is not None and (key := known.get(path)) else None
        try:
            found.append(kept.of(path) if night is None else night)
        except RecordError as error:
            unreadable.append(str(error))
    kept.write(all_read=True)
    return found, unreadable


def night_of(path: Path, symbols: SymbolTable) -> ReadNight:
    """The night of one record.

    Raises:
        RecordError: it cannot be read, or not be judged.
    """
    kept = KeptNights(path.parent.name, symbols)
    night = kept.of(path)
    kept.write()
    return night


def _seal(key: Key, body: bytes) -> bytes:
    """Of a night and of the record that it is of."""
    return hashlib.sha256(key + body).hexdigest()[:32].encode()


_written_text = json.JSONEncoder(separators=(",", ":")).encode


def _written(value: Any) -> bytes:
    return _written_text(value).encode()


def _encoded(night: ReadNight) -> Iterator[Any]:
    run, notes = night
    yield [run.label, run.run_id, run.mode, run.started, run.oldest or "", run.newest or "", run.simulation or ""]
    yield [run.partial, run.repeatable, run.simulation is not None, run.oldest is not None, run.newest is not None]
    yield "".join(one[0] for one in run.outcomes)
    yield "".join("-" if one is None else "y" if one else "n" for one in run.mentioned)
    yield [one or "" for one in run.texts]
    ways = list(dict.fromkeys(tuple(one) for one in run.ways))
    place_of = {one: place for place, one in enumerate(ways)}
    yield ways
    yield [place_of[tuple(one)] for one in run.ways] if len(ways) > 1 else []
    yield run.latencies
    yield run.sureness if any(run.sureness) else []
    yield notes


def _decoded(values: Any, prompts: Prompts) -> ReadNight:
    """Raises ValueError, KeyError, IndexError or TypeError for another form."""
    _, texts_of, marks, outcomes, mentioned, texts, ways, places, latencies, sureness, notes = values
    label, run_id, mode, started, oldest, newest, simulation = texts_of
    partial, repeatable, is_simulation, is_dated, has_newest = marks
    count = len(prompts.each)
    given = [[tuple(way) for way in case] for case in ways]
    run = NightRun(
        label=label,
        run_id=run_id,
        mode=mode,
        partial=partial,
        started=started,
        oldest=oldest if is_dated else None,
        newest=newest if has_newest else None,
        repeatable=repeatable,
        simulation=simulation if is_simulation else None,
        prompts=prompts,
        outcomes=[_OUTCOMES[one] for one in outcomes],
        mentioned=[_MENTIONED[one] for one in mentioned],
        texts=[one or None for one in texts],
        ways=[given[place] for place in places] if places else given * count,
        latencies=latencies,
        sureness=sureness or [[]] * count,
    )
    columns = (run.outcomes, run.mentioned, run.texts, run.ways, run.latencies, run.sureness)
    if any(len(column) != count for column in columns):
        raise ValueError("columns of other lengths")
    return ReadNight(run, tuple(notes))


def _prompt(values: Any) -> Prompt:
    suite, name, digest, samples, domain, language, task, tags, targets, required = values
    kind = (domain, language, task, tuple(tags))
    return Prompt(suite, name, digest, samples, *kind, tuple(targets), tuple(required))
