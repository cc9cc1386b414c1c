"""Lists of references: entries in the usual styles are told from prose that names people, years and papers."""

from __future__ import annotations

import pytest

from corpus.format import load_reading
from ingest.bibliography import asks_for_sources, entries, is_bibliography, is_entry

ENTRIES = [
    "[3] J. Wei, X. Wang, D. Schuurmans, and M. Bosma, “Chain-of-thought,” Advances in Neural, vol. 35, 2022.",
    "Jason Wei, Xuezhi Wang, and Denny Zhou. Chain-of-thought prompting elicits reasoning. In NeurIPS, 2022.",
    "Angela Fan, Yacine Jernite, and Michael Auli. 2019. ELI5: Long form question answering. In Proceedings of ACL.",
    "Guu, K., Lee, K., and Chang, M.-W. REALM: Retrieval at work. arXiv preprint arXiv:2002.08909, 2020.",
    "Hu, E. J., Shen, Y., & Wallis, P. (2021). LoRA: Low-rank adaptation. arXiv:2106.09685.",
    "Towards explanations by watching movies. In arXiv preprint arXiv:1506.06724.",
    "Aydar Bulatov, Yury Kuratov, and Mikhail Burtsev. 2022. Recurrent memory. Advances in Neural, 35:11079–11091.",
    "Васвани А., Шазир Н. Внимание — это всё, что нужно // Труды NIPS. — 2017. — С. 5998–6008.",
    "Лю Ю. и др. RoBERTa: надёжный подход к предобучению BERT. 2019.",
]
PROSE = [
    "LoRA was proposed by Edward Hu, Yelong Shen, Phillip Wallis, and others at Microsoft in 2021.",
    "Edward Hu, Yelong Shen, and Phillip Wallis proposed LoRA in 2021.",
    "The war began in 1939. It ended in 1945.",
    "The paper appeared as an arXiv preprint in 2021.",
    "Models such as Llama Guard, Mistral Large, Claude Opus, Gemini Pro and Code Llama came out in 2023.",
    "Questions were asked on February 24, 2022. The answers came on April 9, 2023.",
    "Reward hacking has been observed in many systems (Skalse et al., 2022; Krakovna et al., 2020).",
    "А. Васвани и его соавторы предложили трансформер в 2017 г.; статья называется «Внимание — это всё, что нужно».",
    "const a = 1; // the first\nconst b = 2; // the second",
    "Порядок установлен Федеральным законом № 152-ФЗ, а также законом № 149-ФЗ.",
    "Open on Monday, 10:00-18:00. On Tuesday, 12:00-20:00.",
    "Нагреть до 20 °С. 5 минут держать, потом довести до 80 °С. 10 минут ждать.",
    "Enter the URL of the page. A URL must begin with a protocol.",
    "A preprint is a paper before review. The preprint server keeps it.",
    "Albert Einstein (14 March 1879 – 18 April 1955) was given the Nobel Prize in 1921. He emigrated in 1933.",
    "OpenAI. GPT-2 was released in 2019. GPT-3 followed in 2020.",
    "BERT (Devlin et al.) was released in 2018. RoBERTa followed in 2019.",
    "Яндекс (российская компания) основан в 1997. На биржу вышел в 2011.",
    "**Amazon.** Founded in 1994. Public since 1997.",
    "Pulp Fiction (1994). Jackie Brown (1997). Kill Bill (2003).",
    "",
]


@pytest.mark.parametrize("paragraph", ENTRIES)
def test_entries_are_told(paragraph: str) -> None:
    assert is_entry(paragraph) and is_bibliography(paragraph)


@pytest.mark.parametrize("paragraph", PROSE)
def test_prose_is_none(paragraph: str) -> None:
    assert not is_entry(paragraph) and not is_bibliography(paragraph)


@pytest.mark.parametrize(
    "paragraph",
    [
        "INTERNATIONAL ORGANIZATION FOR STANDARDIZATION, Ann Aa, Bob Bb, was founded in 1947.",
        "МИНИСТЕРСТВО ЗДРАВООХРАНЕНИЯ РОССИЙСКОЙ ФЕДЕРАЦИИ, А. Иванов, утвердило порядок в 2019.",
        "A. Aa, " + "et al., " * 200 + "x in 2019.", "A. Aa, " + "Ab& " * 200 + "x in 2019.",
        "Editors " * 200 + "A. Aa, x 2019.",
        "A." * 300 + " A. Aa, x 2019.", "Aa Bb, " * 300 + "x in 2019.",
    ],
)
def test_capitals_and_nonsense_are_looked_at_in_no_time(paragraph: str) -> None:
    is_entry(paragraph)  # tried in every way there is, they take minutes to years


def test_no_passage_of_the_reading_sets_is_a_list_of_references() -> None:
    assert not [passage.id for passage in load_reading() if entries(passage.text)]


def test_entries_beside_prose_are_found_where_they_are() -> None:
    text = f"{PROSE[0]} {PROSE[2]} {PROSE[4]}\n\n{ENTRIES[1]}"
    assert [text[start:end] for start, end in entries(text)] == [ENTRIES[1]]
    assert not is_bibliography(text)


def test_where_most_is_entries_all_of_it_is() -> None:
    text = "\n\n".join(["reasoning tasks.", *ENTRIES[:3]])
    assert entries(text) == [(0, len(text))]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("Who wrote REALM?", True), ("When was BERT published?", True), ("Кто автор статьи о LoRA?", True),
        ("В каком году вышла RoBERTa?", True), ("What did Hu et al. find?", True), ("What happened in 2017?", True),
        ("Which paper introduced LoRA?", True), ("At which conference was RWKV presented?", True),
        ("В какой статье предложен BERT?", True), ("Чьё это исследование?", True), ("Whom does it cite?", True),
        ("What is instruction tuning?", False), ("Когда нужна дистилляция?", False), ("When does LoRA fail?", False),
        ("What is pass by reference?", False), ("Что такое ссылка в C++?", False), ("What does WHO recommend?", False),
        ("What is a reference model in DPO?", False),
    ],
)
def test_questions_for_sources_are_told(question: str, asks: bool) -> None:
    assert asks_for_sources(question) is asks
