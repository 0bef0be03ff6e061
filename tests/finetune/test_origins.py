"""Training files and the origin beside them: what is written, and what comes back."""

import json

import pytest

from harness.finetune.samples import file_digest, read_samples, write_origin, write_samples
from harness.records.training import TrainingError, TrainingMessage, TrainingSample, origin_path, read_origin


def sample(question, answer, domain=None):
    return TrainingSample(
        messages=(TrainingMessage(role="user", content=question), TrainingMessage(role="assistant", content=answer)),
        domain=domain,
    )


def test_the_file_holds_messages_alone_and_the_domain_comes_back(tmp_path):
    path = tmp_path / "set.jsonl"
    samples = [sample("哪个?KJ-55。", "KJ-55", "cars"), sample("a?", "b", "law"), sample("c?", "d")]
    write_samples(path, samples)
    write_origin(path, samples, cases=["s/b", "s/a", "s/a"], runs=["r"])
    assert {key for line in path.read_text("utf-8").splitlines() for key in json.loads(line)} == {"messages"}
    assert "哪个" in path.read_text("utf-8")
    assert read_samples(path) == samples
    assert read_origin(path).cases == ("s/a", "s/b")


def test_the_domain_stays_with_its_sample_when_lines_are_sorted(tmp_path):
    path = tmp_path / "set.jsonl"
    samples = [sample("a?", "b", "cars"), sample("c?", "d", "law")]
    write_samples(path, reversed(samples))
    write_origin(path, samples)
    assert [one.domain for one in read_samples(path)] == ["law", "cars"]


def test_without_anything_to_say_there_is_no_origin_file(tmp_path):
    path = tmp_path / "set.jsonl"
    write_origin(path, [sample("a?", "b", "cars")])
    write_origin(path, [sample("a?", "b")])
    assert not origin_path(path).exists()


def test_a_broken_origin_is_told(tmp_path):
    origin_path(tmp_path / "set.jsonl").write_text('{"case": []}')
    with pytest.raises(TrainingError, match="did you mean 'cases'"):
        read_origin(tmp_path / "set.jsonl")


@pytest.mark.parametrize("content", ["nope", '{"messages": []}', '{"messages": [{"role": "tool", "content": "a"}]}'])
def test_a_bad_line_is_told_with_its_place_and_what_to_run(tmp_path, content):
    path = tmp_path / "set.jsonl"
    write_samples(path, [sample("a?", "b")])
    with path.open("a") as file:
        file.write(content + "\n")
    with pytest.raises(TrainingError, match=r"set\.jsonl:2: .*harness dataset validate"):
        read_samples(path)


def test_a_file_without_samples_or_text_is_told(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\n")
    wrong = {"empty": "no samples", "bytes": r"bytes\.jsonl:1: not UTF-8", "none": "cannot be read"}
    for name, expected in wrong.items():
        with pytest.raises(TrainingError, match=expected):
            read_samples(tmp_path / f"{name}.jsonl")


def test_the_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_line_separator_inside_a_message_does_not_cut_its_line(tmp_path):
    path = tmp_path / "set.jsonl"
    samples = [sample("KJ-55\u2028or\u0085KJ-56?", "KJ-55\u2029")]
    write_samples(path, samples)
    assert read_samples(path) == samples
