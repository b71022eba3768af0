/// The shape of a structural error Δ `[rows, channels]`: how many patterns it is made of, where it
/// lies, and which simple change of the tensor it is.
package struct DeltaSpectrum: Sendable, Hashable {
  /// A place and its share of ‖Δ‖².
  package struct Place: Sendable, Hashable {
    package var index: Int
    package var share: Double
  }

  /// The candidate's channels against the exact ones: x ≈ scale·y + offset, by least squares.
  package struct ChannelFit: Sendable, Hashable {
    /// Smallest and largest factor, over channels that vary.
    package var scale: ClosedRange<Double>
    /// Root mean square of the offsets.
    package var offset: Double
    /// Share of ‖Δ‖² that scale and offset leave.
    package var residual: Double
  }

  package var rows: Int
  package var columns: Int
  /// Largest singular values of Δ, descending; as many as were computed.
  package var singularValues: [Double]
  /// Singular values above rounding; `nil` where all that were computed are.
  package var rank: Int?
  /// Share of ‖Δ‖² in the mean over rows: 1 where Δ is the same in every frame.
  package var constantShare: Double
  /// x ≈ factor·y over the whole tensor, and the share of ‖Δ‖² that it leaves.
  package var factor: Double
  package var factorResidual: Double
  /// Share of ‖Δ‖² that a factor for each row leaves.
  package var rowScaleResidual: Double
  package var channels: ChannelFit
  package var worstChannels: [Place]
  package var worstRows: [Place]
  /// Empty where the tensor has no heads.
  package var worstHeads: [Place]
  /// Rows that hold all but a thousandth of ‖Δ‖².
  package var firstRow: Int
  package var lastRow: Int
}

extension DeltaSpectrum {
  /// One sentence: what a reader should see in the figures.
  package var reading: String {
    // A user's tolerance may be less than rounding.
    if rank == 0 { return "Δ is within rounding" }
    if constantShare > 0.999 {
      return
        "Δ is rank 1, constant over frames: a bias of channel pattern, rms \(text(channels.offset)), "
        + "largest in channels \(list(worstChannels))"
    }
    if factorResidual < 1e-3 { return "the whole tensor is multiplied by \(text(factor))" }
    if channels.residual < 1e-3 { return channelReading }
    if rowScaleResidual < 1e-3 { return "each frame is multiplied by a factor of its own" }
    var parts = [rank.map { "Δ has rank \($0)" } ?? "Δ has full rank"]
    if lastRow - firstRow + 1 <= rows / 4 {
      parts.append(
        firstRow == lastRow
          ? "in frame \(firstRow) alone" : "in frames \(firstRow)–\(lastRow) alone")
    } else if firstRow > rows / 10 {
      parts.append("from frame \(firstRow) on")
    }
    if let head = worstHeads.first, worstHeads.count > 1, head.share > 0.9 {
      parts.append("in head \(head.index)")
    }
    if let channel = worstChannels.first, channel.share > 0.5 {
      parts.append("mostly in channel \(channel.index)")
    }
    if parts.count == 1, rank == nil { parts.append("spread over frames and channels") }
    return parts.joined(separator: ", ")
  }

  private var channelReading: String {
    let isScaled =
      max(abs(channels.scale.lowerBound - 1), abs(channels.scale.upperBound - 1)) > 1e-3
    let scale =
      isScaled
      ? "scale \(text(channels.scale.lowerBound))…\(text(channels.scale.upperBound))" : "scale 1.00"
    return "channel-wise affine: \(scale), offset of rms \(text(channels.offset))"
  }

  private func list(_ places: [Place]) -> String {
    places.prefix(3).map { "\($0.index)" }.joined(separator: ", ")
  }

  /// Three significant digits.
  private func text(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var (digits, exponent) = (abs(value), 0)
    while digits >= 9.995 { digits /= 10; exponent += 1 }
    while digits < 0.9995 { digits *= 10; exponent -= 1 }
    let hundredths = Int((digits * 100).rounded())
    let sign = value < 0 ? "-" : ""
    let mantissa = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    switch exponent {
    case 0: return sign + mantissa
    case -3 ... -1:
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + "\(hundredths)"
    case 1...2:
      let all = "\(hundredths)"
      return sign + all.prefix(1 + exponent) + (exponent == 1 ? "." + all.suffix(1) : "")
    default: return sign + mantissa + "e\(exponent < 0 ? "-" : "+")\(abs(exponent))"
    }
  }
}
