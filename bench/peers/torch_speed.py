#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One measurement of PyTorch on the CPU: images/s of a training step or of inference, as one JSON line.

    torch_speed.py MODE MODEL SIZE BATCH PRECISION THREADS SECONDS     MODE: training | inference

The fair baseline: as many threads as cores, channels_last or contiguous (whichever the caller finds faster, LAYOUT in
the environment), the fastest of its own ways to infer in that precision, fused nothing by hand, memory kept by the allocator (MALLOC_* in the environment, set by compare.py).
"""
import copy
import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
import torchvision


def step_training(net, batch, size, bf16):
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    target = torch.rand(batch, 1).round()
    x = images(batch, size)

    def run():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = net(x)
        loss = F.binary_cross_entropy_with_logits(logits.float(), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return run


def autocast(net, x):
    def run():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            net(x)

    return run


def traced(net, x):
    fixed = torch.jit.freeze(torch.jit.trace(net, x))
    return lambda: fixed(x)


def optimised(net, x):
    fixed = torch.jit.optimize_for_inference(torch.jit.trace(net, x))
    return lambda: fixed(x)


def in_bfloat16(make):
    return lambda net, x: make(copy.deepcopy(net).bfloat16(), x.bfloat16())


def quantised(net, x):
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    engines = torch.backends.quantized.supported_engines
    engine = next(e for e in ("x86", "fbgemm", "onednn") if e in engines)
    torch.backends.quantized.engine = engine
    prepared = prepare_fx(copy.deepcopy(net), get_default_qconfig_mapping(engine), (x,))
    prepared(x)
    return convert_fx(prepared)


def eager_bytes(net, x):
    bytes_net = quantised(net, x)
    return lambda: bytes_net(x)


WAYS = {
    "fp32": [optimised],
    "bf16": [autocast, in_bfloat16(traced), in_bfloat16(optimised)],
    "int8": [eager_bytes, lambda net, x: traced(quantised(net, x), x)],
}


def seconds_of(run, count):
    start = time.perf_counter()
    for _ in range(count):
        run()
    return time.perf_counter() - start


def step_inference(net, batch, size, precision):
    """The fastest of the ways that there are; some do not work with some networks."""
    net.eval()
    x = images(batch, size)
    best, least = None, float("inf")
    with torch.no_grad():
        for way in WAYS[precision]:
            try:
                run = way(net, x)
                seconds_of(run, 3)
                seconds = seconds_of(run, 5)
            except (RuntimeError, TypeError, NotImplementedError, AssertionError):
                continue
            if seconds < least:
                best, least = run, seconds
    return best


def images(batch, size):
    return torch.randn(batch, 3, size, size).to(memory_format=layout())


def layout():
    return torch.channels_last if os.environ.get("LAYOUT") == "channels_last" else torch.contiguous_format


def network(model):
    net = getattr(torchvision.models, model)(num_classes=1)
    for name, module in list(net.named_modules()):  # torchvision's EfficientNet drops by default, ours does not
        if isinstance(module, (torch.nn.Dropout, torchvision.ops.StochasticDepth)):
            parent = net.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], torch.nn.Identity())
    return net


def main():
    mode, model, size, batch, precision, threads, seconds = sys.argv[1:]
    torch.set_num_threads(int(threads))
    net = network(model).to(memory_format=layout())
    torch.set_grad_enabled(mode == "training")
    if mode == "training":
        run = step_training(net, int(batch), int(size), precision == "bf16")
    else:
        run = step_inference(net, int(batch), int(size), precision)
    for _ in range(3):
        run()
    taken, start = [], time.perf_counter()
    while len(taken) < 3 or time.perf_counter() - start < float(seconds):
        before = time.perf_counter()
        run()
        taken.append(time.perf_counter() - before)
    taken.sort()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"images_per_s": int(batch) / taken[len(taken) // 2], "peak_memory_mb": peak_mb}))


main()
