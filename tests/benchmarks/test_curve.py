"""The learning curve reads records: samples from the recipe, rates on the cases that all versions answered."""

from benchmarks.curve import curve
from tests.factory import case_result, run_record


def version(name, samples, right, *, epochs=2, exposure="untrained", missing=()):
    cases = [
        case_result(
            f"c{i}",
            "unscored" if i in missing else "aligned" if i < right else "damaged",
            exposure=exposure if i % 2 else "untrained",
        )
        for i in range(10)
    ]
    recipe = {"samples": samples, "epochs": epochs} if samples else None
    return run_record(cases, model=name, run_id=name, recipe=recipe)


def test_rows_are_by_samples_and_about_the_same_cases():
    before = version("spaced", 64, 0)  # the samples of the defect are none of the cure
    runs = [version("tuned", 42, 10, exposure="trained"), version("ten", 10, 5, missing=(9,))]
    head, *rows = curve(before, runs)
    assert [row[:4] for row in rows] == [
        ["0", "", "spaced@v1", "0.0% (0/9)"],
        ["10", "2", "ten@v1", "55.6% (5/9)"],
        ["42", "2", "tuned@v1", "100.0% (9/9)"],
    ]
    trained, untrained = head.index("trained"), head.index("untrained")
    assert [row[trained] for row in rows] == ["0.0% (0/4)", "50.0% (2/4)", "100.0% (4/4)"]
    assert rows[1][untrained] == "60.0% (3/5)"


def test_epochs_of_one_training_are_in_their_order():
    runs = [version("last", 42, 9, epochs=10), version("first", 42, 3, epochs=1), version("second", 42, 6, epochs=2)]
    _, *rows = curve(version("spaced", 64, 0), runs)
    assert [row[:3] for row in rows[1:]] == [["42", "1", "first@v1"], ["42", "2", "second@v1"], ["42", "10", "last@v1"]]
