"""Packs an installed prefix (bin, lib, share) of encoder-diff as a Python wheel whose entry point is the program.

usage: make_wheel.py PREFIX VERSION MACHINE OUTPUT_FOLDER     standard library only
"""

import base64
import hashlib
import os
import pathlib
import sys
import zipfile

prefix, version, machine, output = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
# The glibc of the machine that built it: an older one may lack symbols.

glibc = os.confstr("CS_GNU_LIBC_VERSION").split()[1].replace(".", "_")
tag = f"py3-none-manylinux_{glibc}_{machine}"
name = f"encoder_diff-{version}"
metadata = f"""Metadata-Version: 2.1
Name: encoder-diff
Version: {version}
Summary: The parity debugger for Whisper encoders
Requires-Python: >=3.8
"""
wheel = f"""Wheel-Version: 1.0
Generator: encoder-diff
Root-Is-Purelib: false
Tag: {tag}
"""

records = []


def add(archive, path, content, executable=False):
    info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(info, content)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    records.append(f"{path},sha256={digest},{len(content)}")


target = output / f"{name}-{tag}.whl"
temporary = target.with_suffix(".tmp")
with zipfile.ZipFile(temporary, "w") as archive:
    for file in sorted(p for p in prefix.rglob("*") if p.is_file()):
        inner = file.relative_to(prefix)
        if inner.parts[0] == "bin":
            add(archive, f"{name}.data/scripts/{inner.name}", file.read_bytes(), executable=True)
        else:
            add(archive, f"{name}.data/data/{inner.as_posix()}", file.read_bytes())
    add(archive, f"{name}.dist-info/METADATA", metadata.encode())
    add(archive, f"{name}.dist-info/WHEEL", wheel.encode())
    record = f"{name}.dist-info/RECORD"
    archive.writestr(record, "\n".join(records + [f"{record},,"]) + "\n")
temporary.replace(target)
