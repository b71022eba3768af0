/// What follows the sums of a tile: earlier depth blocks, bias, activation, residual, row by row.

import CProcessor
import KernelTable

/// The last tile's rows that are not finished yet, and the memory to ask for meanwhile.
struct Epilogue: Companion {
  /// What a tile's sums become.
  struct Work {
    /// `[32, 32]`.
    var sums: UnsafeMutablePointer<Float>
    /// Where the sums of earlier depth blocks lie, if any, and go on lying unless this is the last.
    var earlier: UnsafeMutablePointer<Float>?
    var isLast: Bool
    var row: Int
    var rowCount: Int
    var panel: Int
  }

  private let arguments: ProductArguments
  private var work: Work
  /// The row that comes next; how many pieces all rows are spread over, and how much of one is due.
  private var next = 0
  private var pieces = 1
  private var credit = 0
  /// Rows of the panel are whole vectors, and nothing but the result is written.
  private var isPlain = true
  /// Memory that the next row tile reads.
  private var fetch: UnsafePointer<Float>
  private var fetchEnd: UnsafePointer<Float>
  /// Cache lines a piece.
  private var fetchShare = 1
  /// Floats of a cache line.
  private static let line = 16

  init(_ arguments: ProductArguments) {
    self.arguments = arguments
    work = Work(
      sums: arguments.scratch, earlier: nil, isLast: false, row: 0, rowCount: 0, panel: 0)
    fetch = UnsafePointer(arguments.scratch)
    fetchEnd = fetch
  }

  /// That half of `sums` which no unfinished work reads.
  @inline(__always)
  func freeSums(_ sums: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    work.sums == sums ? sums + tileRows * panelWidth : sums
  }

  /// Takes on a tile's rows, to be finished in so many pieces.
  @inline(__always)
  mutating func begin(_ work: Work, pieces: Int) {
    self.work = work
    next = 0
    self.pieces = pieces
    credit = 0
    isPlain =
      arguments.columns - work.panel * panelWidth >= panelWidth
      && arguments.beforeActivation == nil && arguments.beforeResidual == nil
    if isPlain && work.isLast {
      for i in 0..<Self.lead { fetchRow(i) }
    }
  }

  /// Takes on `count` floats to ask for, spread over so many pieces.
  @inline(__always)
  mutating func fetch(_ memory: UnsafePointer<Float>, _ count: Int, pieces: Int) {
    fetch = memory
    fetchEnd = memory + count
    fetchShare = (count + pieces * Self.line - 1) / (pieces * Self.line)
  }

  @inline(__always)
  mutating func advance() {
    if fetch < fetchEnd {
      for _ in 0..<fetchShare {
        encoder_diff_prefetch_to_second(fetch)
        fetch += Self.line
      }
    }
    credit &+= work.rowCount
    guard credit >= pieces, next < work.rowCount else { return }
    var end = next
    while credit >= pieces {
      credit &-= pieces
      end &+= 1
    }
    finishRows(min(end, work.rowCount))
  }

  /// Does all that is left.
  @inline(__always)
  mutating func finish() {
    if next < work.rowCount { finishRows(work.rowCount) }
  }

  @inline(never)
  private mutating func finishRows(_ end: Int) {
    while next < end {
      if !work.isLast {
        addEarlier(next)
      } else if isPlain {
        finishRow(next)
      } else {
        finishCarefully(next)
      }
      next &+= 1
    }
  }

  @inline(__always)
  private func addEarlier(_ i: Int) {
    guard let earlier = work.earlier else { return }
    let at = i &* panelWidth
    store(load(earlier + at) + load(work.sums + at), earlier + at)
    store(load(earlier + at + lanes) + load(work.sums + at + lanes), earlier + at + lanes)
  }

  /// A row of the panel without side outputs.
  @inline(__always)
  private func finishRow(_ i: Int) {
    let column = work.panel &* panelWidth
    let row = work.row &+ i
    let sums = work.sums + i &* panelWidth
    let alpha = Vector(repeating: arguments.alpha)
    var value0 = load(sums)
    var value1 = load(sums + lanes)
    if let earlier = work.earlier {
      value0 += load(earlier + i &* panelWidth)
      value1 += load(earlier + i &* panelWidth + lanes)
    }
    if let bias = arguments.bias {
      value0 += load(bias + column)
      value1 += load(bias + column + lanes)
    }
    value0 *= alpha
    value1 *= alpha
    if arguments.activates {
      store(value0, sums)
      store(value1, sums + lanes)
      activate(sums, panelWidth)
      value0 = load(sums)
      value1 = load(sums + lanes)
    }
    if let residual = arguments.residual {
      let other = residual.base + row &* residual.stride + column
      value0 += load(other)
      value1 += load(other + lanes)
    }
    if arguments.writesOut {
      let out = arguments.out.base + row &* arguments.out.stride + column
      store(value0, out)
      store(value1, out + lanes)
    }
    if let split = arguments.splitOut { cut(i, value0, value1, to: split) }
    fetchRow(i &+ Self.lead)
  }

  /// Rows between the one that is finished and the one whose memory is asked for.
  private static let lead = 6

  /// Asks for what finishing row `i` will read and write: it lies beyond the second-level cache.
  @inline(__always)
  private func fetchRow(_ i: Int) {
    guard i < work.rowCount else { return }
    let column = work.panel &* panelWidth
    if let residual = arguments.residual {
      let other = residual.base + (work.row &+ i) &* residual.stride + column
      encoder_diff_prefetch(other)
      encoder_diff_prefetch(other + lanes)
    }
    if arguments.writesOut {
      let out = arguments.out.base + (work.row &+ i) &* arguments.out.stride + column
      encoder_diff_prefetch_to_write(out)
      encoder_diff_prefetch_to_write(out + lanes)
    }
    if let split = arguments.splitOut {
      let target =
        split + work.row / tileRows &* blockSize(arguments.columns)
        + headerSize(arguments.columns) + work.panel &* stepSize + i &* lanes
      encoder_diff_prefetch_to_write(target)
      encoder_diff_prefetch_to_write(target + partSize)
      encoder_diff_prefetch_to_write(target + 2 &* partSize)
    }
  }

  /// A panel is a step of the result's rows.
  @inline(__always)
  private func cut(
    _ i: Int, _ first: Vector, _ second: Vector, to split: UnsafeMutablePointer<Float>
  ) {
    let block = split + work.row / tileRows &* blockSize(arguments.columns)
    let flags = flags(block) + work.panel
    if i == 0 { flags.pointee = 0 }
    flags.pointee |= splitRow(
      first, second,
      to: block + headerSize(arguments.columns) + work.panel &* stepSize + i &* lanes)
  }

  /// The same with side outputs or a panel that the matrix's edge cuts.
  @inline(never)
  private func finishCarefully(_ i: Int) {
    let first = work.panel * panelWidth
    let columns = min(panelWidth, arguments.columns - first)
    let row = work.row + i
    let sums = work.sums + i * panelWidth
    var half = 0
    while half < panelWidth {
      let column = first + half
      let count = max(0, min(lanes, columns - half))
      var value = load(sums + half)
      if let earlier = work.earlier { value += load(earlier + i * panelWidth + half) }
      if let bias = arguments.bias, count > 0 { value += load(bias + column) }
      value *= Vector(repeating: arguments.alpha)
      if let target = arguments.beforeActivation {
        storePartial(value, target.base + row * target.stride + column, count)
      }
      if arguments.activates { value = exactGELU(value) }
      if let target = arguments.beforeResidual {
        storePartial(value, target.base + row * target.stride + column, count)
      }
      if let other = arguments.residual {
        value += loadPartial(UnsafePointer(other.base + row * other.stride + column), count)
      }
      if arguments.writesOut {
        storePartial(value, arguments.out.base + row * arguments.out.stride + column, count)
      }
      for lane in count..<lanes { value[lane] = 0 }
      store(value, sums + half)
      half += lanes
    }
    if let split = arguments.splitOut {
      cut(i, load(sums), load(sums + lanes), to: split)
    }
  }
}

/// GELU of some vectors, in place.
@inline(never)
private func activate(_ values: UnsafeMutablePointer<Float>, _ count: Int) {
  var k = 0
  while k < count {
    store(exactGELU(load(values + k)), values + k)
    k += lanes
  }
}
