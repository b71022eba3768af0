#!/usr/bin/env python3
"""Writes Fixtures/malformed: hostile and damaged files by hand, a folder for each reader.

usage: malformed_fixtures.py [FOLDER]      needs nothing but Python
Names that begin with `good-` are sound and make seeds for the fuzzer; those that begin with
`found-` come from fuzzing and are not written here.
"""
import io
import json
import os
import pickle
import struct
import sys
import zipfile
import zlib

ROOT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "Fixtures", "malformed")


def put(reader, name, data):
    folder = os.path.join(ROOT, reader)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)


# --- safetensors ---------------------------------------------------------------------------------
def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def write_safetensors():
    good = {"__metadata__": {"a": "b"}, "x": entry([2, 2], 0, 16), "y": entry([3], 16, 22, "BF16")}
    cases = {
        "good-two": safetensors(good, bytes(22)),
        "good-nan": safetensors({"x": entry([2], 0, 8)}, struct.pack("<2f", float("nan"), float("inf"))),
        "good-scalar-and-empty": safetensors({"s": entry([], 0, 4), "e": entry([0, 5], 4, 4)}, bytes(4)),
        "empty": b"",
        "seven-bytes": bytes(7),
        "header-100-megabytes": safetensors(good, bytes(22), 100 << 20),
        "header-longer-than-64-bits": safetensors(good, bytes(22), 2**64 - 1),
        "header-cut": safetensors(good, bytes(22))[:40],
        "data-cut": safetensors(good, bytes(10)),
        "data-trailing": safetensors(good, bytes(40)),
        "overlap": safetensors({"x": entry([4], 0, 16), "y": entry([4], 8, 24)}, bytes(24)),
        "same-bytes-twice": safetensors({"x": entry([4], 0, 16), "y": entry([4], 0, 16)}, bytes(16)),
        "gap": safetensors({"x": entry([1], 0, 4), "y": entry([1], 8, 12)}, bytes(12)),
        "out-of-file": safetensors({"x": entry([1 << 20], 0, 4 << 20)}, bytes(16)),
        "reversed-offsets": safetensors({"x": entry([4], 16, 0)}, bytes(16)),
        "negative-offsets": safetensors({"x": entry([4], -16, 0)}, bytes(16)),
        "fractional-offsets": safetensors({"x": entry([4], 0.5, 16.5)}, bytes(17)),
        "one-offset": safetensors({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}, bytes(4)),
        "shape-overflows": safetensors({"x": entry([1 << 62, 1 << 62], 0, 16)}, bytes(16)),
        "shape-overflows-to-zero": safetensors({"x": entry([1 << 32, 1 << 32], 0, 0)}),
        "shape-negative": safetensors({"x": entry([-2, -2], 0, 16)}, bytes(16)),
        "shape-not-numbers": safetensors({"x": entry(["2"], 0, 8)}, bytes(8)),
        "shape-of-many-axes": safetensors({"x": entry([1] * 10000, 0, 4)}, bytes(4)),
        "shape-and-bytes-differ": safetensors({"x": entry([3], 0, 16)}, bytes(16)),
        "dtype-unknown": safetensors({"x": entry([4], 0, 16, "F8_E4M3")}, bytes(16)),
        "dtype-missing": safetensors({"x": {"shape": [4], "data_offsets": [0, 16]}}, bytes(16)),
        "name-twice": safetensors(b'{"x":%s,"x":%s}' % ((json.dumps(entry([1], 0, 4)).encode(),) * 2), bytes(4)),
        "name-with-line-break": safetensors({"a\nb": entry([9], 0, 4)}, bytes(4)),
        "header-no-object": safetensors(b"[1, 2]"),
        "header-no-json": safetensors(b"{ nonsense }"),
        "header-nested": safetensors(b'{"x":' * 5000 + b"1" + b"}" * 5000),
        "header-no-utf8": safetensors(b'{"\xff\xfe":{}}'),
        "metadata-nested": safetensors({"__metadata__": {"a": {"b": 1}}}),
    }
    for name, data in cases.items():
        put("safetensors", name + ".safetensors", data)


# --- numpy ---------------------------------------------------------------------------------------
def npy(header, data=b"", version=(1, 0), length=None):
    text = header.encode("latin1")
    text += b" " * (-(10 + len(text) + 1) % 64) + b"\n"
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", size) + text + data


def plain(shape, descr="<f4", fortran=False):
    return f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}"


def write_npy():
    cases = {
        "good-f4": npy(plain("(2, 3)"), bytes(24)),
        "good-fortran-big-endian": npy(plain("(2, 3)", ">f8", True), bytes(48)),
        "good-scalar": npy(plain("()"), bytes(4)),
        "good-version-2": npy(plain("(2,)", "<i8"), bytes(16), (2, 0)),
        "good-bool": npy(plain("(4,)", "|b1"), bytes([0, 1, 2, 255])),
        "empty": b"",
        "magic-only": b"\x93NUMPY",
        "version-9": npy(plain("(2,)"), bytes(8), (9, 0)),
        "header-cut": npy(plain("(2, 3)"), bytes(24))[:30],
        "header-4-gigabytes": npy(plain("(2,)"), bytes(8), (2, 0), 0xFFFFFFFF),
        "data-cut": npy(plain("(2, 3)"), bytes(20)),
        "data-trailing": npy(plain("(2, 3)"), bytes(30)),
        "shape-overflows": npy(plain("(4611686018427387904, 4611686018427387904)"), bytes(8)),
        "shape-of-65-bits": npy(plain("(99999999999999999999,)"), bytes(8)),
        "shape-negative": npy(plain("(-2, -2)"), bytes(16)),
        "shape-no-tuple": npy(plain("2"), bytes(8)),
        "shape-of-many-axes": npy(plain("(" + "1, " * 300 + ")"), bytes(4)),
        "shape-huge-and-empty": npy(plain("(0, 9223372036854775807, 9223372036854775807)")),
        "objects": npy(plain("(1,)", "|O"), pickle.dumps([1])),
        "structured": npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", bytes(4)),
        "strings": npy(plain("(1,)", "<U4"), bytes(16)),
        "complex": npy(plain("(1,)", "<c8"), bytes(8)),
        "no-dictionary": npy("__import__('os').system('true')", bytes(4)),
        "nested": npy("{'descr': " + "(" * 400 + ")" * 400 + "}", bytes(4)),
        "good-key-twice": npy("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        "key-missing": npy("{'descr': '<f4', 'shape': (1,)}", bytes(4)),
        "string-open": npy("{'descr': '<f4", bytes(4)),
    }
    for name, data in cases.items():
        put("npy", name + ".npy", data)


def npz(members, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, options.get("compression"))
    return buffer.getvalue()


def local_header(name, data, crc=None, size=None, method=0, flags=0):
    size = len(data) if size is None else size
    crc = zlib.crc32(data) if crc is None else crc
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, flags, method, 0, 0, crc, len(data), size,
                       len(name), 0) + name + data


def directory_entry(name, data, offset, crc=None, size=None, packed=None, method=0, flags=0):
    size = len(data) if size is None else size
    packed = len(data) if packed is None else packed
    crc = zlib.crc32(data) if crc is None else crc
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, flags, method, 0, 0, crc, packed,
                       size, len(name), 0, 0, 0, 0, 0, offset) + name


def end_record(count, size, offset):
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, size, offset, 0)


def one_member(name, data, packed_data=None, **changes):
    """An archive of one member whose directory lies."""
    stored = data if packed_data is None else packed_data
    method = changes.get("method", 0)
    local = local_header(name, stored, crc=zlib.crc32(data), size=len(data), method=method)
    arguments = {"packed": len(stored), **changes}
    directory = directory_entry(name, data, 0, **arguments)
    return local + directory + end_record(1, len(directory), len(local))


def write_npz():
    array = npy(plain("(2, 3)"), bytes(24))
    zeros = npy(plain("(4194304,)"), bytes(16 << 20))
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflater.compress(zeros) + deflater.flush()
    shared = local_header(b"a.npy", array)
    twice = directory_entry(b"a.npy", array, 0) + directory_entry(b"b.npy", array, 0)
    good = npz([("x.npy", array), ("y.npy", array)])
    cases = {
        "good-stored": good,
        "good-deflated": npz([("x.npy", array)], compression=zipfile.ZIP_DEFLATED),
        "good-metadata": npz([("x.npy", array), ("metadata.json", '{"metadata": {"a": "b"}}')]),
        "empty": b"",
        "good-end-record-only": end_record(0, 0, 0),
        "truncated": good[:-10],
        "front-cut": good[20:],
        "bomb-lying-small": one_member(b"x.npy", array, bomb, method=8, size=len(array)),
        "bomb-lying-large": one_member(b"x.npy", array, b"\x03\x00", method=8, size=0xFFFFFFF0),
        "bomb-of-members": npz([(f"{index}.npy", zeros[: 1 << 20]) for index in range(4)],
                               compression=zipfile.ZIP_DEFLATED),
        "same-bytes-twice": shared + twice + end_record(2, len(twice), len(shared)),
        "count-lies": good[:-22] + end_record(9, struct.unpack("<I", good[-10:-6])[0],
                                              struct.unpack("<I", good[-6:-2])[0]),
        "directory-out-of-file": good[:-22] + end_record(2, 100, 0x7FFFFFFF),
        "member-out-of-file": one_member(b"x.npy", array, size=1 << 30, packed=1 << 30),
        "checksum": one_member(b"x.npy", array, crc=1),
        "method-99": one_member(b"x.npy", array, method=99),
        "encrypted": one_member(b"x.npy", array, flags=1),
        "good-name-leads-out": one_member(b"../../x.npy", array),
        "name-twice": npz([("x.npy", array), ("X.npy", array)]).replace(b"X.npy", b"x.npy"),
        "name-no-utf8": one_member(b"\xff\xfe.npy", array, flags=0x800),
        "metadata-no-json": npz([("x.npy", array), ("metadata.json", "{")]),
        "member-no-array": npz([("x.npy", b"not numpy")]),
    }
    for name, data in cases.items():
        put("npz", name + ".npz", data)


# --- PyTorch -------------------------------------------------------------------------------------
def tensor_pickle(storage="0", count=6, offset=0, shape=(2, 3), strides=(3, 1), kind="FloatStorage"):
    """{'x': tensor} as torch.save pickles it, written opcode by opcode."""
    def text(value):
        raw = value.encode()
        return b"X" + struct.pack("<I", len(raw)) + raw

    def number(value):
        if abs(value) < 2**31:
            return b"J" + struct.pack("<i", value)
        return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)

    def numbers(values):
        return b"(" + b"".join(number(v) for v in values) + b"t"
    persistent = (b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(storage)
                  + text("cpu") + number(count) + b"tQ")
    arguments = (b"(" + persistent + number(offset) + numbers(shape) + numbers(strides) + b"\x89"
                 + b"ccollections\nOrderedDict\n)R" + b"t")
    return (b"\x80\x02}" + text("x") + b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R" + b"s.")


def write_torch():
    pickles = {
        "good-tensor": tensor_pickle(),
        "good-half": tensor_pickle(kind="HalfStorage"),
        "good-transposed": tensor_pickle(strides=(1, 2)),
        "good-numbers": pickle.dumps({"dims": {"n_mels": 80}, "a": [1, (2.5, None, True)]}, 2),
        "good-protocol-4": pickle.dumps({"dims": {"n_mels": 80}, "a": ["x" * 300, b"y", 2**70]}, 4),
        "empty": b"",
        "runs-a-program": b"cos\nsystem\n(S'true'\ntR.",
        "runs-a-program-by-stack-global": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
        "builds-an-object": b"\x80\x02cbuiltins\nobject\n)\x81}X\x01\x00\x00\x00aK\x01sb.",
        "calls-getattr": b"cbuiltins\ngetattr\n(cos\npath\nS'join'\ntR.",
        "extension-code": b"\x80\x02\x82\x01.",
        "unknown-opcode": b"\x80\x02\xff.",
        "protocol-9": b"\x80\x09N.",
        "stack-underflow": b"\x80\x02s.",
        "mark-missing": b"\x80\x02t.",
        "no-stop": b"\x80\x02N",
        "memo-missing": b"\x80\x02h\x07.",
        "good-memo-huge": b"\x80\x02Nr\xff\xff\xff\x7f.",
        "string-4-gigabytes": b"\x80\x02X\xff\xff\xff\xffabc.",
        "string-16-exabytes": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        "long-2-gigabytes": b"\x80\x02\x8b\xff\xff\xff\x7fabc.",
        "long-negative-length": b"\x80\x02\x8b\xff\xff\xff\xffabc.",
        "good-frame-huge": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.",
        "nested-lists": b"\x80\x02" + b"(" * 20000 + b"l" * 20000 + b".",
        "list-in-itself": b"\x80\x02]q\x00h\x00a.",
        "dictionary-in-itself": b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
        "laughs": b"\x80\x02]q\x00" + b"".join(
            b"]" + b"q" + bytes([i + 1]) + b"(" + (b"h" + bytes([i])) * 10 + b"e" for i in range(20)) + b".",
        "storage-short": tensor_pickle(count=5),
        "storage-count-huge": tensor_pickle(count=1 << 62),
        "storage-count-negative": tensor_pickle(count=-1),
        "storage-missing": tensor_pickle(storage="7"),
        "storage-leads-out": tensor_pickle(storage="../../x"),
        "storage-unknown": tensor_pickle(kind="QUInt8Storage"),
        "offset-out-of-storage": tensor_pickle(offset=1 << 40),
        "offset-negative": tensor_pickle(offset=-1),
        "shape-overflows": tensor_pickle(shape=(1 << 62, 1 << 62)),
        "shape-negative": tensor_pickle(shape=(-2, 3)),
        "strides-overflow": tensor_pickle(strides=(1 << 62, 1 << 62)),
        "strides-negative": tensor_pickle(strides=(-3, -1), offset=5),
        "strides-of-zero-bomb": tensor_pickle(shape=(1 << 40, 1), strides=(0, 0)),
        "strides-too-few": tensor_pickle(strides=(1,)),
    }
    for name, data in pickles.items():
        # Storages, shapes and strides are looked at when a tensor is read.
        if not name.startswith(("storage-", "offset-", "shape-", "strides-")) or name == "storage-unknown":
            put("pickle", name + ".pkl", data)
        archive = npz([("m/data.pkl", data), ("m/data/0", bytes(24)), ("m/version", "3\n")])
        put("torch", name + ".pt", archive)
    put("torch", "no-pickle.pt", npz([("m/data/0", bytes(24))]))
    put("torch", "good-two-pickles.pt", npz([("m/data.pkl", pickles["good-tensor"]), ("n/data.pkl", b"."),
                                        ("m/data/0", bytes(24))]))
    put("torch", "torchscript.pt", npz([("m/data.pkl", b"N."), ("m/constants.pkl", b"N.")]))


# --- ggml ----------------------------------------------------------------------------------------
def ggml(dims=(3, 6, 8, 2, 1, 4, 8, 2, 1, 4, 0), filters=(1, 2), num_filter_bytes=None, tokens=(b"a", b"b"),
         num_tokens=None, tensors=b"", magic=0x67676D6C):
    data = struct.pack("<I11i", magic, *dims) + struct.pack("<2i", *filters)
    data += bytes(4 * max(filters[0] * filters[1], 0) if num_filter_bytes is None else num_filter_bytes)
    data += struct.pack("<i", len(tokens) if num_tokens is None else num_tokens)
    for token in tokens:
        data += struct.pack("<I", len(token)) + token
    return data + tensors


def ggml_tensor(name, extents, kind=0, num_bytes=None, name_length=None, rank=None):
    count = 1
    for extent in extents:
        count *= extent
    data = struct.pack("<3i", len(extents) if rank is None else rank,
                       len(name) if name_length is None else name_length, kind)
    data += struct.pack(f"<{len(extents)}i", *extents) + name
    return data + bytes(4 * count if num_bytes is None else num_bytes)


def write_ggml():
    good = ggml_tensor(b"encoder.conv1.bias", [1, 8])
    cases = {
        "good-f32": ggml(tensors=good),
        "good-q5_0": ggml(tensors=ggml_tensor(b"x", [32, 2], 6, 44)),
        "good-q8_0": ggml(tensors=ggml_tensor(b"x", [32, 2], 8, 68)),
        "empty": b"",
        "header-cut": ggml()[:30],
        "dims-negative": ggml(dims=(-3, 6, 8, 2, 1, 4, 8, 2, 1, 4, 0), tensors=good),
        "dims-huge": ggml(dims=(2**31 - 1,) * 11, tensors=good),
        "filters-negative": ggml(filters=(-1, -1), tensors=good),
        "filters-huge": ggml(filters=(2**31 - 1, 2**31 - 1), num_filter_bytes=8, tensors=good),
        "tokens-huge": ggml(num_tokens=2**31 - 1),
        "tokens-negative": ggml(num_tokens=-1),
        "token-4-gigabytes": ggml(tokens=()) [:-4] + struct.pack("<iI", 1, 0xFFFFFFFF) + b"a",
        "name-huge": ggml(tensors=ggml_tensor(b"x", [1], name_length=2**31 - 1)),
        "name-negative": ggml(tensors=ggml_tensor(b"x", [1], name_length=-1)),
        "name-no-utf8": ggml(tensors=ggml_tensor(b"\xff\xfe", [1])),
        "name-twice": ggml(tensors=good + good),
        "rank-9": ggml(tensors=ggml_tensor(b"x", [1] * 9)),
        "rank-negative": ggml(tensors=ggml_tensor(b"x", [1], rank=-1)),
        "extents-overflow": ggml(tensors=ggml_tensor(b"x", [2**31 - 1] * 4, num_bytes=4)),
        "extents-negative": ggml(tensors=ggml_tensor(b"x", [-1, -4], num_bytes=16)),
        "type-unknown": ggml(tensors=ggml_tensor(b"x", [4], 77)),
        "type-k-quant": ggml(tensors=ggml_tensor(b"x", [256], 12, 144)),
        "block-cut": ggml(tensors=ggml_tensor(b"x", [31], 8, 34)),
        "tensor-cut": ggml(tensors=good[:-5]),
        "gguf": b"GGUF" + bytes(60),
    }
    for name, data in cases.items():
        put("ggml", name + ".bin", data)


# --- ONNX ----------------------------------------------------------------------------------------
def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value % 2**64)
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx_tensor(name=b"w", dims=(2, 2), kind=1, raw=bytes(16), extra=b""):
    data = b"".join(field(1, extent) for extent in dims) + field(2, kind) + field(8, name)
    return data + (field(9, raw) if raw is not None else b"") + extra


def onnx_model(graph):
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


def write_onnx():
    node = field(1, b"x") + field(1, b"w") + field(2, b"y") + field(3, b"n") + field(4, b"MatMul")
    good = field(1, node) + field(5, onnx_tensor()) + field(11, field(1, b"x")) + field(12, field(1, b"y"))

    def external(path, offset=b"0", length=b"16"):
        pairs = [(b"location", path), (b"offset", offset), (b"length", length)]
        extra = b"".join(field(13, field(1, key) + field(2, value)) for key, value in pairs)
        return onnx_model(field(1, node) + field(5, onnx_tensor(raw=None, extra=extra + field(14, 1))))
    nested = b""
    for _ in range(400):
        nested = field(1, field(4, b"If") + field(5, field(1, b"then_branch") + field(6, nested) + field(20, 5)))
    cases = {
        "good-matmul": onnx_model(good),
        "good-float-data": onnx_model(field(1, node) + field(5, onnx_tensor(
            raw=None, extra=field(4, struct.pack("<4f", 1, 2, 3, 4))))),
        "empty": b"",
        "cut": onnx_model(good)[:-20],
        "varint-endless": field(1, 8) + b"\x3a" + b"\xff" * 40,
        "length-beyond-file": field(1, 8) + b"\x3a\xff\xff\xff\xff\x0f" + good,
        "length-of-64-bits": field(1, 8) + b"\x3a" + varint(2**64 - 1) + good,
        "group-wire-type": field(1, 8) + b"\x3b" + good,
        "no-graph": field(1, 8) + field(8, field(2, 17)),
        "good-nested-graphs": onnx_model(nested),
        "raw-short": onnx_model(field(5, onnx_tensor(raw=bytes(3)))),
        "raw-long": onnx_model(field(5, onnx_tensor(raw=bytes(99)))),
        "dims-overflow": onnx_model(field(5, onnx_tensor(dims=(1 << 62, 1 << 62)))),
        "dims-negative": onnx_model(field(5, onnx_tensor(dims=(-2, -2)))),
        "dims-many": onnx_model(field(5, onnx_tensor(dims=(1,) * 5000, raw=bytes(4)))),
        "type-unknown": onnx_model(field(5, onnx_tensor(kind=99))),
        "type-string": onnx_model(field(5, onnx_tensor(kind=8))),
        "name-twice": onnx_model(good + field(5, onnx_tensor())),
        "name-no-utf8": onnx_model(field(5, onnx_tensor(name=b"\xff\xfe"))),
        "external-leads-out": external(b"../../../../etc/hostname"),
        "external-absolute": external(b"/etc/hostname"),
        "external-missing": external(b"weights.bin"),
        "external-itself": external(b"external-itself.onnx", b"-1", b"16"),
        "external-offset-huge": external(b"good-matmul.onnx", b"9223372036854775807", b"9223372036854775807"),
    }
    for name, data in cases.items():
        put("onnx", name + ".onnx", data)


# --- JSON: bare, config.json, tokenizers, metadata, mappings ------------------------------------
def write_json():
    cases = {
        "good": '{"a": [1, -2.5e3, true, null, "\\u00e9\\ud83d\\ude00"], "b": {}}',
        "empty": "", "blank": "   \n", "nested": "[" * 100000, "nested-objects": '{"a":' * 5000,
        "number-huge": "1e999999999999", "number-long": "1" * 5000, "number-leading-zero": "[01]",
        "number-hexadecimal": "[0x10]", "not-a-number": "[NaN]", "trailing": "{} {}",
        "comma-trailing": "[1,]", "comma-missing": "[1 2]", "key-bare": "{a: 1}", "key-twice": '{"a":1,"a":2}',
        "string-open": '["abc', "string-control": '["a\nb"]', "escape-unknown": '["\\x41"]',
        "surrogate-lone": '["\\ud83d"]', "surrogate-reversed": '["\\ude00\\ud83d"]',
        "escape-cut": '["\\u12', "comment": "/* */ {}", "literal-cut": "[tru",
    }
    for name, data in cases.items():
        put("json", name + ".json", data)
    put("json", "no-utf8.json", b'["\xff\xfe\xc0\x80"]')
    put("json", "byte-order-mark.json", b"\xef\xbb\xbf{}")
    put("json", "zero-bytes.json", bytes(64))


def write_config():
    good = {
        "d_model": 8, "encoder_layers": 1, "encoder_attention_heads": 2, "num_mel_bins": 4,
        "max_source_positions": 6, "decoder_layers": 1, "decoder_attention_heads": 2, "vocab_size": 7,
        "max_target_positions": 5, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
        "tie_word_embeddings": True,
    }
    changes = {
        "good": {}, "width-zero": {"d_model": 0}, "width-negative": {"d_model": -8},
        "width-huge": {"d_model": 2**62}, "width-fraction": {"d_model": 8.5}, "width-text": {"d_model": "8"},
        "heads-zero": {"encoder_attention_heads": 0}, "heads-uneven": {"encoder_attention_heads": 3},
        "layers-huge": {"encoder_layers": 2**62}, "layers-negative": {"encoder_layers": -1},
        "layers-of-a-million": {"encoder_layers": 1000000}, "mels-zero": {"num_mel_bins": 0},
        "frames-huge": {"max_source_positions": 2**63 - 1}, "vocabulary-huge": {"vocab_size": 2**63},
        "activation-other": {"activation_function": "relu"}, "feed-forward-other": {"encoder_ffn_dim": 33},
    }
    for name, change in changes.items():
        put("config", name + ".json", json.dumps({**good, **change}))
    put("config", "key-missing.json", json.dumps({k: v for k, v in good.items() if k != "d_model"}))
    put("config", "no-object.json", "[1, 2]")
    put("config", "cut.json", json.dumps(good)[:50])


def write_tokenizers():
    def tokenizer(vocab, merges=(), added=()):
        return json.dumps({"model": {"type": "BPE", "vocab": vocab, "merges": list(merges)},
                           "added_tokens": list(added)})
    good = {chr(97 + index): index for index in range(8)}
    cases = {
        "good": tokenizer({**good, "ab": 8}, ["a b"], [{"id": 9, "content": "<|en|>", "special": True}]),
        "good-pairs": tokenizer({**good, "ab": 8}, [["a", "b"]]),
        "id-negative": tokenizer({"a": -1}), "id-huge": tokenizer({"a": 2**62}), "id-fraction": tokenizer({"a": 0.5}),
        "id-twice": tokenizer({"a": 1, "b": 1}), "id-text": tokenizer({"a": "1"}),
        "vocabulary-no-object": tokenizer([1]), "vocabulary-empty": tokenizer({}),
        "merge-unknown": tokenizer(good, ["x y"]), "merge-of-one": tokenizer(good, ["a"]),
        "merge-number": tokenizer(good, [7]), "merge-triple": tokenizer(good, [["a", "b", "c"]]),
        "merge-result-unknown": tokenizer(good, ["a b"]),
        "added-no-object": tokenizer(good, [], [5]), "added-huge": tokenizer(good, [], [{"id": 2**40, "content": "x"}]),
        "type-other": json.dumps({"model": {"type": "Unigram", "vocab": [["a", 0.1]]}}),
        "vocab-flat": json.dumps(good), "vocab-flat-negative": json.dumps({"a": -5}),
    }
    for name, data in cases.items():
        put("tokenizer", name + ".json", data)
    lines = {
        "good": "YQ== 0\nYg== 1\n", "empty": "", "no-rank": "YQ==\n", "no-base64": "&&&& 0\n",
        "rank-huge": "YQ== 99999999999999999999\n", "rank-negative": "YQ== -1\n", "rank-twice": "YQ== 0\nYg== 0\n",
        "rank-gap": "YQ== 5\n", "padding-only": "==== 0\n", "padding-inside": "Y=Q= 0\n", "blank-lines": "\n\n\n",
    }
    for name, data in lines.items():
        put("tiktoken", name + ".tiktoken", data)


def write_small():
    put("metadata", "good.json", '{"metadata": {"a": "b"}, "tensors": {"x": {"file": "x.npy"}}}')
    put("metadata", "file-leads-out.json", '{"tensors": {"x": {"file": "../../etc/passwd"}}}')
    put("metadata", "file-is-parent.json", '{"tensors": {"x": {"file": ".."}}}')
    put("metadata", "no-object.json", "[]")
    mappings = {
        "good": {"taps": {"encoder.conv1": {"tensor": "a", "layout": "channels-first", "scale": 2}}},
        "no-taps": {}, "taps-no-object": {"taps": [1]}, "tap-number": {"taps": {"encoder.conv1": 3}},
        "tensor-missing": {"taps": {"encoder.conv1": {"layout": "flat"}}},
        "scale-zero": {"taps": {"encoder.conv1": {"tensor": "a", "scale": 0}}},
        "scale-text": {"taps": {"encoder.conv1": {"tensor": "a", "scale": "big"}}},
        "layout-number": {"taps": {"encoder.conv1": {"tensor": "a", "layout": 4}}},
    }
    for name, value in mappings.items():
        put("mapping", name + ".json", json.dumps(value))
    put("mapping", "scale-infinite.json", '{"taps": {"encoder.conv1": {"tensor": "a", "scale": 1e999}}}')


# --- audio ---------------------------------------------------------------------------------------
def wav(data, kind=1, channels=1, rate=16000, bits=16, size=None):
    align = channels * bits // 8
    fmt = struct.pack("<HHIIHH", kind, channels, rate, rate * align % 2**32, align % 2**16, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data) if size is None else size)
    return b"RIFF" + struct.pack("<I", (len(body) + len(data)) % 2**32) + body + data


def write_audio():
    tone = b"".join(struct.pack("<h", (index * 977) % 20000 - 10000) for index in range(200))
    cases = {
        "good-16-bit.wav": wav(tone), "good-stereo-44100.wav": wav(tone, channels=2, rate=44100),
        "good-float.wav": wav(struct.pack("<50f", *[0.01] * 50), 3, bits=32),
        "empty.wav": b"", "text.wav": b"this is no audio at all\n" * 10, "header-cut.wav": wav(tone)[:30],
        "no-samples.wav": wav(b""), "data-cut.wav": wav(tone, size=100000), "good-size-of-a-stream.wav": wav(tone, size=0xFFFFFFFF),
        "channels-none.wav": wav(tone, channels=0), "channels-many.wav": wav(tone, channels=60000),
        "rate-zero.wav": wav(tone, rate=0), "rate-huge.wav": wav(tone, rate=0xFFFFFFFF),
        "bits-none.wav": wav(tone, bits=0), "bits-many.wav": wav(tone, bits=65535), "codec-unknown.wav": wav(tone, 0x1234),
        "nan.wav": wav(struct.pack("<4f", 0, float("nan"), 0, 0), 3, bits=32),
        "infinite.wav": wav(struct.pack("<4f", 0, float("inf"), 0, 0), 3, bits=32),
        "flac-magic.flac": b"fLaC" + bytes(100), "ogg-magic.ogg": b"OggS" + bytes(100),
        "mp3-magic.mp3": b"\xff\xfb\x90\x00" + bytes(100), "random.wav": b"RIFF\xff\xff\xff\xffWAVE" + bytes(range(256)),
    }
    for name, data in cases.items():
        put("audio", name, data)


if __name__ == "__main__":
    for write in (write_safetensors, write_npy, write_npz, write_torch, write_ggml, write_onnx, write_json,
                  write_config, write_tokenizers, write_small, write_audio):
        write()
