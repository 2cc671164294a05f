#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times heed beside the attention of PyTorch, ONNX Runtime and OpenVINO.

    cmake --preset native -DHEED_BUILD_BENCHMARKS=ON && cmake --build --preset native
    pip install numpy torch onnx onnxruntime openvino    # those that you want to see
    benchmarks/peers/compare.py build/native/benchmarks/benchmark_attend

    cmake --preset release && cmake --build --preset release        # heed for AVX2, and so are all
    benchmarks/peers/compare.py build/release/benchmarks/benchmark_attend --isa avx2

Every shape is run by all in turn, round after round, in the same seconds on the same machine with as
many threads, and a peer's result must agree with heed's. Peers get their matrices head by head, as
they like them; heed reads (rows, heads * width). Printed are the instruction set that each library
says it uses, and a table for each number of threads: heed's time, and how many times as long each peer
takes (its median over heed's). Above 1 heed is faster. A peer that cannot be held to the instruction
set that --isa names is left out, and it is said why.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Threads that spin while they wait would take the processor from whoever runs next.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np  # noqa: E402

# rule, query heads, kv heads, width, rows of k and v; of q, too, but for one in decoding
CASES = [
    ("causal", 12, 12, 64, 512),
    ("causal", 12, 12, 64, 1024),
    ("causal", 12, 12, 64, 2048),
    ("causal", 12, 12, 64, 4096),
    ("causal", 32, 8, 128, 1024),
    ("causal", 32, 8, 128, 2048),
    ("full", 12, 12, 64, 1024),
    ("window256", 12, 12, 64, 8192),
    ("soft_cap", 12, 12, 64, 1024),
    ("alibi", 12, 12, 64, 1024),
    ("causal", 4, 4, 16, 16),
    ("causal", 4, 4, 16, 64),
    ("decode", 32, 8, 128, 4096),
    ("decode", 32, 8, 128, 16384),
    ("decode", 12, 12, 64, 8192),
]


class Case:
    def __init__(self, rule, query_heads, kv_heads, width, rows):
        self.rule, self.query_heads, self.kv_heads = rule, query_heads, kv_heads
        self.width, self.rows = width, rows
        self.queries = 1 if rule == "decode" else rows
        numbers = np.random.default_rng(0)
        self.q, self.k, self.v = (
            numbers.standard_normal((n, heads * width), dtype=np.float32)
            for n, heads in ((self.queries, query_heads), (rows, kv_heads), (rows, kv_heads))
        )

    def name(self):
        heads = str(self.query_heads)
        if self.kv_heads != self.query_heads:
            heads += f"/{self.kv_heads}"
        return f"{self.rule} {heads}x{self.width} n{self.rows}"

    def causal(self):
        return self.rule not in ("full", "decode")

    def by_head(self, m):
        """(1, heads, rows, width)"""
        return np.ascontiguousarray(m.reshape(1, len(m), -1, self.width).transpose(0, 2, 1, 3))

    def by_row(self, m):
        return m.transpose(0, 2, 1, 3).reshape(self.queries, -1)


def processor_flags():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return set(next(line for line in file if line.startswith("flags")).split())
    except (OSError, StopIteration):
        return set()


# What holds libraries to AVX2: PyTorch's own kernels, MKL, oneDNN under both of its names, OpenVINO.
# All of it is read when a library is loaded.
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "OV_CPU_MAX_ISA": "AVX2",
}


def torch_isa():
    import torch
    return torch.backends.cpu.get_cpu_capability().lower()


def inductor_isa():
    from torch._inductor import config, cpu_vec_isa
    if torch_isa() == "avx2":
        config.cpp.simdlen = 256
    return str(cpu_vec_isa.pick_vec_isa()).lower()


def onnx_isa():
    """It has no say of its own: its kernels are chosen by what the processor has."""
    import onnxruntime  # noqa: F401
    return "avx512" if "avx512f" in processor_flags() else "avx2"


def openvino_isa():
    """What its compiled model says of its attention, as in jit_avx512_f32."""
    compiled, _ = openvino_model(Case("full", 2, 2, 64, 128), 1)
    for op in compiled.get_runtime_model().get_ordered_ops():
        if op.get_friendly_name().startswith("ScaledDotProductAttention"):
            return str(op.get_rt_info()["primitiveType"].astype(str)).lower()
    return "unknown"


def median_seconds(call, run_for):
    seconds = []
    end = time.perf_counter() + run_for
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


class Heed:
    """The benchmark binary, alive for one case."""

    def __init__(self, binary, case, threads, folder):
        paths = [os.path.join(folder, name) for name in ("in", "out")]
        with open(paths[0], "wb") as file:
            for m in (case.q, case.k, case.v):
                m.tofile(file)
        words = [case.rule, case.query_heads, case.kv_heads, case.width, case.rows, threads]
        self.process = subprocess.Popen(
            [os.path.abspath(binary), *map(str, words), *paths],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready, *isa = self.process.stdout.readline().split() or [""]
        if ready != "ready":
            sys.exit(f"{binary} did not get ready for {case.name()}")
        self.isa = " ".join(isa)
        self.result = np.fromfile(paths[1], np.float32).reshape(case.queries, -1)

    def seconds(self, run_for):
        print(run_for, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# Each peer: a function of a case that returns a call without arguments whose result is
# (rows, query heads * width), or (call, unpack); None where the peer does not offer the rule.


def torch_sdpa(case, threads):
    import torch
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    q, k, v = (torch.from_numpy(case.by_head(m)) for m in (case.q, case.k, case.v))
    grouped = case.kv_heads != case.query_heads
    how = {"enable_gqa": True} if grouped else {}
    if case.rule == "window256":
        row = torch.arange(case.rows)
        distance = row[:, None] - row[None, :]
        how["attn_mask"] = (distance >= 0) & (distance <= 256)
    elif case.rule in ("full", "causal", "decode"):
        how["is_causal"] = case.causal()
    else:
        return None
    attend = torch.nn.functional.scaled_dot_product_attention
    return lambda: attend(q, k, v, **how), lambda out: case.by_row(out.numpy())


def torch_flex(case, threads):
    import torch
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention
    if case.rows < 128:
        return None  # its blocks are larger
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    torch.compiler.reset()
    q, k, v = (torch.from_numpy(case.by_head(m)) for m in (case.q, case.k, case.v))
    masks = {
        "window256": lambda b, h, i, j: (i >= j) & (i - j <= 256),
        "full": None,
        "decode": None,
    }
    mask = masks.get(case.rule, lambda b, h, i, j: i >= j)
    slopes = torch.tensor([2.0 ** e for e in alibi_exponents(case.query_heads)])
    scores = {
        "soft_cap": lambda s, b, h, i, j: 30 * torch.tanh(s / 30),
        "alibi": lambda s, b, h, i, j: s - slopes[h] * (i - j),
    }
    how = {"enable_gqa": case.kv_heads != case.query_heads}
    if mask:
        how["block_mask"] = create_block_mask(mask, None, None, case.queries, case.rows, device="cpu")
    if case.rule in scores:
        how["score_mod"] = scores[case.rule]
    attend = torch.compile(flex_attention)
    return lambda: attend(q, k, v, **how), lambda out: case.by_row(out.numpy())


def alibi_exponents(heads):
    """Press et al., 2022: slopes 2^(-8 i / n) for a power of two n, in between for the rest."""
    power = 1 << (heads.bit_length() - 1)
    first = [-8 * (i + 1) / power for i in range(power)]
    rest = [-4 * (2 * i + 1) / power for i in range(heads - power)]
    return first + rest


def onnx_session(nodes, inputs, outputs, threads):
    import onnxruntime as ort
    from onnx import TensorProto, helper
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int32): TensorProto.INT32}
    graph = helper.make_graph(
        nodes, "attention",
        [helper.make_tensor_value_info(n, kinds[a.dtype], a.shape) for n, a in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs])
    model = helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return (lambda: session.run(outputs[:1], inputs)), lambda out: out[0].reshape(
        inputs["q"].shape[1], -1)


def onnx_multi_head_attention(case, threads):
    from onnx import helper
    if case.rule not in ("full", "causal", "decode") or case.kv_heads != case.query_heads:
        return None
    node = helper.make_node(
        "MultiHeadAttention", ["q", "k", "v"], ["out"], domain="com.microsoft",
        num_heads=case.query_heads, unidirectional=int(case.causal()))
    return onnx_session([node], {n: getattr(case, n)[None] for n in "qkv"}, ["out"], threads)


def onnx_group_query_attention(case, threads):
    from onnx import helper
    if case.rule not in ("causal", "window256", "soft_cap", "decode"):
        return None
    rules = {"window256": {"local_window_size": 257}, "soft_cap": {"softcap": 30.0}}
    past = ["past_k", "past_v"] if case.rule == "decode" else ["", ""]
    names = ["q", "k", "v", *past, "last", "total"]
    node = helper.make_node(
        "GroupQueryAttention", names, ["out", "all_k", "all_v"], domain="com.microsoft",
        num_heads=case.query_heads, kv_num_heads=case.kv_heads, **rules.get(case.rule, {}))
    inputs = {n: getattr(case, n)[None] for n in "qkv"}
    if case.rule == "decode":  # the last key and value are new; it copies the others first
        for n in "kv":
            rows = inputs[n][0]
            inputs["past_" + n] = case.by_head(rows[:-1])
            inputs[n] = rows[-1:][None]
    inputs["last"] = np.array([case.rows - 1], np.int32)
    inputs["total"] = np.array(case.rows, np.int32)
    return onnx_session([node], inputs, ["out", "all_k", "all_v"], threads)


def openvino_model(case, threads):
    import openvino as ov
    from openvino import opset13 as ops
    group = case.query_heads // case.kv_heads
    arrays = [case.by_head(case.q)] + [
        np.repeat(case.by_head(m), group, axis=1) for m in (case.k, case.v)]
    parameters = [ops.parameter(a.shape, np.float32) for a in arrays]
    attend = ops.scaled_dot_product_attention(*parameters, causal=case.causal())
    model = ov.Model([attend], parameters)
    compiled = ov.Core().compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY"})
    return compiled, arrays


def openvino_sdpa(case, threads):
    if case.rule not in ("full", "causal", "decode"):
        return None
    compiled, arrays = openvino_model(case, threads)
    request = compiled.create_infer_request()
    return lambda: request.infer(arrays, share_inputs=True, share_outputs=True), lambda out: (
        case.by_row(next(iter(out.values()))))


# Name: what makes a call, what tells the instruction set.
PEERS = {
    "PyTorch SDPA": (torch_sdpa, torch_isa),
    "PyTorch FlexAttention": (torch_flex, inductor_isa),
    "ONNX MultiHeadAttention": (onnx_multi_head_attention, onnx_isa),
    "ONNX GroupQueryAttention": (onnx_group_query_attention, onnx_isa),
    "OpenVINO SDPA": (openvino_sdpa, openvino_isa),
}


def instruction_sets(options):
    """Of heed and of each peer, by name; without the peers that are not here or not held to --isa."""
    with tempfile.TemporaryDirectory() as folder:
        heed = Heed(options.binary, Case("full", 1, 1, 16, 16), 1, folder)
        heed.close()
    used = {"heed": heed.isa}
    if options.isa and options.isa not in heed.isa:
        sys.exit(f"{options.binary} is built for {heed.isa}, not for {options.isa}")
    for name in options.peers:
        try:
            isa = PEERS[name][1]()
        except Exception as e:  # not installed: the others still count
            print(f"# {name} is not here: {type(e).__name__}: {str(e).splitlines()[:1]}")
            continue
        if options.isa and options.isa not in isa:
            print(f"# {name} is left out: it uses {isa}, and nothing holds it to {options.isa}")
            continue
        used[name] = isa
    return used


def ready_peers(case, threads, wanted, heed_result):
    """Those that run the case and agree with heed; what the others say is printed."""
    calls = {}
    for name in wanted:
        try:
            made = PEERS[name][0](case, threads)
            if made is None:
                continue
            call, unpack = made
            difference = float(np.abs(unpack(call()) - heed_result).max())
        except Exception as e:  # not installed, or not on this machine: the others still count
            print(f"# {name}, {case.name()}: {type(e).__name__}: {str(e).splitlines()[:1]}")
            continue
        if difference > 1e-4:
            print(f"# {name}, {case.name()}: differs from heed by {difference:.1e}, not timed")
            continue
        calls[name] = call
    return calls


def compare(case, threads, peers, options):
    with tempfile.TemporaryDirectory() as folder:
        heed = Heed(options.binary, case, threads, folder)
        calls = ready_peers(case, threads, peers, heed.result)
        seconds = {"heed": [], **{name: [] for name in calls}}
        for _ in range(options.rounds):
            seconds["heed"].append(heed.seconds(options.seconds))
            for name, call in calls.items():
                seconds[name].append(median_seconds(call, options.seconds))
        heed.close()
    return {name: statistics.median(s) for name, s in seconds.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="benchmark_attend")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--isa", choices=["avx2"], help="hold every library to this instruction set")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each turn")
    parser.add_argument("--cases", default="", help="only those whose name holds this")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--json", help="write the seconds here as well")
    options = parser.parse_args()

    if options.isa:
        os.environ.update(AVX2)
    used = instruction_sets(options)
    print("# " + ", ".join(f"{name}: {isa}" for name, isa in used.items()))
    peers = [name for name in used if name != "heed"]
    runs = [table(threads, peers, options) for threads in options.threads]
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"isa": used, "runs": runs}, file, indent=1)


def table(threads, peers, options):
    """Measures and prints all cases; gives the seconds."""
    print(f"\n{threads} thread{'s' * (threads > 1)}\n")
    print("| case | heed, ms | " + " | ".join(peers) + " |")
    print("|---" * (2 + len(peers)) + "|")
    seconds = {}
    for parts in CASES:
        case = Case(*parts)
        if options.cases not in case.name():
            continue
        found = seconds[case.name()] = compare(case, threads, peers, options)
        ratios = [f"{found[p] / found['heed']:.2f}" if p in found else "" for p in peers]
        print(f"| {case.name()} | {found['heed'] * 1e3:.4g} | " + " | ".join(ratios) + " |",
              flush=True)
    return {"threads": threads, "seconds": seconds}


if __name__ == "__main__":
    main()
