/// Loops over rows and elements, on all threads.
import TensorCore

extension Calculator {
  /// Calls `body` once for each row below `count`.
  func forEachRow(_ count: Int, _ body: (Int) -> Void) {
    multiplier.workers.runRanges(count, length: 32) { rows in for row in rows { body(row) } }
  }

  /// A tensor like `x` whose rows `body` computes, from x's to its own; the two may be one memory.
  func mappingRows(
    _ x: Tensor, _ body: (UnsafePointer<Double>, UnsafeMutablePointer<Double>) -> Void
  ) -> Tensor {
    let width = x.innerExtent
    return Tensor.float64(x.shape) { out in
      x.withElements { source in
        forEachRow(x.rowCount) { row in
          let target = out.start + row * width
          body(source.values((row * width)..<((row + 1) * width), into: target), target)
        }
      }
    }
  }

  /// A tensor like `x` with `function` applied to each element.
  func mapping(_ x: Tensor, _ function: (Double) -> Double) -> Tensor {
    Tensor.float64(x.shape) { out in
      x.withElements { source in
        multiplier.workers.runRanges(out.count, length: 1 << 14) { range in
          let target = out.start + range.lowerBound
          let values = source.values(range, into: target)
          for i in 0..<range.count { target[i] = function(values[i]) }
        }
      }
    }
  }
}

/// Elements that are read in Float64, whatever they are stored in.
enum Elements {
  case float64(UnsafePointer<Double>)
  case float32(UnsafePointer<Float>)

  /// The elements of `range`: where they lie, or converted into `target`, one after the other.
  func values(
    _ range: Range<Int>, into target: UnsafeMutablePointer<Double>
  ) -> UnsafePointer<Double> {
    switch self {
    case .float64(let base): return base + range.lowerBound
    case .float32(let base):
      let source = base + range.lowerBound
      for i in 0..<range.count { target[i] = Double(source[i]) }
      return UnsafePointer(target)
    }
  }
}

extension Tensor {
  /// Lends the elements without a copy where they are Float64 or Float32.
  func withElements<R>(_ body: (Elements) -> R) -> R {
    if scalarType == .float32 { return withFloat32 { body(.float32($0.start)) } }
    return withFloat64 { body(.float64($0.start)) }
  }

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
