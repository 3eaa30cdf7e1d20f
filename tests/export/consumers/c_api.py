"""Runs a SavedModel through TensorFlow's C API; no Python TensorFlow.

    python c_api.py FOLDER_OF_LIBRARIES SAVED_MODEL IMAGE...

Prints what `serving_default` answers for the images, as JSON.
"""

import ctypes
import json
import pathlib
import sys

FLOAT, STRING = 1, 7  # TF_DataType
TSTRING_BYTES = 24  # sizeof(TF_TString)


class Buffer(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("deallocator", ctypes.c_void_p),
    )


class Output(ctypes.Structure):
    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


def load_library(folder):
    ctypes.CDLL(
        str(folder / "libtensorflow_framework.so.2"), ctypes.RTLD_GLOBAL
    )
    library = ctypes.CDLL(str(folder / "libtensorflow_cc.so.2"))
    pointers = (
        "TF_NewStatus",
        "TF_NewSessionOptions",
        "TF_NewGraph",
        "TF_NewBuffer",
        "TF_LoadSessionFromSavedModel",
        "TF_GraphOperationByName",
        "TF_AllocateTensor",
        "TF_TensorData",
    )
    for name in pointers:
        getattr(library, name).restype = ctypes.c_void_p
    library.TF_NewBuffer.restype = ctypes.POINTER(Buffer)
    library.TF_Message.restype = ctypes.c_char_p
    library.TF_StringGetDataPointer.restype = ctypes.c_void_p
    library.TF_StringGetSize.restype = ctypes.c_size_t
    library.TF_Dim.restype = ctypes.c_int64
    return library


def fields(message):
    """The fields of a protocol buffer: (number, bytes), other kinds skipped."""
    place = 0
    while place < len(message):
        key, place = varint(message, place)
        kind, number = key & 7, key >> 3
        if kind == 2:
            size, place = varint(message, place)
            yield number, message[place : place + size]
            place += size
        elif kind == 0:
            _, place = varint(message, place)
        else:
            place += {1: 8, 5: 4}[kind]


def varint(message, place):
    value = shift = 0
    while True:
        digit = message[place]
        value |= (digit & 127) << shift
        place, shift = place + 1, shift + 7
        if digit < 128:
            return value, place


def entries(message, number):
    """A map field: {key: bytes of its value}."""
    found = (dict(fields(entry)) for n, entry in fields(message) if n == number)
    return {entry[1].decode(): entry[2] for entry in found}


def signature(meta_graph, name):
    """Names of a signature's tensors: {input: name}, {output: name}."""
    definition = entries(meta_graph, 5)[name]  # MetaGraphDef.signature_def
    return tuple(
        {key: dict(fields(info))[1].decode() for key, info in pairs.items()}
        for pairs in (entries(definition, 1), entries(definition, 2))
    )


class Model:
    def __init__(self, folder, path):
        self.library = load_library(folder)
        self.status = ctypes.c_void_p(self.library.TF_NewStatus())
        self.graph = ctypes.c_void_p(self.library.TF_NewGraph())
        options = ctypes.c_void_p(self.library.TF_NewSessionOptions())
        tags = (ctypes.c_char_p * 1)(b"serve")
        held = self.library.TF_NewBuffer()
        self.session = ctypes.c_void_p(
            self.library.TF_LoadSessionFromSavedModel(
                options, None, str(path).encode(), tags, 1, self.graph, held,
                self.status,
            )
        )  # fmt: skip
        self.check()
        data, length = held.contents.data, held.contents.length
        self.meta_graph = ctypes.string_at(data, length)

    def check(self):
        if self.library.TF_GetCode(self.status):
            raise RuntimeError(self.library.TF_Message(self.status).decode())

    def output(self, name):
        operation, _, index = name.partition(":")
        found = self.library.TF_GraphOperationByName(
            self.graph, operation.encode()
        )
        return Output(found, int(index or 0))

    def strings(self, values):
        """A tensor of strings, (len(values),)."""
        dims = (ctypes.c_int64 * 1)(len(values))
        tensor = ctypes.c_void_p(
            self.library.TF_AllocateTensor(
                STRING, dims, 1, ctypes.c_size_t(TSTRING_BYTES * len(values))
            )
        )
        data = self.library.TF_TensorData(tensor)
        for index, value in enumerate(values):
            place = ctypes.c_void_p(data + TSTRING_BYTES * index)
            self.library.TF_StringInit(place)
            self.library.TF_StringCopy(
                place, value, ctypes.c_size_t(len(value))
            )
        return tensor

    def values(self, tensor):
        """A tensor of floats or strings, (rows, columns), as lists."""
        shape = [self.library.TF_Dim(tensor, axis) for axis in (0, 1)]
        data = self.library.TF_TensorData(tensor)
        count = shape[0] * shape[1]
        if self.library.TF_TensorType(tensor) == FLOAT:
            flat = list((ctypes.c_float * count).from_address(data))
        else:
            flat = [self.text(data + TSTRING_BYTES * i) for i in range(count)]
        return [flat[i : i + shape[1]] for i in range(0, count, shape[1])]

    def text(self, place):
        place = ctypes.c_void_p(place)
        size = self.library.TF_StringGetSize(place)
        start = self.library.TF_StringGetDataPointer(place)
        return ctypes.string_at(start, size).decode()

    def run(self, name, encoded):
        """Asks a signature of one input of strings."""
        inputs, outputs = signature(self.meta_graph, name)
        asked = (Output * 1)(*map(self.output, inputs.values()))
        given = (ctypes.c_void_p * 1)(self.strings(encoded))
        wanted = (Output * len(outputs))(*map(self.output, outputs.values()))
        answers = (ctypes.c_void_p * len(outputs))()
        self.library.TF_SessionRun(
            self.session, None, asked, given, 1, wanted, answers, len(outputs),
            None, 0, None, self.status,
        )  # fmt: skip
        self.check()
        tensors = map(ctypes.c_void_p, answers)
        return dict(zip(outputs, map(self.values, tensors), strict=True))


def main():
    folder, path, *images = map(pathlib.Path, sys.argv[1:])
    model = Model(folder, path)
    try:
        model.run("serving_default", [b"no image"])
        refused = None
    except RuntimeError as error:
        refused = str(error)
    answer = model.run("serving_default", [p.read_bytes() for p in images])
    loaded = sorted(m for m in sys.modules if m.startswith("tensorflow"))
    print(json.dumps({**answer, "refused": refused, "loaded": loaded}))


if __name__ == "__main__":
    main()
