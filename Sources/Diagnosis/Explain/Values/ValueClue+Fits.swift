import EncoderModel
import Parity
import TensorCore

/// What least squares with few unknowns say of a tap's values.
extension ValueClue {
  /// How many times what rounding leaves a fit may leave to be worth telling.
  private static let telling = 10.0

  /// A dense layer or a convolution whose inputs enter with factors of their own.
  static func inputFactors(_ own: Tensor, _ tap: String, _ level: Double, _ search: SpanSearch)
    -> ValueClue?
  {
    guard let node = search.context.program.node(named: tap),
      let input = node.inputs.first.flatMap(search.shelf.tensor)
    else { return nil }
    let algebra = DenseAlgebra(oracle: search.context.oracle)
    let width = input.innerExtent
    let fit: InputFactors?
    switch node.operation {
    case .linear(let linear):
      fit =
        (try? algebra.weight(of: linear, inputs: width)).flatMap { weight in
          try? InputFactors(
            own, input: input, weight: weight,
            bias: algebra.evaluate(.linear(linear), zeros(1, width)).float64Array, algebra)
        } ?? nil
    case .conv1d(let convolution):
      fit =
        (try? algebra.kernel(of: convolution, inputs: width)).flatMap { kernel in
          try? InputFactors(
            own, input: DenseFit.unfolded(input, convolution), weight: kernel,
            bias: bias(of: convolution, width, algebra), algebra)
        } ?? nil
    default: return nil
    }
    guard let fit, !(fit.missing.isEmpty && fit.scaled.isEmpty), fit.residual <= telling * level
    else { return nil }
    func list(_ places: [Int]) -> String { Self.list(places, of: width, node.operation) }
    let missing = fit.missing.isEmpty ? nil : "\(list(fit.missing)) do not enter the sum"
    let scaled =
      fit.scaled.isEmpty
      ? nil
      : "\(list(fit.scaled)) enter with factors of their own, the first "
        + Figure.short(fit.factors[fit.scaled[0]])
    return ValueClue(
      tap: tap, slug: fit.scaled.isEmpty ? "inputs-missing" : "inputs-scaled", ids: [],
      text: [missing, scaled].compactMap { $0 }.joined(separator: "; "),
      remedy: fit.scaled.isEmpty
        ? "sum over all inputs: check where the loop over them ends, and its remainder"
        : "check the scales of the weight's columns", residual: fit.residual, level: level)
  }

  /// A dense layer whose inputs arrive in another order.
  /// - `found`: the weights that least squares find, where there are frames enough.
  static func inputsPermuted(
    _ own: Tensor, _ tap: String, _ level: Double, _ search: SpanSearch, found: () -> DenseFit?
  ) -> ValueClue? {
    guard let node = search.context.program.node(named: tap),
      case .linear(let linear) = node.operation,
      let input = node.inputs.first.flatMap(search.shelf.tensor)
    else { return nil }
    let algebra = DenseAlgebra(oracle: search.context.oracle)
    let width = input.innerExtent
    guard
      let fit =
        (try? algebra.weight(of: linear, inputs: width)).flatMap({ weight in
          try? InputOrder(
            own, input: input, weight: weight,
            bias: algebra.evaluate(.linear(linear), zeros(1, width)).float64Array,
            found: found().map { weight.combined(with: $0.change, +) }, algebra)
        }) ?? nil
    else { return nil }
    return ValueClue(
      tap: tap, slug: "inputs-permuted", ids: [48],
      text: "its input channels arrive in another order: \(fit.order.text)",
      remedy: "check the order of channels between this layer and the one before it",
      residual: fit.residual, level: level)
  }

  /// A convolution whose taps stand at other frames than t − 1, t and t + 1.
  static func kernelTaps(_ own: Tensor, _ tap: String, _ level: Double, _ search: SpanSearch)
    -> ValueClue?
  {
    guard let node = search.context.program.node(named: tap),
      case .conv1d(let convolution) = node.operation,
      let input = node.inputs.first.flatMap(search.shelf.tensor)
    else { return nil }
    let algebra = DenseAlgebra(oracle: search.context.oracle)
    guard
      let fit =
        (try? bias(of: convolution, input.innerExtent, algebra)).flatMap({ bias in
          try? KernelTaps(own, input: input, of: convolution, bias: bias, algebra)
        }) ?? nil, !fit.isSound, fit.residual <= telling * level
    else { return nil }
    return ValueClue(
      tap: tap, slug: "conv-taps-misplaced", ids: [29, 31],
      text: "the kernel's taps do not stand at frames −1, 0 and +1: \(fit.text)",
      remedy: "apply tap k of the kernel at frame t·stride + k − 1, once, without dilation",
      residual: fit.residual, level: level)
  }

  /// Each frame with a factor of its own, for each head behind attention: the sum that a softmax
  /// divides by, or a scale found for each frame.
  static func frameFactors(
    _ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double, _ search: SpanSearch
  ) -> ValueClue? {
    guard let node = search.context.program.node(named: tap) else { return nil }
    if case .layerNorm(let norm) = node.operation {
      return frameStatistics(own, y, tap, level, norm, search)
    }
    let isAttention = node.numHeads != nil
    let numHeads = node.numHeads ?? 1
    guard own.innerExtent / numHeads >= 8 else { return nil }
    let fit = FrameFit(own, y, numPieces: numHeads)
    guard fit.residual <= telling * level else { return nil }
    return ValueClue(
      tap: tap, slug: isAttention ? "softmax-sum" : "frames-scaled", ids: [],
      text: "each frame\(isAttention ? " of each head" : "") has a factor of its own, from "
        + "\(short(fit.factors.lowerBound)) to \(short(fit.factors.upperBound))"
        + (isAttention ? ": the probabilities do not sum up to 1" : ""),
      remedy: isAttention
        ? "check the sum that the softmax divides by: the keys it runs over, and its precision"
        : "check what is computed for each frame: a scale, or a sum over its channels",
      residual: fit.residual, level: level)
  }

  /// Each frame normalised with another mean and another deviation than its own.
  private static func frameStatistics(
    _ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double, _ norm: LayerNorm,
    _ search: SpanSearch
  ) -> ValueClue? {
    let algebra = DenseAlgebra(oracle: search.context.oracle)
    let width = own.innerExtent
    let alternating = Tensor.float64([1, width]) { target in
      for i in 0..<width { target[i] = i % 2 == 0 ? 1 : -1 }
    }
    guard width >= 8, width % 2 == 0,
      let bias = try? algebra.evaluate(.layerNorm(norm), zeros(1, width)).float64Array,
      let shown = try? algebra.evaluate(.layerNorm(norm), alternating).float64Array
    else { return nil }
    let gain = shown.indices.map { (shown[$0] - bias[$0]) * ($0 % 2 == 0 ? 1 : -1) }
    let fit = FrameFit(own.shifted(by: bias), y.shifted(by: bias), direction: gain)
    guard fit.residual <= telling * level else { return nil }
    return ValueClue(
      tap: tap, slug: "layer-norm-statistics", ids: [44],
      text: "each frame is normalised with another mean or deviation than its own: factors "
        + "\(short(fit.factors.lowerBound)) to \(short(fit.factors.upperBound)), shifts up to "
        + Figure.short(fit.largestOffset),
      remedy: "check mean and variance: the elements and the frame they are taken from, their "
        + "precision, the epsilon", residual: fit.residual, level: level)
  }

  private static func zeros(_ rows: Int, _ width: Int) -> Tensor {
    Tensor.float64([rows, width]) { $0.update(repeating: 0) }
  }

  private static func bias(of convolution: Conv1D, _ width: Int, _ algebra: DenseAlgebra) throws
    -> [Double]
  {
    let silent = try algebra.evaluate(.conv1d(convolution), zeros(4, width))
    return Array(silent.float64Array.prefix(silent.innerExtent))
  }

  /// Numbers around one with as many digits as tell them from it: `1 + 0.0031`, `1.06`.
  private static func short(_ factor: Double) -> String {
    let distance = abs(factor - 1)
    if distance == 0 || distance >= 10 { return Figure.short(factor) }
    if distance >= 0.05 { return "\((factor * 100).rounded() / 100)" }
    return "1 \(factor < 1 ? "−" : "+") \(Figure.short(distance))"
  }

  /// `input channels 124–127`, of a convolution `tap 2, channels 76–79`.
  private static func list(_ places: [Int], of width: Int, _ operation: Operation) -> String {
    func stretch(_ places: [Int]) -> String {
      guard let first = places.first, let last = places.last else { return "" }
      if first == last { return "channel \(first)" }
      return last - first + 1 == places.count
        ? "channels \(first)–\(last)"
        : "\(places.count) channels (\(first) … \(last))"
    }
    guard case .conv1d = operation else { return "input " + stretch(places) }
    let groups = Dictionary(grouping: places) { $0 / width }
    if groups.count == 3, Set(groups.values.map { $0.map { $0 % width } }).count == 1 {
      return "input " + stretch(groups[0, default: []].map { $0 % width })
    }
    return groups.sorted { $0.key < $1.key }.map { tap, places in
      places.count == width
        ? "tap \(tap)" : "tap \(tap), \(stretch(places.map { $0 % width }))"
    }.joined(separator: "; ")
  }
}
