import EncoderModel
import Faults
import Parity
import TensorCore

/// What the values of one tap say by themselves, where no fault of the catalogue reproduces them.
struct ValueClue {
  var tap: String
  var slug: String
  var ids: [Int]
  var text: String
  var remedy: String
  /// ‖candidate − description‖/‖description‖.
  var residual: Double
  /// Whether the description has so few freedoms that reaching `level` proves it.
  var level: Double
  /// A difference that does no harm, by its nature.
  var isBenign = false
  /// Whether the judge's precision stands behind it rather than a reproduction.
  var isLikelyOnly = false

  /// Whether what is left is rounding.
  func isProved(in search: SpanSearch) -> Bool { !isLikelyOnly && residual <= level }

  /// The description with the least left over, if any takes most of the error away.
  static func find(at tap: String, in search: SpanSearch) -> ValueClue? {
    guard let own = search.shelf.tensor(tap), let id = search.sound[tap],
      let y = try? search.graph.value(id), own.elementCount == y.elementCount
    else { return nil }
    let known = search.soundResiduals[tap] ?? .infinity
    let error = known.isNaN ? .infinity : known
    let level = roundingLevel(search.introduced[tap])
    var fit: DenseFit??
    func found() -> DenseFit? {
      if let fit { return fit }
      let made = freeWeights(own, y, tap, search)
      fit = .some(made)
      return made
    }
    // In the order of their freedoms: the first that is exact says it.
    let descriptions: [() -> ValueClue?] = [
      { wrongFrames(own, y, tap, level) }, { copied(own, tap, level, search) },
      { otherInput(own, tap, level, search) }, { dropout(own, y, tap, level) },
      { channelsPermuted(own, y, tap, level) }, { framesPermuted(own, y, tap, level) },
      { kernelTaps(own, tap, level, search) }, { channelAffine(own, y, tap, level) },
      { inputFactors(own, tap, level, search) }, { frameFactors(own, y, tap, level, search) },
      { inputsPermuted(own, tap, level, search, found: found) },
      { otherWeights(own, tap, search, found: found) },
    ]
    var nearest: ValueClue?
    for describe in descriptions {
      guard let clue = describe(), clue.residual.isFinite, clue.residual < 0.3 * error else {
        continue
      }
      if clue.residual <= clue.level { return clue }
      if clue.residual < nearest?.residual ?? .infinity { nearest = clue }
    }
    return nearest
  }

  /// The relative L2 that rounding may leave here: the bound's own root mean square.
  private static func roundingLevel(_ introduced: IntroducedError?) -> Double {
    guard let introduced, let relative = introduced.relativeL2, introduced.rmsRatio > 0 else {
      return 1e-6
    }
    return max(relative / introduced.rmsRatio, 1e-7)
  }

  /// The judge's finding of reduced precision, where no rounding reproduces the values bit by bit.
  static func precision(_ introduced: IntroducedError?, at tap: String, in search: SpanSearch)
    -> ValueClue?
  {
    guard let introduced, case .reducedPrecision(let format) = introduced.verdict,
      search.whole == nil || introduced.reproductionL2 != nil
        || search.roundingEverywhereIsOfThisSize(format, at: tap)
    else { return nil }
    let isResult = introduced.evidence?.hasPrefix("results rounded") ?? false
    // Of a whole encoder it is the products that err.
    let isProduct =
      search.whole != nil || (search.context.program.node(named: tap)?.isProduct ?? true)
    let slug =
      isResult
      ? "activations-rounded" : isProduct ? "\(format.rawValue)-products" : "computed-in"
    let fault = FaultCatalogue.fault(named: slug)
    return ValueClue(
      tap: tap, slug: slug, ids: fault?.ids ?? [50],
      text: introduced.evidence ?? "random-like, of the size of \(format.rawValue)",
      remedy: fault?.remedy ?? "compute in f32, or declare the precision with --expect",
      residual: introduced.reproductionL2 ?? introduced.relativeL2 ?? 0, level: 0,
      isBenign: search.context.expected.map {
        PrecisionClaim.expecting($0).forgives(format)
      } ?? false,
      isLikelyOnly: true)
  }

  /// Equal to another tensor of the same run: a buffer that was not written, or the wrong one read.
  private static func copied(_ own: Tensor, _ tap: String, _ level: Double, _ search: SpanSearch)
    -> ValueClue?
  {
    // Of a tensor without numbers everything else could be a copy.
    guard own.withFloat64({ $0.contains { $0.isFinite && $0 != 0 } }) else { return nil }
    for other in search.shelf.taps where other != tap {
      guard let tensor = search.shelf.tensor(other), tensor.elementCount == own.elementCount
      else { continue }
      let residual = relativeDistance(own, tensor)
      guard residual <= 1e-6 else { continue }
      return ValueClue(
        tap: tap, slug: "tensor-copied", ids: [49],
        text: "equals \(other): a stale buffer, or the wrong tensor handed on",
        remedy: "check which buffer this operation writes and who reads it", residual: residual,
        level: 1e-6)
    }
    return nil
  }

  /// Scale and offset for each channel by least squares.
  private static func channelAffine(_ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double)
    -> ValueClue?
  {
    let width = max(own.innerExtent, 1)
    guard own.elementCount / width >= 8 else { return nil }
    let fit = ChannelFit(own, y, width: width)
    let isOffset = fit.largestScaleError < 1e-4
    let isScale = fit.offsetShare < 1e-4
    let (slug, text): (String, String) =
      isOffset
      ? ("channel-offset", "a constant is added to each channel, the same in every frame")
      : isScale
        ? ("channel-scale", "each channel is multiplied by a constant of its own")
        : ("channel-affine", "each channel has a scale and an offset of its own")
    let isKey = tap.hasSuffix(".attn.key") && isOffset
    let places = fit.changed.count * 2 < width ? ": \(fit.text)" : ""
    return ValueClue(
      tap: tap, slug: isKey ? "key-bias-added" : slug, ids: isKey ? [38] : isOffset ? [36] : [46],
      text: isKey ? "a bias is added to k, which cancels in the softmax" : text + places,
      remedy: isKey
        ? "nothing depends on it; initialise the fused QKV bias of k with zeros to be exact"
        : isOffset
          ? "check this operation's bias"
          : "check this operation's weight and bias, or a norm's gain",
      residual: fit.residual, level: level, isBenign: isKey)
  }

  /// Channels in another order, found by the nearest column for each.
  private static func channelsPermuted(
    _ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double
  ) -> ValueClue? {
    guard let order = Permutation.ofColumns(own, y), !order.isIdentity else { return nil }
    return ValueClue(
      tap: tap, slug: "channels-permuted", ids: [48],
      text: "the channels stand in another order: \(order.text)",
      remedy: "check the order of axes and heads where this tensor is reshaped",
      residual: relativeDistance(own, order.appliedToColumns(y)), level: level)
  }

  private static func framesPermuted(
    _ own: Tensor, _ y: Tensor, _ tap: String, _ level: Double
  ) -> ValueClue? {
    guard let order = Permutation.ofRows(own, y), !order.isIdentity else { return nil }
    return ValueClue(
      tap: tap, slug: "frames-permuted", ids: [48],
      text: "the frames stand in another order: \(order.text)",
      remedy: "check the order of axes where this tensor is reshaped",
      residual: relativeDistance(own, order.appliedToRows(y)), level: level)
  }

  /// Weights of a dense layer or a convolution that give the candidate's values, whatever they are.
  private static func freeWeights(
    _ own: Tensor, _ y: Tensor, _ tap: String, _ search: SpanSearch
  ) -> DenseFit? {
    guard let node = search.context.program.node(named: tap),
      let input = node.inputs.first.flatMap(search.shelf.tensor)
    else { return nil }
    let algebra = DenseAlgebra(oracle: search.context.oracle)
    switch node.operation {
    case .linear: return DenseFit(input: input, output: own, sound: y, algebra)
    case .conv1d(let convolution):
      return DenseFit(
        input: DenseFit.unfolded(input, convolution), output: own, sound: y, algebra)
    default: return nil
    }
  }

  /// A dense layer of the candidate's input with other weights, found by least squares on most
  /// frames and tested on the others.
  private static func otherWeights(
    _ own: Tensor, _ tap: String, _ search: SpanSearch, found: () -> DenseFit?
  ) -> ValueClue? {
    guard let node = search.context.program.node(named: tap),
      let input = node.inputs.first.flatMap(search.shelf.tensor)
    else { return nil }
    if let origin = WeightOrigin(own, input: input, of: node, in: search) {
      return ValueClue(
        tap: tap, slug: "weight-rows-misplaced", ids: [36, 37, 47], text: origin.text,
        remedy: "check weight names, and how a fused projection is split: [3, heads, headDim] or "
          + "[heads, 3, headDim]",
        residual: origin.residual, level: 1e-5)
    }
    guard let fit = found() else { return nil }
    let algebra = DenseAlgebra(oracle: search.context.oracle)
    let sound: Tensor? =
      switch node.operation {
      case .linear(let linear): try? algebra.weight(of: linear, inputs: input.innerExtent)
      case .conv1d(let convolution):
        try? algebra.kernel(of: convolution, inputs: input.innerExtent)
      default: nil
      }
    if fit.residual <= 1e-5, let sound, let change = WeightChange(fit.change, of: sound) {
      return ValueClue(
        tap: tap, slug: "weights-changed", ids: [31, 37],
        text: "a linear map of its input, but with other weights: \(change.text)",
        remedy: "compare the weight in the engine's memory with the checkpoint's",
        residual: fit.residual, level: 1e-5)
    }
    return ValueClue(
      tap: tap, slug: "weights-random", ids: [37],
      text: "a linear map of its input, but with other weights than the checkpoint's",
      remedy: "load the checkpoint's weights here: the name was probably not found",
      residual: fit.residual, level: 1e-5)
  }
}
