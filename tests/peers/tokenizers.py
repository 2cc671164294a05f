#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares heed's tokenizer with PyPI's `tokenizers` and `sentencepiece` on random texts.

  python tests/peers/tokenizers.py PROGRAM DATA [--texts 100000] [--only NAME]

PROGRAM is tests/peers/tokenizer_ids.cpp, compiled; DATA the folder with tokenizers/ and models/. Beside
the tokenizers there, small ones are trained here that have each normalizer, pre-tokenizer, model,
post-processor and decoder. Needs tokenizers and sentencepiece. Texts hold characters that were assigned
in the Unicode of this Python and that Hugging Face's tables know, since tables differ from library to
library. A plain text of which Hugging Face makes a control token is left out: here it never becomes one.
Prints one line a kind and ends with 1 if any text differs."""
import argparse, base64, json, os, random, struct, subprocess, sys, tempfile, unicodedata

sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers,
                        processors, trainers)

NASTY = list(" \n\r\t'\"!?.,;:-_<>[]{}|/\\@#$%^&*()+=~`") + [
    "  ", "\n\n", "\r\n", "'s", "'S", "'\u017f", "'ll", "'RE", "\u00a0", "\u3000", "\u2028", "\u200b", "\u200d",
    "\ufeff", "\ufffd", "\u0000", "\u0001", "\u007f", "\u0085", "\u00ad", "e\u0301", "\u00e9", "A\u030a", "\u212b",
    "\ufb01", "\u0130", "\u0131", "\u00df", "\u1e9e", "\u03a3", "\u03c2", "\u01c5", "\u2160", "\u24b6", "\u00bd",
    "\u0660", "\u0967", "\u4e2d", "\u65e5\u672c", "\u3042", "\u30ab", "\u30ac", "\u30fc", "\uac00", "\u1100\u1161",
    "\uff21", "\uff76\uff9e", "\U0001f600", "\U0001f468\u200d\U0001f469", "\U0001f1e9\U0001f1ea", "\u0e33", "\u0928\u093f",
    "\u2581", "\u2581\u2581", "\u0120", "\u010a", "</w>", "##", "<s>", "</s>", "<unk>", "[CLS]", "[MASK]", "<|endoftext|>",
    "<|im_start|>", "<|im_end|>", "<0x41>", "\u0323\u0307", "\u0307\u0323", "\u1ea0", "\u0344", "\u00b5", "\u2126"]
WORDS = ("the of and to in is you that it he was for on are as with his they I at be this have from or one had by "
         "word but not what all were we when your can said there use an each which she do how their if will up "
         "Hello world don't can't I'm we'll They've naive cafe Paris 2024 3.14 1,000 http://x.y/z?a=b foo_bar").split()


def as_hugging_face_knows(chars):
    """Characters that Hugging Face's tables, some of which are older than this Python's, agree about."""
    forms = {"NFC": normalizers.NFC(), "NFD": normalizers.NFD(), "NFKC": normalizers.NFKC(), "NFKD": normalizers.NFKD()}
    strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    marks = normalizers.StripAccents()
    parts = lambda p, c: len(p.pre_tokenize_str("a" + c)) > 1
    for c in chars:
        kind = unicodedata.category(c)
        if kind[0] == "M" or unicodedata.normalize("NFKD", c) != c or kind in ("Cf", "Cc"):
            bare = "".join(x for x in unicodedata.normalize("NFD", c) if unicodedata.category(x) != "Mn")
            gone = kind in ("Cf", "Cc") and c not in "\t\n\r" or c == "\ufffd"
            if (any(f.normalize_str(c) != unicodedata.normalize(n, c) for n, f in forms.items()) or strip.normalize_str(c) != bare
                    or (clean.normalize_str(c) == "") != gone or (marks.normalize_str(c) == "") != (kind[0] == "M")):
                continue
        if kind[0] in "PNS" and ord(c) > 127 and (parts(pre_tokenizers.Punctuation(), c) != (kind[0] == "P") or parts(pre_tokenizers.Digits(), c) != (kind[0] == "N")):
            continue
        yield c


ASSIGNED = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
KNOWN = list(as_hugging_face_knows(ASSIGNED))


def random_text(r):
    parts = []
    for _ in range(r.randint(0, 12)):
        kind = r.random()
        if kind < 0.45:
            parts.append(r.choice(("", " ", " ")) + r.choice(WORDS))
        elif kind < 0.8:
            parts.append(r.choice(NASTY))
        elif kind < 0.9:
            parts.append(r.choice(KNOWN))
        elif kind < 0.95:
            parts.append("".join(chr(r.randint(32, 126)) for _ in range(r.randint(1, 12))))
        else:
            block = r.randrange(len(KNOWN) - 64)
            parts.append("".join(KNOWN[block + r.randrange(64)] for _ in range(r.randint(1, 8))))
    return "".join(parts)


def with_steps(model, trainer, normalizer=None, pre=None, post=None, decoder=None, added=(), texts=()):
    t = Tokenizer(model)
    if normalizer is not None: t.normalizer = normalizer
    if pre is not None: t.pre_tokenizer = pre
    t.train_from_iterator(texts, trainer)
    if post is not None: t.post_processor = post(t) if callable(post) else post
    if decoder is not None: t.decoder = decoder
    for a in added: (t.add_special_tokens if a.special else t.add_tokens)([a])
    return t


def charsmap(path):
    """The normaliser of a SentencePiece model: field 3 of the message, and field 2 of that."""
    def fields(b):
        at = 0
        def number():
            nonlocal at
            n = shift = 0
            while True:
                n |= (b[at] & 127) << shift; shift += 7; at += 1
                if b[at - 1] < 128: return n
        while at < len(b):
            tag = number()
            size = {1: 8, 5: 4}.get(tag & 7) or (number() if tag & 7 == 2 else 0)
            if tag & 7 == 0: number()
            yield tag >> 3, b[at:at + size]
            at += size
    spec = next(v for f, v in fields(open(path, "rb").read()) if f == 3)
    return next(v for f, v in fields(spec) if f == 2)


def small_tokenizers(texts, data):
    bpe = lambda **k: trainers.BpeTrainer(vocab_size=1500, show_progress=False, special_tokens=["<unk>", "<s>", "</s>"], **k)
    piece = lambda **k: trainers.WordPieceTrainer(vocab_size=1500, show_progress=False, special_tokens=["[UNK]", "[CLS]", "[SEP]", "[MASK]"], **k)
    unigram = lambda: trainers.UnigramTrainer(vocab_size=9000, show_progress=False, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>")
    level = lambda: trainers.WordLevelTrainer(vocab_size=800, show_progress=False, special_tokens=["<unk>", "<s>"])
    N, P, D = normalizers, pre_tokenizers, decoders
    byte = P.ByteLevel(add_prefix_space=False)
    alphabet = P.ByteLevel.alphabet()
    gpt4o = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
             r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
             r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    llama3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
              r"\s*[\r\n]+|\s+(?!\S)|\s+")
    split = lambda p: P.Sequence([P.Split(Regex(p), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    make = lambda *a, **k: with_steps(*a, texts=texts, **k)
    spm = charsmap(os.path.join(data, "tokenizers/spm-unigram/tokenizer.model"))
    yield "llama3 cut, template", make(models.BPE(ignore_merges=True), bpe(initial_alphabet=alphabet), pre=split(llama3), decoder=D.ByteLevel(),
        post=lambda t: processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])]))
    yield "gpt-4o cut", make(models.BPE(), bpe(initial_alphabet=alphabet), pre=split(gpt4o), decoder=D.ByteLevel())
    yield "roberta", make(models.BPE(), bpe(initial_alphabet=alphabet), pre=P.ByteLevel(add_prefix_space=True), decoder=D.ByteLevel(),
        post=processors.RobertaProcessing(("</s>", 2), ("<s>", 1)),
        added=[AddedToken("<mask>", lstrip=True, special=True, normalized=False), AddedToken("Paris", single_word=True, normalized=False), AddedToken("[MASK]", rstrip=True, normalized=False)])
    yield "bytes as normalizer", make(models.BPE(), bpe(initial_alphabet=alphabet), normalizer=N.ByteLevel(), decoder=D.ByteLevel())
    yield "bpe with prefix and unk", make(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), bpe(continuing_subword_prefix="##"), normalizer=N.NFKC(), pre=P.Whitespace(), decoder=D.WordPiece())
    yield "bpe with suffix, fused unk", make(models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"), bpe(end_of_word_suffix="</w>"),
        normalizer=N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()]), pre=P.BertPreTokenizer(), decoder=D.BPEDecoder())
    yield "metaspace first, no split", make(models.BPE(unk_token="<unk>", fuse_unk=True), bpe(), pre=P.Metaspace(prepend_scheme="first", split=False), decoder=D.Metaspace(prepend_scheme="first"),
        added=[AddedToken("<|im_end|>", special=True, normalized=False), AddedToken("the", normalized=True)])
    yield "bert cased, strip accents", make(models.WordPiece(unk_token="[UNK]"), piece(), normalizer=N.BertNormalizer(lowercase=False, strip_accents=True, handle_chinese_chars=False), pre=P.BertPreTokenizer(), decoder=D.WordPiece(),
        post=processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)), added=[AddedToken("[MASK]", lstrip=True, special=True), AddedToken("Hello", normalized=True)])
    yield "bert lower, normalised tokens", make(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=8), piece(), normalizer=N.BertNormalizer(), pre=P.BertPreTokenizer(), decoder=D.WordPiece(cleanup=False),
        added=[AddedToken("Hello", normalized=True), AddedToken("HTTP", normalized=True, single_word=True, rstrip=True)])
    yield "unigram", make(models.Unigram(), unigram(), normalizer=N.Sequence([N.Nmt(), N.NFKC(), N.Replace(Regex(" {2,}"), " ")]), pre=P.Metaspace(), decoder=D.Metaspace())
    yield "unigram, charsmap", make(models.Unigram(), unigram(), normalizer=N.Sequence([N.Precompiled(spm), N.Strip(left=False, right=True), N.Replace(Regex(" {2,}"), "\u2581")]), pre=P.Metaspace(prepend_scheme="always"), decoder=D.Metaspace(),
        post=processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)]))
    yield "word level", make(models.WordLevel(unk_token="<unk>"), level(), normalizer=N.Sequence([N.NFKD(), N.Strip(), N.Prepend("x ")]), pre=P.Sequence([P.WhitespaceSplit(), P.Punctuation("merged_with_previous"), P.Digits(individual_digits=False)]))
    yield "word level, delimiters", make(models.WordLevel(unk_token="<unk>"), level(), pre=P.Sequence([P.CharDelimiterSplit("e"), P.Split("o", "merged_with_next"), P.Punctuation("contiguous"), P.FixedLength(3)]))
    yield "word level, splits", make(models.WordLevel(unk_token="<unk>"), level(), pre=P.Sequence([P.Split(Regex("[aeiou]+"), "merged_with_previous"), P.Split(Regex(r"\d"), "removed", invert=False), P.Split(Regex(r"\w+"), "contiguous", invert=True)]),
        decoder=D.Sequence([D.Replace("e", "E"), D.Strip("a", 1, 0), D.Fuse()]))
    yield "ctc", make(models.WordLevel(unk_token="<unk>"), level(), pre=P.Split(Regex("(?m:.)"), "isolated"), decoder=D.CTC(pad_token="<s>", word_delimiter_token="o"))


def ours(program, path, texts, plain):
    data = [t.encode() for t in texts]
    done = subprocess.run([program, path] + ["plain"] * plain, input=b"".join(struct.pack("=I", len(d)) + d for d in data), capture_output=True)
    if done.returncode:
        raise SystemExit(f"{path}: {done.stderr.decode()}")
    out, at = done.stdout, 0
    for _ in texts:
        n, = struct.unpack_from("=I", out, at)
        ids = list(struct.unpack_from(f"={n}I", out, at + 4))
        at += 4 + 4 * n
        n, = struct.unpack_from("=I", out, at)
        yield ids, out[at + 4:at + 4 + n].decode()
        at += 4 + n


class Peer:
    """A tokenizer of Hugging Face's, or of sentencepiece."""
    def __init__(self, path):
        self.hf = not path.endswith(".model")
        if self.hf:
            self.t = Tokenizer.from_file(path)
            self.t.no_truncation()
            self.t.no_padding()
        else:
            import sentencepiece
            self.t = sentencepiece.SentencePieceProcessor(model_file=path)
    def encode(self, texts, plain):
        if not self.hf:
            return self.t.encode(texts)
        self.special = {i for i, t in self.t.get_added_tokens_decoder().items() if t.special}
        self.control = {i for i in self.special if self.t.id_to_token(i) not in ("<unk>", "[UNK]")}
        self.t.encode_special_tokens = plain
        return [e.ids for e in self.t.encode_batch(texts, add_special_tokens=not plain)]
    def decode(self, ids):
        return self.t.decode(ids, skip_special_tokens=False) if self.hf else self.t.decode(ids)


def compare(program, name, path, texts):
    peer, wrong, decoded_wrong, shown, left_out = Peer(path), 0, 0, 0, 0
    for plain in (False, True) if peer.hf else (False,):
        for text, theirs, (ids, decoded) in zip(texts, peer.encode(texts, plain), ours(program, path, texts, plain)):
            problem = None
            if plain and ids != theirs and peer.special.intersection(theirs) and not peer.control.intersection(ids):
                left_out += 1
            elif ids != theirs:
                wrong += 1
                problem = f"tokens {ids} | {theirs}"
            elif ids and decoded != peer.decode(ids):
                decoded_wrong += 1
                problem = f"decoded {decoded!r} | {peer.decode(ids)!r}"
            if problem and shown < 3:
                shown += 1
                print(f"  {name}{' plain' * plain}: {text!r}: {problem}"[:700])
    print(f"{name}: {len(texts)} texts{', twice' * peer.hf}, {wrong} with other tokens, {decoded_wrong} decoded otherwise"
          + f", {left_out} left out" * (left_out > 0), flush=True)
    return wrong + decoded_wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("data")
    p.add_argument("--texts", type=int, default=100000)
    p.add_argument("--only", default="")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    r = random.Random(a.seed)
    texts = [random_text(r) for _ in range(a.texts)]
    print(f"{len(KNOWN)} of {len(ASSIGNED)} characters")
    bad = 0
    folder = os.path.join(a.data, "tokenizers")
    for name in sorted(os.listdir(folder)):
        for file in ("tokenizer.json", "tokenizer.model"):
            path = os.path.join(folder, name, file)
            if os.path.exists(path) and a.only in name:
                bad += compare(a.program, f"{name}/{file}", path, texts)
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "tokenizer.json")
        training = [random_text(random.Random(i)) for i in range(3000)]
        for name, t in small_tokenizers(training, a.data):
            if a.only in name:
                t.save(path)
                bad += compare(a.program, name, path, texts)
    sys.exit(bad > 0)


main()
