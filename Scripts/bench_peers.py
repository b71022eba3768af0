#!/usr/bin/env python3
"""Runs a Whisper encoder in another engine, one encode a line: what `encoder-diff bench --peers` asks.

usage: bench_peers.py --prepare FOLDER
       bench_peers.py --engine pytorch|onnxruntime|openvino|ctranslate2 --weights FILE --mel FILE
                      --heads N --threads N

--prepare makes a virtual environment with the engines from PyPI in FOLDER, unless it is there, and
prints its Python. Otherwise: weights under OpenAI's names and the mel `[frames, mels]` are read from
.safetensors, the encoder is built from them in Float32, and lines are answered on standard output,
each with a JSON object: first `{"version"}` or `{"error"}`; then, for `run`, `{"seconds",
"processorSeconds", "peakRSSBytes"}`; for `output PATH`, `{"written"}` once Float32 lies there.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

PACKAGES = ["numpy", "safetensors", "torch", "onnx", "onnxruntime", "openvino", "ctranslate2"]


def prepare(folder):
    """Makes the environment; an unfinished one is made again."""
    python = os.path.join(folder, "bin", "python")
    mark = os.path.join(folder, "complete")
    if not os.path.exists(mark):
        print(f"installing {', '.join(PACKAGES)} in {folder}; this takes some minutes and GB once",
              file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, stdout=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        *PACKAGES], check=True, stdout=sys.stderr)
        open(mark, "w").close()
    print(os.path.abspath(python), flush=True)


class Model:
    """Weights by OpenAI's names without `encoder.`, and what follows from their shapes."""

    def __init__(self, weights, heads):
        from safetensors.numpy import load_file
        self.weights = {name.removeprefix("encoder."): value for name, value in load_file(weights).items()}
        self.heads = heads
        self.width, self.num_mels, _ = self["conv1.weight"].shape
        self.frames = self["positional_embedding"].shape[0]
        self.layers = len({name.split(".")[1] for name in self.weights if name.startswith("blocks.")})

    def __getitem__(self, name):
        return self.weights[name]


def pytorch(model, mel, threads):
    """Eager PyTorch; attention through scaled_dot_product_attention."""
    import torch
    import torch.nn.functional as F
    torch.set_num_threads(threads)
    w = {name: torch.from_numpy(value) for name, value in model.weights.items()}
    x0 = torch.from_numpy(mel.T[None].copy())
    size = (1, model.frames, model.heads, model.width // model.heads)

    def norm(x, name):
        return F.layer_norm(x, (model.width,), w[name + ".weight"], w[name + ".bias"])

    def linear(x, name):
        return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

    def encode():
        with torch.inference_mode():
            x = F.gelu(F.conv1d(x0, w["conv1.weight"], w["conv1.bias"], padding=1))
            x = F.gelu(F.conv1d(x, w["conv2.weight"], w["conv2.bias"], stride=2, padding=1))
            x = x.transpose(1, 2) + w["positional_embedding"]
            for i in range(model.layers):
                p = f"blocks.{i}."
                y = norm(x, p + "attn_ln")
                q, k, v = (linear(y, p + f"attn.{n}").view(size).transpose(1, 2) for n in ("query", "key", "value"))
                y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
                x = x + linear(y, p + "attn.out")
                x = x + linear(F.gelu(linear(norm(x, p + "mlp_ln"), p + "mlp.0")), p + "mlp.2")
            return norm(x, "ln_post").numpy()
    return f"PyTorch {torch.__version__.split('+')[0]}", encode


def onnx_model(model, fuses):
    """The encoder as ONNX; with ONNX Runtime's fused MultiHeadAttention where `fuses`."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper
    nodes, constants = [], {}
    width, heads = model.width, model.heads

    def constant(name, value):
        constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(kind, *inputs, **attributes):
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def shape(name, *sizes):
        return constant(name, np.array(sizes, dtype=np.int64))

    def conv(x, name, stride):
        y = add("Conv", x, constant(name + ".weight", model[name + ".weight"]), constant(name + ".bias", model[name + ".bias"]),
                kernel_shape=[3], strides=[stride], pads=[1, 1])
        return add("Gelu", y)

    def linear(x, name):
        y = add("MatMul", x, constant(name + ".weight", model[name + ".weight"].T))
        bias = model.weights.get(name + ".bias")
        return y if bias is None else add("Add", y, constant(name + ".bias", bias))

    def norm(x, name):
        return add("LayerNormalization", x, constant(name + ".weight", model[name + ".weight"]),
                   constant(name + ".bias", model[name + ".bias"]), axis=-1, epsilon=1e-5)

    def split(x, order):
        y = add("Reshape", x, shape("split", 1, model.frames, heads, width // heads))
        return add("Transpose", y, perm=order)

    def attention(q, k, v):
        if fuses:
            return add("MultiHeadAttention", q, k, v, domain="com.microsoft", num_heads=heads)
        scale = constant("scale", np.array((width // heads) ** -0.5, dtype=np.float32))
        scores = add("MatMul", split(add("Mul", q, scale), [0, 2, 1, 3]), split(k, [0, 2, 3, 1]))
        context = add("MatMul", add("Softmax", scores, axis=-1), split(v, [0, 2, 1, 3]))
        merged = add("Transpose", context, perm=[0, 2, 1, 3])
        return add("Reshape", merged, shape("merged", 1, model.frames, width))

    x = conv(conv("mel", "conv1", 1), "conv2", 2)
    x = add("Add", add("Transpose", x, perm=[0, 2, 1]), constant("position", model["positional_embedding"]))
    for i in range(model.layers):
        p = f"blocks.{i}."
        y = norm(x, p + "attn_ln")
        y = attention(*(linear(y, p + f"attn.{n}") for n in ("query", "key", "value")))
        x = add("Add", x, linear(y, p + "attn.out"))
        y = linear(add("Gelu", linear(norm(x, p + "mlp_ln"), p + "mlp.0")), p + "mlp.2")
        x = add("Add", x, y)
    nodes.append(helper.make_node("Identity", [norm(x, "ln_post")], ["output"]))
    mel = helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, model.num_mels, 2 * model.frames])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, model.frames, width])
    graph = helper.make_graph(nodes, "encoder", [mel], [output], list(constants.values()))
    imports = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def saved(onnx_model, folder):
    """The model's file, its weights beside it: one message is limited to 2 GB."""
    import onnx
    path = os.path.join(folder, "encoder.onnx")
    onnx.save_model(onnx_model, path, save_as_external_data=True, location="weights.bin")
    return path


def onnxruntime(model, mel, threads):
    """ONNX Runtime with every optimisation and its fused attention."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        session = ort.InferenceSession(saved(onnx_model(model, True), folder), options,
                                       providers=["CPUExecutionProvider"])
    feed = {"mel": mel.T[None].copy()}
    return f"ONNX Runtime {ort.__version__}, fused attention", lambda: session.run(None, feed)[0]


def openvino(model, mel, threads):
    """OpenVINO, told to stay in Float32: its default is bf16 where the processor knows that."""
    import openvino as ov
    core = ov.Core()
    with tempfile.TemporaryDirectory() as folder:
        compiled = core.compile_model(saved(onnx_model(model, False), folder), "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1})
    request = compiled.create_infer_request()
    feed = mel.T[None].copy()
    return (f"OpenVINO {ov.__version__.split('-')[0]}, f32",
            lambda: list(request.infer({0: feed}).values())[0])


def ctranslate2(model, mel, threads):
    """CTranslate2 in Float32; it wants a decoder too, which gets zeros and is never run."""
    import ctranslate2 as ct2
    import numpy as np
    spec = ct2.specs.WhisperSpec(model.layers, model.heads, 1, model.heads)

    def fill(target, name):
        target.weight = model[name + ".weight"]
        bias = model.weights.get(name + ".bias")
        if bias is not None:
            target.bias = bias

    def norm(target, name):
        target.gamma, target.beta = model[name + ".weight"], model[name + ".bias"]

    encoder = spec.encoder
    fill(encoder.conv1, "conv1")
    fill(encoder.conv2, "conv2")
    encoder.position_encodings.encodings = model["positional_embedding"]
    norm(encoder.layer_norm, "ln_post")
    for i, layer in enumerate(encoder.layer):
        p = f"blocks.{i}."
        names = [p + f"attn.{n}" for n in ("query", "key", "value")]
        zeros = np.zeros(model.width, dtype=np.float32)
        attention = layer.self_attention
        norm(attention.layer_norm, p + "attn_ln")
        attention.linear[0].weight = np.concatenate([model[n + ".weight"] for n in names])
        attention.linear[0].bias = np.concatenate([model.weights.get(n + ".bias", zeros) for n in names])
        fill(attention.linear[1], p + "attn.out")
        norm(layer.ffn.layer_norm, p + "mlp_ln")
        fill(layer.ffn.linear_0, p + "mlp.0")
        fill(layer.ffn.linear_1, p + "mlp.2")
    fill_decoder(spec.decoder, model.width, np)
    spec.register_vocabulary([f"<|{i}|>" for i in range(8)])
    spec.validate()
    spec.optimize()
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        engine = ct2.models.Whisper(folder, device="cpu", compute_type="float32", intra_threads=threads,
                                    inter_threads=1)
    features = ct2.StorageView.from_array(mel.T[None].copy())
    return f"CTranslate2 {ct2.__version__}", lambda: np.array(engine.encode(features, to_cpu=True))


def fill_decoder(decoder, width, np):
    """Zeros of the right shapes for one decoder layer and eight tokens."""
    def zeros(*shape):
        return np.zeros(shape, dtype=np.float32)

    def linear(target, rows, columns):
        target.weight, target.bias = zeros(rows, columns), zeros(rows)

    def norm(target):
        target.gamma, target.beta = zeros(width), zeros(width)

    decoder.embeddings.weight = zeros(8, width)
    decoder.position_encodings.encodings = zeros(8, width)
    decoder.projection.weight = zeros(8, width)
    norm(decoder.layer_norm)
    for layer in decoder.layer:
        norm(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], 3 * width, width)
        linear(layer.self_attention.linear[1], width, width)
        norm(layer.attention.layer_norm)
        linear(layer.attention.linear[0], width, width)
        linear(layer.attention.linear[1], 2 * width, width)
        linear(layer.attention.linear[2], width, width)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, 4 * width, width)
        linear(layer.ffn.linear_1, width, 4 * width)


ENGINES = {"pytorch": pytorch, "onnxruntime": onnxruntime, "openvino": openvino, "ctranslate2": ctranslate2}


def serve(encode, answer):
    """Answers lines until there are no more."""
    import numpy as np
    for line in sys.stdin:
        command, _, path = line.strip().partition(" ")
        try:
            if command == "run":
                processor, start = time.process_time(), time.perf_counter()
                encode()
                seconds = time.perf_counter() - start
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                answer(seconds=seconds, processorSeconds=time.process_time() - processor,
                       peakRSSBytes=peak * (1 if sys.platform == "darwin" else 1024))
            else:
                np.ascontiguousarray(encode(), dtype=np.float32).tofile(path)
                answer(written=path)
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}".splitlines()[0])


def main():
    parser = argparse.ArgumentParser(description="Run a Whisper encoder in another engine.")
    parser.add_argument("--prepare", metavar="FOLDER")
    parser.add_argument("--engine", choices=list(ENGINES))
    parser.add_argument("--weights")
    parser.add_argument("--mel")
    parser.add_argument("--heads", type=int)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.prepare:
        return prepare(arguments.prepare)
    if not (arguments.engine and arguments.weights and arguments.mel and arguments.heads):
        parser.error("give --prepare FOLDER, or --engine, --weights, --mel and --heads")
    # Engines print at will; answers go out on a descriptor of their own.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)

    def answer(**values):
        print(json.dumps(values), file=channel, flush=True)

    try:
        from safetensors.numpy import load_file
        model = Model(arguments.weights, arguments.heads)
        mel = load_file(arguments.mel)["mel"]
        version, encode = ENGINES[arguments.engine](model, mel, arguments.threads)
        encode()
    except Exception as error:
        return answer(error=f"{type(error).__name__}: {error}".splitlines()[0])
    answer(version=version)
    serve(encode, answer)


if __name__ == "__main__":
    main()
