"""Models from outside: what is sent and kept, how a reply is read and its citations checked, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import OutsideError
from api.experiments.outside.agreement import agreement
from api.experiments.outside.answerer import DROPPED, WRITTEN, OutsideAnswerer
from api.experiments.outside.endpoint import MAX_TRIES, Endpoint
from api.experiments.outside.huggingface import HuggingFace
from api.experiments.outside.judge import Judge, Verdicts
from api.experiments.outside.model import OutsideModel
from api.experiments.outside.reading import Said, one_word, sentences_of
from api.experiments.outside.replies import Kept, Message, Reply
from generator.answer import Answer, Sentence
from generator.answerer import REFUSALS
from generator.options import AnswerOptions
from ingest.document import Document, Page
from tests.api.experiment_cases import GROWS, STORES, abstained, answered, citation, hit, question, unanswerable
from tests.api.outside_fakes import completion, serving, told

KEY = "sk-a-secret-of-the-user"
TEXT = f"{STORES} {GROWS}"


class Saying:
    """Says the next of some replies, and remembers what it was asked."""

    def __init__(self, *replies: str) -> None:
        self.replies, self.asked = list(replies), list[Any]()

    def ready(self) -> None:
        """It always is."""

    def reply(self, messages: Any, *, temperature: float, seed: int) -> Reply:
        """The next reply."""
        self.asked.append((list(messages), temperature, seed))
        return Reply(self.replies.pop(0))


def model(address: str = "http://127.0.0.1:9/v1", **changes: Any) -> OutsideModel:
    """An endpoint."""
    return OutsideModel(**{"kind": "endpoint", "model": "large", "base_url": address, **changes})


def ask(endpoint: Endpoint, temperature: float = 0.0) -> Reply:
    """One reply."""
    return endpoint.reply([{"role": "user", "content": "?"}], temperature=temperature, seed=7)


# ---- reading


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("It stores keys. [1] It grows [2].", [Said("It stores keys.", (1,)), Said("It grows.", (2,))]),
        ("It stores keys.[1][3]\nIt grows.", [Said("It stores keys.", (1, 3)), Said("It grows.", ())]),
        ("It stores keys [1, 3–5; 1].", [Said("It stores keys.", (1, 3, 4, 5))]),
        ("- **Keys** are stored [Passage 2].\n\n[3]", [Said("Keys are stored.", (2, 3))]),
        ("<think>Perhaps [9].</think>Он хранит ключи [фрагмент 1].", [Said("Он хранит ключи.", (1,))]),
        ("<think>It never came to an end", []),
        (REFUSALS["en"], []),
        (f"**{REFUSALS['ru']}** [1] Но есть ещё кое-что [2].", []),
        (f"It stores keys [1]. {REFUSALS['en']}", [Said("It stores keys.", (1,))]),
        ("", []),
    ],
)  # fmt: skip
def test_replies_are_read_sentence_by_sentence(reply: str, expected: list[Said]) -> None:
    assert sentences_of(reply, cites=True) == expected


def test_a_closed_book_has_no_markers_to_read() -> None:
    assert sentences_of("In a[1] lies the first.", cites=False) == [Said("In a[1] lies the first.", ())]


@given(st.text(max_size=200))
def test_whatever_comes_is_read(reply: str) -> None:
    for said in sentences_of(reply, cites=True):
        assert said.text == " ".join(said.text.split()) and any(map(str.isalnum, said.text))


@pytest.mark.parametrize(
    ("reply", "word"), [("right.", "RIGHT"), ("**Unsupported**", "UNSUPPORTED"), ("It is right", "IT IS RIGHT")]
)
def test_a_verdict_is_one_word(reply: str, word: str) -> None:
    assert one_word(reply) == word


# ---- the answer


def answer_of(reply: str, mode: Any = "rag", **options: Any) -> tuple[Answer, Saying]:
    """The answer to a question on one passage of the two English sentences."""
    saying = Saying(reply)
    document = Document("d", "KV cache", ("kv-cache.md",), "en", "0" * 64, (Page(1, 0, len(TEXT)),), TEXT)
    *sentences, answer = OutsideAnswerer(model(), saying).stream(
        "What does a KV cache store?", [hit(text=TEXT)], mode=mode, options=AnswerOptions(**options),
        document_of=lambda _name: document,
    )
    assert isinstance(answer, Answer) and tuple(sentences) == answer.sentences
    return answer, saying


def test_a_citation_is_the_best_sentence_of_the_passage_and_its_support_is_by_our_own_check() -> None:
    answer, saying = answer_of("Memory grows with 12 layers and their number [1]. It stores keys and values [1][7].")
    (grows, stores) = answer.sentences
    assert [c.quote for c in grows.citations] == [GROWS] and grows.citations[0].support == 0.0  # 12 stands nowhere
    (cited,) = stores.citations
    assert cited.quote == STORES == TEXT[cited.start : cited.end] and cited.support == 1.0
    assert (answer.usage[WRITTEN], answer.usage[DROPPED]) == (3, 1) and answer.status == "answered"
    assert answer.text.endswith("It stores keys and values. [2]") and answer.confidence is None
    (system, user), = [[m["content"] for m in messages] for messages, *_ in saying.asked]
    assert REFUSALS["en"] in system and "[1] KV cache\n" + TEXT in user and user.endswith("What does a KV cache store?")


def test_the_agreed_phrase_is_an_abstention() -> None:
    answer, _ = answer_of(REFUSALS["en"].rstrip("."))
    assert (answer.status, answer.reason, answer.sentences) == ("abstained", "not_answerable", ())
    assert answer.text == REFUSALS["en"] and len(answer.hits) == 1
    _, saying = answer_of("It stores keys [1].", abstain=False)
    assert REFUSALS["en"] not in saying.asked[0][0][0]["content"]


def test_closed_book_the_question_is_all_that_the_user_says() -> None:
    answer, saying = answer_of("It stores keys.", mode="closed_book", temperature=1.0, seed=3)
    messages, *drawn = saying.asked[0]
    assert messages[-1] == {"role": "user", "content": "What does a KV cache store?"} and drawn == [1.0, 3]
    assert answer.hits == () and answer.sentences == (Sentence("It stores keys.", "decoder"),)
    assert WRITTEN not in answer.usage


def test_without_hits_nobody_is_asked() -> None:
    saying = Saying()
    (answer,) = OutsideAnswerer(model(), saying).stream(
        "Why?", [], mode="rag", options=AnswerOptions(), document_of=lambda _name: pytest.fail("no documents")
    )
    assert isinstance(answer, Answer) and answer.reason == "no_hits" and not saying.asked


# ---- the endpoint


def test_a_request_is_as_the_protocol_says_and_carries_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LARGE_KEY", KEY)
    with serving(lambda _body: "Keys [1].") as fake:
        endpoint = Endpoint(model(fake.address + "/", key_env="LARGE_KEY", max_tokens=50))
        assert ask(endpoint, 0.5) == Reply("Keys [1].", 11, 3)
        ask(Endpoint(model(fake.address, fixed_temperature=True)))
    first, second = fake.bodies
    assert first == {
        "model": "large", "messages": [{"role": "user", "content": "?"}], "max_tokens": 50, "temperature": 0.5,
        "seed": 7,
    }  # fmt: skip
    assert fake.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "temperature" not in second and "seed" not in second and "authorization" not in fake.headers[1]


def test_a_busy_server_is_asked_again_after_the_pause_it_wants() -> None:
    replies: list[Any] = [(429, {"retry-after": "3"}, ""), (503, {}, "later"), completion("At last.")]
    slept: list[float] = []
    with serving(lambda _body: replies.pop(0) if len(replies) > 1 else "At last.") as fake:
        assert ask(Endpoint(model(fake.address), sleep=slept.append)).text == "At last."
    assert slept == [3.0, 2.0] and len(fake.bodies) == 3


@pytest.mark.parametrize(
    ("status", "headers", "said", "tries"),
    [
        (500, {}, "answers 500.*the same command goes on later", MAX_TRIES),
        (429, {"retry-after": "4000"}, "answers 429", 1),
        (401, {}, r"answers 401: bad key \*\*\*; is the key in LARGE_KEY right\?", 1),
        (404, {}, "answers 404.*check base_url and model", 1),
        (302, {"location": "http://127.0.0.1:9/"}, "answers 302", 1),
        (200, {}, "another protocol than OpenAI's", 1),
    ],
)  # fmt: skip
def test_what_the_server_refuses_is_one_line_without_the_key(
    monkeypatch: pytest.MonkeyPatch, status: int, headers: dict[str, str], said: str, tries: int
) -> None:
    monkeypatch.setenv("LARGE_KEY", KEY)
    content = json.dumps({"error": {"message": f"bad key\n{KEY}"}})
    with serving(lambda _body: (status, headers, content)) as fake, pytest.raises(OutsideError, match=said) as caught:
        ask(Endpoint(model(fake.address, key_env="LARGE_KEY"), sleep=lambda _seconds: None))
    assert len(fake.bodies) == tries and KEY not in str(caught.value) and "\n" not in str(caught.value)


def test_a_server_that_is_not_there_and_a_key_that_is_not_set_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LARGE_KEY", raising=False)
    with pytest.raises(OutsideError, match="the connection failed"):
        ask(Endpoint(model("http://127.0.0.1:1/v1"), sleep=lambda _seconds: None))
    with pytest.raises(OutsideError, match="set the environment variable LARGE_KEY"):
        Endpoint(model(key_env="LARGE_KEY")).ready()


def test_a_server_that_counts_completion_tokens_is_understood() -> None:
    def answering(body: dict[str, Any]) -> Any:
        wrong = (400, {}, json.dumps({"error": {"message": "use 'max_completion_tokens' instead"}}))
        return wrong if "max_tokens" in body else "Yes."

    with serving(answering) as fake:
        endpoint = Endpoint(model(fake.address))
        assert ask(endpoint).text == ask(endpoint).text == "Yes."
    assert len(fake.bodies) == 3 and fake.bodies[-1]["max_completion_tokens"] == 400


def test_a_reply_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.experiments.outside.endpoint.MAX_BYTES", 1_000)
    with serving(lambda _body: "word " * 1_000) as fake, pytest.raises(OutsideError, match="more than 1000 bytes"):
        ask(Endpoint(model(fake.address)))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"base_url": None}, "base_url"), ({"base_url": "ftp://a/v1"}, "base_url"),
        ({"base_url": "http://"}, "base_url"),
        ({"base_url": "https://me:pass@a/v1"}, "base_url"), ({"base_url": "https://a/v1?key=1"}, "base_url"),
        ({"base_url": "http://a.example/v1", "key_env": "K"}, "base_url"), ({"key_env": KEY}, "key_env"),
        ({"timeout": 0.0}, "timeout"), ({"max_tokens": 0}, "max_tokens"), ({"device": "cpu"}, "device"),
        ({"kind": "huggingface"}, "base_url"), ({"model": " "}, "model"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_and_never_shows_a_key(changes: dict[str, Any], key: str) -> None:
    fault = model(**changes).amiss()
    assert fault is not None and fault[0] == key and KEY not in fault[1]
    assert model("http://192.168.0.7:8000/v1", key_env="K").amiss() is None is model("https://a.example").amiss()


# ---- what is kept


def test_a_reply_is_asked_for_once_and_kept_without_the_key(tmp_path: Path) -> None:
    saying, said = Saying(*"abcdefg"), list[Message]([{"role": "user", "content": "?"}])
    kept = Kept(saying, model(key_env="LARGE_KEY"), tmp_path)
    first = kept.reply(said, temperature=0.0, seed=0)
    assert kept.reply(said, temperature=0.0, seed=5) == first  # greedy: no chance, no seed
    drawn = {kept.reply(said, temperature=1.0, seed=seed).text for seed in (0, 1, 0)}
    assert drawn == {"b", "c"} and len(saying.asked) == 3
    other = Kept(saying, model(model="larger"), tmp_path)
    assert other.reply(said, temperature=0.0, seed=0).text == "d"
    assert Kept(saying, model(), tmp_path, fresh=True).reply(said, temperature=0.0, seed=0).text == "e"
    files = list(tmp_path.rglob("*.json"))
    assert len(files) == 4 and not any("LARGE_KEY" in path.read_text(encoding="utf-8") for path in files)
    files[0].write_text("{", encoding="utf-8")
    for seed in (0, 1):
        kept.reply(said, temperature=float(seed), seed=seed)


# ---- the judge


def test_verdicts_by_hand() -> None:
    saying = Saying("RIGHT", "Supported.")
    assert Judge(saying).verdicts(question(), answered(STORES, citation())) == Verdicts(True, True, 2, 0)
    system, user = told({"messages": saying.asked[0][0]})
    assert "RIGHT or WRONG" in system and "<reference>\nIt stores keys and values.\n</reference>" in user
    assert f"<quotes>\n{STORES}\n</quotes>" in told({"messages": saying.asked[1][0]})[1]
    assert Judge(Saying()).verdicts(question(), abstained()) == Verdicts()
    # Without a citation nobody is asked: unsupported. Nothing is right about what has no answer.
    assert Judge(Saying("wrong")).verdicts(question(), answered("No.")) == Verdicts(False, False, 1, 0)
    none = Judge(Saying("UNSUPPORTED")).verdicts(unanswerable(), answered("No.", citation()))
    assert none == Verdicts(None, False, 1)
    closed = answered("Keys.", mode="closed_book")
    assert Judge(Saying("RIGHT")).verdicts(question(), closed) == Verdicts(True, None, 1)
    assert Judge(Saying("It is RIGHT", "yes")).verdicts(question(), answered("A.", citation())) == Verdicts(
        None, None, 2, 2
    )


def test_agreement_by_hand() -> None:
    # Ours says yes to 6 of 10, the judge to 5; they agree on 7. By chance 0.6 * 0.5 + 0.4 * 0.5 = 0.5: 0.2 / 0.5.
    pairs = [(True, True)] * 4 + [(True, False)] * 2 + [(False, True)] + [(False, False)] * 3
    found = agreement(pairs)
    assert found is not None and (found.answers, found.share) == (10, 0.7) and found.kappa == pytest.approx(0.4)
    same = agreement([(True, True)] * 3)
    assert same is not None and same.share == 1 and same.kappa is None and agreement([]) is None


# ---- Hugging Face


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of a few thousand weights with a tokenizer of letters, saved as Hugging Face saves them."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    letters = {letter: n for n, letter in enumerate(["<s>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz .?[]12"])}
    words = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(letters), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=256, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_a_model_of_hugging_face_writes_the_same_for_the_same_seed(tiny: Path) -> None:
    import torch

    small = OutsideModel("huggingface", str(tiny), max_tokens=8)
    asked = HuggingFace(small)
    said = [{"role": "system", "content": "answer."}, {"role": "user", "content": "what is a token?"}]
    state = torch.random.get_rng_state()
    drawn = [asked.reply(said, temperature=1.0, seed=seed) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1] and len({reply.text for reply in drawn}) > 1
    assert asked.reply(said, temperature=0.0, seed=1) == asked.reply(said, temperature=0.0, seed=2)
    assert all(0 < reply.completion_tokens <= 8 and reply.prompt_tokens > 20 for reply in drawn)
    assert torch.equal(state, torch.random.get_rng_state())
    assert small.amiss() is None and str(tiny.parent) not in json.dumps(small.shown())


def test_a_prompt_that_is_too_long_and_a_model_that_is_not_there_are_told(tiny: Path, tmp_path: Path) -> None:
    long = HuggingFace(OutsideModel("huggingface", str(tiny), max_tokens=200))
    with pytest.raises(OutsideError, match="reads 256 tokens, and prompt and reply need"):
        long.reply([{"role": "user", "content": "a" * 100}], temperature=0.0, seed=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(OutsideError, match="cannot be loaded"):
        HuggingFace(OutsideModel("huggingface", str(tmp_path / "empty"))).ready()
