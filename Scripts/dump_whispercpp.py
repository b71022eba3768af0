#!/usr/bin/env python3
"""Dumps a Whisper encoder in whisper.cpp, every operation's output, from pywhispercpp's own library.

usage: dump_whispercpp.py AUDIO|--mel FILE --model MODEL.bin -o DUMP.npz|.safetensors
                          [--flash-attention] [--threads N] [--time N]

needs: pywhispercpp numpy on Linux (soundfile for audio, safetensors for .safetensors)
MODEL is a ggml file. The library has no call for inner values, so its own call of the scheduler is
led through this script, which asks for every node: nothing is compiled, what runs is the wheel's
library. Values are told by the graph's structure and by the biases that operations read. Layouts
are ggml's: the stem's are [channels, frames]. Audio goes through whisper.cpp's own log-mel. `--time`
prints the median time of N encodes that nobody looks into.
`dump_whispercpp.cpp` does the same beside a checkout, on any system.
"""
import argparse
import ctypes
import os
import statistics
import struct
import time

import numpy as np

# --- ggml's structures ---------------------------------------------------------------------------
Pointer = ctypes.c_void_p


class Tensor(ctypes.Structure):
    """struct ggml_tensor of ggml.h."""
    _fields_ = [
        ("type", ctypes.c_int), ("buffer", Pointer), ("ne", ctypes.c_int64 * 4), ("nb", ctypes.c_size_t * 4),
        ("op", ctypes.c_int), ("op_params", ctypes.c_int32 * 16), ("flags", ctypes.c_int32), ("src", Pointer * 10),
        ("view_src", Pointer), ("view_offs", ctypes.c_size_t), ("data", Pointer), ("name", ctypes.c_char * 64),
        ("extra", Pointer), ("padding", ctypes.c_char * 8),
    ]


class Parameters(ctypes.Structure):
    """struct whisper_context_params of whisper.h."""
    _fields_ = [
        ("use_gpu", ctypes.c_bool), ("flash_attn", ctypes.c_bool), ("gpu_device", ctypes.c_int),
        ("dtw_token_timestamps", ctypes.c_bool), ("dtw_aheads_preset", ctypes.c_int), ("dtw_n_top", ctypes.c_int),
        ("num_heads", ctypes.c_size_t), ("heads", Pointer), ("dtw_mem_size", ctypes.c_size_t),
    ]


def tensor(address):
    return Tensor.from_address(address)


# --- the libraries of the wheel ------------------------------------------------------------------
def mapped(name):
    """Path and address of the library of that name in this process."""
    for line in open("/proc/self/maps"):
        parts = line.split()
        if len(parts) > 5 and os.path.basename(parts[5]).startswith(name):
            return parts[5], int(parts[0].split("-")[0], 16)
    raise SystemExit(f"pywhispercpp has loaded no {name}: another build of it is needed")


def redirect(library, base, symbol, function):
    """Lets the library's calls of `symbol` go to `function`: its entry in the table of imports."""
    data = open(library, "rb").read()
    if data[:6] != b"\x7fELF\x02\x01":
        raise SystemExit(f"{library}: is no 64-bit ELF library; use dump_whispercpp.cpp")
    start, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQQQ", data, start + i * size) for i in range(count)]
    dynamic = next(s for s in segments if s[0] == 2)

    def offset(address):
        return next(s[2] + address - s[3] for s in segments if s[0] == 1 and s[3] <= address < s[3] + s[5])
    entries = dict(struct.unpack_from("<QQ", data, dynamic[2] + i) for i in range(0, dynamic[5], 16))
    strings, symbols = offset(entries[5]), offset(entries[6])
    found = False
    for table, length in ((23, 2), (7, 8)):  # The table of calls, and of other addresses.
        for i in range(0, entries.get(length, 0), 24):
            place, info, _ = struct.unpack_from("<QQq", data, offset(entries[table]) + i)
            name = strings + struct.unpack_from("<I", data, symbols + (info >> 32) * 24)[0]
            if data[name:data.index(b"\0", name)] != symbol.encode():
                continue
            page = (base + place) & -4096
            if ctypes.CDLL(None).mprotect(Pointer(page), ctypes.c_size_t(8192), 3) != 0:
                raise SystemExit(f"{library}: this system does not let its calls be led elsewhere")
            ctypes.c_void_p.from_address(base + place).value = ctypes.cast(function, Pointer).value
            found = True
    if not found:
        raise SystemExit(f"{library}: does not call {symbol}: another version of whisper.cpp is needed")


# --- names of values -----------------------------------------------------------------------------
def stored_vectors(path):
    """The Float32 tensors of a ggml file: first bytes → name. Biases and gains are always that."""
    vectors = {}
    with open(path, "rb") as file:
        header = struct.unpack("<12i", file.read(48))
        if header[0] != 0x67676D6C:
            raise SystemExit(f"{path}: is no ggml file of whisper.cpp")
        num_mels, num_bins = struct.unpack("<2i", file.read(8))
        file.seek(num_mels * num_bins * 4, 1)
        for _ in range(struct.unpack("<i", file.read(4))[0]):
            file.seek(struct.unpack("<i", file.read(4))[0], 1)
        while head := file.read(12):
            rank, length, kind = struct.unpack("<3i", head)
            extents = struct.unpack(f"<{rank}i", file.read(4 * rank))
            name = file.read(length).decode()
            count = int(np.prod(extents))
            block, width = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)}.get(
                kind, (0, 0))
            if not block:
                raise SystemExit(f"{path}: tensor '{name}' has ggml type {kind}, which this script cannot skip")
            here = file.tell()
            if kind == 0 and name.startswith("encoder."):
                vectors[file.read(min(4 * count, 512))] = name
            file.seek(here + count // block * width)
    return vectors


class Names:
    """Which node of a graph is which tap."""

    def __init__(self, ggml, vectors):
        self.ggml = ggml
        self.vectors = vectors
        self.taps = {}

    def op(self, address):
        return self.ggml.ggml_op_name(tensor(address).op).decode()

    def sources(self, address):
        return [source for source in tensor(address).src if source]

    def stored(self, address):
        """The name of a Float32 weight; nothing for other values."""
        value = tensor(address)
        while value.view_src:
            address, value = value.view_src, tensor(value.view_src)
        if value.op != 0 or value.type != 0 or not value.data:
            return ""
        count = min(int(np.prod(value.ne)) * 4, 512)
        return self.vectors.get(ctypes.string_at(value.data, count), "")

    def computed(self, address):
        """The value behind views and other shapes of it."""
        while self.op(address) in ("VIEW", "RESHAPE", "PERMUTE", "TRANSPOSE"):
            address = tensor(address).src[0]
        return address

    def find(self, nodes):
        """Goes through the nodes of one graph."""
        nodes = [(node, self.op(node), self.sources(node)) for node in nodes]
        taps = self.taps
        biased = set()
        for node, op, sources in nodes:
            if op != "ADD":
                continue
            names = [self.stored(source) for source in sources]
            if "encoder.positional_embedding" in names:
                taps[node] = "encoder.embed"
            bias = next((name for name in names if name.endswith(".bias")), None)
            if bias:
                taps[node] = bias[:-len(".bias")]
                biased.update(sources)
        for node, op, sources in nodes:
            inputs = [taps.get(self.computed(source), "") for source in sources]
            if op == "ADD" and node not in taps:
                block = next((name for name in inputs if name.endswith((".attn.out", ".mlp.2"))), None)
                if block:
                    taps[node] = block.replace(".attn.out", ".attn_residual").replace(".mlp.2", "")
            elif op == "UNARY":
                for name in inputs:
                    if name in ("encoder.conv1", "encoder.conv2"):
                        taps[node] = name.replace("conv", "gelu")
                    elif name.endswith(".mlp.0"):
                        taps[node] = name[:-1] + "1"
            elif op == "MUL_MAT" and node not in biased and inputs[1].endswith(".attn_ln"):
                taps[node] = inputs[1].replace("attn_ln", "attn.key")
        self.find_attention(nodes)

    def find_attention(self, nodes):
        """Maps and contexts, from the projection that reads the context."""
        by_node = {node: sources for node, _, sources in nodes}
        for node, name in list(self.taps.items()):
            if not name.endswith(".attn.out") or node not in by_node:
                continue
            product = next(s for s in by_node[node] if self.op(s) == "MUL_MAT")
            context = self.computed(self.sources(product)[1])
            self.taps[context] = name.replace(".out", ".context")
            for value in self.sources(self.computed(self.sources(context)[0])) if self.op(context) != "FLASH_ATTN_EXT" else []:
                if self.op(value) == "SOFT_MAX":
                    self.taps[value] = name.replace(".out", ".probs")


# --- the run -------------------------------------------------------------------------------------
def read_audio(path):
    """16 kHz mono Float32."""
    import soundfile
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != 16000:
        raise SystemExit(f"{path}: {rate} Hz, 16000 is needed; resample it, or give a mel with --mel")
    return np.ascontiguousarray(samples.mean(axis=1))


def read_mel(path, num_mels):
    """A mel from .npy, or the tensor `mel` of .npz or .safetensors; returned `[mels, frames]`."""
    if path.endswith(".safetensors"):
        from safetensors.numpy import load_file
        data = load_file(path)["mel"]
    else:
        data = np.load(path)
        data = data if isinstance(data, np.ndarray) else data["mel"]
    mel = np.squeeze(data).astype(np.float32)
    return np.ascontiguousarray(mel if mel.shape[0] == num_mels else mel.T)


def median_ms(encode, count):
    """Median of `count` encodes in ms, after one that does not count."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def encode(arguments, whisper, ggml, library, base):
    """Runs the encoder; answers its taps."""
    names, values = Names(ggml, stored_vectors(arguments.model)), {}

    def shown(address):
        value = tensor(address)
        extents = list(value.ne)
        while len(extents) > 2 and extents[-1] == 1:
            extents.pop()
        array = np.empty(extents[::-1], np.float32)
        ggml.ggml_backend_tensor_get(Pointer(address), array.ctypes.data_as(Pointer), 0, array.nbytes)
        return array

    @ctypes.CFUNCTYPE(ctypes.c_bool, Pointer, ctypes.c_bool, Pointer)
    def observe(address, is_question, _):
        if is_question:
            return address in names.taps
        value = tensor(address)
        if address in names.taps and value.type == 0 and ggml.ggml_is_contiguous(Pointer(address)):
            array = shown(address)
            name = names.taps[address]
            values[name] = array.reshape(array.shape[0], -1) if name.endswith(".context") else array
        return True

    @ctypes.CFUNCTYPE(ctypes.c_int, Pointer, Pointer)
    def compute(scheduler, graph):
        count = ggml.ggml_graph_n_nodes(Pointer(graph))
        nodes = [ggml.ggml_graph_node(Pointer(graph), i) for i in range(count)]
        for node in nodes:
            for source in names.sources(node):
                if tensor(source).name == b"mel":
                    values["mel"] = shown(source)
        names.find(nodes)
        ggml.ggml_backend_sched_set_eval_callback(Pointer(scheduler), observe, None)
        return ggml.ggml_backend_sched_graph_compute(Pointer(scheduler), Pointer(graph))

    parameters = Parameters.from_address(whisper.whisper_context_default_params_by_ref())
    parameters.use_gpu = False
    parameters.flash_attn = arguments.flash_attention
    context = whisper.whisper_init_from_file_with_params(os.fsencode(arguments.model), parameters)
    if not context:
        raise SystemExit(f"{arguments.model}: whisper.cpp cannot load it")
    if arguments.mel:
        mel = read_mel(arguments.mel, whisper.whisper_model_n_mels(Pointer(context)))
        failed = whisper.whisper_set_mel(Pointer(context), mel.ctypes.data_as(Pointer), mel.shape[1], mel.shape[0])
    else:
        samples = read_audio(arguments.audio)
        failed = whisper.whisper_pcm_to_mel(
            Pointer(context), samples.ctypes.data_as(Pointer), len(samples), arguments.threads)
    if failed:
        raise SystemExit("whisper.cpp refuses the input")

    def run():
        if whisper.whisper_encode(Pointer(context), 0, arguments.threads):
            raise SystemExit("whisper.cpp failed to encode")
    if arguments.time:
        print(f"encode: {median_ms(run, arguments.time):.3g} ms, median of {arguments.time}")
    redirect(library, base, "ggml_backend_sched_graph_compute", compute)
    run()
    return values


def main():
    parser = argparse.ArgumentParser(description="Dump whisper.cpp's encoder.")
    parser.add_argument("audio", nargs="?")
    parser.add_argument("--mel", help=".npy, .npz or .safetensors instead of audio")
    parser.add_argument("--model", required=True, help="ggml .bin")
    parser.add_argument("-o", "--output", required=True, help=".npz or .safetensors")
    parser.add_argument("--flash-attention", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--time", type=int, default=0, metavar="N", help="also time N encodes that nobody looks into")
    arguments = parser.parse_args()
    if bool(arguments.audio) == bool(arguments.mel):
        parser.error("give AUDIO or --mel")
    import _pywhispercpp  # noqa: F401: loads the libraries
    library, base = mapped("libwhisper")
    whisper, ggml = ctypes.CDLL(library), ctypes.CDLL(mapped("libggml-base")[0])
    for call, result in ((whisper.whisper_context_default_params_by_ref, Pointer),
                         (whisper.whisper_init_from_file_with_params, Pointer), (ggml.ggml_graph_node, Pointer),
                         (ggml.ggml_op_name, ctypes.c_char_p), (ggml.ggml_is_contiguous, ctypes.c_bool)):
        call.restype = result
    whisper.whisper_init_from_file_with_params.argtypes = [ctypes.c_char_p, Parameters]
    ggml.ggml_backend_tensor_get.argtypes = [Pointer, Pointer, ctypes.c_size_t, ctypes.c_size_t]
    values = encode(arguments, whisper, ggml, library, base)
    if arguments.output.endswith(".safetensors"):
        from safetensors.numpy import save_file
        save_file(values, arguments.output, metadata={"engine": "whisper.cpp"})
    else:
        np.savez(arguments.output, **values)
    print(f"{len(values)} values of {os.path.basename(library)} written to {arguments.output}")


if __name__ == "__main__":
    main()
