import EncoderModel
import GraphBackend
import Kernels
import Parity
import ReferenceBackend
import Report
import TensorCore

/// Runs encoders by turns and measures the machine's peak between them.
struct BenchRunner {
  var numRuns: Int
  var progress: Progress
  var measuresAccuracy: Bool

  /// Encodes before anything is timed: pages are touched, weights packed, pools awake.
  private static let numWarmUps = 2

  /// Measures one model with one number of threads.
  /// - Returns: the group, and why some encoders are missing in it.
  func run(
    _ model: WhisperModel, threads: Int, sides: [any BenchSide], mel: Tensor
  ) throws -> (group: BenchGroup, notes: [String]) {
    let meter = PeakMeter(threads: threads)
    var notes: [String] = []
    var active = sides
    for _ in 0..<Self.numWarmUps {
      active = active.filter { side in
        progress.show("warming up \(side.name)", 0)
        return attempt(&notes) { _ = try side.encode() } != nil
      }
    }
    var times = [[EncodeTime]](repeating: [], count: active.count)
    var peaks: [PeakSample] = []
    for round in 0..<numRuns {
      for (index, side) in active.enumerated() {
        peaks.append(meter.measure())
        progress.show("\(model.name): \(side.name)", Double(round) / Double(numRuns))
        if let time = attempt(&notes, { try side.encode() }) { times[index].append(time) }
      }
    }
    var group = BenchGroup(
      model: model.name, threads: threads, flops: model.dimensions.encoderFlops,
      peakGflops: Spread(peaks.map(\.gflops)).median,
      peakGflopsPerCore: Spread(peaks.map(\.gflopsPerCore)).median)
    let truth = measuresAccuracy ? try reference(model, mel) : nil
    for (side, times) in zip(active, times) where !times.isEmpty {
      var result = self.result(side, times)
      if let truth, let output = attempt(&notes, { try side.output() }) {
        let figures = TapFigures.compare(reference: truth, candidate: output)
        result.relativeL2 = figures.relativeL2
        result.maxAbs = figures.maxAbs
      }
      group.results.append(result)
    }
    return (group, notes)
  }

  /// Per-step times of `graph`, the medians of some runs, blocks taken together.
  func profile(_ backend: GraphBackend, mel: Tensor) throws -> [ProfileRow] {
    let runs = try (0..<max(numRuns, 1)).map { _ in try backend.profile(mel: mel) }
    var rows: [ProfileRow] = []
    var positions: [String: Int] = [:]
    for (index, step) in runs[0].enumerated() {
      let seconds = Spread(runs.map { $0[index].seconds }).median
      let name = Self.withoutNumber(step.name)
      if let known = positions[name] {
        rows[known].count += 1
        rows[known].seconds += seconds
        rows[known].flops += step.flops
        rows[known].bytes += step.bytes
      } else {
        positions[name] = rows.count
        rows.append(
          ProfileRow(
            name: name, kind: step.kind, count: 1, seconds: seconds, flops: step.flops,
            bytes: step.bytes))
      }
    }
    return rows
  }

  private func result(_ side: any BenchSide, _ times: [EncodeTime]) -> BenchResult {
    let processor = times.compactMap(\.processorSeconds)
    return BenchResult(
      backend: side.name, note: side.note, isDouble: side.isDouble,
      seconds: Spread(times.map(\.seconds)),
      processorSeconds: processor.count == times.count ? Spread(processor) : nil)
  }

  private func reference(_ model: WhisperModel, _ mel: Tensor) throws -> Tensor {
    progress.show("\(model.name): the Float64 reference", 1)
    return try ReferenceBackend(program: model.program, weights: model.weights).encode(mel: mel)
  }

  /// What `body` returns; other engines may fail without ending the benchmark.
  private func attempt<R>(_ notes: inout [String], _ body: () throws -> R) -> R? {
    do { return try body() } catch {
      if !notes.contains("\(error)") { notes.append("\(error)") }
      return nil
    }
  }

  /// `encoder.blocks.*.mlp.0` for `encoder.blocks.3.mlp.0`.
  private static func withoutNumber(_ name: String) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).enumerated()
      .map {
        $0.offset == 2 && Int($0.element.prefix { $0.isNumber }) != nil
          ? "*" + $0.element.drop { $0.isNumber } : String($0.element)
      }
      .joined(separator: ".")
  }
}
