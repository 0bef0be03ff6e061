# ruff: noqa: T201  (a notebook prints)
# %% [markdown]
# # Is the fine-tune better, and may it go live?
#
# A notebook in the form of a script: `# %%` begins a cell in VS Code, PyCharm and Jupytext. It reads the recorded
# answers of the repository, so it needs no key and no network. Run it from the root of the repository.

# %%
from harness import check, compare, gate, load_suite, repair, run, words
from harness.records.policy import GatePolicy

# %% [markdown]
# One answer first. `check` says what became of each string that is in the source, and `repair` puts right what is
# certain.

# %%
source = "The waterproofing is Sikalastic-609; see GB/T 50081-2019."
answer = "Use Sikalastic - 609 (GB/T 50081-2019)."
print(check(source, answer).verdicts)
print(repair(source, answer).text)

# %% [markdown]
# Now a domain, for the model with the defect and for the one that was cured. Chosen cases make a *partial* run: good
# for a look, and never enough for a promotion. Records are written where `report_dir` says.

# %%
cases = load_suite("suites/symbols/construction.jsonl")
before = run("spaced", cases, report_dir="build/notebook")
after = run("tuned", cases, report_dir="build/notebook")
print(words(after))

# %%
comparison = compare(before, after)
print(words(comparison))
better = [flip.key for flip in comparison.flips if not flip.worse]
worse = [flip.key for flip in comparison.flips if flip.worse]
print(f"{len(better)} better, {len(worse)} worse")

# %% [markdown]
# The gate says INCONCLUSIVE, and why: recorded answers, and not all cases.

# %%
verdict = gate(after, before, report_dir="build/notebook")
print(verdict.verdict, *verdict.reasons, sep="\n- ")

# %% [markdown]
# A policy of your own may accept recordings. A partial run is still never a GO.

# %%
lenient = gate(after, before, policy=GatePolicy(evidence="any", max_age_days=None), report_dir="build/notebook")
print(words(lenient))
