"""What a sentence of a model may be wrong in: somebody else's name, the language, a taboo, a leak.

Everything is looked at in folded text, so that a full-width colon is a colon.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from interview.domain.bilingual import Language
from interview.domain.reading.matching import fold, terms


class Breach(StrEnum):
    """Why the model's words are not said; the reason of ``turn.degraded``."""

    OTHER_SPEAKER = "other_speaker"
    WRONG_LANGUAGE = "wrong_language"
    TABOO = "taboo"
    LEAK = "leak"
    TOO_LONG = "too_long"
    NO_QUESTION = "no_question"
    EMPTY = "empty"


_AFTER_LABEL = re.compile(r"^[^:：]*(?:[:：][*_`~\]】 ]*|$)")
_DRESSING = re.compile(r"[*_#>\[\]【】`~]")
_ASIDE = r"(?: ?\([^()\n]{0,40}\))?"
_CANDIDATE = (
    "candidate|interviewee|applicant|user|human|you|me|narrator|"
    "候选人|应聘者|求职者|面试者|用户|你|我|旁白"
)
_OWN_WORDS = (
    "interviewer|assistant|ai|reaction|question|line|speech|answer|reply|"
    "面试官|考官|助手|反应|问题|台词|回答|回复"
)


def _label(names: Iterable[str]) -> re.Pattern[str]:
    words = sorted({fold(name).text.strip() for name in names} - {""}, key=len, reverse=True)
    either = "|".join(re.escape(word) for word in words) or r"(?!)"
    return re.compile(rf"^[\s\"'“”‘’—–-]*(?:{either}){_ASIDE} ?(?::|$)")


@dataclass(frozen=True, slots=True)
class Labels:
    """The names a line may begin with: the speaker's own, which is dropped, and all others."""

    own: re.Pattern[str]
    others: re.Pattern[str]

    @classmethod
    def of(cls, own: Iterable[str], others: Iterable[str]) -> "Labels":
        """Return the labels of one seat at the table."""
        return cls(
            own=_label([*own, *_OWN_WORDS.split("|")]),
            others=_label([*others, *_CANDIDATE.split("|")]),
        )

    def is_anothers(self, sentence: str) -> bool:
        """Return whether the sentence is put into somebody else's mouth."""
        return self.others.match(_undressed(sentence)) is not None

    def without_own(self, sentence: str) -> str:
        """Return the sentence without the speaker's own name before it."""
        if self.own.match(_undressed(sentence)) is None:
            return sentence
        return _AFTER_LABEL.sub("", sentence, count=1)


def _undressed(sentence: str) -> str:
    return fold(_DRESSING.sub("", sentence)).text.strip()


_QUOTED = re.compile(
    r"^[^“「『《]*[”」』》]|“[^”]*(?:”|$)|「[^」]*(?:」|$)|『[^』]*(?:』|$)|《[^》]*(?:》|$)|\"[^\"]*\""
)
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[a-z][a-z'’-]+", re.IGNORECASE)
_OTHER = re.compile(
    "[\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]"
)
_FEW = 4


def is_foreign(sentence: str, language: Language) -> bool:
    """Return whether the sentence is in another language; quoted words may be in any.

    A Chinese sentence may name any number of tools, as long as it is a Chinese sentence.
    """
    own_words = _QUOTED.sub("", sentence)
    n_han, n_latin = len(_HAN.findall(own_words)), len(_LATIN.findall(own_words))
    n_other = len(_OTHER.findall(own_words))
    if n_other >= _FEW:
        return True
    if language == "zh":
        return n_latin >= _FEW and n_han < n_latin
    return n_han >= _FEW and n_han > n_latin


_PERSONAL_WORDS = (
    "how old are you|your age|what year were you born|are you married|your marital status|"
    "your husband|your wife|do you have kids|do you have children|are you pregnant|"
    "planning a family|start a family|your religion|do you believe in god|your accent|"
    "your skin|what race are you|where are you really from|your looks|for a woman|for a girl|"
    "as a woman|as a mother|at your age|your gender|are you gay|are you disabled|"
    "你多大|你今年几岁|你几岁|你的年龄|年纪这么|你结婚|结婚了吗|婚姻状况|有没有孩子|有孩子吗|"
    "生孩子|要二胎|怀孕|备孕|你老公|你老婆|你男朋友|你女朋友|你的性别|作为女生|作为女人|"
    "女孩子家|你的信仰|你信什么教|你的口音|你的长相|你长得|你的民族|你的身材"
)
_PERSONAL = terms(tuple(_PERSONAL_WORDS.split("|")))
_PROMISE = re.compile(
    r"full marks|perfect score|top score|you(?:'re| are) hired|you got the job|"
    r"you(?:'ve| have) passed|(?:give|giving|gave|award) you (?:a |an )?(?:\d|full|perfect)|"
    r"your score (?:is|will be)|i(?:'d| would|'ll| will)? (?:rate|score) (?:you|that|this)|"
    r"满分|给你(?:打|评)?[^。!?]{0,6}分|打\d{1,3}分|你(?:被)?录用|你被录取|恭喜(?:你)?通过|"
    r"你(?:已经)?通过了面试|你的(?:得分|分数)(?:是|为)"
)
_MODEL_ANSWER = re.compile(
    r"you should have said|the (?:right|correct|model|ideal) answer (?:is|would be)|"
    r"a good answer would|正确答案是|标准答案是|你应该回答|你应该这么说|参考答案"
)


def is_taboo(sentence: str) -> bool:
    """Return whether the sentence asks what nobody may, promises a score, or answers itself."""
    folded = fold(sentence).text
    return bool(_PERSONAL.search(folded) or _PROMISE.search(folded) or _MODEL_ANSWER.search(folded))


_MACHINERY = re.compile(
    r"my (?:system )?(?:prompt|instructions)\b|as an ai(?: language)?(?: model| assistant|,)|"
    r"i(?:'m| am) (?:an ai|a language model)\b|i can(?:'|no)t (?:help|assist|comply)|"
    r"</?data|post_history|mes_example|"
    r"我的(?:系统)?(?:提示词|指令|设定)|作为(?:一个|一名)?(?:ai|人工智能|语言模型)(?:助手)?[,，]|"
    r"我是(?:一个|一名)?(?:ai|人工智能|语言模型)|抱歉,我(?:不能|无法)"
)
_SHINGLE = 30  # folded letters of a secret that may not be heard in a row; Chinese counts double


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the model was told and must not tell: kept as overlapping pieces."""

    pieces: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Secrets":
        """Return the secrets of these texts."""
        return cls(frozenset(piece for text in texts for piece in _shingles(text)))

    def are_in(self, sentence: str) -> bool:
        """Return whether the sentence speaks of the machinery, or in the words of its orders."""
        if _MACHINERY.search(fold(sentence).text):
            return True
        return not self.pieces.isdisjoint(_shingles(sentence))


def _shingles(text: str) -> Iterable[str]:
    letters = [character for character in fold(text).text if character.isalnum()]
    widths = [2 if ord(character) > 0x2E7F else 1 for character in letters]
    end, width = 0, 0
    for start in range(len(letters)):
        while width < _SHINGLE and end < len(letters):
            width += widths[end]
            end += 1
        if width < _SHINGLE:
            return
        yield "".join(letters[start:end])
        width -= widths[start]
