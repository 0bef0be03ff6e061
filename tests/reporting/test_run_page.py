"""The page of one run."""

from harness.reporting import run_page


def test_the_rate_stands_with_its_interval(mixed):
    page = run_page.render(mixed)
    assert "<strong>25.0%</strong>" in page
    assert "7.1–59.1%" in page


def test_a_damaged_mention_is_marked_with_its_blanks_visible(mixed):
    page = run_page.render(mixed)
    assert 'Sikalastic<span class="blank">␣</span>-<span class="blank">␣</span>609</mark>' in page


def test_an_invisible_character_is_shown_as_its_code_point(mixed):
    page = run_page.render(mixed)
    assert '<span class="code-point">U+200B</span>' in page
    assert "\u200b" not in page


def test_an_answer_cannot_become_markup(answering):
    page = run_page.render(answering("<img src=x onerror=alert(1)>"))
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
