# SPDX-License-Identifier: MIT
"""Texts that embedders which split words otherwise than the model was taught get wrong without a word."""
TEXTS = [
    "Café crème brûlée in São Paulo, naïve résumé",
    "Cafe\u0301 cre\u0300me",  # letters and accents as characters of their own
    "Straße und Größe: Übermut tut selten gut.",
    "Zażółć gęślą jaźń",
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "İstanbul'da ılık bir gün",
    "Đường phố Hà Nội",
    "Ελληνικά: καλημέρα κόσμε",
    "Съешь же ещё этих мягких французских булок",
    "今日は天気がいいですね。",
    "北京是中国的首都",
    "서울은 한국의 수도입니다",
    "مرحبا بالعالم",
    "नमस्ते दुनिया",
    "I ❤️ pizza 🍕 and 👩‍👩‍👧 families",
    "naïve ﬁnancial ½ ™ ①",
    "“curly quotes” — and … dots",
    "a\u200bb zero\u00a0width \ufeffspaces",
]
