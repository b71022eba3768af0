import Diagnosis
import Parity

extension RunReport {
  /// What `run` prints.
  /// `isQuiet`: sentences only, no tables.
  package func lines(_ canvas: TextCanvas, isQuiet: Bool = false) -> [String] {
    var lines = header(canvas)
    for window in windows {
      if windows.count > 1 {
        lines += ["", canvas.styled("window \(window.index) of \(input.numWindows)", .bold)]
      }
      for candidate in window.result.candidates {
        lines.append("")
        if !isQuiet { lines += section(candidate, canvas) }
        lines.append(sentence(candidate, canvas))
      }
    }
    return lines + inquiry.lines(canvas, isQuiet: isQuiet) + (transcript?.lines(canvas) ?? [])
  }

  private func header(_ canvas: TextCanvas) -> [String] {
    let others = windows.first?.result.candidates.map(\.backend) ?? []
    var lines = [
      canvas.styled("model", .dim) + "  \(model.name)  " + canvas.styled(model.summary, .dim),
      canvas.styled("input", .dim) + "  \(input.description)",
      canvas.styled("sides", .dim) + "  \(others.joined(separator: ", ")) against \(reference)"
        + canvas.styled(notesText, .dim),
    ]
    if input.numWindows > windows.count, let first = windows.first {
      lines.append(
        canvas.styled(
          "       window \(first.index) of \(input.numWindows) (0 … \(input.numWindows - 1)); "
            + "--window all compares every one", .dim))
    }
    return lines
  }

  private var notesText: String {
    backendNotes.isEmpty
      ? "" : "  (" + backendNotes.map { "\($0.backend): \($0.note)" }.joined(separator: "; ") + ")"
  }

  private func section(_ candidate: CandidateResult, _ canvas: TextCanvas) -> [String] {
    let faults = candidate.faults.isEmpty ? "" : " with \(candidate.faultsText)"
    let title = "  relative L2 along the depth, 1e-8 … 1  "
    let course = Sparkline.logarithmic(
      candidate.taps.map { $0.cumulative?.relativeL2 }, floor: 1e-8, ceiling: 1,
      width: canvas.width.map { $0 - title.count })
    return [
      canvas.styled("\(candidate.backend.printable)\(faults)", .bold)
        + canvas.styled(" against \(reference.printable)", .dim)
    ] + [canvas.styled(title, .dim) + course]
      + TapTable.table(candidate.taps, width: canvas.width).lines(canvas)
  }

  private func sentence(_ candidate: CandidateResult, _ canvas: TextCanvas) -> String {
    let name = canvas.styled(candidate.backend.printable, .bold)
    switch candidate.verdict {
    case .parity: return "\(name): " + canvas.styled("parity", .good) + candidate.parityEvidence
    case .reducedPrecision:
      return "\(name): " + canvas.styled("reduced precision", .warning)
        + candidate.divergenceEvidence
    case .divergent:
      return "\(name): " + canvas.styled("divergent", .bad) + candidate.divergenceEvidence
    }
  }
}

extension CandidateResult {
  /// How far within its bounds a sound candidate is.
  package var parityEvidence: String {
    let judged = taps.filter { $0.introduced != nil }
    let worst = judged.max { ($0.introduced?.worstRatio ?? 0) < ($1.introduced?.worstRatio ?? 0) }
    var text =
      judged.count == 1
      ? "; one operation within its rounding bound"
      : "; \(judged.count) operations within their rounding bounds"
    if let worst, let ratio = worst.introduced?.worstRatio {
      text += ", the largest error \(TapTable.ratio(ratio)) of its bound (\(worst.tap))"
    }
    if let last = taps.last?.cumulative {
      text +=
        "; final relative L2 \(Numbers.scientific(last.relativeL2)), max \(Numbers.scientific(last.maxAbs))"
    }
    return text
  }

  /// Where errors come in, the first place first.
  package var divergenceEvidence: String {
    let places = taps.filter { ($0.introduced?.verdict ?? $0.verdict).isDivergence }
    guard let first = places.first else { return "" }
    let verdict = (first.introduced?.verdict ?? first.verdict).text
    var text = ", introduced first at \(first.tap) (\(verdict)"
    if let introduced = first.introduced {
      text +=
        ": relative L2 \(Numbers.scientific(introduced.relativeL2)), "
        + "\(TapTable.ratio(introduced.worstRatio)) times its bound"
    } else if let figures = first.cumulative {
      text += ": relative L2 \(Numbers.scientific(figures.relativeL2))"
    }
    text += ")"
    let others = places.dropFirst().map(\.tap)
    if !others.isEmpty {
      text += " and at \(others.prefix(4).joined(separator: ", "))"
      if others.count > 4 { text += ", … (\(places.count) places in all)" }
    }
    let inherited = taps.count { $0.verdict == .inherited }
    if inherited > 0 { text += "; \(inherited) later taps only pass it on" }
    return text
  }
}
