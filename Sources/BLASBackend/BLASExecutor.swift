import BLASArithmetic
import Dispatch
import EncoderModel
import Synchronization
import TensorCore

/// Computes steps; each kind of operation lies in a file of its own under Operations.
struct BLASExecutor: Sendable {
  let weights: any WeightSource
  let threads: Int
  let arithmetic = BLASArithmetic.best
  var clock: CallClock?
  private let kernels = KernelCache()

  init(weights: any WeightSource, threads: Int) {
    self.weights = weights
    self.threads = max(1, threads)
  }

  /// - Throws: `libraryMissing` where OpenBLAS is not installed.
  /// - Returns: the library, loaded on first use.
  func openBLAS() throws -> OpenBLASLibrary {
    guard var library = OpenBLASLibrary.shared else { throw BLASError.libraryMissing }
    library.clock = clock
    return library
  }

  func compute(_ step: BLASStep, _ inputs: [Tensor]) throws -> Tensor {
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

  /// Runs `body` over the rows `0..<count`, a range on each thread.
  func forEachRow(_ count: Int, _ body: @Sendable (Int) -> Void) {
    forEachPart(count) { for row in $0 { body(row) } }
  }

  /// Cuts `0..<count` into as many equal ranges as there are threads, multiples of `grain` long.
  func forEachPart(_ count: Int, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
    let grains = (count + grain - 1) / grain
    let parts = min(threads, grains)
    guard parts > 1 else {
      if count > 0 { body(0..<count) }
      return
    }
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let start = part * grains / parts * grain
      body(start..<min((part + 1) * grains / parts * grain, count))
    }
  }

  /// Runs `body` for the tasks `0..<count`, each thread taking the next one that is left.
  /// - Parameters:
  ///   - count: how many tasks there are.
  ///   - scratch: floats that each thread has for its own.
  ///   - body: gets the task and the thread's memory.
  func forEachTask(
    _ count: Int, scratch: Int, _ body: @Sendable (Int, UnsafeMutablePointer<Float>) -> Void
  ) {
    let queue = TaskQueue()
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(scratch, 1))
      while true {
        let task = queue.next.add(1, ordering: .relaxed).oldValue
        if task >= count { break }
        body(task, memory)
      }
      memory.deallocate()
    }
  }

  /// A convolution's kernel `[out, in, taps]` as `[taps, out, in]`.
  func tapMajor(_ reference: WeightReference) throws -> Tensor {
    if let known = kernels.tensors.withLock({ $0[reference] }) { return known }
    let turned = tapMajor(try weights.resolve(reference))
    kernels.tensors.withLock { $0[reference] = turned }
    return turned
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

/// The number of the task that is handed out next.
private final class TaskQueue: Sendable {
  let next = Atomic<Int>(0)
}

/// Convolution kernels in the order in which they are multiplied.
private final class KernelCache: Sendable {
  let tensors = Mutex<[WeightReference: Tensor]>([:])
}
