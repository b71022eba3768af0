/// Sums of tensors: residuals and positions; and rows exchanged between them.
import EncoderModel
import TensorCore

extension Calculator {
  /// x + y, of one shape.
  func add(_ x: Tensor, _ y: Tensor, _ node: String) throws -> Tensor {
    guard x.shape == y.shape else {
      throw ReferenceError.wrongShape(node: node, expected: "two inputs \(x.shape)", found: y.shape)
    }
    return Tensor.float64(x.shape) { out in
      x.withFloat64 { first in
        y.withFloat64 { second in
          multiplier.workers.runRanges(out.count, length: 1 << 15) { range in
            for i in range { out[i] = first[i] + second[i] }
          }
        }
      }
    }
  }

  /// x plus the checkpoint's table of positions `[T, C]`.
  /// - Note: Source openai/whisper model.py `AudioEncoder.forward`, `positional_embedding`.
  func addPosition(_ reference: WeightReference, _ x: Tensor, _ node: String) throws -> Tensor {
    let table = try weights.resolve(reference)
    guard table.innerExtent == x.innerExtent, table.rowCount >= x.rowCount else {
      throw ReferenceError.wrongShape(
        node: node, expected: "positions \(x.shape)", found: table.shape)
    }
    return try add(x, table.slicedRows(0..<x.rowCount), node)
  }

  /// x with its rows from `first` on taken from `other`.
  func replaceRows(from first: Int, _ x: Tensor, _ other: Tensor, _ node: String) throws -> Tensor {
    guard x.innerExtent == other.innerExtent else {
      throw ReferenceError.wrongShape(
        node: node, expected: "rows of \(x.innerExtent) channels", found: other.shape)
    }
    let width = x.innerExtent
    return Tensor.float64(x.shape) { out in
      x.withFloat64 { x in
        other.withFloat64 { other in
          for i in out.indices {
            out[i] = i / width >= first && i < other.count ? other[i] : x[i]
          }
        }
      }
    }
  }
}
