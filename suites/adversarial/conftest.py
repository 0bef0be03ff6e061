"""The hunt is run when it is named: a live run over all suites must not ask 300 questions that nobody expects."""


def pytest_ignore_collect(collection_path, config):
    named = any("adversarial" in str(argument) for argument in config.invocation_params.args)
    return True if collection_path.name == "test_hunt.py" and not named else None
