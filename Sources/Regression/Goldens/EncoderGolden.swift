package import TensorCore
import TensorIO

/// Samples of a sound encoder in Float64 that another implementation made, as
/// `Scripts/goldens.py` writes them: `mel`, `places/SHAPE`, `samples/TAP`.
package struct EncoderGolden: Sendable {
  private let source: any TensorSource

  /// - Throws: `TensorIOError`; `CaseError` where the file holds no samples.
  package init(_ path: String) throws {
    source = try openTensorSource(path)
    guard source.names.contains(where: { $0.hasPrefix(Self.samples) }) else {
      throw CaseError(path: path, line: nil, reason: "holds no samples of taps; it is no golden")
    }
  }

  private static let samples = "samples/"

  /// Taps that are sampled.
  package var taps: Set<String> {
    Set(
      source.names.filter { $0.hasPrefix(Self.samples) }.map {
        String($0.dropFirst(Self.samples.count))
      })
  }

  /// The mel that the samples come from, padded to `[frames, mels]`, Float32.
  /// - Throws: `TensorIOError`; `CaseError` where it does not fit the model.
  package func mel(frames: Int, mels: Int) throws -> Tensor {
    let used = try source.tensor("mel")
    let padding = source.metadata["padding"].flatMap { Float($0) } ?? 0
    guard used.shape.count == 2, used.shape[0] <= frames, used.shape[1] == mels else {
      throw CaseError(
        path: source.path, line: nil,
        reason: "its mel is \(used.shape), the model takes [\(frames), \(mels)]")
    }
    return used.withFloat32 { values in
      Tensor.float32([frames, mels]) { target in
        for index in target.indices {
          target[index] = index < values.count ? values[index] : padding
        }
      }
    }
  }

  /// ‖value − golden‖/‖golden‖ over the samples of a tap; `nil` where it has none.
  /// - Throws: `TensorIOError`; `CaseError` where the shapes differ.
  package func distance(_ tap: String, _ value: Tensor) throws -> Double? {
    guard source.names.contains(Self.samples + tap) else { return nil }
    let shape = value.shape.map(String.init).joined(separator: "x")
    guard source.names.contains("places/\(shape)") else {
      throw CaseError(
        path: source.path, line: nil, reason: "\(tap) is \(shape) here and of another shape there")
    }
    let places = try source.tensor("places/\(shape)").float64Array
    let expected = try source.tensor(Self.samples + tap).float64Array
    return value.withFloat64 { values in
      var (error, norm) = (0.0, 0.0)
      for (place, golden) in zip(places, expected) {
        guard let index = Int(exactly: place), values.indices.contains(index) else { return .nan }
        error += (values[index] - golden) * (values[index] - golden)
        norm += golden * golden
      }
      return norm > 0 ? (error / norm).squareRoot() : error.squareRoot()
    }
  }

  /// How far a sound encoder may be from the golden after `depth` operations: rounding adds up
  /// like √k·u, twice for the two implementations, and layer norms and softmaxes of
  /// well-conditioned encoders make at most sixteen times that of it.
  package static func allowed(depth: Int, unitRoundoff: Double) -> Double {
    16 * 2 * Double(depth + 1).squareRoot() * unitRoundoff
  }
}
