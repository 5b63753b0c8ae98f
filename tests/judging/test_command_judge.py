"""A command of the user is a judge: its exit code decides, and its lines are the reasons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schemalm.errors import ConfigurationError
from schemalm.judging.command_judge import MAX_REASONS, command_judge
from schemalm.judging.interface import Document, Message, Verdict

Program = Callable[[str, str], Path]
PATH = "path = sys.argv[-1]; text = pathlib.Path(path).read_text()"


def judged(program: Path, *documents: Document, place: str = "") -> list[Verdict]:
    return command_judge(f"mine={program}{place}").judge(documents)


def test_exit_codes_accept_refuse_or_give_no_verdict(program: Program) -> None:
    by_text = program("check", f"{PATH}; print('why', file=sys.stderr); sys.exit(int(text))")
    accepted, refused, failed = judged(by_text, *(Document(code) for code in ("0", "1", "2")))
    assert accepted == Verdict()
    assert refused == Verdict((Message("why"),))
    assert failed == Verdict(failure="mine ended with 2: why")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a reason", Message("a reason")),
        ("a.yml:3: bad", Message("bad", 3)),
        ("a.yml:3:14: bad: worse", Message("bad: worse", 3)),
        ("line 7: bad", Message("bad", 7)),
        ("Line 7 is bad", Message("is bad", 7)),
        ("note: 3 things", Message("note: 3 things")),
        ("lines 3 to 4", Message("lines 3 to 4")),
        ("a.yml:3:", Message("a.yml:3:", 3)),
    ],
)
def test_a_reason_may_begin_with_its_line(program: Program, line: str, message: Message) -> None:
    says = program("says", f"print({line!r}); print(); sys.exit(1)")
    assert judged(says, Document("a")) == [Verdict((message,))]


def test_a_refusal_without_output_and_one_with_much(program: Program) -> None:
    silent, loud = (
        program("silent", "sys.exit(1)"),
        program("loud", "print('x ' * 500); [print(n) for n in range(999)]; sys.exit(1)"),
    )
    assert judged(silent, Document("a"))[0].reason == "refused without a reason"
    errors = judged(loud, Document("a"))[0].errors
    assert len(errors) == MAX_REASONS
    assert max(len(message.text) for message in errors) <= 300


def test_the_path_stands_where_the_command_wants_it_and_has_the_name_of_the_document(program: Program) -> None:
    shows = program("shows", "print(sys.argv[1:]); sys.exit(1)")
    (verdict,) = judged(shows, Document("a", name="some/tsconfig.json"), place=" --in={} -q")
    assert verdict.reason == "['--in=tsconfig.json', '-q']"
    (verdict,) = judged(shows, Document("a: 1", name="rows.jsonl:3"))
    assert verdict.reason == "['document.yml']"


def test_words_are_not_read_by_a_shell(program: Program) -> None:
    shows = program("shows", "print(sys.argv[1]); sys.exit(1)")
    (verdict,) = judged(shows, Document("a"), place=" '$(id); a b'")
    assert verdict.reason == "$(id); a b"


def test_too_much_output_is_no_verdict(program: Program) -> None:
    endless = program("endless", "while True: print('x' * 1000)")
    assert "bytes of output" in judged(endless, Document("a"))[0].failure


def test_a_missing_program_is_named() -> None:
    assert command_judge("mine=no-such-program").why_not.startswith("there is no program 'no-such-program'")


@pytest.mark.parametrize("text", ["=a", "a b=c", "a=", "a=' '  ", "a='b"])
def test_something_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected NAME=COMMAND|cannot be read|there is no program ' '"):
        judge = command_judge(text)
        raise ConfigurationError(judge.why_not)
