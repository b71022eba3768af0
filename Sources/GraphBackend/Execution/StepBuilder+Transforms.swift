/// Steps that move rows and columns about: what faults do to a tensor.

import EncoderModel
import TensorCore

extension StepBuilder {
  mutating func addTransform(
    _ transform: TensorTransform, _ node: GraphNode, _ input: Placement, _ out: Placement
  ) {
    let columns = out.columns
    switch transform {
    case .identity: addElements(node, input, out) { $0 }
    case .scaled(let factor):
      let factor = Float(factor)
      addElements(node, input, out) { $0 * factor }
    case .offset(let constant):
      let constant = Float(constant)
      addElements(node, input, out) { $0 + constant }
    case .framesShifted(let count): addFrames(node, input, out) { $0 - count }
    case .framesSliced(let start, let step, _): addFrames(node, input, out) { start + $0 * step }
    case .framesPadded(let edge):
      addFrames(node, input, out) { edge.source($0 - 1, count: input.rows) }
    case .framesReversed: addFrames(node, input, out) { out.rows - 1 - $0 }
    case .framesZeroed(let from): addFrames(node, input, out) { $0 < from ? $0 : -1 }
    case .memoryTransposed:
      addRows(node, out) { rows in
        for row in rows {
          for column in 0..<columns {
            let position = row * columns + column
            out.row(row)[column] = input.row(position % out.rows)[position / out.rows]
          }
        }
      }
    case .channelsReversed:
      addRows(node, out) { rows in
        for row in rows {
          for column in 0..<columns {
            out.row(row)[column] = input.row(row)[columns - 1 - column]
          }
        }
      }
    case .headsDealt(let heads):
      let headDim = max(columns / max(heads, 1), 1)
      addRows(node, out) { rows in
        for row in rows {
          for column in 0..<columns {
            out.row(row)[column] = input.row(row)[column % headDim * heads + column / headDim]
          }
        }
      }
    case .channelsZeroed(let from, let count):
      addRows(node, out) { rows in
        for row in rows {
          out.row(row).update(from: input.row(row), count: columns)
          (out.row(row) + from).update(repeating: 0, count: min(count, columns - from))
        }
      }
    case .clipped(let limit):
      let limit = Float(limit)
      addElements(node, input, out) { $0.isNaN ? $0 : min(max($0, -limit), limit) }
    case .rounded(let format): addRounding(format, columns, node, input, out)
    case .coded(let coding): addCoding(coding, node, input, out)
    case .frameOverflowed(let frame):
      addRows(node, out) { rows in
        for row in rows {
          out.row(row).update(from: input.row(row), count: columns)
          guard row == frame else { continue }
          for column in 0..<columns {
            let value = out.row(row)[column]
            out.row(row)[column] = value.isNaN ? value : value < 0 ? -.infinity : .infinity
          }
        }
      }
    }
  }

  /// Frame t of the result is frame `source(t)` of the input, or zero where there is none.
  private mutating func addFrames(
    _ node: GraphNode, _ input: Placement, _ out: Placement, _ source: @escaping (Int) -> Int
  ) {
    addRows(node, out) { rows in
      for row in rows {
        let from = source(row)
        if from >= 0 && from < input.rows {
          out.row(row).update(from: input.row(from), count: out.columns)
        } else {
          out.row(row).update(repeating: 0, count: out.columns)
        }
      }
    }
  }

  /// One thread takes all rows: they may share a scale.
  private mutating func addCoding(
    _ coding: OperandCoding, _ node: GraphNode, _ input: Placement, _ out: Placement
  ) {
    addStep(node, 1) { _, _ in
      let value = Tensor.float32([input.rows, input.columns]) { target in
        for row in 0..<input.rows {
          for column in 0..<input.columns {
            target[row * input.columns + column] = input.row(row)[column]
          }
        }
      }
      coding.roundTrip(value).withFloat32 { source in
        for row in 0..<out.rows {
          for column in 0..<out.columns {
            out.row(row)[column] = source[row * out.columns + column]
          }
        }
      }
    }
  }
}
