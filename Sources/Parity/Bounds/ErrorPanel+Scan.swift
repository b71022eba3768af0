import ParityArithmetic
import TensorCore

extension ErrorRow {
  /// The factors that hold for row `i` of a panel.
  init(_ panel: ErrorPanel, _ i: Int) {
    func factor(_ term: Int) -> Double {
      term < panel.separable.count ? panel.separable[term].row[i] : 0
    }
    self.init()
    row0 = factor(0)
    row1 = factor(1)
    row2 = factor(2)
    coherent = panel.coherent[i]
    startsFromBias = panel.mayStartFromBias ? 1 : 0
    result = panel.result
    input = panel.input
    shift = panel.softmaxShift?[i]
    floor = panel.floor
  }

  /// V at column `j`, in units of u².
  @inline(__always)
  func variance(_ columns: ErrorColumns, _ j: Int, exact y: Double, input x: Double) -> Double {
    let b = columns.bias[j]
    let s = y - b
    let grown = max(s * s, startsFromBias * (b * b + b * y + y * y))
    var v = row0 * columns.column0[j] + row1 * columns.column1[j]
    v += row2 * columns.column2[j] + coherent * grown + floor
    v += result * (y * y) + input * (x * x)
    if let shift { v += y * y * ((x - shift) * (x - shift)) }
    return v
  }
}

extension ErrorPanel {
  /// Calls `body` with the factors of the columns.
  func withColumns(_ body: (ErrorColumns) -> Void) {
    let zeros = [Double](repeating: 0, count: columns)
    func column(_ term: Int) -> [Double] {
      term < separable.count ? separable[term].column : zeros
    }
    (bias ?? zeros).withUnsafeBufferPointer { bias in
      column(0).withUnsafeBufferPointer { c0 in
        column(1).withUnsafeBufferPointer { c1 in
          column(2).withUnsafeBufferPointer { c2 in
            guard let b = bias.baseAddress, let p0 = c0.baseAddress, let p1 = c1.baseAddress,
              let p2 = c2.baseAddress
            else { return }
            body(ErrorColumns(bias: b, column0: p0, column1: p1, column2: p2))
          }
        }
      }
    }
  }
}

/// Scans rows of a panel.
func scanRows(
  _ panel: ErrorPanel, _ operands: ErrorOperands, rows: Range<Int>
) -> ErrorScan {
  var total = ErrorScan()
  panel.withColumns { columns in
    for i in rows {
      let start = panel.offset &+ i &* panel.rowStride
      let row = ErrorRow(panel, i)
      var scan = ErrorScan(
        ParityArithmetic.best.errors(row, columns, operands, start, panel.columns),
        count: panel.columns)
      let probe = scan.errorSquared + scan.variance + scan.exactSquared
      if !probe.isFinite {
        scan = maskedScanRow(row, columns, operands, start: start, count: panel.columns)
      } else if scan.worst > total.worst {
        locateWorst(&scan, row, columns, operands, start: start, count: panel.columns)
      }
      scan.rowVarianceSquared = scan.variance * scan.variance
      total.merge(scan)
    }
  }
  return total
}

extension ErrorScan {
  fileprivate init(_ row: ErrorRowSums, count: Int) {
    self.init()
    self.count = count
    errorSquared = row.errorSquared
    exactSquared = row.exactSquared
    variance = row.variance
    maxAbs = row.largestSquared.squareRoot()
    worst = row.worst
  }
}

/// Finds the element of a finite row whose ratio is `scan.worst`.
private func locateWorst(
  _ scan: inout ErrorScan, _ row: ErrorRow, _ columns: ErrorColumns, _ operands: ErrorOperands,
  start: Int, count: Int
) {
  var best = -1.0
  for j in 0..<count {
    let y = operands.exact(start &+ j)
    let x = operands.inputValue(start &+ j)
    let e = operands.candidate[start &+ j] - y
    let v = row.variance(columns, j, exact: y, input: x)
    if e * e / v > best {
      best = e * e / v
      scan.worstIndex = start &+ j
      scan.worstError = abs(e)
      scan.worstVariance = v
    }
  }
}

/// The scan of a row with NaN or ∞ in it: counts those that the exact operation does not have.
private func maskedScanRow(
  _ row: ErrorRow, _ columns: ErrorColumns, _ operands: ErrorOperands, start: Int, count: Int
) -> ErrorScan {
  var scan = ErrorScan()
  for j in 0..<count {
    let y = operands.exact(start &+ j)
    let x = operands.inputValue(start &+ j)
    let candidate = operands.candidate[start &+ j]
    guard y.isFinite else { continue }
    guard candidate.isFinite else {
      scan.nonFinite += 1
      continue
    }
    let e = candidate - y
    let v = row.variance(columns, j, exact: y, input: x)
    scan.count += 1
    scan.errorSquared += e * e
    scan.exactSquared += y * y
    scan.maxAbs = max(scan.maxAbs, abs(e))
    guard v.isFinite else { continue }
    scan.variance += v
    if e * e / v > scan.worst {
      scan.worst = e * e / v
      scan.worstIndex = start &+ j
      scan.worstError = abs(e)
      scan.worstVariance = v
    }
  }
  return scan
}

extension ErrorPanel {
  /// V at one element, in units of u².
  func variance(row i: Int, column j: Int, exact y: Double, input x: Double) -> Double {
    var v = 0.0
    withColumns { v = ErrorRow(self, i).variance($0, j, exact: y, input: x) }
    return v
  }
}
