#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times models in heed beside llama.cpp, CTranslate2, PyTorch (transformers, sentence-transformers) and ONNX Runtime.

    cmake --preset native && cmake --build build/native --target benchmark_models
    pip install torch transformers ctranslate2 sentence-transformers onnx onnxruntime xllamacpp    # those that you want
    benchmarks/peers/models.py build/native/benchmarks/benchmark_models FOLDER --threads 1 2

FOLDER holds smollm2.gguf, smollm2/ (the same weights as floats in a Hugging Face folder) and minilm/, those of
them that are there; what else is needed (gpt2/, of random weights, and other formats) is made in it.

Each contestant is a process of its own that has loaded one model and answers lines: `prompt 500` reads a prompt
of so many tokens and gives the first behind it, `write 64` writes so many after a prompt of six, `encode 12 30`
makes vectors of texts of so many tokens; heed's time has that of its tokenizer in it. They take turns, round
after round, and the others sleep. Printed are medians: for heed milliseconds or tokens a second, for each peer
how many times as long it takes; in bold where heed is slower.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def some_ids(count):
    return [i * 7919 % 20000 + 1000 for i in range(count)]


RAGGED = [8 + 37 * i % 121 for i in range(32)]  # 8 to 128 tokens
TEXTS = ["encode 12", "encode 128", "encode" + 32 * " 128", "encode " + " ".join(map(str, RAGGED))]
SPEECH = ["prompt 500", "write 64"]
# The model, heed's weights, the tasks, and the peers that are compared with them: name and what it is loaded with.
CASES = {
    "smollm2 Q4_1": ("decoder smollm2.gguf file", SPEECH, [
        ("llama.cpp", "smollm2.gguf"), ("CTranslate2", "smollm2-int8"), ("CTranslate2", "smollm2-float32"),
        ("transformers", "smollm2 eager float32"), ("transformers", "smollm2 sdpa float32")]),
    "gpt2 float": ("decoder gpt2 file", SPEECH, [
        ("CTranslate2", "gpt2-float32"), ("transformers", "gpt2 eager float32"),
        ("transformers", "gpt2 sdpa float32"), ("ONNX Runtime", "gpt2")]),
    "gpt2 bfloat16": ("decoder gpt2 bf16", SPEECH, [
        ("CTranslate2", "gpt2-bfloat16"), ("transformers", "gpt2 eager bfloat16"),
        ("transformers", "gpt2 sdpa bfloat16")]),
    "gpt2 8 bit": ("decoder gpt2 q8_0", SPEECH, [("CTranslate2", "gpt2-int8")]),
    "minilm float": ("encoder minilm file", TEXTS, [
        ("transformers", "minilm eager float32"), ("transformers", "minilm sdpa float32"),
        ("sentence-transformers", "minilm"), ("ONNX Runtime", "minilm")]),
}


# ---- what a peer's process does: load(where, threads) gives a function of a task and its numbers -> seconds


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def llama_cpp(folder, model, threads):
    """Rounds activations to 8 bits. Its own clocks are believed."""
    import json
    import xllamacpp
    how = xllamacpp.CommonParams()
    how.model.path = os.path.join(folder, model)
    how.n_gpu_layers, how.n_ctx, how.n_parallel, how.verbosity = 0, 1024, 1, 0
    how.cpuparams.n_threads = how.cpuparams_batch.n_threads = threads
    how.no_perf = False
    server = xllamacpp.Server(how)

    def answer(task, count):
        prompt, tokens = (some_ids(count), 1) if task == "prompt" else (some_ids(6), count)
        said = server.handle_completions({
            "prompt": prompt, "n_predict": tokens, "max_tokens": tokens, "temperature": 0, "top_k": 1,
            "cache_prompt": False, "ignore_eos": True})
        times = (said if isinstance(said, dict) else json.loads(said))["timings"]
        assert (times["prompt_n"], times["predicted_n"]) == (len(prompt), tokens), times
        return (times["prompt_ms"] + times["predicted_ms"]) / 1e3
    return answer


def ctranslate2_peer(folder, model, threads):
    import ctranslate2
    name, kind = model.rsplit("-", 1)
    made = os.path.join(folder, "ctranslate2", model)
    if not os.path.isdir(made):
        converter = ctranslate2.converters.TransformersConverter(os.path.join(folder, name))
        converter.convert(made, quantization=kind)
    generator = ctranslate2.Generator(made, compute_type=kind, inter_threads=1, intra_threads=threads)
    with open(os.path.join(made, "vocabulary.json"), encoding="utf-8") as file:
        import json
        words = json.load(file)

    def answer(task, count):
        prompt, tokens = (some_ids(count), 1) if task == "prompt" else (some_ids(6), count)
        text = [words[i] for i in prompt]
        return timed(lambda: generator.generate_batch(
            [text], min_length=tokens, max_length=tokens, sampling_topk=1, include_prompt_in_result=False))
    return answer


def padded(counts):
    import torch
    ids = torch.zeros(len(counts), max(counts), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, count in enumerate(counts):
        ids[row, :count] = torch.tensor(some_ids(count))
        mask[row, :count] = 1
    return {"input_ids": ids, "attention_mask": mask}


def transformers_peer(folder, model, threads):
    import torch
    import transformers
    name, attention, dtype = model.split()
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    kind = transformers.AutoModel if name == "minilm" else transformers.AutoModelForCausalLM
    made = kind.from_pretrained(
        os.path.join(folder, name), dtype=getattr(torch, dtype), attn_implementation=attention).eval()

    def encode(_, *counts):
        given = padded(counts)

        def vectors():
            hidden = made(**given).last_hidden_state
            mask = given["attention_mask"][..., None].float()
            mean = (hidden * mask).sum(1) / mask.sum(1)
            return mean / mean.norm(dim=1, keepdim=True)
        return timed(vectors)

    def answer(task, count):
        if task == "prompt":
            ids = torch.tensor([some_ids(count)])
            return timed(lambda: made(ids, use_cache=True, logits_to_keep=1))
        ids = torch.tensor([some_ids(6)])
        return timed(lambda: made.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=count, max_new_tokens=count,
            pad_token_id=0))
    return encode if name == "minilm" else answer


def sentence_transformers_peer(folder, model, threads):
    """Without its tokenizer, which the others do not use either."""
    import torch
    from sentence_transformers import SentenceTransformer
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    made = SentenceTransformer(os.path.join(folder, model), device="cpu")
    return lambda _, *counts: timed(lambda given=padded(counts): made(dict(given))["sentence_embedding"])


def onnx_file(folder, name):
    """Of a model in PyTorch, traced: BERT as it is, GPT-2 with keys and values as inputs and outputs."""
    import torch
    import transformers
    path = os.path.join(folder, name + ".onnx")
    if os.path.exists(path):
        return path
    torch.set_grad_enabled(False)
    how = {"attn_implementation": "eager"}
    if name == "minilm":
        bert = transformers.AutoModel.from_pretrained(os.path.join(folder, name), **how).eval().requires_grad_(False)
        given = padded([5, 7])

        class Hidden(torch.nn.Module):
            def forward(self, ids, mask):
                hidden = bert(input_ids=ids, attention_mask=mask).last_hidden_state
                weights = mask[..., None].float()
                mean = (hidden * weights).sum(1) / weights.sum(1)
                return mean / mean.norm(dim=1, keepdim=True)
        names, dynamic = ["ids", "mask"], {n: {0: "texts", 1: "tokens"} for n in ("ids", "mask")}
        torch.onnx.export(Hidden(), (given["input_ids"], given["attention_mask"]), path, input_names=names,
                          output_names=["vectors"], dynamic_axes=dynamic, opset_version=17, dynamo=False)
        return path
    gpt = transformers.AutoModelForCausalLM.from_pretrained(os.path.join(folder, name), **how).eval()
    gpt = gpt.requires_grad_(False).transformer

    class Step(torch.nn.Module):
        """Scores behind the last of some ids, from keys and values (layers, 2, heads, before, width)."""

        def forward(self, ids, past):
            before, tokens = past.shape[3], ids.shape[1]
            at = torch.arange(before, before + tokens)
            x = gpt.wte(ids[0]) + gpt.wpe(at)
            hidden = torch.arange(before + tokens)[None, :] > at[:, None]
            kept = []
            for layer, block in enumerate(gpt.h):
                qkv = block.attn.c_attn(block.ln_1(x)).view(tokens, 3, 12, 64).permute(1, 2, 0, 3)
                keys = torch.cat([past[layer, 0], qkv[1]], 1)
                values = torch.cat([past[layer, 1], qkv[2]], 1)
                kept.append(torch.stack([keys, values]))
                scores = (qkv[0] @ keys.transpose(1, 2) / 8).masked_fill(hidden, float("-inf"))
                seen = (scores.softmax(-1) @ values).transpose(0, 1).reshape(tokens, 768)
                x = x + block.attn.c_proj(seen)
                x = x + block.mlp.c_proj(block.mlp.act(block.mlp.c_fc(block.ln_2(x))))
            return gpt.ln_f(x[-1]) @ gpt.wte.weight.T, torch.stack(kept)
    torch.onnx.export(Step(), (torch.tensor([some_ids(3)]), torch.zeros(12, 2, 12, 2, 64)), path,
                      input_names=["ids", "past"], output_names=["scores", "present"],
                      dynamic_axes={"ids": {1: "tokens"}, "past": {3: "before"}, "present": {3: "all"}},
                      opset_version=17, dynamo=False)
    return path


def onnx_runtime(folder, name, threads):
    import numpy
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        onnx_file(folder, name), options, providers=["CPUExecutionProvider"])

    def encode(_, *counts):
        given = padded(counts)
        arrays = {"ids": given["input_ids"].numpy(), "mask": given["attention_mask"].numpy()}
        return timed(lambda: session.run(None, arrays))

    def speak(ids, tokens):
        past = onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros((12, 2, 12, 0, 64), numpy.float32))
        for _ in range(tokens):
            given = onnxruntime.OrtValue.ortvalue_from_numpy(numpy.array([ids], numpy.int64))
            scores, past = session.run_with_ort_values(None, {"ids": given, "past": past})
            ids = [int(scores.numpy().argmax())]

    def answer(task, count):
        return timed(lambda: speak(*((some_ids(count), 1) if task == "prompt" else (some_ids(6), count))))
    return encode if name == "minilm" else answer


PEERS = {"llama.cpp": llama_cpp, "CTranslate2": ctranslate2_peer, "transformers": transformers_peer,
         "sentence-transformers": sentence_transformers_peer, "ONNX Runtime": onnx_runtime}


def serve(folder, peer, model, threads):
    """A peer's process."""
    start = time.perf_counter()
    answer = PEERS[peer](folder, model, int(threads))
    print(f"ready {peer} load {time.perf_counter() - start:.4g}", flush=True)
    for line in sys.stdin:
        task, *counts = line.split()
        print(answer(task, *map(int, counts)), flush=True)


# ---- turns


class Contestant:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.ready = self.line("ready ")

    def line(self, start=""):
        """What libraries print in between is passed over."""
        for said in self.process.stdout:
            if said.startswith(start) if start else said[:1].isdigit():
                return said.strip()
        raise RuntimeError("it has ended")

    def seconds(self, task):
        print(task, file=self.process.stdin, flush=True)
        return float(self.line())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def make_gpt2(folder):
    path = os.path.join(folder, "gpt2")
    if os.path.isdir(path):
        return
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(architectures=["GPT2LMHeadModel"])).save_pretrained(path)


def row(task, found):
    tokens = sum(map(int, task.split()[1:]))
    heed, *_ = found.values()
    name = task if len(task) < 40 else ("encode 32 x 128" if tokens == 4096 else f"encode 32 texts, {tokens} tokens")
    unit = f"{tokens / heed:.4g} tokens/s" if not task.startswith("encode") else f"{heed * 1e3:.4g} ms"
    ratios = [f"{s / heed:.2f}" if s > heed else f"**{s / heed:.2f}**" for s in list(found.values())[1:]]
    return f"| {name} | {unit} | " + " | ".join(ratios) + " |"


def compare(name, threads, options):
    how, tasks, peers = CASES[name]
    kind, model, weights = how.split()
    runs = {"heed": Contestant([options.binary, kind, os.path.join(options.folder, model), weights, str(threads)])}
    for peer, what in peers:
        label = f"{peer} {what.split()[1] if ' ' in what else what.split('-')[-1] if '-' in what else ''}".strip()
        if options.peers and not any(p in label for p in options.peers):
            continue
        try:
            runs[label] = Contestant(
                [sys.executable, os.path.abspath(__file__), "--serve", options.folder, peer, what, str(threads)])
        except RuntimeError as e:
            print(f"# {label} is left out: {e}", flush=True)
    print(f"\n{name}, {threads} thread{'s' * (threads > 1)}; " + "; ".join(
        f"{label}: {run.ready[6:]}" for label, run in runs.items()) + "\n")
    print("| task | heed | " + " | ".join(list(runs)[1:]) + " |\n" + "|---" * (1 + len(runs)) + "|")
    for task in tasks:
        seconds = {label: [] for label in runs}
        for turn in range(options.rounds + 1):
            for label, run in runs.items():
                # The first turn warms up; short tasks are asked more often.
                first = run.seconds(task)
                again = min(20, int(0.2 / first)) if turn > 0 else 0
                if turn > 0:
                    seconds[label].append(statistics.median([first] + [run.seconds(task) for _ in range(again)]))
        print(row(task, {label: statistics.median(s) for label, s in seconds.items()}), flush=True)
    if how.startswith("encoder"):
        print(f"\npeak of one thread: {runs['heed'].seconds('peak') * 1e-9:.0f} GFLOP/s")
    for run in runs.values():
        run.close()


def main():
    if sys.argv[1:2] == ["--serve"]:
        return serve(*sys.argv[2:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="benchmark_models")
    parser.add_argument("folder", help="where models are, and are made")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--peers", nargs="*", default=[], help="only those whose name holds one of these")
    options = parser.parse_args()
    if any(case.startswith("gpt2") for case in options.cases):
        make_gpt2(options.folder)
    for threads in options.threads:
        for case in options.cases:
            if os.path.exists(os.path.join(options.folder, CASES[case][0].split()[1])):
                compare(case, threads, options)
            else:
                print(f"# {case} is left out: {CASES[case][0].split()[1]} is not there")


if __name__ == "__main__":
    main()
