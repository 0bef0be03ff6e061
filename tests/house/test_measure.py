"""The house keeps its shape: rooms of a readable size, one way through, one meaning a name."""

from tests.house.measure import measure

FOUND = measure()


def test_files_are_rooms_and_none_is_a_hall() -> None:
    assert FOUND.files <= 196
    assert FOUND.median >= 130
    assert FOUND.largest[1] <= 600, FOUND.largest


def test_few_modules_serve_one_other_module_alone() -> None:
    assert len(FOUND.single_importer) <= 35, FOUND.single_importer


def test_no_module_is_on_a_circle_of_imports() -> None:
    assert FOUND.circles == ()


def test_a_class_name_means_one_thing() -> None:
    assert FOUND.double_classes == {}
