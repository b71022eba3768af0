import TensorCore

/// The factors of a panel's rows and columns as the kernel reads them; absent ones are zero.
private struct PanelColumns {
  let bias: UnsafePointer<Double>
  let column0: UnsafePointer<Double>
  let column1: UnsafePointer<Double>
  let column2: UnsafePointer<Double>
}

/// The factors that hold for one row.
private struct PanelRow {
  let row0: Double
  let row1: Double
  let row2: Double
  let coherent: Double
  let startsFromBias: Double
  let result: Double
  let input: Double
  let shift: Double?
  let floor: Double

  init(_ panel: ErrorPanel, _ i: Int) {
    func factor(_ term: Int) -> Double {
      term < panel.separable.count ? panel.separable[term].row[i] : 0
    }
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
}

/// Scans rows of a panel.
func scanRows<X: FigureElement>(
  _ panel: ErrorPanel, _ memory: ScanMemory, _: X.Type, rows: Range<Int>
) -> ErrorScan {
  let zeros = [Double](repeating: 0, count: panel.columns)
  func column(_ term: Int) -> [Double] {
    term < panel.separable.count ? panel.separable[term].column : zeros
  }
  var total = ErrorScan()
  (panel.bias ?? zeros).withUnsafeBufferPointer { bias in
    column(0).withUnsafeBufferPointer { c0 in
      column(1).withUnsafeBufferPointer { c1 in
        column(2).withUnsafeBufferPointer { c2 in
          guard let b = bias.baseAddress, let p0 = c0.baseAddress, let p1 = c1.baseAddress,
            let p2 = c2.baseAddress
          else { return }
          let columns = PanelColumns(bias: b, column0: p0, column1: p1, column2: p2)
          for i in rows {
            let start = panel.offset &+ i &* panel.rowStride
            let row = PanelRow(panel, i)
            var scan = scanRow(row, columns, memory, X.self, start: start, count: panel.columns)
            let probe = scan.errorSquared + scan.variance + scan.exactSquared
            if !probe.isFinite {
              scan = maskedScanRow(
                row, columns, memory, X.self, start: start, count: panel.columns)
            } else if scan.worst > total.worst {
              locateWorst(
                &scan, row, columns, memory, X.self, start: start, count: panel.columns)
            }
            scan.rowVarianceSquared = scan.variance * scan.variance
            total.merge(scan)
          }
        }
      }
    }
  }
  return total
}

@inline(__always)
private func variance(
  _ row: PanelRow, _ columns: PanelColumns, _ j: Int, _ y: Double, _ x: Double
) -> Double {
  let b = columns.bias[j]
  let s = y - b
  let grown = max(s * s, row.startsFromBias * (b * b + b * y + y * y))
  var v = row.row0 * columns.column0[j] + row.row1 * columns.column1[j]
  v += row.row2 * columns.column2[j] + row.coherent * grown + row.floor
  v += row.result * (y * y) + row.input * (x * x)
  if let shift = row.shift { v += y * y * ((x - shift) * (x - shift)) }
  return v
}

@inline(__always)
private func load4(_ base: UnsafePointer<Double>, _ j: Int) -> SIMD4<Double> {
  UnsafeRawPointer(base + j).loadUnaligned(as: SIMD4<Double>.self)
}

@inline(__always)
private func variance4(
  _ row: PanelRow, _ columns: PanelColumns, _ j: Int, _ y: SIMD4<Double>, _ x: SIMD4<Double>
) -> SIMD4<Double> {
  let b = load4(columns.bias, j)
  let s = y - b
  let grown = larger(s * s, row.startsFromBias * (b * b + b * y + y * y))
  var v = row.row0 * load4(columns.column0, j) + row.row1 * load4(columns.column1, j)
  v += row.row2 * load4(columns.column2, j) + row.coherent * grown
  v += row.result * (y * y) + row.input * (x * x) + row.floor
  if let shift = row.shift {
    let z = x - shift
    v += y * y * (z * z)
  }
  return v
}

private func scanRow<X: FigureElement>(
  _ row: PanelRow, _ columns: PanelColumns, _ memory: ScanMemory, _: X.Type, start: Int, count: Int
) -> ErrorScan {
  var errors = SIMD4<Double>.zero
  var exacts = SIMD4<Double>.zero
  var variances = SIMD4<Double>.zero
  var largest = SIMD4<Double>.zero
  var worst = SIMD4<Double>.zero
  let vectorEnd = count / 4 * 4
  var j = 0
  while j < vectorEnd {
    let y = memory.exact4(start &+ j)
    let x = memory.input.map { Float32Element.load4($0, start &+ j) } ?? .zero
    let e = X.load4(memory.candidate, start &+ j) - y
    let v = variance4(row, columns, j, y, x)
    let e2 = e * e
    errors += e2
    exacts += y * y
    variances += v
    largest = larger(largest, e2)
    worst = larger(worst, e2 / v)
    j &+= 4
  }
  var scan = ErrorScan()
  scan.count = count
  scan.errorSquared = errors.sum()
  scan.exactSquared = exacts.sum()
  scan.variance = variances.sum()
  scan.maxAbs = largest.max()
  scan.worst = worst.max()
  while j < count {
    let y = memory.exact(start &+ j)
    let x = memory.input.map { Float32Element.load($0, start &+ j) } ?? 0
    let e = X.load(memory.candidate, start &+ j) - y
    let v = variance(row, columns, j, y, x)
    scan.errorSquared += e * e
    scan.exactSquared += y * y
    scan.variance += v
    scan.maxAbs = max(scan.maxAbs, e * e)
    scan.worst = max(scan.worst, e * e / v)
    j &+= 1
  }
  scan.maxAbs = scan.maxAbs.squareRoot()
  return scan
}

/// Finds the element of a finite row whose ratio is `scan.worst`.
private func locateWorst<X: FigureElement>(
  _ scan: inout ErrorScan, _ row: PanelRow, _ columns: PanelColumns, _ memory: ScanMemory,
  _: X.Type, start: Int, count: Int
) {
  var best = -1.0
  for j in 0..<count {
    let y = memory.exact(start &+ j)
    let x = memory.input.map { Float32Element.load($0, start &+ j) } ?? 0
    let e = X.load(memory.candidate, start &+ j) - y
    let v = variance(row, columns, j, y, x)
    if e * e / v > best {
      best = e * e / v
      scan.worstIndex = start &+ j
      scan.worstError = abs(e)
      scan.worstVariance = v
    }
  }
}

/// The scan of a row with NaN or ∞ in it: counts those that the exact operation does not have.
private func maskedScanRow<X: FigureElement>(
  _ row: PanelRow, _ columns: PanelColumns, _ memory: ScanMemory, _: X.Type, start: Int, count: Int
) -> ErrorScan {
  var scan = ErrorScan()
  for j in 0..<count {
    let y = memory.exact(start &+ j)
    let x = memory.input.map { Float32Element.load($0, start &+ j) } ?? 0
    let candidate = X.load(memory.candidate, start &+ j)
    guard y.isFinite else { continue }
    guard candidate.isFinite else {
      scan.nonFinite += 1
      continue
    }
    let e = candidate - y
    let v = variance(row, columns, j, y, x)
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
    let b = bias?[j] ?? 0
    let s = y - b
    var v = floor + result * y * y + input * x * x
    v += coherent[i] * max(s * s, mayStartFromBias ? b * b + b * y + y * y : 0)
    for term in separable { v += term.row[i] * term.column[j] }
    if let shift = softmaxShift?[i] { v += y * y * (x - shift) * (x - shift) }
    return v
  }
}
