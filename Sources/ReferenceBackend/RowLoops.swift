/// Loops over rows and elements, on all threads.
import TensorCore

extension Calculator {
  /// Calls `body` once for each row below `count`.
  func forEachRow(_ count: Int, _ body: (Int) -> Void) {
    multiplier.workers.runRanges(count, length: 32) { rows in for row in rows { body(row) } }
  }

  /// A tensor like `x` whose rows `body` computes, from x's to its own.
  func mappingRows(
    _ x: Tensor, _ body: (UnsafePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) -> Tensor {
    let width = x.innerExtent
    return Tensor.float64(x.shape) { out in
      x.withFloat64 { source in
        forEachRow(x.rowCount) { body(source.start + $0 * width, out.start + $0 * width) }
      }
    }
  }

  /// A tensor like `x` with `function` applied to each element.
  func mapping(_ x: Tensor, _ function: (Double) -> Double) -> Tensor {
    Tensor.float64(x.shape) { out in
      x.withFloat64 { source in
        multiplier.workers.runRanges(out.count, length: 1 << 14) { range in
          for i in range { out[i] = function(source[i]) }
        }
      }
    }
  }
}

extension Tensor {
  /// Lends the rows in Float64.
  func withRows<R, E: Error>(_ body: (MatrixView) throws(E) -> R) throws(E) -> R {
    try withFloat64 { (values) throws(E) -> R in
      try body(MatrixView(base: values.start, rows: rowCount, rowStride: innerExtent))
    }
  }
}

extension MatrixView {
  /// The same rows from a later column on.
  func columns(from column: Int) -> MatrixView {
    MatrixView(base: base + column, rows: rows, rowStride: rowStride)
  }
}

extension UnsafeBufferPointer {
  /// Where the elements lie; storage is never without an address.
  var start: UnsafePointer<Element> {
    guard let baseAddress else { preconditionFailure("tensors have storage, even empty ones") }
    return baseAddress
  }
}

extension UnsafeMutableBufferPointer {
  /// Where the elements lie; storage is never without an address.
  var start: UnsafeMutablePointer<Element> {
    guard let baseAddress else { preconditionFailure("tensors have storage, even empty ones") }
    return baseAddress
  }
}
