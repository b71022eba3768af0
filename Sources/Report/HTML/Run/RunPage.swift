import Diagnosis
import Parity

/// `run` and `compare` as a page.
struct RunPage {
  let report: RunReport
  /// What the worst window's tensors looked like; `nil` draws figures only.
  let details: ComparisonDetails?

  private var candidates: [CandidateResult] { report.worstWindow?.result.candidates ?? [] }

  var page: HTMLPage {
    var page = HTMLPage(
      title: "encoder-diff: \(report.input.path.lastPathComponent)",
      badge: VerdictMark.badge(VerdictMark(report.verdict), report.verdict.words),
      lead: facts + cards)
    // The worst first, so that a reader meets it without scrolling past the sound ones.
    let order = candidates.indices.sorted {
      (candidates[$1].verdict.severity, $0) < (candidates[$0].verdict.severity, $1)
    }
    for index in order {
      let candidate = candidates[index]
      let section = CandidateSection(
        candidate: candidate, reference: report.reference,
        sketches: details?.taps(of: index) ?? TapSketches())
      page.add(id: "candidate-\(index)", heading: candidate.title, section.markup)
    }
    page.add(
      id: "mel", heading: "Input", MelSection(details: details, candidates: candidates).markup)
    page.add(id: "checks", heading: "Checks", checks)
    page.add(id: "text", heading: "Text", TextSection(section: report.transcript).markup)
    page.add(
      id: "time", heading: "Time",
      TimeSection(
        timings: report.worstWindow?.result.timings ?? [], steps: details?.steps ?? []
      ).markup)
    return page
  }

  private var facts: String {
    var rows: [(String, String)] = [
      ("model", "\(report.model.name): \(report.model.summary)"),
      ("input", report.input.description), ("reference", report.reference),
    ]
    for note in report.backendNotes { rows.append((note.backend, note.note)) }
    if report.windows.count > 1, let worst = report.worstWindow {
      rows.append(
        ("window", "\(worst.index), the worst of \(report.windows.count) that were compared"))
    }
    return element(
      "dl", ["class": "facts"],
      rows.map { element("dt", [:], escaped($0.0)) + element("dd", [:], escaped($0.1)) }.joined())
  }

  /// Budgets, conditioning and self-checks, a sentence each.
  private var checks: String {
    let lines = report.inquiry.lines(TextCanvas(), isQuiet: false)
    return lines.filter { !$0.isEmpty }.map { element("p", [:], escaped($0)) }.joined()
  }

  private var cards: String {
    let cards = candidates.enumerated().map { index, candidate in
      let evidence =
        candidate.verdict == .parity ? candidate.parityEvidence : candidate.divergenceEvidence
      let mark = VerdictMark(candidate.verdict)
      return element(
        "a", ["class": "card v-\(mark.rawValue)", "href": "#candidate-\(index)"],
        element(
          "h3", [:],
          escaped(candidate.title) + " " + VerdictMark.badge(mark, candidate.verdict.words))
          + element("p", [:], escaped(evidence.sentenceStart)))
    }
    return element("div", ["class": "cards"], cards.joined())
  }
}

extension RunReport {
  /// The report as one self-contained page; `details` are of the worst window, where tensors were
  /// watched.
  package func page(details: ComparisonDetails? = nil) -> HTMLPage {
    RunPage(report: self, details: details).page
  }
}

extension CandidateVerdict {
  var words: String { self == .reducedPrecision ? "reduced precision" : rawValue }
}

extension CandidateResult {
  /// `graph with ln-post-missing@encoder.ln_post`.
  var title: String { faults.isEmpty ? backend : "\(backend) with \(faultsText)" }

  /// The faults in few words: one at many taps is named once.
  var faultsText: String { FaultSummary.text(faults) }
}

extension String {
  /// What stands behind the last slash.
  var lastPathComponent: String { split(separator: "/").last.map(String.init) ?? self }

  /// Without the punctuation that joins it to what stands before.
  var sentenceStart: String { String(drop { $0 == ";" || $0 == "," || $0 == " " }) }
}
