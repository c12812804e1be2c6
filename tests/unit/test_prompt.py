"""What a model is sent: enough, nothing sealed, short where the model is weak, and the same for the same task."""

from __future__ import annotations

import dataclasses

import pytest

from tests.conftest import TOY
from workbench.model import Brief, Candidate, Failure, Kind, Limits, Program, Selection, Split, Status, Task
from workbench.problem import catalog
from workbench.proposers import prompt
from workbench.system import redact

SOURCE = '''
def order(processing, due):
    """Return a permutation."""
    return sorted(range(len(due)), key=lambda j: priority(processing[j], due[j]))


# EVOLVE-BLOCK-START
def priority(p, d):
    """Lowest goes first."""
    return d
# EVOLVE-BLOCK-END
'''
BRIEF = Brief(
    "scheduling/toy", "Toy title", "Which order is best?", "STATEMENT", "order", "hours", "min",
    {"p": "processing time", "d": "due date", "unused": "not a parameter"}, ("FIRST-HINT", "SECOND-HINT"),
    (("MDD", 0.0186), ("EDD", 0.466)), ("math", "numpy"), Limits(seconds=2.5),
)  # fmt: skip
PARENT = Candidate(
    3, Status.OK, Program(SOURCE, "order"), "seed", gap=0.125, families={"easy": 0.05, "hard": 0.2}, instances=(0.777,)
)
OTHER = Candidate(
    4, Status.OK, Program("def order(p, d):\n    return OTHERS_IDEA\n", "order"), "edit", gap=0.1, families={"easy": 0.1}
)
TASK = Task(7, Selection(PARENT, (OTHER,)), guidance=("prefer short rules",), known=("takes 3.1 s of 4 s on it",))
FAILURE = Failure(6, Status.CRASH, "NameError: name 'jobs' is not defined", "<think>hmm</think>\n```python\nBAD_ANSWER = jobs\n```")


def both(task: Task, style: prompt.Style) -> str:
    made = prompt.build(BRIEF, task, style)
    return made.system + made.user


def test_the_full_prompt_tells_all_that_helps() -> None:
    text = both(TASK, "full")
    parts = ["Toy title", "STATEMENT", "12.50 %", "`hard` 20.00 %, `easy` 5.00 %", "`MDD`: 1.86 %", SOURCE.strip()]
    parts += [
        "short rules",
        "FIRST-HINT",
        "SEARCH",
        "REPLACE",
        "`order`",
        "2.5 s",
        "numpy and pure standard modules (math, random, ",
        "due date",
        "noticed that it `takes 3.1 s of 4 s on it`.",
    ]
    for part in parts:
        assert part in text
    assert "SECOND-HINT" not in text and "0.777" not in text  # a plateau opens the second hints; single instances stay unseen


def test_the_statement_leaves_out_what_stands_in_the_program_below() -> None:
    statement = "The task.\n\nExample: `order([1], [2])` may\nreturn `[0]`.\n\nIn the seeds a frame calls\n`priority`."
    brief = dataclasses.replace(BRIEF, statement=statement)

    def shown(source: str) -> str:
        return prompt.build(brief, dataclasses.replace(TASK, selection=Selection(with_source(source))), "full").user

    text = "Order.\n\n    >>> order([1], [2])\n    [0]\n    "
    whole = f'# EVOLVE-BLOCK-START\ndef order(p, d):\n    """{text}"""\n    return [0]\n# EVOLVE-BLOCK-END\n'
    assert "Example:" in shown(SOURCE) and "In the seeds" in shown(SOURCE)
    assert "Example:" not in shown(whole) and "In the seeds" not in shown(whole) and "The task.\n\n##" in shown(whole)


def test_the_statement_leaves_out_calls_and_arguments_of_which_the_docstring_says_all() -> None:
    call = '```python\norder({"tasks": [1], "weights": [2]})\n```'
    items = "- `tasks`: list of tasks.\n- `weights`: list of tasks, possibly negative.\n- Return something else."
    brief = dataclasses.replace(BRIEF, statement=f"The task.\n\n{call}\n\n{items}\n")

    def shown(words: str) -> str:
        source = f'# EVOLVE-BLOCK-START\ndef order(p, d):\n    """{words}"""\n    return [0]\n# EVOLVE-BLOCK-END\n'
        return prompt.build(brief, dataclasses.replace(TASK, selection=Selection(with_source(source))), "full").user

    whole, part = shown("Take tasks and weights."), shown("Take tasks.")
    assert call not in whole and call in part
    assert "- `tasks`" not in whole and "possibly negative" in whole, "what no docstring says stays"
    assert "Return something else" in whole and "Return something else" in part


def test_sizes_of_every_split_are_told_and_nothing_else_of_held_out_instances() -> None:
    loaded = catalog.load(TOY)
    told = loaded.told.sizes
    each = ", ".join(f"{split} 4 / 4 / 4" for split in Split)
    assert told == f"Values in the smallest / median / largest instance: {each}"
    assert dataclasses.replace(loaded.told, sizes="") == loaded.brief
    assert told in prompt.build(loaded.told, TASK, "full").user and "smallest" not in both(TASK, "full")


def test_constants_are_explained_where_none_are_declared_and_many_families_cut_short() -> None:
    families = {f"f{k:02}": k / 100 for k in range(12)}
    tuned = dataclasses.replace(with_source(f"TUNABLE = {{}}\n{SOURCE}"), families=families)
    text = prompt.build(BRIEF, dataclasses.replace(TASK, selection=Selection(tuned)), "full").user
    assert "worth tuning" in both(TASK, "full") and "worth tuning" not in text
    assert "worst first: `f11` 11.00 %, `f10` 10.00 %, `f09` 9.00 %, `f08` 8.00 %, 7 more, best `f00` 0.00 %." in text


def test_a_companion_is_shown_without_what_is_the_same_and_none_is_spoken_of_that_is_too_long() -> None:
    shared = "def helper(x):\n    return x + 1\n\n\n"
    parent = with_source(SOURCE.replace("def priority", f"{shared}def priority"))
    for length, seen in ((1, True), (prompt._MOST_INSPIRATION_CHARS, False)):
        text = f"def order(p, d):\n    return {'9' * length}\n"
        other = dataclasses.replace(OTHER, program=Program(shared + text, "order"), families={"easy": 0.1, "hard": 0.1})
        task = dataclasses.replace(TASK, kind=Kind.COMBINE, selection=Selection(parent, (other,)))
        made = prompt.build(BRIEF, task, "full").user
        assert ("`helper`: as above" in made, "Another program" in made, "Combine what is good" in made) == (seen,) * 3
        assert made.count("def helper") == 1 and ("Make one change" in made) is not seen


def with_source(source: str) -> Candidate:
    return dataclasses.replace(PARENT, program=Program(source, "order"))


def test_a_plateau_opens_the_second_hints() -> None:
    assert "SECOND-HINT" in both(dataclasses.replace(TASK, stagnation=prompt.PLATEAU), "full")


@pytest.mark.parametrize("style", ["full", "block"])
def test_a_repair_shows_the_answer_and_the_fault(style: prompt.Style) -> None:
    text = both(dataclasses.replace(TASK, failure=FAILURE), style)
    assert "BAD_ANSWER" in text and "name 'jobs' is not defined" in text and "hmm" not in text


@pytest.mark.parametrize("style", ["full", "block"])
def test_the_same_task_makes_the_same_prompt(style: prompt.Style) -> None:
    assert prompt.build(BRIEF, TASK, style) == prompt.build(BRIEF, TASK, style)


def test_the_block_prompt_is_short_and_holds_the_block_alone() -> None:
    text = both(TASK, "block")
    assert len(text) < 700 * 3.2  # tokens of code have 3.2 characters or more
    assert "def priority(p, d)" in text and "processing time" in text and "prefer short rules" in text
    assert "def order" not in text and "STATEMENT" not in text and "not a parameter" not in text


def test_block_prompts_ask_for_different_changes() -> None:
    asked = {prompt.build(BRIEF, Task(n, Selection(PARENT)), "block").user.rpartition("Change to make")[2] for n in range(40)}
    assert len(asked) >= 12


def test_a_function_that_chooses_is_not_asked_for_arithmetic() -> None:
    source = SOURCE.replace('p, d):\n    """Lowest goes first.', 'p: bool, d):\n    """One of two.').replace(
        "return d\n", "return 'a'\n"
    )
    task = Selection(dataclasses.replace(PARENT, program=Program(source, "order")))
    asked = [prompt.build(BRIEF, Task(n, task), "block").user.rpartition("Change to make")[2] for n in range(60)]
    assert not any(word in text for text in asked for word in ("scale `", "bonus", "`p` is large", "compare `p`", "larger"))
    assert any("`p`" in text for text in asked)


def test_without_a_block_function_the_prompt_is_full() -> None:
    plain = dataclasses.replace(PARENT, program=Program("def order(p, d):\n    return d\n", "order"))
    task = Task(1, Selection(plain))
    assert prompt.build(BRIEF, task, "block") == prompt.build(BRIEF, task, "full")


def test_a_block_that_holds_the_entry_asks_for_it_with_its_own_parameters() -> None:
    source = "# EVOLVE-BLOCK-START\ndef order(jobs, dates):\n    return g(jobs)\ndef g(jobs):\n    return 1\n# EVOLVE-BLOCK-END\n"
    task = Task(1, Selection(dataclasses.replace(PARENT, program=Program(source, "order"))))
    text = prompt.build(BRIEF, task, "block").user
    assert "`def order(jobs, dates)`" in text and "function `order`" in text and "`p`" not in text and "due date" not in text


def test_a_docstring_is_the_contract_and_not_part_of_what_is_copied() -> None:
    text = prompt.build(BRIEF, Task(1, Selection(PARENT)), "block").user
    assert text.count("Lowest goes first.") == 1 and '"""' not in text


def test_a_huge_answer_and_a_huge_companion_do_not_swell_the_prompt() -> None:
    huge = dataclasses.replace(OTHER, program=Program("x = 1\n" * 9_000, "order"))
    failure = Failure(1, Status.REJECTED, "m" * 90_000, "y" * 300_000)
    assert len(both(Task(1, Selection(PARENT, (huge,)), failure, kind=Kind.COMBINE), "full")) < 30_000


def test_only_a_program_that_is_better_somewhere_stands_beside_the_parent() -> None:
    better = dataclasses.replace(OTHER, families={"easy": 0.1, "hard": 0.1})
    combine = dataclasses.replace(TASK, kind=Kind.COMBINE, selection=Selection(PARENT, (better,)))
    assert "OTHERS_IDEA" in both(combine, "full") and "OTHERS_IDEA" not in both(TASK, "full")
    worse = dataclasses.replace(OTHER, families=dict.fromkeys(PARENT.families, 9.0))
    alone = both(dataclasses.replace(combine, selection=Selection(PARENT, (worse,))), "full")
    assert "OTHERS_IDEA" not in alone and "both programs" not in alone


def test_a_new_principle_is_asked_for_without_the_parent() -> None:
    text = both(dataclasses.replace(TASK, kind=Kind.NEW), "full")
    assert "another principle" in text and SOURCE.strip() not in text and "SEARCH" not in text
    assert "def order(" in text and "FIRST-HINT" in text


@pytest.mark.parametrize(
    ("model", "style"),
    {
        "qwen2.5-coder-1.5b": "block", "ollama/llama3.2:3b": "block", "openai/Qwen2.5-7B-Instruct": "block",
        "gemma-2-9b-it": "block", "qwen3:0.6b": "block", "qwen2.5-coder:32b": "full", "gpt-oss-20b": "full", "gpt-5-mini": "full",
        "anthropic/claude-sonnet-4-5": "full", "llama-3.1-405b": "full", "mixtral-8x22b": "full", "deepseek-r1:671b": "full",
    }.items(),
)  # fmt: skip
def test_style_by_name(model: str, style: str) -> None:
    assert prompt.style_for(model) == style


def test_keys_are_struck_out() -> None:
    environ = {"A_KEY": "swordfish-1", "B_TOKEN": "swordfish-12", "HOME": "/root", "C_KEY": "none"}
    text = redact.redactor(environ)("swordfish-12 swordfish-1 none /root sk-abcdEFGH1234*** Bearer abcdef123456")
    assert "swordfish" not in text and "abcd" not in text and "none /root" in text
    assert redact.redactor({})("sk-" + "x" * 30) == redact.MARK
    assert redact.redactor({})("risk-adjusted-weighting of task-lengths") == "risk-adjusted-weighting of task-lengths"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "aws_secret_access_key", "DB_PASSWORD", "AWS_ACCESS_KEY_ID"])
def test_secret_names(name: str) -> None:
    assert redact.is_secret_name(name)
    assert not redact.is_secret_name("PATH") and not redact.is_secret_name("TOKENIZERS_PARALLELISM")
