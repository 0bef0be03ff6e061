"""What repair left damaged, and what clean answers it changed."""

import pytest

from harness.decisions.metrics import Count
from harness.decisions.run_summary import collateral_rate, residual_rate
from harness.records.run import SampleResult
from harness.show.run import run_lines

REPAIR = {"configuration": {"repair": "restore"}}


@pytest.fixture
def changed(case):
    """A case whose answer came as `raw` and was changed by repair."""

    def build(name, raw, output="AB-1", outcome="aligned"):
        sample = SampleResult(sample=0, outcome=outcome, output=output, raw_output=raw, verdicts={"AB-1": "verbatim"})
        return case(name, outcome).model_copy(update={"samples": (sample,)})

    return build


def test_without_repair_there_is_no_data(case, run):
    plain = run([case("a", "damaged")])
    assert residual_rate(plain) == collateral_rate(plain) == Count(0, 0)
    assert "residual_rate" not in "\n".join(run_lines(plain))


def test_residual_is_what_is_damaged_still(case, run):
    repaired = run([case("a"), case("b", "damaged"), case("c", "unscored"), case("d", targets=())], **REPAIR)
    assert residual_rate(repaired) == Count(1, 2)


def test_a_damaged_answer_that_was_mended_is_no_collateral(run, case, changed):
    repaired = run([changed("a", "AB - 1"), case("b")], **REPAIR)
    assert collateral_rate(repaired) == Count(0, 1)


def test_a_clean_answer_that_was_changed_is(run, case, changed):
    repaired = run([changed("a", "AB-1 and Mon - Fri", "AB-1 and Mon-Fri"), case("b"), case("c", "omitted")], **REPAIR)
    assert collateral_rate(repaired) == Count(1, 3)


def test_what_stays_damaged_was_not_clean(run, case):
    assert collateral_rate(run([case("a", "damaged", output="AB - 1"), case("b", "unscored")], **REPAIR)) == Count(0, 0)


def test_the_run_in_words_tells_both(run, case):
    words = "\n".join(run_lines(run([case("a"), case("b", "damaged")], **REPAIR)))
    assert "residual_rate" in words
    assert "collateral_rate" in words
