import BLASArithmetic
import COpenBLAS
import Dispatch
import EncoderModel
import TensorCore

/// Computes steps; each kind of operation lies in a file of its own under Operations.
struct BLASExecutor: Sendable {
  let weights: any WeightSource
  let threads: Int
  let arithmetic = BLASArithmetic.best

  func compute(_ step: BLASStep, _ inputs: [Tensor]) throws -> Tensor {
    openblas_set_num_threads(Int32(threads))
    switch step.work {
    case .operation(let node): return try value(of: node, inputs)
    case .attention(let scores, let softmax, let context):
      return try attention(scores, softmax, context, inputs, step.name)
    }
  }

  private func value(of node: ProgramNode, _ inputs: [Tensor]) throws -> Tensor {
    let count =
      switch node.operation {
      case .attentionScores, .attentionContext, .add, .replaceRows: 2
      case .input, .conv1d, .gelu, .addPosition, .layerNorm, .linear, .softmax, .transform: 1
      }
    guard inputs.count == count else {
      throw BLASError.wrongShape(
        node: node.name, expected: "\(count) inputs", found: inputs.map(\.elementCount))
    }
    return switch node.operation {
    case .input: inputs[0]
    case .conv1d(let conv): try conv1d(conv, inputs[0], node.name)
    case .gelu(let variant): gelu(variant, inputs[0])
    case .addPosition(let table): try addPosition(table, inputs[0], node.name)
    case .layerNorm(let norm): try layerNorm(norm, inputs[0], node.name)
    case .linear(let linear): try self.linear(linear, inputs[0], node.name)
    case .attentionScores(let scores): try self.scores(scores, inputs[0], inputs[1], node.name)
    case .softmax(let softmax): try self.softmax(softmax, inputs[0], node.name)
    case .attentionContext(let context):
      try self.context(context, inputs[0], inputs[1], node.name)
    case .add: try add(inputs[0], inputs[1], node.name)
    case .transform(let transform): self.transform(transform, inputs[0])
    case .replaceRows(let first): try replaceRows(from: first, inputs[0], inputs[1], node.name)
    }
  }

  /// Runs `body` over the rows `0..<count` in as many equal parts as there are threads.
  func forEachRow(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let parts = min(threads, count)
    guard parts > 1 else {
      for row in 0..<count { body(row) }
      return
    }
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      for row in (part * count / parts)..<((part + 1) * count / parts) { body(row) }
    }
  }

  /// A weight vector of `count` elements.
  func vector(_ reference: WeightReference, _ count: Int, _ node: String) throws -> Tensor {
    let vector = try weights.resolve(reference)
    guard vector.elementCount == count else {
      throw BLASError.wrongShape(
        node: node, expected: "'\(reference.name)' of \(count) elements", found: vector.shape)
    }
    return vector
  }

  /// `x` rounded to `format`, each row in `pieces` of its own; itself for Float32.
  func rounded(_ x: Tensor, _ format: NumberFormat, pieces: Int = 1) -> Tensor {
    if format == .float32 { return x }
    let width = max(x.innerExtent / max(pieces, 1), 1)
    return Tensor.float32(x.shape) { out in
      x.withFloat32 { _ = out.update(fromContentsOf: $0) }
      for start in stride(from: 0, to: out.count, by: width) {
        format.round(row: UnsafeMutableBufferPointer(rebasing: out[start..<(start + width)]))
      }
    }
  }
}
