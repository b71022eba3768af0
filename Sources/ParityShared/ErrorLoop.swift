/// Errors of a row against the variances of its elements.
import ParityArithmetic

/// Sums over `count` elements from `start` on, those of a panel's columns.
func errors(
  _ row: ErrorRow, _ columns: ErrorColumns, _ operands: ErrorOperands, _ start: Int, _ count: Int
) -> ErrorRowSums {
  let candidate = operands.candidate
  return candidate.isFloat64
    ? errors(row, columns, operands, candidate.float64Row(start), start, count)
    : errors(row, columns, operands, candidate.float32Row(start), start, count)
}

@inline(__always)
private func errors(
  _ row: ErrorRow, _ columns: ErrorColumns, _ operands: ErrorOperands,
  _ candidate: some RowSource, _ start: Int, _ count: Int
) -> ErrorRowSums {
  guard let difference = operands.difference else {
    let exact = Float64Row(base: operands.base + start)
    return errors(row, columns, operands, candidate, exact, start, count)
  }
  let exact = SumRow(base: operands.base + start, difference: difference + start)
  return errors(row, columns, operands, candidate, exact, start, count)
}

@inline(__always)
private func errors(
  _ row: ErrorRow, _ columns: ErrorColumns, _ operands: ErrorOperands,
  _ candidate: some RowSource, _ exact: some RowSource, _ start: Int, _ count: Int
) -> ErrorRowSums {
  guard let input = operands.input else {
    return errors(row, columns, candidate, exact, AbsentRow(), count)
  }
  return errors(row, columns, candidate, exact, Float32Row(base: input + start), count)
}

@inline(__always)
private func errors<Input: RowSource>(
  _ row: ErrorRow, _ columns: ErrorColumns, _ candidate: some RowSource, _ exact: some RowSource,
  _ input: Input, _ count: Int
) -> ErrorRowSums {
  let shift = row.shift ?? 0
  let shiftWeight = row.shift == nil ? 0.0 : 1.0
  var errors = Lanes.zero
  var exacts = Lanes.zero
  var variances = Lanes.zero
  var largest = Lanes.zero
  // e² and V of the largest ratio, compared crosswise: a division for every element takes longer
  // than all else.
  var worstError = Lanes.zero
  var worstVariance = Lanes(repeating: 1)
  let vectorEnd = count / lanes &* lanes
  var j = 0
  while j < vectorEnd {
    let y = exact.lanes(j)
    let e = candidate.lanes(j) - y
    let b = loadLanes(columns.bias, j)
    let s = y - b
    let grown = larger(s * s, row.startsFromBias * (b * b + b * y + y * y))
    let y2 = y * y
    var v = row.row0 * loadLanes(columns.column0, j) + row.row1 * loadLanes(columns.column1, j)
    v += row.row2 * loadLanes(columns.column2, j) + row.coherent * grown
    v += row.result * y2 + row.floor
    if Input.isPresent {
      let x = input.lanes(j)
      let z = x - shift
      v += row.input * (x * x) + shiftWeight * (y2 * (z * z))
    }
    let e2 = e * e
    errors += e2
    exacts += y2
    variances += v
    largest = larger(largest, e2)
    let isWorse = e2 * worstVariance .> worstError * v
    worstError.replace(with: e2, where: isWorse)
    worstVariance.replace(with: v, where: isWorse)
    j &+= lanes
  }
  var sums = ErrorRowSums()
  sums.errorSquared = total(errors)
  sums.exactSquared = total(exacts)
  sums.variance = total(variances)
  sums.largestSquared = largestLane(largest)
  sums.worst = largestLane(worstError / worstVariance)
  while j < count {
    let y = exact.value(j)
    let e = candidate.value(j) - y
    let b = columns.bias[j]
    let s = y - b
    let grown = max(s * s, row.startsFromBias * (b * b + b * y + y * y))
    var v = row.row0 * columns.column0[j] + row.row1 * columns.column1[j]
    v += row.row2 * columns.column2[j] + row.coherent * grown
    v += row.result * (y * y) + row.floor
    if Input.isPresent {
      let x = input.value(j)
      v += row.input * (x * x) + shiftWeight * (y * y * ((x - shift) * (x - shift)))
    }
    sums.errorSquared += e * e
    sums.exactSquared += y * y
    sums.variance += v
    sums.largestSquared = max(sums.largestSquared, e * e)
    sums.worst = max(sums.worst, e * e / v)
    j &+= 1
  }
  return sums
}
