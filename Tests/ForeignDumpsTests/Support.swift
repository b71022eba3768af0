/// A reference of noise and foreign dumps made of it.
import EncoderModel
import ForeignDumps
import TensorCore
import TensorIO

/// Sizes whose extents tell axes apart: 20 frames, width 12, three heads of four.
let program = EncoderProgram.whisper(
  WhisperDimensions(
    numMels: 6, numAudioContext: 20, audioWidth: 12, numAudioHeads: 3, numAudioLayers: 2))

/// Every tap's value: noise of its own.
let referenceTaps: [String: Tensor] = {
  var taps: [String: Tensor] = [:]
  for node in program.nodes {
    taps[node.name] = noise(node.shape, stream: fnv1a(node.name.utf8))
  }
  return taps
}()

func noise(_ shape: [Int], stream: UInt64) -> Tensor {
  Tensor.float32(shape) { target in
    for index in target.indices {
      let value = CounterHash.uniform(seed: 1, stream: stream, counter: UInt64(index))
      target[index] = Float(value) - 0.5
    }
  }
}

let samples: ReferenceSamples = {
  var samples = ReferenceSamples()
  for (tap, tensor) in referenceTaps { samples.add(tap, tensor) }
  return samples
}()

/// The reference's tap.
func tap(_ name: String) -> Tensor { referenceTaps[name] ?? Tensor([Float](), shape: [0]) }

/// Tensors in memory under any names.
struct MemorySource: TensorSource {
  let path = "memory"
  let formatName = "memory"
  let names: [String]
  let metadata: [String: String] = [:]
  private let tensors: [String: Tensor]

  init(_ tensors: [String: Tensor]) {
    names = tensors.keys.sorted()
    self.tensors = tensors
  }

  func info(_ name: String) throws(TensorIOError) -> TensorInfo {
    let tensor = try tensor(name)
    return TensorInfo(
      name: name, shape: tensor.shape, scalarType: tensor.scalarType, storedType: "memory")
  }

  func tensor(_ name: String) throws(TensorIOError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw TensorIOError(path, .noSuchTensor(nearest: nil), tensor: name)
    }
    return tensor
  }
}

/// numpy's `transpose`: axis i of the result is axis `axes[i]` of `tensor`.
func permuted(_ tensor: Tensor, _ axes: [Int]) -> Tensor {
  let values = tensor.float32Array
  let shape = axes.map { tensor.shape[$0] }
  var strides = [Int](repeating: 1, count: tensor.shape.count)
  for axis in (0..<(strides.count - 1)).reversed() {
    strides[axis] = strides[axis + 1] * tensor.shape[axis + 1]
  }
  return Tensor.float32(shape) { target in
    for index in target.indices {
      var rest = index
      var position = 0
      for axis in shape.indices.reversed() {
        position += rest % shape[axis] * strides[axes[axis]]
        rest /= shape[axis]
      }
      target[index] = values[position]
    }
  }
}

/// Tensors of equal shape behind one another along axis 0.
func concatenated(_ tensors: [Tensor]) -> Tensor {
  let rows = tensors.reduce(0) { $0 + $1.shape[0] }
  return Tensor(tensors.flatMap(\.float32Array), shape: [rows] + tensors[0].shape.dropFirst())
}

func areEqual(_ left: Tensor?, _ right: Tensor) -> Bool {
  left?.shape == right.shape && left?.float32Array == right.float32Array
}
