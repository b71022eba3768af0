import Diagnosis
import Parity

/// The mels: what the reference heard, what a candidate heard, and the difference.
struct MelSection {
  let details: ComparisonDetails?
  let candidates: [CandidateResult]

  var markup: String {
    guard let details, let mel = details.mel else { return "" }
    var parts = [spectrogram("log-mel of the reference", mel)]
    var shown: Set<Int> = []
    for (index, grid) in details.mels.enumerated() {
      guard let grid, grid != mel, index < candidates.count, shown.insert(index).inserted else {
        continue
      }
      parts.append(spectrogram("log-mel of \(candidates[index].backend)", grid))
      if let distance = mel.distance(to: grid) {
        var map = HeatMap(title: "difference of the two", grid: distance, ramp: .error)
        map.names = ("frame", "band", "|Δ|")
        map.isUpward = true
        parts.append(map.markup)
      }
    }
    let note = parts.count > 1 ? "The front-ends do not agree." : agreement(details.mels)
    return element("p", ["class": "note"], escaped(note))
      + element("div", ["class": "maps"], parts.joined())
  }

  /// What can be said where every mel that is shown is the reference's.
  private func agreement(_ mels: [CellGrid?]) -> String {
    let silent = candidates.indices.filter { $0 >= mels.count || mels[$0] == nil }
    if silent.isEmpty { return "Every encoder was given the same mel." }
    return silent.map { candidates[$0].backend }.joined(separator: ", ")
      + (silent.count == 1 ? " shows" : " show") + " no mel."
  }

  private func spectrogram(_ title: String, _ grid: CellGrid) -> String {
    var map = HeatMap(title: title, grid: grid, ramp: .level)
    map.names = ("frame", "band", "level")
    map.isUpward = true
    return map.markup
  }
}

/// Where the time went: the stages of every side, and the graph's steps.
struct TimeSection {
  let timings: [StageTiming]
  let steps: [StepTime]

  var markup: String {
    sides + graphSteps
  }

  private var sides: String {
    var names: [String] = []
    for timing in timings where !names.contains(timing.side) { names.append(timing.side) }
    let bars = names.map { name in
      let own = timings.filter { $0.side == name && $0.seconds > 0 && $0.activity == .encode }
      let parts = own.map { timing in
        (timing.seconds, "bar", "\(name), \(timing.stage)\n\(milliseconds(timing.seconds))")
      }
      let total = own.reduce(0) { $0 + $1.seconds }
      return BarList.Bar(name: name, parts: parts, figure: milliseconds(total))
    }
    let list = BarList(label: "Seconds of each side, stage by stage", bars: bars)
      .markup
    guard !list.isEmpty else { return "" }
    let judging = timings.filter { $0.activity == .judge }.reduce(0) { $0 + $1.seconds }
    return list
      + element(
        "p", ["class": "note"],
        "Encoding stage by stage, every tap observed; judging took \(milliseconds(judging)) more.")
  }

  private var graphSteps: String {
    guard !steps.isEmpty else { return "" }
    var table = DataTable([
      ("#", false), ("step of the graph", true), ("kind", true), ("ms", false), ("share", false),
      ("GFLOP/s", false),
    ])
    let total = steps.reduce(0) { $0 + $1.seconds }
    for (index, step) in steps.enumerated() {
      let rate = step.flops > 0 && step.seconds > 0 ? step.flops / step.seconds / 1e9 : nil
      table.add([
        .figure(Double(index), "\(index)"), .text(step.name), .text(step.kind),
        .figure(step.seconds * 1000, Numbers.fixed(step.seconds * 1000, decimals: 3)),
        .figure(
          step.seconds / total, "\(Numbers.fixed(100 * step.seconds / total, decimals: 1)) %"),
        .figure(rate, rate.map { Numbers.fixed($0, decimals: 1) } ?? ""),
      ])
    }
    return element("h3", [:], "The graph's steps, run once without taps: \(milliseconds(total))")
      + kinds(total) + element("details", [:], element("summary", [:], "every step") + table.markup)
  }

  private func kinds(_ total: Double) -> String {
    let sums = Dictionary(grouping: steps, by: \.kind)
      .mapValues { $0.reduce(0) { $0 + $1.seconds } }
      .sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    let bars = sums.map { kind, seconds in
      let share = "\(Numbers.fixed(100 * seconds / total, decimals: 1)) %"
      return BarList.Bar(
        name: kind, parts: [(seconds, "bar", "\(kind)\n\(milliseconds(seconds)), \(share)")],
        figure: "\(milliseconds(seconds)), \(share)")
    }
    return BarList(label: "Time of each kind of step", bars: bars).markup
  }
}

/// `12.3 ms`.
private func milliseconds(_ seconds: Double) -> String {
  "\(Numbers.compact(seconds * 1000, digits: 3)) ms"
}
